//! The exact times that a plan asks for.

use super::tree::RelativePath;
use crate::error::{Error, unless_refused};
use crate::network::Network;
use crate::session::Session;
use alloc::vec::Vec;
use ftp_protocol::time::Timestamp;

/// (MDTM, RFC 3659, section 3) When these files below a directory of the server were last modified. Those about which
/// the server does not report are left out; an error is the loss of the session.
pub async fn times<'a, N: Network>(
    session: &mut Session<N>,
    root: Option<&str>,
    paths: impl IntoIterator<Item = &'a RelativePath>,
) -> Result<Vec<(&'a RelativePath, Timestamp)>, Error> {
    let mut known = Vec::new();
    for path in paths {
        let Some(at) = path.on_server(root) else { continue };
        if let Some(time) = unless_refused(session.modified(&at).await)? {
            known.push((path, time));
        }
    }
    Ok(known)
}
