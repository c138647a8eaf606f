//! Bytes coming from a server and going to it.

use std::mem;

use futures_util::stream::{Stream, try_unfold};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use ftp_types::{FailureKind, Outcome, RefusalKind, Reply};

use crate::error::Error;
use crate::instance::{Handle, call};

/// The size of a piece that measured best.
pub const PIECE: usize = 64 * 1024;

/// Bytes coming from the server. Dropping it closes the data connection at once, or inside TLS with the session's next
/// call; the session stays usable.
pub struct Download {
    transfer: Transfer,
    expected_size: Option<u64>,
}

impl Download {
    pub(crate) async fn new(handle: Handle) -> Result<Self, Error> {
        let expected_size = call!(handle, download.call_expected_size())?;
        Ok(Self { transfer: Transfer::new(handle), expected_size })
    }

    /// The size that the server announced when the transfer began. A hint until `finish` has checked it.
    pub fn expected_size(&self) -> Option<u64> {
        self.expected_size
    }

    /// The next bytes, at most 64 KiB. `None` is the end of the data; `finish` reports whether that is all of it.
    ///
    /// Errors: `Timeout` in the phase `Data`; after any error call `finish`, which may know the server's reason.
    pub async fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        read(self.transfer.handle()?).await
    }

    /// The bytes as a stream. It ends when the server's verdict was read and is good; a bad one is its last item.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send + Unpin + use<> {
        Box::pin(try_unfold(self, |mut download| async move {
            match download.read().await {
                Ok(Some(bytes)) => Ok(Some((bytes, download))),
                Ok(None) => download.finish().await.map(|_| None),
                Err(error) => Err(download.reason(error).await),
            }
        }))
    }

    /// All the bytes that are left, into a writer, which is flushed. Gives their number; `finish` must follow. When the
    /// future is dropped, the download is as well.
    ///
    /// Errors: [`Error::Local`] when the writer fails, after which `abort` tells the server; else as `read`, or the
    /// server's reason where it gives one.
    pub async fn copy_to(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<u64, Error> {
        let handle = self.transfer.take()?;
        let copied = copy_to(&handle, writer).await;
        self.transfer = Transfer::new(handle);
        match copied {
            Err(error) => Err(self.reason(error).await),
            copied => copied,
        }
    }

    /// Read the server's verdict. Without it the bytes may be incomplete.
    ///
    /// Errors: `Tls` when the data ended without `close_notify` and the settings want one; `Integrity` when the number of bytes is not the one announced; `Transient` with code 426
    /// or 451 when the server gave up; `InvalidArgument` when the end of the data had not been read.
    pub async fn finish(mut self) -> Result<Outcome, Error> {
        self.verdict().await
    }

    /// (ABOR) End early; the session stays usable. Gives the reply to ABOR, or the last one that came.
    pub async fn abort(mut self) -> Result<Reply, Error> {
        let mut handle = self.transfer.take()?;
        Ok(call!(release handle, download.call_abort())??.into())
    }

    async fn reason(&mut self, error: Error) -> Error {
        if !may_have_reason(&error) {
            return error;
        }
        let verdict = self.verdict().await;
        self.transfer.end(more_telling(error, verdict))
    }

    async fn verdict(&mut self) -> Result<Outcome, Error> {
        let mut handle = self.transfer.take()?;
        Ok(call!(release handle, download.call_finish())??.into())
    }
}

/// Bytes going to the server. Dropping it closes the data connection as dropping a download does; the server keeps what
/// it has, and the session stays usable.
pub struct Upload {
    transfer: Transfer,
}

impl Upload {
    pub(crate) fn new(handle: Handle) -> Self {
        Self { transfer: Transfer::new(handle) }
    }

    /// Send these bytes; returns when they are on their way. Inside TLS fewer than 16 KiB may wait for the next call.
    ///
    /// Errors: `Timeout` in the phase `Data`, `ConnectionLost` when the server stops reading; after any
    /// error call `finish`, which may know the server's reason.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        write(self.transfer.handle()?, bytes).await
    }

    /// Send what waits. Only for a caller that pauses and wants the server to see what there is.
    pub async fn flush(&mut self) -> Result<(), Error> {
        Ok(call!(self.transfer.handle()?, upload.call_flush())??)
    }

    /// All that a reader gives until its end. Gives the number of bytes; `finish` must follow. When the future is
    /// dropped, the upload is as well.
    ///
    /// Errors: [`Error::Local`] when the reader fails, after which `abort` tells the server; else as `write`, or the
    /// server's reason where it gives one.
    pub async fn copy_from(&mut self, reader: &mut (impl AsyncRead + Unpin)) -> Result<u64, Error> {
        let handle = self.transfer.take()?;
        let copied = copy_from(&handle, reader).await;
        self.transfer = Transfer::new(handle);
        match copied {
            Err(error) => Err(self.reason(error).await),
            copied => copied,
        }
    }

    /// End the data and read the server's verdict. Without it the file may be incomplete.
    ///
    /// Errors: `Tls` when the server wants data connections to resume the TLS session and this one did not;
    /// `Transient` or `Permanent`, for example 452 or 552 for a lack of space.
    pub async fn finish(mut self) -> Result<Outcome, Error> {
        self.verdict().await
    }

    /// (ABOR) End early; the session stays usable. The server may keep what it has. Gives the reply to ABOR, or the last
    /// one that came.
    pub async fn abort(mut self) -> Result<Reply, Error> {
        let mut handle = self.transfer.take()?;
        Ok(call!(release handle, upload.call_abort())??.into())
    }

    async fn reason(&mut self, error: Error) -> Error {
        if !may_have_reason(&error) {
            return error;
        }
        let verdict = self.verdict().await;
        self.transfer.end(more_telling(error, verdict))
    }

    async fn verdict(&mut self) -> Result<Outcome, Error> {
        let mut handle = self.transfer.take()?;
        Ok(call!(release handle, upload.call_finish())??.into())
    }
}

/// A transfer that is open, or why it is over.
pub struct Transfer(Result<Handle, Error>);

impl Transfer {
    pub fn new(handle: Handle) -> Self {
        Self(Ok(handle))
    }

    pub fn handle(&self) -> Result<&Handle, Error> {
        self.0.as_ref().map_err(Clone::clone)
    }

    /// What is taken and not put back is dropped with the future that took it, and the transfer is over.
    pub fn take(&mut self) -> Result<Handle, Error> {
        let over = self.0.as_ref().err().cloned().unwrap_or(ftp_types::Error::closed().into());
        mem::replace(&mut self.0, Err(over))
    }

    fn end(&mut self, error: Error) -> Error {
        self.0 = Err(error.clone());
        error
    }
}

async fn read(handle: &Handle) -> Result<Option<Vec<u8>>, Error> {
    let bytes = call!(handle, download.call_read(PIECE as u64))??;
    Ok((!bytes.is_empty()).then_some(bytes))
}

async fn write(handle: &Handle, bytes: &[u8]) -> Result<(), Error> {
    for piece in bytes.chunks(PIECE) {
        call!(handle, upload.call_write(piece))??;
    }
    Ok(())
}

async fn copy_to(handle: &Handle, writer: &mut (impl AsyncWrite + Unpin)) -> Result<u64, Error> {
    let mut count = 0;
    while let Some(bytes) = read(handle).await? {
        writer.write_all(&bytes).await.map_err(local)?;
        count += bytes.len() as u64;
    }
    writer.flush().await.map_err(local)?;
    Ok(count)
}

async fn copy_from(handle: &Handle, reader: &mut (impl AsyncRead + Unpin)) -> Result<u64, Error> {
    let mut buffer = vec![0; PIECE];
    let mut count = 0;
    loop {
        let length = reader.read(&mut buffer).await.map_err(local)?;
        if length == 0 {
            return Ok(count);
        }
        write(handle, &buffer[..length]).await?;
        count += length as u64;
    }
}

/// Whether the server may have said why this happened. Asking it ends the transfer.
fn may_have_reason(error: &Error) -> bool {
    use ftp_types::Error as Ftp;
    matches!(
        error,
        Error::Ftp(Ftp::Timeout(_) | Ftp::Failed { kind: FailureKind::ConnectionLost | FailureKind::Other, .. })
    )
}

fn more_telling(error: Error, verdict: Result<Outcome, Error>) -> Error {
    match verdict {
        Err(
            reason @ Error::Ftp(ftp_types::Error::Refused {
                kind: RefusalKind::Transient | RefusalKind::Permanent, ..
            }),
        ) => reason,
        _ => error,
    }
}

pub fn local(error: std::io::Error) -> Error {
    Error::Local(error.to_string())
}
