//! Errors of this client, out of those of the network.

use crate::network::NetworkError;
use ftp_types::Cause;
pub use ftp_types::{Error, FailureKind, Limit, Phase, RefusalKind, Reply};

/// None where the server does not report it.
pub(crate) fn unless_refused<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_refusal() => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<NetworkError> for Error {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Unresolvable(cause, text) => Self::name_unresolvable(text).with_cause(Cause::Resolve(cause)),
            NetworkError::Denied(text) => Self::access_denied(text).with_cause(Cause::Denied),
            NetworkError::Refused(text) => Self::connection_refused(text),
            NetworkError::Lost(text) => Self::connection_lost(text),
            NetworkError::AddressInUse => Self::other("no local port is free"),
            NetworkError::Other(text) => Self::other(text),
        }
    }
}
