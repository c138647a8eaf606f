//! The members of a directory, in portions.

use futures_util::stream::{Stream, try_unfold};

use ftp_types::Reply;

use crate::error::Error;
use crate::instance::{Handle, call};
use crate::transfer::Transfer;
use crate::types::Listed;

/// Members that are asked for at once. The component gives fewer where they are large.
const PORTION: u32 = 1000;

/// The members of a directory, coming from the server: however many there are, a portion of them is in memory. Dropping
/// it is like dropping a [`Download`](crate::Download).
pub struct Entries {
    transfer: Transfer,
}

impl Entries {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { transfer: Transfer::new(handle) }
    }

    /// The next members, at most 1000 and as many as take 256 KiB. `None` is the end; `finish` reports whether that is all
    /// of them.
    ///
    /// Errors: `Timeout` in the phase `Data`; `LimitExceeded` for a line of more than 16 KiB, or for
    /// 64 MiB of lines without a member; after any error call `finish`, which may know the server's reason.
    pub async fn read(&mut self) -> Result<Option<Vec<Listed>>, Error> {
        let portion = call!(self.transfer.handle()?, entry_stream.call_read(PORTION))??;
        Ok((!portion.is_empty()).then_some(portion))
    }

    /// The portions as a stream. It ends when the server's verdict was read and is good; a bad one is its last item.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<Listed>, Error>> + Send + Unpin + use<> {
        Box::pin(try_unfold(self, |mut entries| async move {
            match entries.read().await? {
                Some(portion) => Ok(Some((portion, entries))),
                None => entries.finish().await.map(|()| None),
            }
        }))
    }

    /// Read the server's verdict. Without it the listing may be incomplete.
    ///
    /// Errors: `Tls` when the data ended without `close_notify` and the settings want one;
    /// `Transient` or `Permanent` when the server gave up; `InvalidArgument` when the end had
    /// not been read.
    pub async fn finish(mut self) -> Result<(), Error> {
        let mut handle = self.transfer.take()?;
        Ok(call!(release handle, entry_stream.call_finish())??)
    }

    /// (ABOR) End early; the session stays usable. Gives the reply to ABOR, or the last one that came.
    pub async fn abort(mut self) -> Result<Reply, Error> {
        let mut handle = self.transfer.take()?;
        Ok(call!(release handle, entry_stream.call_abort())??.into())
    }
}
