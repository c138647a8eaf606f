//! What a transfer shares with its session: who has the data connection, and whether the session is still there.

use crate::keepalive::Slot;
use crate::tls::channel::Channel;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use spin::Mutex;

/// Which way a data connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the server.
    Receiving,
    /// To the server.
    Sending,
}

/// Which session a transfer is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionId(u64);

/// A session, as its transfers see it.
pub(crate) struct SessionState {
    pub(crate) id: SessionId,
    is_closed: AtomicBool,
}

impl SessionState {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: SessionId(NEXT.fetch_add(1, Ordering::Relaxed)), is_closed: AtomicBool::new(false) }
    }

    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }
}

/// Who has the data connection of a transfer.
enum Holder<S> {
    /// The transfer.
    Lent,
    /// The session, as the transfer was dropped: where it is inside TLS it is still to be closed, because to be closed without the
    /// forms is more than some servers take.
    Returned(Option<(Channel<S>, Direction)>),
}

/// A transfer, as it and its session see it.
pub(crate) struct TransferHandover<S> {
    holder: Mutex<Holder<S>>,
    /// The control connection, while the transfer is to keep it alive.
    pub(crate) control: Slot<S>,
}

impl<S> TransferHandover<S> {
    /// Of a transfer that nobody holds yet.
    pub(crate) fn new() -> Self {
        Self { holder: Mutex::new(Holder::Returned(None)), control: Slot::default() }
    }

    pub(crate) fn is_lent(&self) -> bool {
        matches!(*self.holder.lock(), Holder::Lent)
    }

    pub(crate) fn lend(&self) {
        *self.holder.lock() = Holder::Lent;
    }

    pub(crate) fn give_back(&self, channel: Option<(Channel<S>, Direction)>) {
        *self.holder.lock() = Holder::Returned(channel);
    }

    /// The data connection of a transfer that was dropped.
    pub(crate) fn take(&self) -> Option<(Channel<S>, Direction)> {
        match &mut *self.holder.lock() {
            Holder::Lent => None,
            Holder::Returned(channel) => channel.take(),
        }
    }
}
