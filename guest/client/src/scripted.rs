//! A network in memory on which a server plays a script: deterministic, with a clock that jumps to the next alarm
//! whenever nothing else can happen. It knows no FTP.
//!
//! ```
//! use ftp_client::scripted::{Script, Scripted};
//! use ftp_client::{Session, Settings};
//!
//! let script = Script::new().say("220 ready\r\n").expect("NOOP").say("200 ok\r\n");
//! let network = Scripted::new(script);
//! let code = network.run(async {
//!     let mut session = Session::connect(network.clone(), Settings::default(), "ftp.example.com", 21).await?;
//!     Ok::<_, ftp_client::Error>(session.noop().await?.code)
//! });
//! assert_eq!(code, Ok(200));
//! network.finished();
//! ```

#![allow(clippy::indexing_slicing, clippy::expect_used, clippy::panic)]

use crate::network::{Listener, Network, NetworkError, Stream};
use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};
use core::future::poll_fn;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;

/// The server's address, unless the script gives others.
pub const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The client's address.
pub const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 99));

/// What the server does, in order, on its control connection, and on the data connections as they come.
#[derive(Debug, Clone, Default)]
pub struct Script {
    addresses: Vec<IpAddr>,
    unreachable: Vec<IpAddr>,
    refusing: Vec<IpAddr>,
    slow: Option<(IpAddr, Duration)>,
    steps: VecDeque<Step>,
    data: VecDeque<Data>,
    piece: usize,
    unchecked: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Say(VecDeque<u8>),
    Expect(Line),
    Hear,
    End(End),
}

/// A line that the client says, without its end.
#[derive(Clone, PartialEq, Eq)]
struct Line(Vec<u8>);

impl core::fmt::Debug for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// How a connection ends for the client that reads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order.
    Close,
    /// With an error.
    Reset,
    /// Not at all: nothing more comes.
    Stall,
}

/// What the server does on one data connection.
#[derive(Debug, Clone)]
pub struct Data {
    sends: VecDeque<u8>,
    end: End,
    takes: usize,
    from: IpAddr,
    way: Way,
    pause: Duration,
    /// When there is more to read.
    next: Duration,
}

/// What comes of an attempt to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Refused,
    Denied,
    Silent,
}

impl Data {
    /// Send these bytes, then end.
    pub fn sends(bytes: impl AsRef<[u8]>, end: End) -> Self {
        Self {
            sends: bytes.as_ref().iter().copied().collect(),
            end,
            takes: usize::MAX,
            from: SERVER,
            way: Way::Open,
            pause: Duration::ZERO,
            next: Duration::ZERO,
        }
    }

    /// Refuse the connection.
    pub fn refused() -> Self {
        Self { way: Way::Refused, ..Self::takes() }
    }

    /// Have the host deny the address.
    pub fn denied() -> Self {
        Self { way: Way::Denied, ..Self::takes() }
    }

    /// Do not answer the attempt to connect.
    pub fn silent() -> Self {
        Self { way: Way::Silent, ..Self::takes() }
    }

    /// Pause after each piece that was sent or taken.
    pub fn pausing(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Take everything that comes.
    pub fn takes() -> Self {
        Self::sends("", End::Stall)
    }

    /// Take so many bytes, then no more: with [`End::Stall`] the client waits, else its writing fails.
    pub fn takes_only(count: usize, end: End) -> Self {
        Self { takes: count, ..Self::sends("", end) }
    }

    /// In active mode, connect from this address.
    pub fn from(self, from: IpAddr) -> Self {
        Self { from, ..self }
    }
}

impl Script {
    /// A server that accepts and is silent.
    pub fn new() -> Self {
        Self { addresses: vec![SERVER], piece: usize::MAX, ..Self::default() }
    }

    /// The addresses of the host's name.
    pub fn addresses(self, addresses: impl Into<Vec<IpAddr>>) -> Self {
        Self { addresses: addresses.into(), ..self }
    }

    /// Addresses that never answer.
    pub fn unreachable(self, unreachable: impl Into<Vec<IpAddr>>) -> Self {
        Self { unreachable: unreachable.into(), ..self }
    }

    /// Addresses that refuse connections.
    pub fn refusing(self, refusing: impl Into<Vec<IpAddr>>) -> Self {
        Self { refusing: refusing.into(), ..self }
    }

    /// An address that answers after this time.
    pub fn slow(self, address: IpAddr, time: Duration) -> Self {
        Self { slow: Some((address, time)), ..self }
    }

    /// Let every read give so many bytes at the most.
    pub fn in_pieces_of(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    /// Check nothing that the client says, nor when it says it, for scripts that nobody wrote.
    pub fn unchecked(self) -> Self {
        Self { unchecked: true, ..self }
    }

    /// Send these bytes on the control connection.
    pub fn say(self, text: impl AsRef<[u8]>) -> Self {
        self.step(Step::Say(text.as_ref().iter().copied().collect()))
    }

    /// Wait for this line, given without its end.
    pub fn expect(self, line: &str) -> Self {
        self.expect_bytes(line.as_bytes())
    }

    /// Wait for this line, which need not be UTF-8.
    pub fn expect_bytes(self, line: &[u8]) -> Self {
        self.step(Step::Expect(Line(line.to_vec())))
    }

    /// Wait for any line.
    pub fn hear(self) -> Self {
        self.step(Step::Hear)
    }

    /// End the control connection.
    pub fn end(self, end: End) -> Self {
        self.step(Step::End(end))
    }

    /// Serve one more data connection.
    pub fn data(mut self, data: Data) -> Self {
        self.data.push_back(data);
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }
}

/// The future that was polled wants to be polled again.
#[derive(Default)]
struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The network. Clones share the server.
#[derive(Debug, Clone)]
pub struct Scripted(Rc<RefCell<World>>);

#[derive(Debug)]
struct World {
    script: Script,
    connected: bool,
    line: Vec<u8>,
    received: Vec<Vec<u8>>,
    open: usize,
    keep_alives: Vec<Duration>,
    dialled: Vec<(SocketAddr, Duration)>,
    now: Duration,
    alarms: Vec<Duration>,
}

impl Scripted {
    /// A network whose server plays this script, once.
    pub fn new(script: Script) -> Self {
        Self(Rc::new(RefCell::new(World {
            script,
            connected: false,
            line: Vec::new(),
            received: Vec::new(),
            open: 0,
            keep_alives: Vec::new(),
            dialled: Vec::new(),
            now: Duration::ZERO,
            alarms: Vec::new(),
        })))
    }

    /// Run a future on this network's clock.
    ///
    /// # Panics
    /// When nothing can ever happen any more: the client waits without a limit.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let again = Arc::new(Again::default());
        loop {
            self.world().alarms.clear();
            if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&again.clone().into())) {
                return value;
            }
            if again.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let next = self.world().alarms.iter().min().copied();
            self.world().now = next.expect("the client waits without a limit");
        }
    }

    /// What came on each data connection so far.
    pub fn received(&self) -> Vec<Vec<u8>> {
        self.world().received.clone()
    }

    /// The idle time that the client has set on each connection on which it has set one.
    pub fn keep_alives(&self) -> Vec<Duration> {
        self.world().keep_alives.clone()
    }

    /// Where the client has tried to connect to, and when.
    pub fn dialled(&self) -> Vec<(SocketAddr, Duration)> {
        self.world().dialled.clone()
    }

    /// Sockets that are open now, listening ones included.
    pub fn open_sockets(&self) -> usize {
        self.world().open
    }

    /// Check that the client said everything that the script expects.
    ///
    /// # Panics
    /// When it did not.
    pub fn finished(&self) {
        let world = self.world();
        let expected = world.script.steps.iter().find(|step| matches!(step, Step::Expect(_)));
        assert!(expected.is_none(), "never said: {expected:?}");
        assert!(world.script.data.is_empty(), "data connections that were never made: {:?}", world.script.data);
    }

    fn world(&self) -> RefMut<'_, World> {
        self.0.borrow_mut()
    }

    fn socket(&self, kind: Kind, peer: SocketAddr) -> Socket {
        self.world().open += 1;
        Socket { network: self.clone(), kind, peer }
    }

    fn data_socket(&self, data: Data, peer: SocketAddr) -> Socket {
        self.world().received.push(Vec::new());
        let index = self.world().received.len() - 1;
        self.socket(Kind::Data { data, index }, peer)
    }
}

impl Network for Scripted {
    type Stream = Socket;
    type Listener = Listening;

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        match self.world().script.addresses.clone() {
            none if none.is_empty() => Err(NetworkError::Unresolvable(host.to_owned())),
            addresses => Ok(addresses),
        }
    }

    async fn connect(&self, remote: SocketAddr, _local: Option<IpAddr>) -> Result<Socket, NetworkError> {
        let now = self.now();
        self.world().dialled.push((remote, now));
        if self.world().script.unreachable.contains(&remote.ip()) {
            return core::future::pending().await;
        }
        if self.world().script.refusing.contains(&remote.ip()) {
            return Err(NetworkError::Refused(alloc::format!("{remote}")));
        }
        let slow = self.world().script.slow;
        if let Some((_, time)) = slow.filter(|(address, _)| *address == remote.ip()) {
            self.sleep(time).await;
        }
        if !core::mem::replace(&mut self.world().connected, true) {
            return Ok(self.socket(Kind::Control, remote));
        }
        let data = self.world().script.data.pop_front();
        let data = data.ok_or_else(|| NetworkError::Refused(alloc::format!("{remote}")))?;
        match data.way {
            Way::Open => Ok(self.data_socket(data, remote)),
            Way::Refused => Err(NetworkError::Refused(alloc::format!("{remote}"))),
            Way::Denied => Err(NetworkError::Denied(alloc::format!("{remote}"))),
            Way::Silent => core::future::pending().await,
        }
    }

    async fn listen(&self, local: SocketAddr) -> Result<Listening, NetworkError> {
        self.world().open += 1;
        let port = if local.port() == 0 { 50_000 } else { local.port() };
        Ok(Listening { network: self.clone(), local: SocketAddr::new(local.ip(), port) })
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now().saturating_add(duration);
        poll_fn(|_| {
            if self.now() >= end {
                return Poll::Ready(());
            }
            self.world().alarms.push(end);
            Poll::Pending
        })
        .await;
    }

    fn now(&self) -> Duration {
        self.world().now
    }

    fn wall_clock() -> Option<i64> {
        Some(1_700_000_000)
    }
}

/// A connection to the scripted server.
#[derive(Debug)]
pub struct Socket {
    network: Scripted,
    kind: Kind,
    peer: SocketAddr,
}

#[derive(Debug)]
enum Kind {
    Control,
    Data { data: Data, index: usize },
}

impl Socket {
    fn read_now(&mut self, buffer: &mut Vec<u8>, max: usize) -> Poll<Result<usize, NetworkError>> {
        let mut world = self.network.world();
        let max = max.min(world.script.piece);
        if let Kind::Data { data, .. } = &mut self.kind
            && world.pauses(data)
        {
            return Poll::Pending;
        }
        let (bytes, end) = match &mut self.kind {
            Kind::Data { data, .. } => (&mut data.sends, data.end),
            Kind::Control => match world.script.steps.front_mut() {
                Some(Step::Say(bytes)) => (bytes, End::Stall),
                Some(Step::End(end)) => (&mut VecDeque::new(), *end),
                Some(Step::Expect(_) | Step::Hear) | None => return Poll::Pending,
            },
        };
        let count = max.min(bytes.len());
        buffer.extend(bytes.drain(..count));
        let spent = bytes.is_empty();
        if matches!(self.kind, Kind::Control) && spent && count > 0 {
            world.script.steps.pop_front();
        }
        match (count, end) {
            (0, End::Close) => Poll::Ready(Ok(0)),
            (0, End::Reset) => Poll::Ready(Err(NetworkError::Lost("reset by the script".to_owned()))),
            (0, End::Stall) => Poll::Pending,
            (count, _) => Poll::Ready(Ok(count)),
        }
    }

    fn write_now(&mut self, bytes: &[u8]) -> Poll<Result<usize, NetworkError>> {
        let mut world = self.network.world();
        let Kind::Data { data, index } = &mut self.kind else {
            world.hear(bytes);
            return Poll::Ready(Ok(bytes.len()));
        };
        if world.pauses(data) {
            return Poll::Pending;
        }
        let piece = &bytes[..bytes.len().min(data.takes)];
        data.takes -= piece.len();
        world.received[*index].extend_from_slice(piece);
        match (piece.len(), data.end) {
            (0, End::Stall) if !bytes.is_empty() => Poll::Pending,
            (0, _) if !bytes.is_empty() => Poll::Ready(Err(NetworkError::Lost("the script takes no more".to_owned()))),
            (count, _) => Poll::Ready(Ok(count)),
        }
    }
}

impl World {
    /// Whether the server rests now; if not, it does so after this piece.
    fn pauses(&mut self, data: &mut Data) -> bool {
        if self.now < data.next {
            self.alarms.push(data.next);
            return true;
        }
        data.next = self.now + data.pause;
        false
    }

    /// Bytes of commands: each whole line has to be the one that the script expects.
    fn hear(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.line.push(byte);
            if byte != b'\n' {
                continue;
            }
            let mut line = Line(core::mem::take(&mut self.line));
            while line.0.pop_if(|byte| matches!(byte, b'\r' | b'\n')).is_some() {}
            if self.script.unchecked && !matches!(self.script.steps.front(), Some(Step::Hear)) {
                continue;
            }
            match self.script.steps.pop_front() {
                Some(Step::Hear) => {}
                Some(Step::Expect(expected)) => assert_eq!(line, expected, "the client said something else"),
                step => panic!("the client said {line:?} when the script was at {step:?}"),
            }
        }
    }
}

impl Stream for Socket {
    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
        poll_fn(|_| self.read_now(buffer, max)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
        poll_fn(|_| self.write_now(bytes)).await
    }

    fn set_keep_alive(&self, idle: Duration) -> Result<(), NetworkError> {
        self.network.world().keep_alives.push(idle);
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        Ok(())
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(SocketAddr::new(CLIENT, 49_152))
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(self.peer)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.network.world().open -= 1;
    }
}

/// A listening socket, to which the next data connection of the script comes.
#[derive(Debug)]
pub struct Listening {
    network: Scripted,
    local: SocketAddr,
}

impl Listener for Listening {
    type Stream = Socket;

    async fn accept(&mut self) -> Result<Socket, NetworkError> {
        poll_fn(|_| {
            let data = self.network.world().script.data.pop_front();
            data.map_or(Poll::Pending, |data| {
                let peer = SocketAddr::new(data.from, 20);
                Poll::Ready(Ok(self.network.data_socket(data, peer)))
            })
        })
        .await
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(self.local)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.network.world().open -= 1;
    }
}
