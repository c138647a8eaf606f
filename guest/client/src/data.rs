//! One data connection: bytes, and whether their end can be trusted.

mod verdict;

use crate::deflate::Codec;
use crate::error::{Error, FailureKind, Phase};
use crate::handover::{Direction, SessionState, TransferHandover};
use crate::keepalive::with_keepalive;
use crate::limits::{CHUNK, CLOSE_LINGER, UPLOAD_COALESCE_BYTES, UPLOAD_COALESCE_DELAY};
use crate::network::Network;
use crate::timeout::{select, timeout, yield_now};
use crate::tls::channel::{Channel, unclosed};
use crate::tls::{Agreed, DataEnd};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::pin::pin;
use core::time::Duration;

/// How the data of a listing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingEnd {
    /// In the clear, where a connection that was cut ends just so.
    Clear,
    /// Inside TLS, with its own end: nothing is missing.
    Sealed,
    /// Inside TLS, without it.
    Cut,
}

/// What the end of data without `close_notify` is worth.
pub(crate) struct Ends {
    pub(crate) policy: DataEnd,
    /// What the server said of the size, it said inside TLS.
    pub(crate) announced_inside_tls: bool,
}

/// How long a call on a transfer may take.
struct CallLimits {
    /// Without a byte.
    idle: Duration,
    /// As a whole.
    total: Option<Duration>,
    /// When that runs out for the call under way.
    deadline: Option<Duration>,
}

/// How the data connection ended.
#[derive(Default)]
pub(crate) struct Ending {
    /// Without TLS's own end.
    truncated: bool,
    /// How it was not the end of a connection that is whole.
    pub(crate) cut: Option<Error>,
}

/// Bytes that were written, and not yet sent, since that time.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    since: Duration,
}

/// A data connection that the server has agreed to.
pub(crate) struct Data<N: Network> {
    network: N,
    channel: Option<Channel<N::Stream>>,
    pub(crate) session: Arc<SessionState>,
    /// None once the transfer was given up.
    handover: Option<Arc<TransferHandover<N::Stream>>>,
    direction: Direction,
    packing: Codec,
    limits: CallLimits,
    bytes: u64,
    held: Held,
    agreed: Option<Agreed>,
    pub(crate) ending: Ending,
    pub(crate) failure: Option<Error>,
}

impl<N: Network> Data<N> {
    pub(crate) fn check_open(&mut self) -> Result<(), Error> {
        if self.session.is_closed() {
            self.close();
            return Err(Error::closed());
        }
        // Also where nothing has to be waited for.
        if self.limit() == (Duration::ZERO, Phase::Total) {
            return Err(self.give_up());
        }
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// A call on the transfer begins, which has a limit as a whole.
    pub(crate) fn begin_call(&mut self) {
        self.limits.deadline = self.limits.total.map(|total| self.network.now().saturating_add(total));
    }

    /// The limit of a call as a whole, for one that waits for something else too.
    pub(crate) fn call_limit(&self) -> (N, Option<Duration>) {
        (self.network.clone(), self.limits.total)
    }

    /// It ran out: the session is closed by its next call.
    pub(crate) fn give_up(&mut self) -> Error {
        if let Some(handover) = &self.handover {
            handover.give_up();
        }
        self.close();
        self.failure.insert(Error::Timeout(Phase::Total)).clone()
    }

    /// How long to wait for the next bytes, and what has run out then.
    fn limit(&self) -> (Duration, Phase) {
        match self.limits.deadline.map(|deadline| deadline.saturating_sub(self.network.now())) {
            Some(left) if left < self.limits.idle => (left, Phase::Total),
            _ => (self.limits.idle, Phase::Data),
        }
    }

    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        self.check_open()?;
        let (limit, phase) = self.limit();
        let Some(channel) = &mut self.channel else { return Ok(0) };
        let control = self.handover.as_deref().map(|handover| &handover.control);
        let packing = &mut self.packing;
        let reading = async {
            let reading = pin!(async {
                match packing {
                    Codec::Inflate(inflater) => inflater.read(channel, buffer, max).await,
                    _ => channel.read(buffer, max).await,
                }
            });
            with_keepalive(&self.network, control, reading).await
        };
        let read = timeout(&self.network, limit, phase, pin!(reading)).await;
        match read {
            Ok(0) => {
                self.ending.truncated = channel.is_truncated();
                if !self.ending.truncated {
                    // The server has said all; whether it still listens does not matter.
                    let _ = timeout(&self.network, self.limits.idle, Phase::Data, channel.say_goodbye()).await;
                }
            }
            Ok(count) => self.bytes += count as u64,
            // What came is wrong, not how it came: the connection has to be ended as TLS wants it.
            Err(Error::Failed { kind: FailureKind::Integrity, .. } | Error::LimitExceeded(_)) => self.leave(),
            Err(_) => self.close(),
        }
        self.remember(read)
    }

    /// Bytes so far, before they were compressed.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All bytes that there are came before the reset that ended them.
    pub(crate) fn end_by_reset(&mut self) -> usize {
        self.ending.cut = self.failure.take();
        0
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.begin_sending()?;
        for piece in bytes.chunks(CHUNK) {
            match &mut self.packing {
                Codec::Deflate(deflater) => {
                    let packed = deflater.deflate(piece);
                    self.write_packed(&packed).await?;
                    yield_now().await;
                }
                _ => self.write_packed(piece).await?,
            }
            self.bytes += piece.len() as u64;
        }
        self.failure = None;
        Ok(())
    }

    /// Nobody knows how much was sent when the future of it is dropped: until its end it counts as failed.
    fn begin_sending(&mut self) -> Result<(), Error> {
        self.check_open()?;
        self.failure = Some(Error::other("a write was dropped before its end"));
        Ok(())
    }

    /// Small pieces inside TLS wait for more, or for the end.
    async fn write_packed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if !self.channel.as_ref().is_some_and(Channel::is_secure) {
            return self.send(bytes).await;
        }
        if self.held.bytes.is_empty() {
            if bytes.len() >= UPLOAD_COALESCE_BYTES {
                return self.send(bytes).await;
            }
            self.held.since = self.network.now();
        }
        self.held.bytes.extend_from_slice(bytes);
        if self.held.bytes.len() < UPLOAD_COALESCE_BYTES
            && self.network.now().saturating_sub(self.held.since) < UPLOAD_COALESCE_DELAY
        {
            return Ok(());
        }
        self.send_held().await
    }

    /// Send what is held back, be it the end of the handshake alone.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        self.begin_sending()?;
        if let Codec::Deflate(deflater) = &mut self.packing {
            self.held.bytes.extend(deflater.flush());
        }
        self.send_held().await?;
        self.failure = None;
        Ok(())
    }

    async fn send_held(&mut self) -> Result<(), Error> {
        let held = core::mem::take(&mut self.held.bytes);
        self.send(&held).await?;
        let (limit, phase) = self.limit();
        let Some(channel) = &mut self.channel else { return Err(Error::closed()) };
        let flushed = timeout(&self.network, limit, phase, channel.flush()).await;
        self.remember(flushed)
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (limit, phase) = self.limit();
            let Some(channel) = &mut self.channel else { return Err(Error::closed()) };
            let piece = rest.get(..CHUNK).unwrap_or(rest);
            let control = self.handover.as_deref().map(|handover| &handover.control);
            let writing = async { with_keepalive(&self.network, control, pin!(channel.write(piece))).await };
            let written = timeout(&self.network, limit, phase, pin!(writing)).await;
            let count = self.remember(written)?;
            rest = rest.get(count..).unwrap_or_default();
            if !rest.is_empty() {
                yield_now().await;
            }
        }
        Ok(())
    }

    /// Whether the end that was read can be trusted: by the size that the server announced, by TLS, and by the end of
    /// compressed data. Servers announce the size of the file or of what is left of it behind `offset`: without TLS's own
    /// end, only the one that cannot be mistaken for a part of the other counts. What was announced in the clear, after
    /// CCC, counts for nothing then.
    pub(crate) fn check_end(&self, size: Option<u64>, offset: u64, ends: Ends) -> Result<(), Error> {
        let is = |size| self.bytes == size || self.bytes.saturating_add(offset) == size;
        let is_sure = self.packing.is_whole() || ends.announced_inside_tls && size == Some(self.bytes);
        match size {
            Some(size) if !is(size) => {
                let text = format!("{} bytes came, and the server reported {size}", self.bytes);
                // No file has more than 2^63 - 1 bytes: that is no cut, but a lie.
                let is_cut = self.bytes < size && i64::try_from(size).is_ok();
                Err(if is_cut { Error::incomplete(text) } else { Error::integrity(text) })
            }
            _ if ends.policy == DataEnd::Verified && is_sure => Ok(()),
            _ if ends.policy == DataEnd::Lenient => Ok(()),
            _ if self.ending.truncated => Err(unclosed()),
            // Outside TLS the end of a connection proves no more than the size does.
            Some(_) if ends.policy == DataEnd::Verified && self.agreed.is_none() => Ok(()),
            _ => self.ending.cut.clone().map_or(Ok(()), Err),
        }
    }

    /// How the data ended, as far as it reports that nothing is missing.
    pub(crate) fn end_of_listing(&self) -> ListingEnd {
        match &self.agreed {
            None => ListingEnd::Clear,
            Some(_) if self.ending.truncated && !self.packing.is_whole() => ListingEnd::Cut,
            Some(_) => ListingEnd::Sealed,
        }
    }

    /// Give the transfer up. Its replies, and the end of a connection inside TLS, are left to the session.
    pub(crate) fn leave(&mut self) {
        let Some(handover) = self.handover.take() else { return };
        let channel = self.channel.take().filter(|channel| channel.is_secure() && self.failure.is_none());
        handover.give_back(channel.map(|channel| (channel, self.direction)));
    }

    /// What TLS on it has agreed.
    pub(crate) fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    pub(crate) fn close(&mut self) {
        self.channel = None;
    }

    fn remember<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| match error {
            Error::Timeout(Phase::Total) => _ = self.give_up(),
            error => self.failure = Some(error.clone()),
        })
    }
}

/// End the data that this side sends. Some proxies take the end of one direction for that of both: data that is still on its
/// way to this side then reaches a closed connection, and the server sees a reset. So the server's `close_notify` is awaited
/// first. Outside TLS there is nothing to await.
pub(crate) async fn finish<N: Network>(
    network: &N,
    proxied: bool,
    channel: &mut Channel<N::Stream>,
    last: &[u8],
) -> Result<(), Error> {
    if !proxied || !channel.is_secure() {
        return channel.finish(last).await;
    }
    channel.conclude(last).await?;
    select(channel.drain(), network.sleep(CLOSE_LINGER)).await;
    // The proxy may have closed it.
    let _ = channel.shut().await;
    Ok(())
}

impl<N: Network> Drop for Data<N> {
    fn drop(&mut self) {
        self.leave();
    }
}
