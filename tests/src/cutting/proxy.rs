//! A proxy of TCP that does one thing at one byte.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::fault::{Action, Connection, Direction, Fault};

/// How long the second part of what is split waits. The first has arrived by then.
const PAUSE: Duration = Duration::from_millis(5);

/// How many bytes of each direction are kept.
const KEPT: usize = 64 << 10;

/// How many addresses may be taken when one is looked for.
const ATTEMPTS: usize = 100;

/// A proxy, for one case. It ends with all of its connections when it is dropped.
pub struct Proxy {
    address: Ipv4Addr,
    shared: Arc<Shared>,
    _listening: JoinSet<()>,
}

/// What passed.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The control connections, in their order.
    pub control: Vec<Passed>,
    /// The data connections, in their order.
    pub data: Vec<Passed>,
    /// How often the fault happened.
    pub fired: usize,
}

/// What the two ends of a connection sent, whether or not it passed.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// What the client sent.
    pub up: Sent,
    /// What the server sent.
    pub down: Sent,
}

/// What one end sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// How many bytes.
    pub count: u64,
    /// The first of them.
    pub bytes: Vec<u8>,
}

impl Log {
    /// The connections of a kind.
    pub fn of(&self, connection: Connection) -> &[Passed] {
        match connection {
            Connection::Control => &self.control,
            Connection::Data => &self.data,
        }
    }
}

impl Passed {
    /// What was sent in a direction.
    pub fn sent(&self, direction: Direction) -> &Sent {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

struct Shared {
    address: Ipv4Addr,
    server: SocketAddr,
    fault: Option<Fault>,
    log: Mutex<Log>,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self, connection: Connection) -> usize {
        let mut log = self.log();
        let of_kind = match connection {
            Connection::Control => &mut log.control,
            Connection::Data => &mut log.data,
        };
        of_kind.push(Passed::default());
        of_kind.len() - 1
    }
}

impl Proxy {
    /// Listen at an address of its own, at the port of the server and at its passive ports. To be called in a runtime.
    pub fn start(server: SocketAddr, passive: RangeInclusive<u16>, fault: Option<Fault>) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let address = next_address();
            let ports = std::iter::once(server.port()).chain(passive.clone());
            let listeners: io::Result<Vec<_>> = ports.map(|port| listen(address, port)).collect();
            let Ok(listeners) = listeners else { continue };
            let shared = Arc::new(Shared { address, server, fault, log: Mutex::default() });
            let mut listening = JoinSet::new();
            for listener in listeners {
                listening.spawn(accept(shared.clone(), listener));
            }
            return Ok(Self { address, shared, _listening: listening });
        }
        bail!("no address of 127.0.0.0/8 is free at these ports")
    }

    /// Where clients connect to.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// What has passed so far.
    pub fn log(&self) -> Log {
        self.shared.log().clone()
    }
}

/// Addresses of one length in `PORT`, so that a byte is the same one in each run.
fn next_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(7919));
    let octet = |step: u32| u8::try_from(100 + number / step % 100).unwrap_or(100);
    Ipv4Addr::new(127, octet(10_000), octet(100), octet(1))
}

fn listen(address: Ipv4Addr, port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((address, port).into())?;
    socket.listen(16)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let Ok(address) = listener.local_addr() else { return };
        let connection = match address.port() == shared.server.port() {
            true => Connection::Control,
            false => Connection::Data,
        };
        let number = shared.connection(connection);
        connections.spawn(connect(shared.clone(), client, connection, number, address.port()));
    }
}

async fn connect(shared: Arc<Shared>, mut client: TcpStream, connection: Connection, number: usize, port: u16) {
    let Ok(mut server) = connect_from(shared.address, (shared.server.ip(), port).into()).await else { return };
    let _ = client.set_nodelay(true).and(server.set_nodelay(true));
    let pump = |direction| Pump {
        shared: shared.clone(),
        connection,
        number,
        direction,
        at: 0,
        cut: shared.fault.and_then(|fault| fault.at(connection, number, direction)),
    };
    let ((client_reads, client_writes), (server_reads, server_writes)) = (client.split(), server.split());
    let up = pump(Direction::Up).run(client_reads, server_writes);
    let down = pump(Direction::Down).run(server_reads, client_writes);
    if let Err(Over::Reset) = tokio::try_join!(up, down) {
        for stream in [&client, &server] {
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
}

async fn connect_from(address: Ipv4Addr, server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((address, 0).into())?;
    socket.connect(server).await
}

/// Why both directions are over at once.
enum Over {
    Close,
    Reset,
}

/// One end that fails is for the other what it was for the proxy.
impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self::Reset
    }
}

/// One direction of a connection.
struct Pump {
    shared: Arc<Shared>,
    connection: Connection,
    number: usize,
    direction: Direction,
    at: u64,
    cut: Option<(u64, Action)>,
}

impl Pump {
    async fn run(mut self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> Result<(), Over> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            if let Some(action) = self.stop_here() {
                return self.stop(action, &mut from, &mut to).await;
            }
            let count = from.read(&mut buffer).await?;
            if count == 0 {
                return Ok(to.shutdown().await?);
            }
            self.record(&buffer[..count]);
            self.pass(&mut buffer[..count], &mut to).await?;
        }
    }

    /// Pass this on, up to where it stops.
    async fn pass(&mut self, bytes: &mut [u8], to: &mut (impl AsyncWrite + Unpin)) -> Result<(), Over> {
        let within = self.cut.and_then(|(byte, action)| Some((usize::try_from(byte - self.at).ok()?, action)));
        let Some((index, action)) = within.filter(|(index, _)| *index < bytes.len()) else {
            self.at += bytes.len() as u64;
            return Ok(to.write_all(bytes).await?);
        };
        let (before, rest) = bytes.split_at_mut(index);
        to.write_all(before).await?;
        self.at += index as u64;
        if action.stops() {
            return Ok(());
        }
        self.fired();
        self.at += rest.len() as u64;
        match action {
            Action::Change => rest[0] = changed(rest[0]),
            Action::Double => to.write_all(&rest[..1]).await?,
            Action::Drop => return Ok(to.write_all(&rest[1..]).await?),
            _ => tokio::time::sleep(PAUSE).await,
        }
        Ok(to.write_all(rest).await?)
    }

    fn stop_here(&self) -> Option<Action> {
        self.cut.filter(|(byte, action)| *byte == self.at && action.stops()).map(|(_, action)| action)
    }

    async fn stop(
        &mut self,
        action: Action,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Over> {
        self.fired();
        match action {
            Action::Close => return Err(Over::Close),
            Action::Reset => return Err(Over::Reset),
            Action::Stall => std::future::pending::<()>().await,
            _ => to.shutdown().await?,
        }
        let mut buffer = vec![0; 16 << 10];
        loop {
            match from.read(&mut buffer).await? {
                0 => return Ok(()),
                count => self.record(&buffer[..count]),
            }
        }
    }

    fn fired(&mut self) {
        self.cut = None;
        self.shared.log().fired += 1;
    }

    fn record(&self, bytes: &[u8]) {
        let mut log = self.shared.log();
        let of_kind = match self.connection {
            Connection::Control => &mut log.control,
            Connection::Data => &mut log.data,
        };
        let Some(passed) = of_kind.get_mut(self.number) else { return };
        let sent = match self.direction {
            Direction::Up => &mut passed.up,
            Direction::Down => &mut passed.down,
        };
        sent.count += bytes.len() as u64;
        let room = KEPT.saturating_sub(sent.bytes.len());
        sent.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Another byte: a letter or a digit stays one of its kind, most often, so that what comes is plausible.
fn changed(byte: u8) -> u8 {
    match byte {
        b'\r' | b'\n' => b' ',
        _ => byte ^ 1,
    }
}
