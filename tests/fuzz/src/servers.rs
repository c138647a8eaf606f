//! Several servers that play scripts, on one network with one clock.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use ftp_client::{Network, NetworkError};
use ftp_testkit::{Listening, SERVER, Script, Scripted, Socket};

/// Where all of them are: each connection to this port is for the next server, all others are for one that is there.
pub const PORT: u16 = 21;

/// Where a proxy is: the first connection to it is for the first server, all others are for one that is there, if any of
/// them takes it, or for the next.
pub const PROXY: u16 = 1080;

/// The network. Clones share the servers.
#[derive(Clone)]
pub struct Servers(Rc<RefCell<State>>);

struct State {
    servers: Vec<Scripted>,
    /// Of these so many were connected to.
    reached: usize,
    now: Duration,
    alarms: Vec<Duration>,
}

/// The future that was polled wants to be polled again.
#[derive(Default)]
struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Servers {
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let servers = scripts.into_iter().map(Scripted::new).collect();
        Self(Rc::new(RefCell::new(State { servers, reached: 0, now: Duration::ZERO, alarms: Vec::new() })))
    }

    /// As [`Scripted::run`].
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let again = Arc::new(Again::default());
        loop {
            self.0.borrow_mut().alarms.clear();
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&again.clone().into())) {
                return value;
            }
            if !again.0.swap(false, Ordering::Relaxed) {
                let state = &mut *self.0.borrow_mut();
                state.now = state.alarms.iter().min().copied().expect("the client waits without a limit");
            }
        }
    }

    pub fn open_sockets(&self) -> usize {
        self.0.borrow().servers.iter().map(Scripted::open_sockets).sum()
    }

    /// Those that were connected to, the last one first.
    fn reached(&self) -> Vec<Scripted> {
        let state = self.0.borrow();
        state.servers.iter().take(state.reached).rev().cloned().collect()
    }

    fn next(&self) -> Option<Scripted> {
        let state = &mut *self.0.borrow_mut();
        let next = state.servers.get(state.reached).cloned();
        state.reached += usize::from(next.is_some());
        next
    }
}

impl Network for Servers {
    type Stream = Socket;
    type Listener = Listening;

    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        Ok(vec![SERVER])
    }

    async fn connect(&self, remote: SocketAddr, local: Option<IpAddr>) -> Result<Socket, NetworkError> {
        let mut result = Err(NetworkError::Refused(remote.to_string()));
        let others = if remote.port() == PORT { Vec::new() } else { self.reached() };
        for server in others {
            result = server.connect(remote, local).await;
            if result.is_ok() {
                return result;
            }
        }
        match self.next() {
            Some(server) if [PORT, PROXY].contains(&remote.port()) => server.connect(remote, local).await,
            _ => result,
        }
    }

    async fn listen(&self, local: SocketAddr) -> Result<Listening, NetworkError> {
        match self.reached().first() {
            Some(server) => server.listen(local).await,
            None => Err(NetworkError::AddressInUse),
        }
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now().saturating_add(duration);
        poll_fn(|_| {
            let state = &mut *self.0.borrow_mut();
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
        Some(1_700_000_000)
    }
}
