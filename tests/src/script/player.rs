//! The peer that plays a [`Script`].

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ftp_testkit::{Step, Wanted};
use socket2::SockRef;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::rustls::ServerConfig;

use super::line::{Heard, Line, Record, Wire};
use super::listener::Listener;
use super::tls::{Handshake, Tls};
use super::{Ending, Script};

/// The longest that one step may take.
const STEP_LIMIT: Duration = Duration::from_secs(60);

/// What is said to a courtesy.
const COURTESIES: [(&str, &str); 4] = [
    ("FEAT", "211-Features:\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n SIZE\r\n211 End\r\n"),
    ("OPTS", "200 as you like\r\n"),
    ("SIZE", "504 that is not told\r\n"),
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

impl Peer {
    pub(super) fn start(script: Script) -> Result<Self> {
        let record = Arc::new(Record::new(script.peer.cut.map(|(bytes, _)| bytes)));
        let mut player = JoinSet::new();
        if !script.peer.accepts {
            let listener = Listener::deaf(script.peer.address).context("listening")?;
            return Ok(Self { address: listener.address, player, record, _deaf: Some(listener) });
        }
        let listener = Listener::ready(script.peer.address).context("listening")?;
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
        self.record.heard().iter().map(|heard| heard.line.clone()).collect()
    }

    /// Those among them that came in the clear.
    pub fn commands_in_the_clear(&self) -> Vec<String> {
        self.record.heard().iter().filter(|heard| !heard.secure).map(|heard| heard.line.clone()).collect()
    }

    /// What the handshakes that have succeeded so far have agreed.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.record.handshakes().clone()
    }

    /// How many bytes the script has sent so far, data included, and all that TLS adds.
    pub fn sent(&self) -> u64 {
        self.record.sent()
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

async fn play(script: Script, listener: Listener, record: Arc<Record>) -> Result<()> {
    let control = timeout(STEP_LIMIT, listener.accept()).await.context("nobody connected")??;
    let mut player = Player {
        control: Some(BufReader::new(Line::Plain(Wire::new(control, &record)))),
        door: listener,
        data: Data::None,
        strict: script.peer.strict,
        tls: script.peer.tls,
        config: None,
        record,
    };
    for (number, step) in script.steps.into_iter().enumerate() {
        let description = format!("step {number}, {step:?}");
        let done = timeout(STEP_LIMIT, player.step(step)).await.unwrap_or_else(|_| bail!("took too long"));
        if let (true, Some((_, ending))) = (player.record.is_cut(), script.peer.cut) {
            return player.end(ending);
        }
        done.context(description)?;
        if player.control.is_none() {
            return Ok(());
        }
    }
    timeout(STEP_LIMIT, player.see_the_end()).await.context("the client did not hang up")?
}

struct Player {
    /// None once the script has ended it.
    control: Option<BufReader<Line>>,
    door: Listener,
    data: Data,
    strict: bool,
    tls: Tls,
    /// Made for the first connection inside TLS, and shared with those that may resume its session.
    config: Option<Arc<ServerConfig>>,
    record: Arc<Record>,
}

enum Data {
    None,
    Listening(Listener),
    Open(Line),
}

impl Player {
    async fn step(&mut self, step: Step<Tls>) -> Result<()> {
        match step {
            Step::Expect(command) => self.expect(&command).await,
            Step::ExpectBytes(bytes) => expect_bytes(self.control()?, &bytes).await,
            Step::AcceptAgain => {
                self.data = Data::Open(Line::Plain(Wire::new(self.door.accept().await?, &self.record)));
                Ok(())
            }
            Step::ExpectData(bytes) => expect_bytes(self.data().await?, &bytes).await,
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
            Step::EndData(Ending::Stall) => Ok(()),
            Step::EndData(ending) => self.end_data(ending).await,
            Step::StartTls(wanted) => self.start_tls(wanted).await,
            Step::SeeHello => see_hello(self.control()?.get_mut().wire()).await,
            Step::SayInTheClear(bytes) => Ok(self.control()?.get_mut().wire().write_all(&bytes).await?),
            Step::ChangeKeys(times) => self.control()?.get_mut().change_keys(times).await,
            Step::LeaveTls(bytes) => self.leave_tls(&bytes).await,
            Step::SeeTlsEnd => expect_end(self.control()?).await,
            Step::SecureData(tls, wanted) => self.secure_data(tls, wanted).await,
            Step::SeeDataHello => see_hello(self.data().await?.wire()).await,
            Step::ClearData(bytes) => self.clear_data(&bytes).await,
            Step::EndDataTls => self.end_data_tls().await,
            Step::Pause(length) => {
                tokio::time::sleep(length).await;
                Ok(())
            }
            Step::End(Ending::Stall) => self.stall().await,
            Step::End(ending) => self.end(ending),
            Step::Again(ending) => {
                self.end(ending)?;
                let control = Line::Plain(Wire::new(self.door.accept().await?, &self.record));
                self.control = Some(BufReader::new(control));
                Ok(())
            }
            Step::TakeData(_) | Step::MakeNoData(_) | Step::PauseData(_) | Step::ConnectFrom(_) => {
                bail!("that is for the network in memory")
            }
        }
    }

    async fn expect(&mut self, command: &ftp_testkit::Line) -> Result<()> {
        loop {
            let Some(line) = self.line().await? else {
                bail!("the client hung up instead");
            };
            if command.is(line.as_bytes()) {
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
            // Inside TLS an end without `close_notify` is an error.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        ensure!(line.ends_with(b"\r\n"), "a command ends in CRLF, unlike {:?}", line.escape_ascii().to_string());
        line.truncate(line.len() - 2);
        let line = String::from_utf8(line).unwrap_or_else(|error| error.as_bytes().escape_ascii().to_string());
        let secure = self.control()?.get_ref().is_secure();
        self.record.heard().push(Heard { line: line.clone(), secure });
        Ok(Some(line))
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let control = self.control()?;
        control.write_all(bytes).await?;
        Ok(control.flush().await?)
    }

    async fn drip(&mut self, bytes: &[u8], pause: Duration) -> Result<()> {
        for byte in bytes {
            tokio::time::sleep(pause).await;
            if self.say(&[*byte]).await.is_err() {
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
        let address = self.control()?.get_mut().wire().stream().local_addr()?;
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
        let target = announced_by_client(&self.record.heard())?;
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        match socket.connect(target).await {
            Ok(connection) => self.data = Data::Open(Line::Plain(Wire::new(connection, &self.record))),
            // A stranger may be thrown out before it knows that it was let in.
            Err(error) if from != Ipv4Addr::LOCALHOST && error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn send_data(&mut self, bytes: &[u8]) -> Result<()> {
        let data = self.data().await?;
        data.write_all(bytes).await?;
        Ok(data.flush().await?)
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
            reset_on_drop(data.wire())?;
        }
        self.data = Data::None;
        Ok(())
    }

    async fn clear_data(&mut self, last: &[u8]) -> Result<()> {
        let Data::Open(line) = std::mem::replace(&mut self.data, Data::None) else {
            bail!("the script has no data connection");
        };
        self.data = Data::Open(line.cleared(last).await?);
        Ok(())
    }

    async fn end_data_tls(&mut self) -> Result<()> {
        self.data().await?.shutdown().await?;
        self.data = Data::None;
        Ok(())
    }

    async fn start_tls(&mut self, wanted: Wanted) -> Result<()> {
        let config = self.config()?;
        let control = self.control.take().context("the script has ended the control connection")?;
        ensure!(control.buffer().is_empty(), "the client did not wait for the reply before TLS");
        let (line, done) = self.secured(control.into_inner().into_plain()?, config, wanted).await;
        self.control = line.map(BufReader::new);
        done
    }

    async fn secure_data(&mut self, tls: Option<Tls>, wanted: Wanted) -> Result<()> {
        let config = match tls {
            Some(tls) => tls.config()?,
            None => self.config()?,
        };
        self.data().await?;
        let Data::Open(line) = std::mem::replace(&mut self.data, Data::None) else {
            bail!("the script has no data connection");
        };
        let (line, done) = self.secured(line.into_plain()?, config, wanted).await;
        self.data = line.map_or(Data::None, Data::Open);
        done
    }

    /// What is left of the connection, and whether the handshake went as it was meant to.
    async fn secured(&self, wire: Wire, config: Arc<ServerConfig>, wanted: Wanted) -> (Option<Line>, Result<()>) {
        match (Line::secure(wire, config).await, wanted) {
            (Ok((line, handshake)), Wanted::Yes) => {
                self.record.handshakes().push(handshake);
                (Some(line), Ok(()))
            }
            (Ok((line, _)), Wanted::No) => (Some(line), Err(anyhow!("the handshake succeeded"))),
            (Err((error, wire)), Wanted::Yes) => (Some(Line::Plain(wire)), Err(error).context("the handshake")),
            (Err((_, mut wire)), Wanted::No) => {
                // Closed with something unread, it would be a reset, which may overtake the alert.
                wire.exhaust().await;
                (None, Ok(()))
            }
        }
    }

    fn config(&mut self) -> Result<Arc<ServerConfig>> {
        let config = match self.config.take() {
            Some(config) => config,
            None => self.tls.config()?,
        };
        Ok(self.config.insert(config).clone())
    }

    async fn leave_tls(&mut self, last: &[u8]) -> Result<()> {
        ensure!(self.line().await?.is_none(), "the client sent a command instead of close_notify");
        let control = self.control.take().context("the script has ended the control connection")?;
        self.control = Some(BufReader::new(control.into_inner().cleared(last).await?));
        Ok(())
    }

    async fn stall(&mut self) -> Result<()> {
        self.control()?.get_mut().wire().exhaust().await;
        Ok(())
    }

    fn end(&mut self, ending: Ending) -> Result<()> {
        if ending == Ending::Reset {
            if let Some(control) = &mut self.control {
                reset_on_drop(control.get_mut().wire())?;
            }
            if let Data::Open(data) = &mut self.data {
                reset_on_drop(data.wire())?;
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

    fn control(&mut self) -> Result<&mut BufReader<Line>> {
        self.control.as_mut().context("the script has ended the control connection")
    }

    async fn data(&mut self) -> Result<&mut Line> {
        if let Data::Listening(listener) = &self.data {
            self.data = Data::Open(Line::Plain(Wire::new(listener.accept().await?, &self.record)));
        }
        match &mut self.data {
            Data::Open(stream) => Ok(stream),
            _ => bail!("the script has no data connection"),
        }
    }
}

async fn expect_bytes(from: &mut (impl AsyncRead + Unpin), expected: &[u8]) -> Result<()> {
    let mut bytes = vec![0; expected.len()];
    from.read_exact(&mut bytes).await?;
    ensure!(bytes == expected, "the client sent {:?} instead", bytes.escape_ascii().to_string());
    Ok(())
}

/// Inside TLS an end without `close_notify` is an error.
async fn expect_end(from: &mut (impl AsyncRead + Unpin)) -> Result<()> {
    let mut rest = Vec::new();
    from.read_to_end(&mut rest).await?;
    ensure!(rest.is_empty(), "the client sent {:?} before the end", rest.escape_ascii().to_string());
    Ok(())
}

/// The header of a record of the handshake, and what comes with it.
async fn see_hello(wire: &mut Wire) -> Result<()> {
    const HANDSHAKE: u8 = 22;
    let kind = wire.read_u8().await?;
    let _version = wire.read_u16().await?;
    let length = wire.read_u16().await?;
    wire.read_exact(&mut vec![0; length.into()]).await?;
    ensure!(kind == HANDSHAKE, "the client sent a record of kind {kind}");
    Ok(())
}

fn courtesy(line: &str) -> Option<&'static str> {
    COURTESIES.iter().find(|(command, _)| line.starts_with(command)).map(|(_, answer)| *answer)
}

/// Where the last `PORT` (RFC 959) or `EPRT` (RFC 2428) tells the server to connect to.
fn announced_by_client(heard: &[Heard]) -> Result<SocketAddr> {
    let line = heard
        .iter()
        .map(|heard| &heard.line)
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

fn reset_on_drop(wire: &Wire) -> io::Result<()> {
    SockRef::from(wire.stream()).set_linger(Some(Duration::ZERO))
}
