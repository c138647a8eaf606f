//! One data connection, and what ties it to its session.

use crate::connection::{Connection, OpenTransfer};
use crate::control::Raw;
use crate::deflate::Codec;
use crate::error::{Error, Phase, Reply};
use crate::keepalive::{Slot, with_keepalive};
use crate::limits::{CHUNK, CLOSE_LINGER, UPLOAD_COALESCE_BYTES, UPLOAD_COALESCE_DELAY};
use crate::listing::ListingEnd;
use crate::network::Network;
use crate::session::Session;
use crate::timeout::{Either, now_or_never, select, timeout, yield_now};
use crate::tls::channel::{Channel, unclosed};
use crate::tls::{Agreed, DataEnd};
use crate::transfer::Outcome;
use crate::verify::{NotVerified, Verified};
use alloc::format;
use alloc::string::ToString;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use spin::Mutex;

/// Replies of servers that want data connections to resume the TLS session, and tell so only after a clean handshake.
const REUSE_WANTED: [u16; 2] = [425, 522];

/// Which way a data connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the server.
    Receiving,
    /// To the server.
    Sending,
}

/// What a transfer shares with its session.
pub(crate) struct TransferHandover<S> {
    /// Where a transfer that is dropped leaves its data connection, when it is inside TLS: to be closed without the forms
    /// is more than some servers take.
    data: Mutex<Option<(Channel<S>, Direction)>>,
    /// The control connection, while the transfer is to keep it alive.
    pub(crate) control: Slot<S>,
    /// The limit of a whole call ran out in the transfer.
    given_up: AtomicBool,
}

impl<S> Default for TransferHandover<S> {
    fn default() -> Self {
        Self { data: Mutex::new(None), control: Slot::default(), given_up: AtomicBool::new(false) }
    }
}

impl<S> TransferHandover<S> {
    pub(crate) fn take(&self) -> Option<(Channel<S>, Direction)> {
        self.data.lock().take()
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    fn leave(&self, channel: Channel<S>, direction: Direction) {
        *self.data.lock() = Some((channel, direction));
    }
}

/// What the end of data without `close_notify` is worth.
pub(crate) struct Ends {
    pub(crate) policy: DataEnd,
    /// What the server said of the size, it said inside TLS.
    pub(crate) announced_inside_tls: bool,
}

/// A data connection that the server has agreed to.
pub(crate) struct Data<N: Network> {
    network: N,
    channel: Option<Channel<N::Stream>>,
    /// Alive as long as the session.
    pub(crate) session: Weak<()>,
    /// Shared with the session as long as the transfer is open.
    left: Option<Arc<TransferHandover<N::Stream>>>,
    direction: Direction,
    packing: Codec,
    idle: Duration,
    /// The limit of a whole call.
    total: Option<Duration>,
    /// When it runs out for the one under way.
    deadline: Option<Duration>,
    bytes: u64,
    /// Written, and not yet sent, since that time.
    held: Vec<u8>,
    held_since: Duration,
    agreed: Option<Agreed>,
    truncated: bool,
    /// How the end was not the one of a connection that is whole.
    pub(crate) cut: Option<Error>,
    pub(crate) failure: Option<Error>,
}

impl<N: Network> Data<N> {
    pub(crate) fn new(connection: &Connection<N>, opened: OpenTransfer<N>, direction: Direction) -> Self {
        Self {
            network: connection.network.clone(),
            agreed: opened.channel.agreed().cloned(),
            channel: Some(opened.channel),
            session: Arc::downgrade(&connection.alive),
            left: Some(opened.left),
            direction,
            packing: Codec::new(connection.mode, direction, connection.settings.inflation_limit),
            idle: match connection.is_unannounced() {
                // The server has said that it is done.
                true => connection.settings.idle_timeout.min(CLOSE_LINGER),
                false => connection.settings.idle_timeout,
            },
            total: connection.settings.total_timeout,
            deadline: None,
            bytes: 0,
            held: Vec::new(),
            held_since: Duration::ZERO,
            truncated: false,
            cut: None,
            failure: None,
        }
    }

    pub(crate) fn check_open(&mut self) -> Result<(), Error> {
        if self.session.strong_count() == 0 {
            self.close();
            return Err(Error::Closed);
        }
        // Also where nothing has to be waited for.
        if self.limit() == (Duration::ZERO, Phase::Total) {
            return Err(self.give_up());
        }
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// A call on the transfer begins, which has a limit as a whole.
    pub(crate) fn begin_call(&mut self) {
        self.deadline = self.total.map(|total| self.network.now().saturating_add(total));
    }

    /// The limit of a call as a whole, for one that waits for something else too.
    pub(crate) fn call_limit(&self) -> (N, Option<Duration>) {
        (self.network.clone(), self.total)
    }

    /// It ran out: the session is closed by its next call.
    pub(crate) fn give_up(&mut self) -> Error {
        if let Some(left) = &self.left {
            left.given_up.store(true, Ordering::Relaxed);
        }
        self.close();
        self.failure.insert(Error::Timeout(Phase::Total)).clone()
    }

    /// How long to wait for the next bytes, and what has run out then.
    fn limit(&self) -> (Duration, Phase) {
        match self.deadline.map(|deadline| deadline.saturating_sub(self.network.now())) {
            Some(left) if left < self.idle => (left, Phase::Total),
            _ => (self.idle, Phase::Data),
        }
    }

    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        self.check_open()?;
        let (limit, phase) = self.limit();
        let Some(channel) = &mut self.channel else { return Ok(0) };
        let control = self.left.as_deref().map(|left| &left.control);
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
                self.truncated = channel.is_truncated();
                if !self.truncated {
                    // The server has said all; whether it still listens does not matter.
                    let _ = timeout(&self.network, self.idle, Phase::Data, channel.say_goodbye()).await;
                }
            }
            Ok(count) => self.bytes += count as u64,
            // What came is wrong, not how it came: the connection has to be ended as TLS wants it.
            Err(Error::Integrity(_) | Error::LimitExceeded(_)) => self.leave(),
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
        self.cut = self.failure.take();
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
        self.failure = Some(Error::Other("a write was dropped before its end".to_string()));
        Ok(())
    }

    /// Small pieces inside TLS wait for more, or for the end.
    async fn write_packed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if !self.channel.as_ref().is_some_and(Channel::is_secure) {
            return self.send(bytes).await;
        }
        if self.held.is_empty() {
            if bytes.len() >= UPLOAD_COALESCE_BYTES {
                return self.send(bytes).await;
            }
            self.held_since = self.network.now();
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() < UPLOAD_COALESCE_BYTES
            && self.network.now().saturating_sub(self.held_since) < UPLOAD_COALESCE_DELAY
        {
            return Ok(());
        }
        self.send_held().await
    }

    /// Send what is held back, be it the end of the handshake alone.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        self.begin_sending()?;
        if let Codec::Deflate(deflater) = &mut self.packing {
            self.held.extend(deflater.flush());
        }
        self.send_held().await?;
        self.failure = None;
        Ok(())
    }

    async fn send_held(&mut self) -> Result<(), Error> {
        let held = core::mem::take(&mut self.held);
        self.send(&held).await?;
        let (limit, phase) = self.limit();
        let Some(channel) = &mut self.channel else { return Err(Error::Closed) };
        let flushed = timeout(&self.network, limit, phase, channel.flush()).await;
        self.remember(flushed)
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (limit, phase) = self.limit();
            let Some(channel) = &mut self.channel else { return Err(Error::Closed) };
            let piece = rest.get(..CHUNK).unwrap_or(rest);
            let control = self.left.as_deref().map(|left| &left.control);
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

    /// Everything is written: let it go out, and read the server's verdict.
    pub(crate) async fn end(&mut self, connection: &mut Connection<N>) -> Result<Raw, Error> {
        if let (Some(channel), None) = (&mut self.channel, &self.failure) {
            if let Codec::Deflate(deflater) = &mut self.packing {
                self.held.extend(deflater.finish());
            }
            let ending = finish(&self.network, connection.settings.proxy.is_some(), channel, &self.held);
            match timeout(&self.network, self.idle, Phase::Data, ending).await {
                // All bytes were sent before. Whether they arrived is another question.
                Err(Error::ConnectionLost(text) | Error::Other(text)) if self.held.is_empty() => {
                    self.cut = Some(Error::ConnectionLost(text));
                }
                ended => self.failure = ended.err(),
            }
        }
        let heard = match self.failure {
            Some(_) => None,
            None => self.hear_end(connection).await,
        };
        self.close();
        match heard {
            Some(reply) => self.judge(reply),
            None => self.verdict(connection).await,
        }
    }

    /// What is on its way, tickets for example, must not meet a closed socket: that would be a reset, and lose what was
    /// sent. How the server ends the data connection shows whether something on the path has cut it. Gives the verdict
    /// where that comes first.
    async fn hear_end(&mut self, connection: &mut Connection<N>) -> Option<Result<Raw, Error>> {
        let channel = self.channel.as_mut()?;
        let heard = match select(channel.hear_end(), connection.verdict()).await {
            Either::First(ended) => {
                self.cut = self.cut.take().or(ended.err());
                return None;
            }
            Either::Second(reply) => reply,
        };
        let ended = match (&heard, channel.is_secure()) {
            (Err(_), _) => None,
            (Ok(_), true) => match select(channel.hear_end(), self.network.sleep(CLOSE_LINGER)).await {
                Either::First(ended) => Some(ended),
                Either::Second(()) => Some(Err(unclosed())),
            },
            // Without TLS its end proves nothing, and is not worth a wait.
            (Ok(_), false) => now_or_never(channel.hear_end()),
        };
        self.cut = self.cut.take().or(ended.and_then(Result::err));
        Some(heard)
    }

    /// The server's verdict; a transfer that failed on this side is no success, whatever the server says.
    pub(crate) async fn verdict(&mut self, connection: &mut Connection<N>) -> Result<Raw, Error> {
        if self.left.is_none() {
            // Given up: there is nothing to be said for it.
            connection.drain_pending_replies().await?;
            return Err(self.failure.take().unwrap_or(Error::Closed));
        }
        let reply = connection.verdict().await;
        self.judge(reply)
    }

    fn judge(&mut self, reply: Result<Raw, Error>) -> Result<Raw, Error> {
        match reply {
            Ok(reply) => self.failure.take().map_or(Ok(reply), Err),
            Err(Error::Transient(reply) | Error::Permanent(reply)) if self.was_not_resumed(&reply) => {
                Err(Error::Tls(format!(
                    "the data connection did not resume the TLS session, which this server seems to require: {reply}"
                )))
            }
            Err(error) => Err(error),
        }
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
                Err(if is_cut { Error::Incomplete(text) } else { Error::Integrity(text) })
            }
            _ if ends.policy == DataEnd::Verified && is_sure => Ok(()),
            _ if ends.policy == DataEnd::Lenient => Ok(()),
            _ if self.truncated => Err(unclosed()),
            // Outside TLS the end of a connection proves no more than the size does.
            Some(_) if ends.policy == DataEnd::Verified && self.agreed.is_none() => Ok(()),
            _ => self.cut.clone().map_or(Ok(()), Err),
        }
    }

    /// How the data ended, as far as it reports that nothing is missing.
    pub(crate) fn end_of_listing(&self) -> ListingEnd {
        match &self.agreed {
            None => ListingEnd::Clear,
            Some(_) if self.truncated && !self.packing.is_whole() => ListingEnd::Cut,
            Some(_) => ListingEnd::Sealed,
        }
    }

    pub(crate) async fn abort(mut self, session: &mut Session<N>) -> Result<Reply, Error> {
        let owner = self.session.clone();
        session
            .end_transfer(&owner, async |connection| {
                self.leave();
                connection.abort().await
            })
            .await
    }

    /// Give the transfer up. Its replies, and the end of a connection inside TLS, are left to the session.
    pub(crate) fn leave(&mut self) {
        let Some(left) = self.left.take() else { return };
        if let (Some(channel), None) = (self.channel.take_if(|channel| channel.is_secure()), &self.failure) {
            left.leave(channel, self.direction);
        }
        self.close();
    }

    pub(crate) fn outcome(&self, connection: &Connection<N>, reply: &Raw) -> Outcome {
        Outcome {
            reply: connection.control.text(reply),
            bytes: self.bytes,
            encrypted: self.agreed.is_some(),
            resumed: self.agreed.as_ref().is_some_and(|agreed| agreed.resumed),
            name: None,
            checksum: None,
            verified: Verified::No(NotVerified::NoSize),
            size: None,
        }
    }

    pub(crate) fn close(&mut self) {
        self.channel = None;
    }

    fn was_not_resumed(&self, reply: &Reply) -> bool {
        let came = self.direction == Direction::Receiving && self.bytes > 0;
        REUSE_WANTED.contains(&reply.code) && !came && self.agreed.as_ref().is_some_and(|agreed| !agreed.resumed)
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
