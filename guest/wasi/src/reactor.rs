//! Waiting in WASI 0.2: a future that cannot go on names what it waits for, and `block_on` polls for all of it at once.

use crate::connection::Connection;
use alloc::rc::{Rc, Weak};
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::ops::Deref;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use wasi::io::poll::{Pollable, poll};

/// The future that was polled wants to be polled again, without waiting for anything.
#[derive(Default)]
struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The reactor of this instance.
pub(crate) static REACTOR: SingleThread<Reactor> = SingleThread(Reactor::new());

/// Run a future to its end. It is polled again whenever anything that it waits for is ready.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    REACTOR.drive(pin!(work))
}

/// What the futures of this instance wait for.
pub(crate) struct Reactor {
    /// Weak, because a pollable has to go before the stream that it is of.
    waiting: RefCell<Vec<Weak<Pollable>>>,
    /// Connections that were dropped with bytes still on their way. To drop their streams would wait for a peer that
    /// may never read.
    lingering: RefCell<Vec<Connection>>,
}

impl Reactor {
    const fn new() -> Self {
        Self { waiting: RefCell::new(Vec::new()), lingering: RefCell::new(Vec::new()) }
    }

    /// One for each kind of answer, not for each future: that makes a small component.
    fn drive<T>(&self, mut work: Pin<&mut dyn Future<Output = T>>) -> T {
        let again = Arc::new(Again::default());
        let waker = again.clone().into();
        loop {
            self.waiting.borrow_mut().clear();
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            if !again.0.swap(false, Ordering::Relaxed) {
                self.wait();
            }
        }
    }

    /// The future that is being polled waits for this.
    pub(crate) fn register(&self, pollable: &Rc<Pollable>) {
        self.waiting.borrow_mut().push(Rc::downgrade(pollable));
    }

    /// Keep a connection until its last bytes are gone.
    pub(crate) fn linger(&self, connection: Connection) {
        self.lingering.borrow_mut().push(connection);
    }

    fn wait(&self) {
        let mut lingering = self.lingering.borrow_mut();
        lingering.retain_mut(|connection| connection.is_writing());
        let waiting: Vec<Rc<Pollable>> = self.waiting.borrow().iter().filter_map(Weak::upgrade).collect();
        let lingering = lingering.iter_mut().map(|connection| connection.writable());
        let pollables: Vec<Rc<Pollable>> = waiting.into_iter().chain(lingering).collect();
        if pollables.is_empty() {
            return;
        }
        poll(&pollables.iter().map(Rc::as_ref).collect::<Vec<_>>());
    }
}

/// A value that is never seen by a second thread, because a component of WASI 0.2 has one only.
pub(crate) struct SingleThread<T>(T);

// SAFETY: there is no other thread.
#[allow(unsafe_code)]
unsafe impl<T> Sync for SingleThread<T> {}

impl<T> Deref for SingleThread<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
