//! A network in memory on which a server plays a script: deterministic, with a clock that jumps to the next alarm whenever
//! nothing else can happen. It knows no FTP.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use ftp_client::{Listener, Network, NetworkError, ResolveCause, Stream};

use crate::script::{Memory, Script};
use crate::step::{End, Line, Step, Unmade};

/// The server's address, unless the script gives others.
pub const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The client's address.
pub const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 99));

/// What the server does on its control connection, and on the data connections as they come.
#[derive(Debug)]
struct Lanes {
    control: VecDeque<Control>,
    data: VecDeque<Data>,
}

#[derive(Debug)]
enum Control {
    Say(VecDeque<u8>),
    Expect(Line),
    End(End),
}

/// What the server does on one data connection.
#[derive(Debug)]
struct Data {
    sends: VecDeque<u8>,
    end: End,
    takes: usize,
    from: IpAddr,
    unmade: Option<Unmade>,
    pause: Duration,
    /// When there is more to read.
    next: Duration,
}

impl Data {
    fn new() -> Self {
        Self {
            sends: VecDeque::new(),
            end: End::Stall,
            takes: usize::MAX,
            from: SERVER,
            unmade: None,
            pause: Duration::ZERO,
            next: Duration::ZERO,
        }
    }
}

impl Lanes {
    /// # Panics
    /// Where a step is only for a socket.
    fn of(steps: Vec<Step<()>>) -> Self {
        let (mut control, mut data, mut open) = (VecDeque::new(), VecDeque::new(), None);
        for step in steps {
            let now = open.get_or_insert_with(Data::new);
            match step {
                Step::Say(bytes) => control.push_back(Control::Say(bytes.into())),
                Step::Expect(line) => control.push_back(Control::Expect(line)),
                Step::End(end) => control.push_back(Control::End(end)),
                Step::SendData(bytes) => now.sends.extend(bytes),
                Step::TakeData(count) => now.takes = count,
                Step::PauseData(pause) => now.pause = pause,
                Step::ConnectFrom(from) => now.from = from,
                Step::EndData(end) => {
                    now.end = end;
                    data.extend(open.take());
                }
                Step::MakeNoData(why) => {
                    now.unmade = Some(why);
                    data.extend(open.take());
                }
                step => panic!("{step:?} is not for the network in memory"),
            }
        }
        let is_over = open.is_none_or(|data| data.sends.is_empty());
        assert!(is_over, "the script does not say how its last data connection ends");
        Self { control, data }
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
    script: Lanes,
    around: Memory,
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
            script: Lanes::of(script.steps),
            around: script.memory,
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
        let expected = world.script.control.iter().find(|step| matches!(step, Control::Expect(_)));
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
        match self.world().around.addresses.clone() {
            none if none.is_empty() => Err(NetworkError::Unresolvable(ResolveCause::NoAddress, host.to_owned())),
            addresses => Ok(addresses),
        }
    }

    async fn connect(&self, remote: SocketAddr, _local: Option<IpAddr>) -> Result<Socket, NetworkError> {
        let now = self.now();
        self.world().dialled.push((remote, now));
        if self.world().around.unreachable.contains(&remote.ip()) {
            return std::future::pending().await;
        }
        if self.world().around.refusing.contains(&remote.ip()) {
            return Err(NetworkError::Refused(format!("{remote}")));
        }
        let slow = self.world().around.slow;
        if let Some((_, time)) = slow.filter(|(address, _)| *address == remote.ip()) {
            self.sleep(time).await;
        }
        if !std::mem::replace(&mut self.world().connected, true) {
            return Ok(self.socket(Kind::Control, remote));
        }
        let data = self.world().script.data.pop_front();
        let data = data.ok_or_else(|| NetworkError::Refused(format!("{remote}")))?;
        match data.unmade {
            None => Ok(self.data_socket(data, remote)),
            Some(Unmade::Refused) => Err(NetworkError::Refused(format!("{remote}"))),
            Some(Unmade::Denied) => Err(NetworkError::Denied(format!("{remote}"))),
            Some(Unmade::Silent) => std::future::pending().await,
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
        let max = max.min(world.around.piece);
        if let Kind::Data { data, .. } = &mut self.kind
            && world.pauses(data)
        {
            return Poll::Pending;
        }
        let (bytes, end) = match &mut self.kind {
            Kind::Data { data, .. } => (&mut data.sends, data.end),
            Kind::Control => match world.script.control.front_mut() {
                Some(Control::Say(bytes)) => (bytes, End::Stall),
                Some(Control::End(end)) => (&mut VecDeque::new(), *end),
                Some(Control::Expect(_)) | None => return Poll::Pending,
            },
        };
        let count = max.min(bytes.len());
        buffer.extend(bytes.drain(..count));
        let spent = bytes.is_empty();
        if matches!(self.kind, Kind::Control) && spent && count > 0 {
            world.script.control.pop_front();
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
            let mut line = std::mem::take(&mut self.line);
            while line.pop_if(|byte| matches!(byte, b'\r' | b'\n')).is_some() {}
            let any = Line::Start(Vec::new());
            let waits = matches!(self.script.control.front(), Some(Control::Expect(line)) if *line == any);
            if self.around.unchecked && !waits {
                continue;
            }
            match self.script.control.pop_front() {
                Some(Control::Expect(expected)) => {
                    assert!(expected.is(&line), "the client said \"{}\" instead of {expected:?}", line.escape_ascii());
                }
                step => panic!("the client said \"{}\" when the script was at {step:?}", line.escape_ascii()),
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
