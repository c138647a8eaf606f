//! `NOOP`s in a transfer: while data moves, the control connection is silent, and what is silent for long is forgotten
//! by some router on the way.
//!
//! The session lends the control connection to its transfer. A server may reply at once, or when the transfer is over,
//! before the verdict or after it, or never; one that refuses gets no more of them.

use crate::error::Error;
use crate::limits::{MAX_UNANSWERED, SHORTEST_KEEPALIVE};
use crate::network::{Network, Stream};
use crate::timeout::{Either, now_or_never, select};
use crate::tls::channel::Channel;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::future::pending;
use core::time::Duration;
use ftp_protocol::command;
use ftp_protocol::conversation::KeepAlive;
use ftp_protocol::reply::Reply as Raw;
use ftp_protocol::reply::{self, Limits, Reader};
use spin::Mutex;

/// Bytes of replies read at once.
pub(crate) const READ: usize = 4096;

/// The control connection, and all that is on its way on it.
pub(crate) struct ControlStream<S> {
    pub(crate) channel: Channel<S>,
    pub(crate) reader: Reader,
    /// What was read last.
    pub(crate) buffer: Vec<u8>,
    /// Commands, or the rest of one.
    pub(crate) unsent: Vec<u8>,
    /// Replies that came in a transfer and are not those to its `NOOP`s.
    heard: VecDeque<Raw>,
    failure: Option<Error>,
}

impl<S: Stream> ControlStream<S> {
    pub(crate) fn new(channel: Channel<S>) -> Self {
        Self {
            channel,
            reader: Reader::new(Limits::default()),
            buffer: Vec::new(),
            unsent: Vec::new(),
            heard: VecDeque::new(),
            failure: None,
        }
    }

    /// The next reply that is already here.
    pub(crate) fn next_reply(&mut self) -> Result<Option<Raw>, Error> {
        if let Some(reply) = self.heard.pop_front() {
            return Ok(Some(reply));
        }
        match self.reader.next_reply()? {
            None => self.failure.take().map_or(Ok(None), Err),
            reply => Ok(reply),
        }
    }

    /// Nothing is here that was not handed out.
    pub(crate) fn is_silent(&self) -> bool {
        self.reader.is_empty() && self.heard.is_empty() && self.failure.is_none()
    }

    /// Send what is unsent. Nothing is lost, or sent twice, when the future is dropped.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        self.channel.push(&mut self.unsent).await
    }

    /// Look at what came. False when there is nothing more to be done here.
    fn listen(&mut self, keep_alive: &mut KeepAlive) -> Result<bool, reply::Error> {
        self.buffer.clear();
        match now_or_never(self.channel.read(&mut self.buffer, READ)) {
            None => {}
            // Whoever reads next comes to this end too.
            Some(Ok(0)) => return Ok(false),
            Some(Ok(_)) => self.reader.feed(&self.buffer),
            Some(Err(error)) => {
                self.failure = Some(error);
                return Ok(false);
            }
        }
        while let Some(reply) = self.reader.next_reply()? {
            if !keep_alive.take(&reply) {
                // The verdict, before the last of the data: the transfer is at its end.
                self.heard.push_back(reply);
                return Ok(false);
            }
        }
        Ok(!keep_alive.rejected)
    }
}

/// A control connection that is lent to a transfer.
pub(crate) struct BorrowedControl<S> {
    wire: ControlStream<S>,
    keep_alive: KeepAlive,
    interval: Duration,
    /// When something was last sent.
    last: Duration,
    done: bool,
}

impl<S: Stream> BorrowedControl<S> {
    pub(crate) fn new(wire: ControlStream<S>, keep_alive: KeepAlive, interval: Duration, now: Duration) -> Self {
        Self { wire, keep_alive, interval: interval.max(SHORTEST_KEEPALIVE), last: now, done: false }
    }

    pub(crate) fn into_parts(self) -> (ControlStream<S>, KeepAlive) {
        (self.wire, self.keep_alive)
    }

    /// One `NOOP` after another, each when the connection was silent for long enough. May be dropped at any time.
    async fn run_keepalive<N: Network>(&mut self, network: &N) -> Infallible {
        while !self.done {
            let due = self.last.saturating_add(self.interval);
            let now = network.now();
            if now < due {
                network.sleep(due.saturating_sub(now)).await;
                continue;
            }
            self.last = now;
            let goes_on = matches!(self.wire.listen(&mut self.keep_alive), Ok(true));
            if !goes_on || self.keep_alive.unanswered >= MAX_UNANSWERED {
                self.done = !goes_on;
                continue;
            }
            let Ok(line) = command::line("NOOP", None) else { break };
            self.wire.unsent.extend(line);
            self.keep_alive.sent();
            self.done = self.wire.flush().await.is_err();
        }
        pending().await
    }
}

/// Where the control connection is while it is lent. In a box, as each piece of the data takes it out and puts it back.
pub(crate) struct Slot<S>(Mutex<Option<Box<BorrowedControl<S>>>>);

impl<S> Default for Slot<S> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<S> Slot<S> {
    pub(crate) fn put(&self, lent: Box<BorrowedControl<S>>) {
        *self.0.lock() = Some(lent);
    }

    pub(crate) fn take(&self) -> Option<Box<BorrowedControl<S>>> {
        self.0.lock().take()
    }
}

/// Puts it back, also when the future that uses it is dropped.
struct InUse<'a, S> {
    slot: &'a Slot<S>,
    lent: Option<Box<BorrowedControl<S>>>,
}

impl<S> Drop for InUse<'_, S> {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            self.slot.put(lent);
        }
    }
}

/// Do the work on the data connection, and beside it keep the control connection alive, where that was lent for it.
pub(crate) async fn with_keepalive<N: Network, T>(
    network: &N,
    slot: Option<&Slot<N::Stream>>,
    work: impl Future<Output = T>,
) -> T {
    let Some(slot) = slot else { return work.await };
    let mut used = InUse { slot, lent: slot.take() };
    let Some(lent) = &mut used.lent else { return work.await };
    match select(lent.run_keepalive(network), work).await {
        Either::First(never) => match never {},
        Either::Second(done) => done,
    }
}
