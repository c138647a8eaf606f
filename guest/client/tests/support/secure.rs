//! A network in memory on which each connection has a server of TLS of its own, and a clock that jumps to the next alarm.
#![allow(missing_docs)]

use ftp_client::{Listener, Network, NetworkError, Stream};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    CipherSuite, RootCertStore, ServerConfig, ServerConnection, SupportedCipherSuite, SupportedProtocolVersion,
};
use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// How a server ends the connection after its answer to a `ClientHello`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Close,
    Reset,
    Stall,
}

/// What a server makes of a `ClientHello`.
pub enum Tls {
    /// It says this and ends.
    Says(Vec<u8>, End),
    /// It says what the TLS of this configuration says first, which is a `ServerHello`, then this, and ends.
    Breaks(Arc<ServerConfig>, Vec<u8>, End),
    /// It does TLS, and is a server of FTP inside it.
    Does(Arc<ServerConfig>),
}

/// One connection as the server has it.
pub struct Server {
    tls: Option<Tls>,
    connection: Option<ServerConnection>,
    implicit: bool,
    proxy: bool,
    /// What it takes to connect, and to answer a `ClientHello`.
    connects_in: Duration,
    answers_in: Duration,
    /// What it says instead of the first greeting or reply.
    heard: Vec<u8>,
    said: VecDeque<u8>,
    said_at: Duration,
    end: Option<End>,
    /// What is known of it in the end.
    pub hello: Vec<u8>,
    pub clear: Vec<String>,
    pub secure: Vec<String>,
}

impl Server {
    /// `AUTH TLS`.
    pub fn explicit(tls: Tls) -> Self {
        Self {
            tls: Some(tls),
            connection: None,
            implicit: false,
            proxy: false,
            connects_in: Duration::ZERO,
            answers_in: Duration::ZERO,
            heard: Vec::new(),
            said: b"220 ready\r\n".to_vec().into(),
            said_at: Duration::ZERO,
            end: None,
            hello: Vec::new(),
            clear: Vec::new(),
            secure: Vec::new(),
        }
    }

    /// TLS from the first byte on.
    pub fn implicit(tls: Tls) -> Self {
        Self { implicit: true, said: VecDeque::new(), ..Self::explicit(tls) }
    }

    /// Behind a proxy that speaks HTTP.
    pub fn behind_a_proxy(self) -> Self {
        Self { proxy: true, said: VecDeque::new(), ..self }
    }

    pub fn connecting_in(self, time: Duration) -> Self {
        Self { connects_in: time, ..self }
    }

    pub fn answering_in(self, time: Duration) -> Self {
        Self { answers_in: time, ..self }
    }

    /// The suites that it was offered.
    pub fn offered(&self) -> Vec<CipherSuite> {
        let suites = &self.hello[HELLO_SUITES + usize::from(self.hello[HELLO_SUITES - 1])..];
        let (size, suites) = suites.split_at(2);
        let size = usize::from(u16::from_be_bytes([size[0], size[1]]));
        suites[..size].chunks(2).map(|suite| u16::from_be_bytes([suite[0], suite[1]]).into()).collect()
    }

    fn hear(&mut self, bytes: &[u8], now: Duration) {
        self.heard.extend_from_slice(bytes);
        loop {
            if self.connection.is_some() || (self.implicit && !self.proxy) {
                self.hear_tls(now);
                return;
            }
            let end = if self.proxy { &b"\r\n\r\n"[..] } else { b"\r\n" };
            let Some(at) = self.heard.windows(end.len()).position(|window| window == end) else { return };
            let line: Vec<u8> = self.heard.drain(..at + end.len()).collect();
            if std::mem::take(&mut self.proxy) {
                self.say(b"HTTP/1.1 200 go\r\n\r\n");
                if !self.implicit {
                    self.say(b"220 ready\r\n");
                }
                continue;
            }
            self.clear.push(String::from_utf8_lossy(&line).trim_end().to_owned());
            self.say(b"234 go\r\n");
            self.implicit = true;
        }
    }

    fn hear_tls(&mut self, now: Duration) {
        let bytes = std::mem::take(&mut self.heard);
        if bytes.is_empty() {
            return;
        }
        if let Some(tls) = self.tls.take() {
            self.hello = bytes.clone();
            self.said_at = now + self.answers_in;
            let (config, rest) = match tls {
                Tls::Says(answer, end) => {
                    self.say(&answer);
                    self.end = Some(end);
                    return;
                }
                Tls::Breaks(config, answer, end) => (config, Some((answer, end))),
                Tls::Does(config) => (config, None),
            };
            let mut connection = ServerConnection::new(config).unwrap();
            if self.clear.is_empty() {
                connection.writer().write_all(b"220 ready\r\n").unwrap();
            }
            self.connection = Some(connection);
            self.advance(&bytes);
            if let Some((answer, end)) = rest {
                // A record with a `ServerHello`, and whatever is in the same record.
                let size = 5 + usize::from(u16::from_be_bytes([self.said[3], self.said[4]]));
                self.said.truncate(size);
                self.connection = None;
                self.say(&answer);
                self.end = Some(end);
            }
            return;
        }
        self.advance(&bytes);
    }

    fn advance(&mut self, mut bytes: &[u8]) {
        let Some(connection) = &mut self.connection else { return };
        let (mut plain, mut said, mut failed) = (Vec::new(), Vec::new(), false);
        while !bytes.is_empty() && !failed {
            connection.read_tls(&mut bytes).unwrap();
            failed = connection.process_new_packets().is_err();
            let _ = connection.reader().read_to_end(&mut plain);
        }
        for line in plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line).trim_end().to_owned();
            let reply = if line.starts_with("USER") { "331 and?\r\n" } else { "230 fine\r\n" };
            connection.writer().write_all(reply.as_bytes()).unwrap();
            self.secure.push(line);
        }
        while connection.wants_write() {
            connection.write_tls(&mut said).unwrap();
        }
        self.say(&said);
        if failed {
            self.end = Some(End::Close);
        }
    }

    fn say(&mut self, bytes: &[u8]) {
        self.said.extend(bytes);
    }
}

/// Where the length of the session id ends in a record with a `ClientHello`.
const HELLO_SUITES: usize = 5 + 4 + 2 + 32 + 1;

/// The network. Clones share it.
#[derive(Clone)]
pub struct Secured(Rc<RefCell<World>>);

struct World {
    servers: Vec<Server>,
    connected: usize,
    open: usize,
    now: Duration,
    alarms: Vec<Duration>,
}

impl Secured {
    /// A server for each connection in turn.
    pub fn new(servers: impl IntoIterator<Item = Server>) -> Self {
        let servers = servers.into_iter().collect();
        Self(Rc::new(RefCell::new(World { servers, connected: 0, open: 0, now: Duration::ZERO, alarms: Vec::new() })))
    }

    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        struct Again(AtomicBool);
        impl Wake for Again {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let (mut work, again) = (pin!(work), Arc::new(Again(AtomicBool::new(false))));
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

    /// Check that each server was connected to, that no connection is left open, and give them.
    pub fn finished(&self) -> Vec<Server> {
        let mut world = self.world();
        assert_eq!((world.connected, world.open), (world.servers.len(), 0), "connections made, and open");
        std::mem::take(&mut world.servers)
    }

    fn world(&self) -> RefMut<'_, World> {
        self.0.borrow_mut()
    }
}

impl Network for Secured {
    type Stream = Socket;
    type Listener = Deaf;

    async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, NetworkError> {
        Ok(vec![SERVER])
    }

    async fn connect(&self, _: SocketAddr, _: Option<IpAddr>) -> Result<Socket, NetworkError> {
        let (index, time) = {
            let mut world = self.world();
            // One connection at a time: nothing of the one before is left.
            assert_eq!(world.open, 0, "another connection is still open");
            let index = world.connected;
            world.connected += 1;
            let time = world.servers.get(index).map(|server| server.connects_in);
            (index, time.ok_or_else(|| NetworkError::Refused("no more".to_owned()))?)
        };
        self.sleep(time).await;
        self.world().open += 1;
        Ok(Socket { network: self.clone(), index })
    }

    async fn listen(&self, _: SocketAddr) -> Result<Deaf, NetworkError> {
        Err(NetworkError::AddressInUse)
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

pub struct Socket {
    network: Secured,
    index: usize,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.network.world().open -= 1;
    }
}

impl Stream for Socket {
    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
        poll_fn(|_| {
            let mut world = self.network.world();
            let (now, server) = (world.now, &mut world.servers[self.index]);
            let (at, count) = (server.said_at, max.min(server.said.len()));
            if at > now {
                world.alarms.push(at);
                return Poll::Pending;
            }
            buffer.extend(server.said.drain(..count));
            match (count, server.end) {
                (1.., _) | (0, Some(End::Close)) => Poll::Ready(Ok(count)),
                (0, Some(End::Reset)) => Poll::Ready(Err(NetworkError::Lost("reset".to_owned()))),
                (0, Some(End::Stall) | None) => Poll::Pending,
            }
        })
        .await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
        let mut world = self.network.world();
        let now = world.now;
        world.servers[self.index].hear(bytes, now);
        Ok(bytes.len())
    }

    fn set_keep_alive(&self, _: Duration) -> Result<(), NetworkError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        self.network.world().servers[self.index].end = Some(End::Close);
        Ok(())
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(SocketAddr::new(SERVER, 40_000))
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(SocketAddr::new(SERVER, 21))
    }
}

pub struct Deaf;

impl Listener for Deaf {
    type Stream = Socket;

    async fn accept(&mut self) -> Result<Socket, NetworkError> {
        pending().await
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Err(NetworkError::AddressInUse)
    }
}

/// The TLS of a server with these versions and those suites of them that are wanted.
pub fn server_config(
    versions: &[&'static SupportedProtocolVersion],
    is_wanted: impl Fn(SupportedCipherSuite) -> bool,
) -> Arc<ServerConfig> {
    let mut provider = ftp_crypto::provider();
    provider.cipher_suites.retain(|suite| is_wanted(*suite));
    config_of(provider, versions, None)
}

/// The TLS of a server with this cryptography and these versions, which wants to see this certificate.
pub fn config_of(
    provider: CryptoProvider,
    versions: &[&'static SupportedProtocolVersion],
    client: Option<&CertificateDer<'static>>,
) -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["ftp.example.com".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let provider = Arc::new(provider);
    let config = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions).unwrap();
    let config = match client {
        None => config.with_no_client_auth(),
        Some(certificate) => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let mut config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.ignore_client_order = true;
    config.into()
}
