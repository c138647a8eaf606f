//! What the guest has in its environment: contents of files that it cannot reach, and what is for it in ours.

use std::env;
use std::path::Path;

use console::Term;
use ftp_cli::arguments::{ConnectionOptions, Files};
use ftp_cli::exit::Exit;
use ftp_cli::needs::has_several_hosts;
use ftp_cli::task::Task;

use super::inputs::{own, read};
use super::{Failure, logins, zones};

/// Names and values.
pub type Variables = Vec<(&'static str, String)>;

/// The environment of a task. Each of the [`Files`] has its place here, as the guest gets none of their options.
pub fn of(task: &dyn Task, options: &ConnectionOptions, system_roots: bool) -> Result<Variables, Failure> {
    let Files { ca, add_ca, cert, key, password_file, netrc, netrc_file } = &options.files;
    let user = own("FTP_USER");
    let password = match password_file {
        Some(path) => Some(first_line(&read(path)?)),
        // An empty one is a password, too.
        None => env::var("FTP_PASSWORD").ok(),
    };
    let is_for_all = options.login.same_password || !has_several_hosts(task, options);
    let netrc = logins::file(netrc_file.as_deref(), *netrc)?;
    let logins = logins::of(task, options, netrc.as_deref(), user.as_deref(), password.is_some() && is_for_all)?;
    let all = [
        ("FTP_USER", user),
        ("FTP_PASSWORD", password),
        ("FTP_NETRC", logins),
        ("FTP_CA", ca.as_deref().map(read).transpose()?),
        ("FTP_ADD_CA", added_authorities(add_ca.as_deref(), options, system_roots)?),
        ("FTP_CERT", cert.as_deref().map(read).transpose()?),
        ("FTP_KEY", key.as_deref().map(read).transpose()?),
        ("FTP_ZONES", zones::of(task, options)),
    ];
    Ok(all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// The certificates of `--add-ca`, and those that this machine trusts.
fn added_authorities(
    add_ca: Option<&Path>,
    options: &ConnectionOptions,
    system_roots: bool,
) -> Result<Option<String>, Failure> {
    let added = add_ca.map(read).transpose()?;
    if !system_roots {
        return Ok(added);
    }
    if options.files.ca.is_some() || options.tls.pin.is_some() || options.tls.insecure {
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
