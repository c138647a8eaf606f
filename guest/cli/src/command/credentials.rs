//! Who to be on a server. Nothing here is ever shown.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ftp_cli::arguments::ConnectionOptions;
use ftp_cli::exit::Exit;
use ftp_cli::netrc;
use ftp_cli::remote::Remote;

use super::Context;
use super::failure::Failure;
use super::local::has_runner;

/// User, password and account.
pub struct Credentials {
    pub user: String,
    pub password: String,
    pub account: Option<String>,
}

/// From the URL, the file for the password, the environment, or `.netrc`, in this order.
pub fn find(context: &Context, remote: &Remote, options: &ConnectionOptions) -> Result<Credentials, Failure> {
    let user = remote.user.clone().or_else(|| options.user.clone()).or_else(|| variable("FTP_USER"));
    let password = match &remote.password {
        Some(password) => {
            context.out.warn("the password is in the URL, which others may read in the list of processes");
            Some(password.clone())
        }
        None => match &options.password_file {
            Some(path) => Some(first_line(&read(path)?)),
            None => variable("FTP_PASSWORD"),
        },
    };
    let entry = match (&user, &password) {
        (Some(_), Some(_)) => None,
        _ => netrc_text(options)?.and_then(|text| netrc::login(&text, &remote.host, user.as_deref())),
    };
    let entry = entry.unwrap_or_default();
    match (user.or(entry.user), password.or(entry.password)) {
        (None, _) => Ok(Credentials { user: "anonymous".into(), password: "anonymous@".into(), account: None }),
        (Some(user), None) if user.eq_ignore_ascii_case("anonymous") || user.eq_ignore_ascii_case("ftp") => {
            Ok(Credentials { user, password: "anonymous@".into(), account: entry.account })
        }
        (Some(user), Some(password)) => Ok(Credentials { user, password, account: entry.account }),
        (Some(user), None) => Err(Failure::new(Exit::Usage, no_password(&user, remote))),
    }
}

/// A guest cannot hide what is typed, so it does not ask.
fn no_password(user: &str, remote: &Remote) -> String {
    let ways = match has_runner() {
        true => "set FTP_PASSWORD, or give --netrc or --password-file",
        false => "give --env FTP_PASSWORD to wasmtime run, or --netrc or --password-file with a --dir for the file",
    };
    format!("no password for {user} on {}, and no way to ask for one here: {ways}", remote.server())
}

fn netrc_text(options: &ConnectionOptions) -> Result<Option<String>, Failure> {
    if let Some(path) = &options.netrc_file {
        return read(path).map(Some);
    }
    if options.netrc {
        let Some(home) = env::var_os("HOME") else {
            return Err(Failure::usage(
                "--netrc: no HOME; with wasmtime run it takes --env HOME --dir \"$HOME\", or --netrc-file",
            ));
        };
        return read(&PathBuf::from(home).join(".netrc")).map(Some);
    }
    Ok(variable("FTP_NETRC"))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::local("read", path, &error))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
