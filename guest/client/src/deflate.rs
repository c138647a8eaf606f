//! Transfers in mode `Z` (draft-preston-ftpext-deflate-04): all that a data connection carries is one zlib stream (RFC
//! 1950), inside TLS where there is any.

use crate::error::{Error, Limit};
use crate::handover::Direction;
use crate::limits::{CHUNK, INFLATION_RATIO};
use crate::network::Stream;
use crate::settings::TransferMode;
use crate::timeout::yield_now;
use crate::tls::channel::Channel;
use alloc::boxed::Box;
use alloc::vec::Vec;
use miniz_oxide::deflate::CompressionLevel;
use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// Bytes of output that are made room for at once.
const PIECE: usize = 16 * 1024;

/// How the bytes of one data connection are packed.
pub(crate) enum Codec {
    None,
    Inflate(Inflater),
    Deflate(Deflater),
}

impl Codec {
    pub(crate) fn new(mode: TransferMode, direction: Direction, inflation_limit: u64) -> Self {
        match (mode, direction) {
            (TransferMode::Stream, _) => Self::None,
            (TransferMode::Deflate, Direction::Receiving) => Self::Inflate(Inflater::new(inflation_limit)),
            (TransferMode::Deflate, Direction::Sending) => Self::Deflate(Deflater::new()),
        }
    }

    /// The end of a zlib stream was read: nothing is missing, whatever ended the connection.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Inflate(inflater) if inflater.ended)
    }
}

/// Inflates what comes, in portions: it holds a window of 32 KiB and what was read at once.
pub(crate) struct Inflater {
    state: Box<InflateState>,
    /// Received, of which the first `taken` are done with.
    wire: Vec<u8>,
    taken: usize,
    received: u64,
    given: u64,
    limit: u64,
    ended: bool,
}

impl Inflater {
    fn new(limit: u64) -> Self {
        let state = InflateState::new_boxed(DataFormat::Zlib);
        Self { state, wire: Vec::new(), taken: 0, received: 0, given: 0, limit, ended: false }
    }

    /// As [`Channel::read`], inflated. What comes without an end and inflates to nothing has to be stopped by a limit
    /// around this.
    pub(crate) async fn read<S: Stream>(
        &mut self,
        channel: &mut Channel<S>,
        buffer: &mut Vec<u8>,
        max: usize,
    ) -> Result<usize, Error> {
        loop {
            let count = self.inflate(buffer, max)?;
            if count > 0 {
                return Ok(count);
            }
            self.wire.clear();
            self.taken = 0;
            let read = channel.read(&mut self.wire, CHUNK).await?;
            self.received = self.received.saturating_add(read as u64);
            match (read, self.ended) {
                (0, true) => return Ok(0),
                (0, false) => return Err(Error::connection_lost("the compressed data was cut short")),
                (_, true) => return Err(Error::integrity("bytes follow the end of the compressed data")),
                (_, false) => yield_now().await,
            }
        }
    }

    /// Of what is there, append at most `max` bytes.
    fn inflate(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let start = buffer.len();
        let mut end = start;
        buffer.resize(start.saturating_add(max), 0);
        while !self.ended && end < buffer.len() {
            let input = self.wire.get(self.taken..).unwrap_or_default();
            let output = buffer.get_mut(end..).unwrap_or_default();
            let result = inflate(&mut self.state, input, output, MZFlush::None);
            self.taken += result.bytes_consumed;
            end += result.bytes_written;
            match result.status {
                Ok(MZStatus::StreamEnd) => self.ended = true,
                Ok(_) if result.bytes_consumed + result.bytes_written > 0 => {}
                Ok(_) | Err(MZError::Buf) => break,
                Err(_) => return Err(Error::integrity("the compressed data is corrupt")),
            }
        }
        buffer.truncate(end);
        self.count(end - start)
    }

    fn count(&mut self, inflated: usize) -> Result<usize, Error> {
        self.given = self.given.saturating_add(inflated as u64);
        if self.given > self.received.saturating_mul(INFLATION_RATIO).saturating_add(self.limit) {
            return Err(Error::LimitExceeded(Limit::Inflation));
        }
        if self.ended && self.taken < self.wire.len() {
            return Err(Error::integrity("bytes follow the end of the compressed data"));
        }
        Ok(inflated)
    }
}

/// Deflates what goes, in portions.
pub(crate) struct Deflater(Box<CompressorOxide>);

impl Deflater {
    fn new() -> Self {
        Self(Box::new(CompressorOxide::with_format_and_level(DataFormat::Zlib, CompressionLevel::DefaultLevel)))
    }

    /// Take these bytes in, and give those that are ready to go.
    pub(crate) fn deflate(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.run(bytes, MZFlush::None)
    }

    /// All that the other side needs for what was taken in so far.
    pub(crate) fn flush(&mut self) -> Vec<u8> {
        self.run(b"", MZFlush::Sync)
    }

    /// The rest, with the end of the stream.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        self.run(b"", MZFlush::Finish)
    }

    fn run(&mut self, bytes: &[u8], flush: MZFlush) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut rest = bytes;
        loop {
            let start = wire.len();
            wire.resize(start.saturating_add(PIECE), 0);
            let result = deflate(&mut self.0, rest, wire.get_mut(start..).unwrap_or_default(), flush);
            rest = rest.get(result.bytes_consumed..).unwrap_or_default();
            wire.truncate(start + result.bytes_written);
            let more = result.bytes_written == PIECE || !rest.is_empty();
            if result.status != Ok(MZStatus::Ok) || !more {
                return wire;
            }
        }
    }
}
