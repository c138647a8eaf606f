//! What the guest has in its environment: contents of files that it cannot reach, and what is for it in ours.

use std::env;

use console::Term;
use ftp_cli::arguments::{ConnectionOptions, Verb};
use ftp_cli::exit::Exit;
use ftp_cli::needs::has_several_hosts;

use super::inputs::{own, read};
use super::{Failure, logins, zones};

/// Names and values.
pub type Variables = Vec<(&'static str, String)>;

/// The environment of a verb.
pub fn of(verb: &Verb, system_roots: bool) -> Result<Variables, Failure> {
    let options = verb.connection();
    let user = own("FTP_USER");
    let password = match &options.password_file {
        Some(path) => Some(first_line(&read(path)?)),
        // An empty one is a password, too.
        None => env::var("FTP_PASSWORD").ok(),
    };
    let is_for_all = options.same_password || !has_several_hosts(verb);
    let logins = logins::of(verb, user.as_deref(), password.is_some() && is_for_all)?;
    let all = [
        ("FTP_USER", user),
        ("FTP_PASSWORD", password),
        ("FTP_NETRC", logins),
        ("FTP_CA", options.ca.as_deref().map(read).transpose()?),
        ("FTP_ADD_CA", added_authorities(options, system_roots)?),
        ("FTP_CERT", options.cert.as_deref().map(read).transpose()?),
        ("FTP_KEY", options.key.as_deref().map(read).transpose()?),
        ("FTP_ZONES", zones::of(verb)),
    ];
    Ok(all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// The certificates of `--add-ca`, and those that this machine trusts.
fn added_authorities(options: &ConnectionOptions, system_roots: bool) -> Result<Option<String>, Failure> {
    let added = options.add_ca.as_deref().map(read).transpose()?;
    if !system_roots {
        return Ok(added);
    }
    if options.ca.is_some() || options.pin.is_some() || options.insecure {
        return Err(Failure::new(Exit::Usage, "--system-roots cannot be combined with --ca, --pin or --insecure"));
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let reason = found.errors.first().map_or("there are none".to_owned(), |error| error.to_string());
        return Err(Failure::new(Exit::Local, format!("the certificates of the system: {reason}")));
    }
    let system = found.certs.iter().map(|certificate| pem::encode(&pem::Pem::new("CERTIFICATE", certificate.as_ref())));
    Ok(Some(added.into_iter().chain(system).collect::<Vec<_>>().join("\n")))
}

/// The columns of the window as it is now, unless they are given.
pub fn columns() -> Option<String> {
    let of_terminal = || Term::stderr().size_checked().map(|(_, columns)| columns.to_string());
    own("COLUMNS").or_else(of_terminal)
}
