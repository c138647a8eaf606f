//! What shows that a file on the server is still the same.

use crate::error::{Error, unless_refused};
use crate::network::Network;
use crate::session::Session;
use ftp_protocol::time::Timestamp;

/// What shows that a file is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileVersion {
    /// (SIZE) Its size in bytes, where the server reports it.
    pub size: Option<u64>,
    /// (MDTM) Its last modification, where the server reports it.
    pub modified: Option<Timestamp>,
}

pub(crate) fn changed() -> Error {
    Error::integrity("the file has changed on the server")
}

/// (SIZE, MDTM) What shows that a file is still the same, as far as the server reports it.
pub(crate) async fn version_of<N: Network>(session: &mut Session<N>, path: &str) -> Result<FileVersion, Error> {
    let size = unless_refused(session.size(path).await)?;
    let modified = unless_refused(session.modified(path).await)?;
    Ok(FileVersion { size, modified })
}
