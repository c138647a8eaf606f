//! Why a verb failed: a text for people, and what it means for the exit code.

use std::io;
use std::path::Path;

use ftp_cli::exit::Exit;
use ftp_cli::remote::Invalid;
use ftp_client::Error;

use super::local;

/// Why it failed.
#[derive(Debug, Clone)]
pub struct Failure {
    pub exit: Exit,
    pub text: String,
    /// The client's error, where it is one.
    pub error: Option<Error>,
}

impl Failure {
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), error: None }
    }

    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// `what` was tried, and this came of it.
    pub fn of(what: impl AsRef<str>, error: Error) -> Self {
        let text = format!("{}: {error}{}", what.as_ref(), hint(&error));
        Self { exit: Exit::of(&error), text, error: Some(error) }
    }

    /// As [`Self::of`], about something that was named: a server says 550 where it is not there, and where it may not be used.
    pub fn of_named(what: impl AsRef<str>, error: Error) -> Self {
        let is_missing = matches!(&error, Error::Permanent(reply) if reply.code == 550);
        let failure = Self::of(what, error);
        if is_missing { Self { exit: Exit::Missing, ..failure } } else { failure }
    }

    /// A file or folder of this machine.
    pub fn local(what: &str, path: &Path, error: &io::Error) -> Self {
        let hint = if local::is_open_to_us(path) { String::new() } else { no_folder(path) };
        Self::new(Exit::Local, format!("cannot {what} {}: {error}{hint}", path.display()))
    }

    /// Nothing else can succeed either.
    pub fn is_fatal(&self) -> bool {
        matches!(self.exit, Exit::Name | Exit::Connect | Exit::Tls | Exit::Login | Exit::Usage)
    }
}

impl From<Invalid> for Failure {
    fn from(error: Invalid) -> Self {
        Self::usage(error.to_string())
    }
}

/// In a program of its own a client can reach all; here somebody has to allow it, and how depends on who runs it.
fn hint(error: &Error) -> &'static str {
    if local::has_runner() {
        return "";
    }
    match error {
        Error::AccessDenied(_) => "; with wasmtime run, the network takes -S inherit-network",
        Error::NameUnresolvable(text) if text.contains("permanent-resolver-failure") => {
            "; with wasmtime run, names of hosts take -S allow-ip-name-lookup"
        }
        _ => "",
    }
}

fn no_folder(path: &Path) -> String {
    match local::has_runner() {
        true => String::new(),
        false => format!("; with wasmtime run, this folder takes --dir {}", ftp_cli::needs::parent(path).display()),
    }
}

/// What was tried, for errors of the client.
pub trait Doing<T> {
    /// As [`Failure::of`].
    fn doing(self, what: impl AsRef<str>) -> Result<T, Failure>;
    /// As [`Failure::of_named`].
    fn doing_named(self, what: impl AsRef<str>) -> Result<T, Failure>;
}

impl<T> Doing<T> for Result<T, Error> {
    fn doing(self, what: impl AsRef<str>) -> Result<T, Failure> {
        self.map_err(|error| Failure::of(what, error))
    }

    fn doing_named(self, what: impl AsRef<str>) -> Result<T, Failure> {
        self.map_err(|error| Failure::of_named(what, error))
    }
}
