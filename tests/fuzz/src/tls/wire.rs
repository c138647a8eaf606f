//! A network with one server on it, in this thread, whose clock stands while anything happens.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ftp_client::{Listener, Network, NetworkError, Stream};

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 990);

/// The other side of the connection.
pub trait Peer: 'static {
    /// What the client sent; what goes to it is appended. Whether the connection is still open.
    fn take(&mut self, bytes: &[u8], inbox: &mut Vec<u8>) -> bool;
}

/// The network. Clones share the server.
pub struct Wire<P>(Rc<RefCell<State<P>>>);

struct State<P> {
    peer: P,
    inbox: Vec<u8>,
    ended: bool,
    now: Duration,
    alarms: Vec<Duration>,
}

impl<P> Clone for Wire<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Peer> Wire<P> {
    pub fn new(peer: P) -> Self {
        let (inbox, now, alarms) = (Vec::new(), Duration::ZERO, Vec::new());
        Self(Rc::new(RefCell::new(State { peer, inbox, ended: false, now, alarms })))
    }

    /// Look at the server.
    pub fn with<T>(&self, look: impl FnOnce(&mut P) -> T) -> T {
        look(&mut self.0.borrow_mut().peer)
    }

    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        // What yields without an alarm wants to be polled again, a few times.
        let mut idle = 0;
        loop {
            self.0.borrow_mut().alarms.clear();
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return value;
            }
            idle += 1;
            if idle % 4 == 0 {
                let mut state = self.0.borrow_mut();
                state.now = state.alarms.iter().min().copied().expect("the client waits without a limit");
            }
        }
    }
}

impl<P: Peer> Network for Wire<P> {
    type Stream = Self;
    type Listener = Self;

    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        Ok(vec![ADDRESS.ip()])
    }

    async fn connect(&self, _remote: SocketAddr, _local: Option<IpAddr>) -> Result<Self, NetworkError> {
        Ok(self.clone())
    }

    async fn listen(&self, _local: SocketAddr) -> Result<Self, NetworkError> {
        Err(NetworkError::AddressInUse)
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now().saturating_add(duration);
        poll_fn(|_| {
            let mut state = self.0.borrow_mut();
            if state.now >= end {
                return Poll::Ready(());
            }
            state.alarms.push(end);
            Poll::Pending
        })
        .await;
    }

    fn now(&self) -> Duration {
        self.0.borrow().now
    }

    fn wall_clock() -> Option<i64> {
        Some(1_800_000_000)
    }
}

impl<P: Peer> Stream for Wire<P> {
    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
        poll_fn(|_| {
            let mut state = self.0.borrow_mut();
            let count = state.inbox.len().min(max);
            if count == 0 && !state.ended {
                return Poll::Pending;
            }
            buffer.extend(state.inbox.drain(..count));
            Poll::Ready(Ok(count))
        })
        .await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
        let state = &mut *self.0.borrow_mut();
        if !state.ended {
            state.ended = !state.peer.take(bytes, &mut state.inbox);
        }
        Ok(bytes.len())
    }

    fn set_keep_alive(&self, _idle: Duration) -> Result<(), NetworkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        Ok(())
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(ADDRESS)
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(ADDRESS)
    }
}

impl<P: Peer> Listener for Wire<P> {
    type Stream = Self;

    async fn accept(&mut self) -> Result<Self, NetworkError> {
        Err(NetworkError::AddressInUse)
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(ADDRESS)
    }
}
