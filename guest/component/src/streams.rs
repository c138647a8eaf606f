//! Streams of the host, as the transfer engine reads and writes them.

use crate::convert::local_failure;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::mem::take;
use ftp_client::engine::{ReadNext, WriteAt, WriteNext};
use ftp_client::{Error, Phase, UPLOAD_COALESCE_DELAY, timeout};
use ftp_wasi::{Wasi, ready};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// A stream, to which the bytes of a file come in order.
pub(crate) struct InOrder<'a>(pub(crate) &'a OutputStream);

impl WriteAt for InOrder<'_> {
    type Error = Error;

    fn write_at(&self, _: u64, bytes: &[u8]) -> impl Future<Output = Result<(), Error>> {
        write_all(self.0, bytes)
    }
}

impl WriteNext for InOrder<'_> {
    type Error = Error;

    fn write_next(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), Error>> {
        write_all(self.0, bytes)
    }

    fn end(&mut self) -> impl Future<Output = Result<(), Error>> {
        flush(self.0)
    }
}

/// A stream that is read, and whether that has paused.
pub(crate) struct Source<'a> {
    stream: &'a InputStream,
    pauses: bool,
}

impl<'a> Source<'a> {
    pub(crate) fn new(stream: &'a InputStream) -> Self {
        Self { stream, pauses: false }
    }
}

impl ReadNext for Source<'_> {
    type Error = Error;

    async fn read_next(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let limit = (!take(&mut self.pauses)).then_some(UPLOAD_COALESCE_DELAY);
        loop {
            match self.stream.read(max as u64) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => {
                    *buffer = bytes;
                    return Ok(buffer.len());
                }
                Err(StreamError::Closed) => return Ok(0),
                Err(error) => return Err(local_failure(&error)),
            }
            let more = async {
                ready(&Rc::new(self.stream.subscribe())).await;
                Ok(())
            };
            self.pauses = timeout(&Wasi, limit, Phase::Data, more).await.is_err();
            if self.pauses {
                return Ok(0);
            }
        }
    }

    fn pauses(&self) -> bool {
        self.pauses
    }
}

/// `blocking-write-and-flush` takes 4 KiB at a time, which is slow; this takes whatever there is room for.
async fn write_all(sink: &OutputStream, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(bytes.len().min(room(sink).await?));
        sink.write(piece).map_err(|error| local_failure(&error))?;
        bytes = rest;
    }
    Ok(())
}

pub(crate) async fn flush(sink: &OutputStream) -> Result<(), Error> {
    sink.flush().map_err(|error| local_failure(&error))?;
    room(sink).await.map(drop)
}

/// Wait until the stream takes bytes, which it does when it is flushed; gives how many.
async fn room(sink: &OutputStream) -> Result<usize, Error> {
    loop {
        match sink.check_write().map_err(|error| local_failure(&error))? {
            0 => ready(&Rc::new(sink.subscribe())).await,
            room => return Ok(at_most(room)),
        }
    }
}

pub(crate) fn at_most(max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}
