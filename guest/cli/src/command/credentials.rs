//! Who to be on a server. Nothing here is ever shown.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ftp_cli::arguments::Files;
use ftp_cli::needs::parent;
use ftp_cli::netrc::{self, Login};
use ftp_cli::remote::Remote;
use ftp_cli::task::Task;

use super::context::Context;
use super::failure::Failure;
use super::local;
use super::sandbox::has_runner;

/// User, password and account.
pub struct Credentials {
    pub user: String,
    pub password: String,
    pub account: Option<String>,
}

/// Those of each URL, before anything is connected to, where a password is missing because it is for one host alone.
pub fn check(context: &Context, task: &dyn Task) -> Result<(), Failure> {
    if context.has_several_hosts {
        for url in task.urls() {
            find(context, &Remote::parse(url, &context.connection.encoding())?)?;
        }
    }
    Ok(())
}

/// From the URL, the file for the password, the environment, or `.netrc`, in this order. The password of the file or the
/// environment is for one host, and never for `anonymous`, who shows it to everybody.
pub fn find(context: &Context, remote: &Remote) -> Result<Credentials, Failure> {
    let (login, files) = (&context.connection.login, &context.connection.files);
    let user = remote.user.clone().or_else(|| login.user.clone()).or_else(|| variable("FTP_USER"));
    let common = match &files.password_file {
        Some(path) => Some(first_line(&read(path)?)),
        None => env::var("FTP_PASSWORD").ok(),
    };
    let is_withheld = common.is_some() && context.has_several_hosts && !login.same_password;
    let common = common.filter(|_| !is_withheld);
    if remote.password.as_ref().is_some_and(|password| !password.is_empty()) {
        context.out.warn("the password is in the URL, which others may read in the list of processes");
    }
    let is_known = user.is_some() && (remote.password.is_some() || common.is_some());
    let entry = match is_known && !user.as_deref().is_some_and(is_anonymous) {
        true => None,
        false => netrc_text(files)?.and_then(|text| netrc::login(&text, &remote.host, user.as_deref())),
    };
    let Login { user: listed, password: own, account } = entry.unwrap_or_default();
    let Some(user) = user.or(listed) else {
        return Ok(Credentials { user: "anonymous".into(), password: ANONYMOUS.into(), account: None });
    };
    let password = match is_anonymous(&user) {
        true => remote.password.clone().or(own).or_else(|| Some(ANONYMOUS.to_owned())),
        false => remote.password.clone().or(common).or(own),
    };
    match password {
        Some(password) => Ok(Credentials { user, password, account }),
        None if is_withheld => Err(Failure::usage(for_one_host(&user, remote))),
        None => Err(Failure::usage(no_password(&user, remote))),
    }
}

/// What an anonymous user shows for a password (RFC 1635).
const ANONYMOUS: &str = "anonymous@";

fn is_anonymous(user: &str) -> bool {
    user.eq_ignore_ascii_case("anonymous") || user.eq_ignore_ascii_case("ftp")
}

/// One password given to several hosts would be known to each of them.
fn for_one_host(user: &str, remote: &Remote) -> String {
    format!(
        "no password for {user} on {}: with several hosts that of FTP_PASSWORD or --password-file goes to none; give each its own in \
         .netrc (--netrc, --netrc-file), or the same to all by --same-password",
        remote.server()
    )
}

/// A guest cannot hide what is typed, so it does not ask.
fn no_password(user: &str, remote: &Remote) -> String {
    let ways = match has_runner() {
        true => "set FTP_PASSWORD, or give --netrc or --password-file",
        false => "give --env FTP_PASSWORD to wasmtime run, or --netrc or --password-file with a --dir for the file",
    };
    format!("no password for {user} on {}, and no way to ask for one here: {ways}", remote.server())
}

fn netrc_text(files: &Files) -> Result<Option<String>, Failure> {
    if let Some(path) = &files.netrc_file {
        return read(path).map(Some);
    }
    if files.netrc {
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
    local::check_absolute(path, parent(path))?;
    fs::read_to_string(path).map_err(|error| Failure::local("read", path, &error))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
