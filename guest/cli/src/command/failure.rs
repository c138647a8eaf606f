//! Why a verb failed: a text for people, and what it means for the exit code.

use std::io;
use std::path::Path;

use ftp_cli::exit::Exit;
use ftp_cli::needs::parent;
use ftp_cli::remote::Invalid;
use ftp_client::engine::{CopyError, ReceiveError};
use ftp_client::{Error, codes};

use super::{hints, sandbox};

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
        let text = format!("{}: {error}{}", what.as_ref(), hints::of(&error));
        Self { exit: Exit::of(&error), text, error: Some(error) }
    }

    /// As [`Self::of`], about something that was named: a server says 550 where it is not there, and where it may not be used.
    pub fn of_named(what: impl AsRef<str>, error: Error) -> Self {
        let is_missing = error.code().is_some_and(codes::is_missing);
        let failure = Self::of(what, error);
        if is_missing { Self { exit: Exit::Missing, ..failure } } else { failure }
    }

    /// A file or folder of this machine.
    pub fn local(what: &str, path: &Path, error: &io::Error) -> Self {
        let hint = if sandbox::is_open_to_us(path) { String::new() } else { sandbox::no_folder(parent(path)) };
        Self::new(Exit::Local, format!("cannot {what} {}: {}{hint}", path.display(), cause(error)))
    }

    /// The standard output. Without a text where its reader is gone, as behind `head`.
    pub fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Exit::Local, ""),
            _ => Self::new(Exit::Local, format!("cannot write the standard output: {}", cause(error))),
        }
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

/// In words where the system has a number.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        io::ErrorKind::InvalidFilename => "the name is too long".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory; for those there is `mirror`".to_owned(),
        _ => error.to_string(),
    }
}

/// What was tried, for errors of the client.
pub trait ResultExt<T> {
    /// As [`Failure::of`].
    fn context(self, what: impl AsRef<str>) -> Result<T, Failure>;
    /// As [`Failure::of_named`], where that makes a difference.
    fn context_named(self, what: impl AsRef<str>) -> Result<T, Failure>
    where
        Self: Sized,
    {
        self.context(what)
    }
}

/// Of a download: what failed here has its own words, and what was named may be missing only where the server began nothing.
impl<T> ResultExt<T> for Result<T, ReceiveError<Failure>> {
    fn context(self, what: impl AsRef<str>) -> Result<T, Failure> {
        self.map_err(|error| match error {
            ReceiveError::Refused(error) | ReceiveError::Read(error) => Failure::of(what, error),
            ReceiveError::Write(failure) => failure,
        })
    }

    fn context_named(self, what: impl AsRef<str>) -> Result<T, Failure> {
        match self {
            Err(ReceiveError::Refused(error)) => Err(Failure::of_named(what, error)),
            received => received.context(what),
        }
    }
}

/// Of an upload.
impl<T> ResultExt<T> for Result<T, CopyError<Failure, Error>> {
    fn context(self, what: impl AsRef<str>) -> Result<T, Failure> {
        self.map_err(|error| match error {
            CopyError::Read(failure) => failure,
            CopyError::Write(error) => Failure::of(what, error),
        })
    }
}

impl<T> ResultExt<T> for Result<T, Error> {
    fn context(self, what: impl AsRef<str>) -> Result<T, Failure> {
        self.map_err(|error| Failure::of(what, error))
    }

    fn context_named(self, what: impl AsRef<str>) -> Result<T, Failure> {
        self.map_err(|error| Failure::of_named(what, error))
    }
}
