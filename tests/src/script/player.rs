//! The peer that plays a [`Script`].

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Ending, Script, Step};

/// The longest that one step may take.
const STEP_LIMIT: Duration = Duration::from_secs(60);

/// What is said to a courtesy.
const COURTESIES: [(&str, &str); 3] = [
    ("FEAT", "211-Features:\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n SIZE\r\n211 End\r\n"),
    ("OPTS", "200 as you like\r\n"),
    ("TYPE", "200 as you like\r\n"),
];

/// A script that is being played.
pub struct Peer {
    address: SocketAddr,
    player: JoinSet<Result<()>>,
    record: Arc<Record>,
    /// The listener that nobody accepts from.
    _deaf: Option<Listener>,
}

/// What has happened so far.
#[derive(Default)]
struct Record {
    lines: Mutex<Vec<String>>,
    sent: AtomicU64,
}

impl Peer {
    pub(super) fn start(script: Script) -> Result<Self> {
        let record = Arc::new(Record::default());
        let mut player = JoinSet::new();
        if !script.accepts {
            let listener = Listener::deaf(script.address).context("listening")?;
            return Ok(Self { address: listener.address, player, record, _deaf: Some(listener) });
        }
        let listener = Listener::ready(script.address).context("listening")?;
        let address = listener.address;
        player.spawn(play(script, listener, Arc::clone(&record)));
        Ok(Self { address, player, record, _deaf: None })
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The commands that have come so far.
    pub fn commands(&self) -> Vec<String> {
        self.record.lines().clone()
    }

    /// How many bytes the script has sent so far, data included.
    pub fn sent(&self) -> u64 {
        self.record.sent.load(Ordering::SeqCst)
    }

    pub(super) async fn finish<T>(mut self, result: Result<T>) -> Result<T> {
        let played = match self.player.join_next().await {
            Some(joined) => joined.context("the peer broke down")?,
            None => Ok(()),
        };
        match (result, played) {
            (result, Ok(())) => result.with_context(|| format!("the peer saw {:?}", self.commands())),
            (Ok(_), Err(mismatch)) => Err(mismatch.context("the client is content, but the script is not")),
            (Err(error), Err(mismatch)) => Err(mismatch.context(format!("the client failed: {error:#}"))),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the peer saw {:?}", self.commands());
        }
    }
}

impl Record {
    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listening socket, and for a deaf one the connections that fill its queue.
struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    _filling: Vec<Socket>,
}

impl Listener {
    fn ready(address: IpAddr) -> io::Result<Self> {
        Self::new(address, 1024, 0)
    }

    /// A queue of length 0 holds one connection; the system ignores attempts to make another.
    fn deaf(address: IpAddr) -> io::Result<Self> {
        Self::new(address, 0, 1)
    }

    fn new(address: IpAddr, backlog: i32, filling: usize) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address((address, 0).into()), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(address, 0).into())?;
        socket.listen(backlog)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket.into())?;
        let address = socket.local_addr()?;
        let fill = || {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            socket.connect(&address.into())?;
            io::Result::Ok(socket)
        };
        let filling = (0..filling).map(|_| fill()).collect::<io::Result<_>>()?;
        Ok(Self { socket, address, _filling: filling })
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

async fn play(script: Script, listener: Listener, record: Arc<Record>) -> Result<()> {
    let control = timeout(STEP_LIMIT, listener.accept()).await.context("nobody connected")??;
    let mut player = Player {
        control: Some(BufReader::new(control)),
        data: Data::None,
        strict: script.strict,
        cut: script.cut,
        record,
    };
    for (number, step) in script.steps.into_iter().enumerate() {
        let description = format!("step {number}, {step:?}");
        timeout(STEP_LIMIT, player.step(step)).await.unwrap_or_else(|_| bail!("took too long")).context(description)?;
        if player.control.is_none() {
            return Ok(());
        }
    }
    timeout(STEP_LIMIT, player.see_the_end()).await.context("the client did not hang up")?
}

struct Player {
    /// None once the script has ended it.
    control: Option<BufReader<TcpStream>>,
    data: Data,
    strict: bool,
    cut: Option<(u64, Ending)>,
    record: Arc<Record>,
}

enum Data {
    None,
    Listening(Listener),
    Open(TcpStream),
}

impl Player {
    async fn step(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Expect(command) => self.expect(&command).await,
            Step::Say(bytes) => self.say(&bytes).await,
            Step::Drip(bytes, pause) => self.drip(&bytes, pause).await,
            Step::Flood(bytes) => self.flood(&bytes).await,
            Step::Listen => self.listen(Listener::ready),
            Step::ListenDeaf => self.listen(Listener::deaf),
            Step::Announce(line) => self.announce(&line).await,
            Step::ConnectBack(from) => self.connect_back(from).await,
            Step::SendData(bytes) => self.send_data(&bytes).await,
            Step::FloodData(bytes) => self.flood_data(&bytes).await,
            Step::ReceiveData(bytes) => self.receive_data(&bytes).await,
            Step::SeeDataClosed => self.see_data_closed().await,
            Step::EndData(ending) => self.end_data(ending).await,
            Step::Pause(length) => {
                tokio::time::sleep(length).await;
                Ok(())
            }
            Step::Stall => self.stall().await,
            Step::End(ending) => self.end(ending),
        }
    }

    async fn expect(&mut self, command: &str) -> Result<()> {
        loop {
            let Some(line) = self.line().await? else {
                bail!("the client hung up instead");
            };
            if line.starts_with(command) {
                return Ok(());
            }
            match courtesy(&line) {
                Some(answer) if !self.strict => self.say(answer.as_bytes()).await?,
                _ => bail!("the client sent {line:?} instead"),
            }
            if self.control.is_none() {
                return Ok(());
            }
        }
    }

    /// One command without its line end; none when the client has hung up.
    async fn line(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        match self.control()?.read_until(b'\n', &mut line).await {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        ensure!(line.ends_with(b"\r\n"), "a command ends in CRLF, unlike {:?}", line.escape_ascii().to_string());
        line.truncate(line.len() - 2);
        let line = String::from_utf8(line).unwrap_or_else(|error| error.as_bytes().escape_ascii().to_string());
        self.record.lines().push(line.clone());
        Ok(Some(line))
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let allowed = self.allowed(bytes.len());
        let written = self.control()?.write_all(&bytes[..allowed]).await;
        self.wrote(written, allowed, bytes.len())
    }

    async fn drip(&mut self, bytes: &[u8], pause: Duration) -> Result<()> {
        for byte in bytes {
            tokio::time::sleep(pause).await;
            if self.control()?.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn flood(&mut self, bytes: &[u8]) -> Result<()> {
        let control = self.control()?;
        while control.write_all(bytes).await.is_ok() {}
        Ok(())
    }

    fn listen(&mut self, listener: fn(IpAddr) -> io::Result<Listener>) -> Result<()> {
        let address = self.control()?.get_ref().local_addr()?;
        self.data = Data::Listening(listener(address.ip())?);
        Ok(())
    }

    async fn announce(&mut self, line: &str) -> Result<()> {
        let Data::Listening(listener) = &self.data else {
            bail!("the script announces a port before it listens");
        };
        let port = listener.address.port();
        let line = line
            .replace("{port}", &port.to_string())
            .replace("{high}", &(port / 256).to_string())
            .replace("{low}", &(port % 256).to_string());
        self.say(format!("{line}\r\n").as_bytes()).await
    }

    async fn connect_back(&mut self, from: Ipv4Addr) -> Result<()> {
        let target = announced_by_client(&self.record.lines())?;
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        match socket.connect(target).await {
            Ok(connection) => self.data = Data::Open(connection),
            // A stranger may be thrown out before it knows that it was let in.
            Err(error) if from != Ipv4Addr::LOCALHOST && error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn send_data(&mut self, bytes: &[u8]) -> Result<()> {
        let allowed = self.allowed(bytes.len());
        let written = self.data().await?.write_all(&bytes[..allowed]).await;
        self.wrote(written, allowed, bytes.len())
    }

    async fn flood_data(&mut self, bytes: &[u8]) -> Result<()> {
        let data = self.data().await?;
        while data.write_all(bytes).await.is_ok() {}
        self.data = Data::None;
        Ok(())
    }

    async fn receive_data(&mut self, expected: &[u8]) -> Result<()> {
        let mut received = Vec::new();
        self.data().await?.read_to_end(&mut received).await?;
        self.data = Data::None;
        ensure!(received == expected, "the client sent the data {:?}", received.escape_ascii().to_string());
        Ok(())
    }

    /// A reset is an end too: it is what comes when the client had not read everything.
    async fn see_data_closed(&mut self) -> Result<()> {
        let mut left = Vec::new();
        let _ = self.data().await?.read_to_end(&mut left).await;
        self.data = Data::None;
        ensure!(left.is_empty(), "the client sent the data {:?}", left.escape_ascii().to_string());
        Ok(())
    }

    async fn end_data(&mut self, ending: Ending) -> Result<()> {
        let data = self.data().await?;
        if ending == Ending::Reset {
            reset_on_drop(data)?;
        }
        self.data = Data::None;
        Ok(())
    }

    async fn stall(&mut self) -> Result<()> {
        while self.line().await?.is_some() {}
        Ok(())
    }

    fn end(&mut self, ending: Ending) -> Result<()> {
        if ending == Ending::Reset {
            reset_on_drop(self.control()?.get_ref())?;
            if let Data::Open(data) = &self.data {
                reset_on_drop(data)?;
            }
        }
        self.data = Data::None;
        self.control = None;
        Ok(())
    }

    async fn see_the_end(&mut self) -> Result<()> {
        match self.line().await? {
            None => Ok(()),
            Some(line) => bail!("the client sent {line:?} after the end of the script"),
        }
    }

    fn control(&mut self) -> Result<&mut BufReader<TcpStream>> {
        self.control.as_mut().context("the script has ended the control connection")
    }

    async fn data(&mut self) -> Result<&mut TcpStream> {
        if let Data::Listening(listener) = &self.data {
            self.data = Data::Open(listener.accept().await?);
        }
        match &mut self.data {
            Data::Open(stream) => Ok(stream),
            _ => bail!("the script has no data connection"),
        }
    }

    /// How many of `wanted` bytes may be sent before the cut.
    fn allowed(&self, wanted: usize) -> usize {
        let Some((limit, _)) = self.cut else {
            return wanted;
        };
        let left = limit - self.record.sent.load(Ordering::SeqCst);
        usize::try_from(left).map_or(wanted, |left| left.min(wanted))
    }

    /// Account for a write, and cut if it was cut short.
    fn wrote(&mut self, written: io::Result<()>, allowed: usize, wanted: usize) -> Result<()> {
        written?;
        self.record.sent.fetch_add(allowed as u64, Ordering::SeqCst);
        match self.cut {
            Some((_, ending)) if allowed < wanted => self.end(ending),
            _ => Ok(()),
        }
    }
}

fn courtesy(line: &str) -> Option<&'static str> {
    COURTESIES.iter().find(|(command, _)| line.starts_with(command)).map(|(_, answer)| *answer)
}

/// Where the last `PORT` (RFC 959) or `EPRT` (RFC 2428) tells the server to connect to.
fn announced_by_client(lines: &[String]) -> Result<SocketAddr> {
    let line = lines
        .iter()
        .rfind(|line| line.starts_with("PORT ") || line.starts_with("EPRT "))
        .context("the client has not said where it listens")?;
    let (verb, argument) = line.split_at(5);
    if verb == "PORT " {
        let octets: Vec<u8> = argument.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let [a, b, c, d, high, low] = octets[..] else {
            bail!("{line:?} does not have six numbers");
        };
        return Ok((Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low])).into());
    }
    let fields: Vec<&str> = argument.split('|').collect();
    let [_, _, address, port, _] = fields[..] else {
        bail!("{line:?} does not have three fields");
    };
    Ok(SocketAddr::new(address.parse()?, port.parse()?))
}

fn reset_on_drop(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
