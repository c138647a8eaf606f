//! The commands that the engine sends: by a session, or by what wraps one.

use crate::error::Error;
use crate::network::Network;
use crate::session::Session;
use crate::settings::Representation;
use crate::transfer::{Download, Upload};
use crate::verify::{ReportedSize, UploadStart};
use ftp_protocol::codes;
use ftp_protocol::time::Timestamp;

/// Files of a server, by their paths.
pub trait Remote {
    /// What carries the session.
    type Network: Network;

    /// The session.
    fn session(&mut self) -> &mut Session<Self::Network>;

    /// (RETR)
    fn download_from(
        &mut self,
        path: &str,
        representation: Representation,
        offset: u64,
    ) -> impl Future<Output = Result<Download<Self::Network>, Error>> {
        self.session().retrieve(path, representation, offset)
    }

    /// (STOR, REST and STOR, or APPE)
    fn upload_at(
        &mut self,
        path: &str,
        representation: Representation,
        start: UploadStart,
    ) -> impl Future<Output = Result<Upload<Self::Network>, Error>> {
        self.session().open_upload(path, representation, start)
    }

    /// (SIZE)
    fn size_at(&mut self, path: &str) -> impl Future<Output = Result<u64, Error>> {
        self.session().size(path)
    }

    /// (SIZE) Where that is of use: a server that does not know the command is not asked again.
    fn reported_size(&mut self, path: &str) -> impl Future<Output = Result<ReportedSize, Error>> {
        self.session().reported_size(path)
    }

    /// (MDTM)
    fn modified_at(&mut self, path: &str) -> impl Future<Output = Result<Timestamp, Error>> {
        self.session().modified(path)
    }
}

impl<N: Network> Remote for Session<N> {
    type Network = N;

    fn session(&mut self) -> &mut Self {
        self
    }
}

/// Whether a transfer that was refused at an offset may be granted from the beginning on. Where `REST` was acknowledged and
/// the command refused, servers have many codes for it; but a connection that could not be made (425, 426) is not about the
/// offset, nor is a lack of space (452, 552): a transfer from the beginning would lose what is there.
pub fn refuses_offset<N: Network>(session: &Session<N>, error: &Error) -> bool {
    let is_about_something_else =
        error.code().is_some_and(|code| codes::is_about_data_connection(code) || codes::is_about_space(code));
    session.is_open() && (session.has_refused_offset() || error.is_refusal() && !is_about_something_else)
}
