//! The loop that moves the bytes of a transfer, and what it moves them between.

use crate::engine::version::FileVersion;
use crate::error::Error;
use crate::limits::CHUNK;
use crate::network::Network;
use crate::timeout::{whole_call, yield_now};
use crate::transfer::{Download, Upload};
use alloc::vec::Vec;
use core::pin::pin;

/// Bytes that come in order.
pub trait ReadNext {
    /// Why they do not come.
    type Error;
    /// Append at most `max` bytes, but one at least; waits for one. 0 is the end, unless [`Self::pauses`].
    fn read_next(&mut self, buffer: &mut Vec<u8>, max: usize) -> impl Future<Output = Result<usize, Self::Error>>;
    /// Nothing came, but more will: what was copied so far is not to be held back.
    fn pauses(&self) -> bool {
        false
    }
}

/// Where bytes go in order.
pub trait WriteNext {
    /// Why they cannot go there.
    type Error;
    /// The first byte is the one at this offset of the file, which may be another one than was asked for.
    fn begins(&mut self, _offset: u64) -> impl Future<Output = Result<(), Self::Error>> {
        async { Ok(()) }
    }
    /// Take all of these bytes.
    fn write_next(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Self::Error>>;
    /// Hold nothing back: it may take a while until more comes.
    fn flush(&mut self) -> impl Future<Output = Result<(), Self::Error>> {
        async { Ok(()) }
    }
    /// All has come.
    fn end(&mut self) -> impl Future<Output = Result<(), Self::Error>> {
        async { Ok(()) }
    }
}

/// The contents of a file, at any place of it.
pub trait ReadAt {
    /// Why it cannot be read.
    type Error;
    /// Append at most `max` bytes that stand at this offset; 0 is the end.
    fn read_at(
        &self,
        offset: u64,
        buffer: &mut Vec<u8>,
        max: usize,
    ) -> impl Future<Output = Result<usize, Self::Error>>;
    /// What shows that the file has changed between two attempts. Without its size, what the server has of it before the first
    /// one is not resumed.
    fn version(&self) -> impl Future<Output = Result<FileVersion, Self::Error>> {
        async { Ok(FileVersion::default()) }
    }
}

/// Where the bytes of a file go, in any order.
pub trait WriteAt {
    /// Why they cannot go there.
    type Error;
    /// Take these bytes, which stand at this offset of the file. Each session writes for itself, so several calls may be
    /// under way.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Who looks at a transfer, and sets its pace.
pub trait Observer {
    /// The server has agreed to a transfer from this offset on.
    fn begins(&self, _offset: u64) {}
    /// So many bytes went through. The next ones wait until this is done.
    fn advanced(&self, count: u64) -> impl Future<Output = ()>;
}

/// Nobody looks.
impl Observer for () {
    async fn advanced(&self, _: u64) {}
}

/// Which side of a copy failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyError<R, W> {
    /// The one that was read.
    Read(R),
    /// The one that was written.
    Write(W),
}

impl From<CopyError<Self, Self>> for Error {
    fn from(error: CopyError<Self, Self>) -> Self {
        match error {
            CopyError::Read(error) | CopyError::Write(error) => error,
        }
    }
}

/// Copy at most so many bytes, to the end if there are fewer. Gives their number. What is waited for on a data connection counts
/// for the limit of the call that the caller has begun.
pub(crate) async fn copy<R: ReadNext, W: WriteNext>(
    from: &mut R,
    to: &mut W,
    most: u64,
    observer: &impl Observer,
) -> Result<u64, CopyError<R::Error, W::Error>> {
    let mut buffer = Vec::new();
    let mut copied = 0u64;
    while copied < most {
        buffer.clear();
        let left = usize::try_from(most.saturating_sub(copied)).unwrap_or(CHUNK);
        let count = from.read_next(&mut buffer, left.min(CHUNK)).await.map_err(CopyError::Read)? as u64;
        if count == 0 {
            if !from.pauses() {
                break;
            }
            to.flush().await.map_err(CopyError::Write)?;
            continue;
        }
        to.write_next(&buffer).await.map_err(CopyError::Write)?;
        copied = copied.saturating_add(count);
        observer.advanced(count).await;
        // So that enclosing limits are looked at even where nothing has to be waited for.
        yield_now().await;
    }
    Ok(copied)
}

impl<N: Network> Download<N> {
    /// All that is left, as one call with its limit: [`Self::finish`] must follow. Gives the number of bytes.
    pub async fn copy_to<W: WriteNext>(
        &mut self,
        to: &mut W,
        observer: &impl Observer,
    ) -> Result<u64, CopyError<Error, W::Error>> {
        self.data.begin_call();
        let (network, limit) = self.data.call_limit();
        let copying = async {
            let copied = copy(self, to, u64::MAX, observer).await?;
            to.end().await.map_err(CopyError::Write)?;
            Ok(copied)
        };
        let copied = whole_call(&network, limit, pin!(copying)).await;
        copied.unwrap_or_else(|| Err(CopyError::Read(self.data.give_up())))
    }
}

impl<N: Network> Upload<N> {
    /// All that the source has, as one call with its limit: [`Self::finish`] must follow. Gives the number of bytes.
    pub async fn copy_from<R: ReadNext>(
        &mut self,
        from: &mut R,
        observer: &impl Observer,
    ) -> Result<u64, CopyError<R::Error, Error>> {
        self.data.begin_call();
        let (network, limit) = self.data.call_limit();
        let copied = whole_call(&network, limit, pin!(copy(from, self, u64::MAX, observer))).await;
        copied.unwrap_or_else(|| Err(CopyError::Write(self.data.give_up())))
    }
}

impl<N: Network> ReadNext for Download<N> {
    type Error = Error;

    fn read_next(&mut self, buffer: &mut Vec<u8>, max: usize) -> impl Future<Output = Result<usize, Error>> {
        self.next(buffer, max)
    }
}

impl<N: Network> WriteNext for Upload<N> {
    type Error = Error;

    fn write_next(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Error>> {
        self.put(bytes)
    }

    fn flush(&mut self) -> impl Future<Output = Result<(), Error>> {
        self.data.flush()
    }
}

/// What comes is not looked at.
impl WriteNext for () {
    type Error = Error;

    async fn write_next(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
}

/// A file from an offset on.
pub struct At<'a, F: ?Sized> {
    /// The file.
    pub file: &'a F,
    /// The next byte.
    pub offset: u64,
}

impl<F: ReadAt + ?Sized> ReadNext for At<'_, F> {
    type Error = F::Error;

    async fn read_next(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, F::Error> {
        let count = self.file.read_at(self.offset, buffer, max).await?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

impl<F: WriteAt + ?Sized> WriteNext for At<'_, F> {
    type Error = F::Error;

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), F::Error> {
        self.file.write_at(self.offset, bytes).await?;
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

impl ReadAt for &[u8] {
    type Error = Error;

    async fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let piece = rest.get(..max).unwrap_or(rest);
        buffer.extend_from_slice(piece);
        Ok(piece.len())
    }

    async fn version(&self) -> Result<FileVersion, Error> {
        Ok(FileVersion { size: Some(self.len() as u64), ..FileVersion::default() })
    }
}
