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

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_types::ResolveCause;

    #[test]
    fn cause_of_the_network_is_that_of_the_error() {
        for cause in [ResolveCause::NoAddress, ResolveCause::Temporary, ResolveCause::Permanent, ResolveCause::Unknown]
        {
            let error = Error::from(NetworkError::Unresolvable(cause, "h".into()));
            assert_eq!(
                (error.failure(), error.cause()),
                (Some(FailureKind::NameUnresolvable), Some(&Cause::Resolve(cause)))
            );
        }
        let error = Error::from(NetworkError::Denied("h".into()));
        assert_eq!((error.failure(), error.cause()), (Some(FailureKind::AccessDenied), Some(&Cause::Denied)));
        assert_eq!(Error::from(NetworkError::Refused("h".into())).cause(), None);
    }
}
