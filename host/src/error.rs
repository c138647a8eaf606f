//! Why an operation failed.

use std::fmt::{self, Display, Formatter};

use ftp_types::{FailureKind, RefusalKind, Reply};

/// Why an operation failed, and whose fault it was. What leaves the session closed: see
/// [`FtpError::closes_session`](crate::FtpError::closes_session), and [`Trapped`](Self::Trapped).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// What the contract names: a refusal of the server, a time limit, another limit, or a failure.
    Ftp(ftp_types::Error),
    /// The component failed or was stopped, for example at its limit of memory. Its connector is closed, others are not.
    Trapped(String),
    /// The engine, or the component in it, could not be made; or as many connectors are open as there may be.
    Host(String),
    /// The host's cryptography was asked for, and this machine has not what it needs.
    NoCryptography,
    /// The reader or writer that was given to `copy_from` or `copy_to` failed.
    Local(String),
}

/// On one line.
impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ftp(error) => error.fmt(f),
            Self::Trapped(text) => write!(f, "the component was stopped: {}", text.escape_debug()),
            Self::Host(text) => write!(f, "the component cannot run: {}", text.escape_debug()),
            Self::NoCryptography => f.write_str(
                "the component cannot run: this processor lacks instructions that the host's cryptography needs",
            ),
            Self::Local(text) => write!(f, "local error: {}", text.escape_debug()),
        }
    }
}

impl Error {
    /// What failed, for an error of the client without a reply that is neither a time limit nor another limit.
    pub const fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Ftp(error) => error.failure(),
            _ => None,
        }
    }

    /// The server's reply and what it means, for an error that is one.
    pub const fn refusal(&self) -> Option<(RefusalKind, &Reply)> {
        match self {
            Self::Ftp(error) => error.refusal(),
            _ => None,
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ftp(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ftp_types::Error> for Error {
    fn from(error: ftp_types::Error) -> Self {
        Self::Ftp(error)
    }
}
