//! TLS with a server that is real, whose bytes are changed on the way.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ftp_client::{Listener, Network, NetworkError, Security, Session, Settings, Stream, TlsSettings, Trust, Version};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};

use crate::choice;

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 990);

/// What the server says inside TLS: at first, to each line that it gets, and to the last one.
const GREETING: &[u8] = b"220 ready\r\n";
const REPLY: &[u8] = b"200 ok\r\n";
const GOODBYE: &[u8] = b"221 bye\r\n";

/// Bytes of the handshake are changed. The first byte chooses the version; then each change is an offset of two bytes, what
/// is done there, and a byte for it. What the changes did not touch is what the client has to end with.
pub fn handshakes(data: &[u8]) {
    run(data, true);
}

/// The same for the bytes after the handshake.
pub fn records(data: &[u8]) {
    run(data, false);
}

fn run(data: &[u8], from_the_start: bool) {
    let (turn, changes) = choice(data);
    let changes: Vec<_> = changes.chunks_exact(4).take(16).map(Change::read).collect();
    let harmless = changes.is_empty();
    let version = if turn.is_multiple_of(2) { Version::Tls12 } else { Version::Tls13 };
    let wire = Wire::new(version, from_the_start, changes);
    let tls = TlsSettings {
        trust: Trust::Roots(SERVER.pem.clone()),
        oldest: version,
        newest: version,
        ..TlsSettings::default()
    };
    let settings = Settings { security: Security::Implicit, tls, ..Settings::default() };
    let network = wire.clone();
    let result = wire.run(async {
        let mut session = Session::connect(network, settings, "localhost", 990).await?;
        assert_eq!(session.welcome().code, 220);
        for _ in 0..3 {
            let reply = session.noop().await?;
            assert_eq!((reply.code, reply.lines.len()), (200, 1), "not what the server said: {reply:?}");
        }
        session.end().await
    });
    assert!(!harmless || result.is_ok(), "{result:?}");
}

/// One change to the bytes that come from the server.
#[derive(Clone, Copy)]
struct Change {
    at: usize,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Xor(u8),
    Drop(u8),
    Double(u8),
    Insert(u8),
    End,
}

impl Change {
    fn read(bytes: &[u8]) -> Self {
        let [low, high, what, with] = [0, 1, 2, 3].map(|at| bytes.get(at).copied().unwrap_or_default());
        let what = match what % 5 {
            0 => What::Xor(with),
            1 => What::Drop(with),
            2 => What::Double(with),
            3 => What::Insert(with),
            _ => What::End,
        };
        Self { at: usize::from(u16::from_le_bytes([low, high])), what }
    }
}

/// The server's certificate and key, made once.
struct Server {
    pem: String,
    configs: [Arc<ServerConfig>; 2],
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let configs = [&rustls::version::TLS12, &rustls::version::TLS13].map(|version| {
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let config = ServerConfig::builder_with_provider(ftp_crypto::provider().into());
        let config = config.with_protocol_versions(&[version]).expect("a version");
        let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key);
        Arc::new(config.expect("a certificate with its key"))
    });
    Server { pem: made.cert.pem(), configs }
});

/// A network with one server on it, in this thread, whose clock stands while anything happens.
#[derive(Clone)]
struct Wire(Rc<RefCell<State>>);

struct State {
    server: ServerConnection,
    /// Changes are counted from the end of the handshake on.
    after_handshake: bool,
    changes: Vec<Change>,
    /// Bytes of the server so far that count.
    sent: usize,
    greeted: bool,
    inbox: Vec<u8>,
    ended: bool,
    now: Duration,
    alarms: Vec<Duration>,
}

impl Wire {
    fn new(version: Version, from_the_start: bool, changes: Vec<Change>) -> Self {
        let config = SERVER.configs[usize::from(version == Version::Tls13)].clone();
        Self(Rc::new(RefCell::new(State {
            server: ServerConnection::new(config).expect("a server"),
            after_handshake: !from_the_start,
            changes,
            sent: 0,
            greeted: false,
            inbox: Vec::new(),
            ended: false,
            now: Duration::ZERO,
            alarms: Vec::new(),
        })))
    }

    fn run<T>(&self, work: impl Future<Output = T>) -> T {
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

impl State {
    /// What the client sent, and what the server says to it.
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.ended {
            if self.server.read_tls(&mut bytes).is_err() {
                self.ended = true;
            }
            let processed = self.server.process_new_packets();
            self.send();
            let Ok(processed) = processed else {
                self.ended = true;
                return;
            };
            if processed.peer_has_closed() {
                self.ended = true;
            }
            self.answer(processed.plaintext_bytes_to_read());
            self.send();
        }
    }

    fn answer(&mut self, count: usize) {
        if self.server.is_handshaking() {
            return;
        }
        if !std::mem::replace(&mut self.greeted, true) {
            self.say(GREETING);
        }
        let mut heard = vec![0; count];
        let _ = std::io::Read::read_exact(&mut self.server.reader(), &mut heard);
        for line in heard.split_inclusive(|byte| *byte == b'\n') {
            self.say(if line.starts_with(b"QUIT") { GOODBYE } else { REPLY });
        }
    }

    fn say(&mut self, reply: &[u8]) {
        let _ = self.server.writer().write_all(reply);
    }

    fn send(&mut self) {
        let mut bytes = Vec::new();
        while self.server.wants_write() && self.server.write_tls(&mut bytes).is_ok() {}
        if self.after_handshake && !self.greeted {
            self.inbox.extend(bytes);
            return;
        }
        for byte in bytes {
            self.change(byte);
        }
    }

    /// One byte on its way to the client.
    fn change(&mut self, byte: u8) {
        let at = self.sent;
        self.sent += 1;
        let mut kept = Some(byte);
        for change in &self.changes {
            match change.what {
                What::Xor(with) if at == change.at => kept = kept.map(|byte| byte ^ with),
                What::Drop(count) if (change.at..=change.at + usize::from(count)).contains(&at) => kept = None,
                What::Double(count) if at == change.at => {
                    let again = self.inbox.len().saturating_sub(usize::from(count));
                    self.inbox.extend_from_within(again..);
                }
                What::Insert(with) if at == change.at => self.inbox.push(with),
                What::End if at == change.at => self.ended = true,
                _ => {}
            }
        }
        if !self.ended {
            self.inbox.extend(kept);
        }
    }
}

impl Network for Wire {
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

impl Stream for Wire {
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
        self.0.borrow_mut().take(bytes);
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

impl Listener for Wire {
    type Stream = Self;

    async fn accept(&mut self) -> Result<Self, NetworkError> {
        Err(NetworkError::AddressInUse)
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(ADDRESS)
    }
}
