//! What a peer's connections are made of, and what it remembers of them.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use anyhow::{Result, bail};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf, copy, sink};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::tls::Handshake;

/// What has happened so far.
pub(super) struct Record {
    heard: Mutex<Vec<Heard>>,
    handshakes: Mutex<Vec<Handshake>>,
    sent: AtomicU64,
    /// The most bytes that may be sent.
    limit: u64,
    cut: AtomicBool,
}

/// A command that came.
pub(super) struct Heard {
    pub line: String,
    pub secure: bool,
}

impl Record {
    pub fn new(limit: Option<u64>) -> Self {
        Self {
            heard: Mutex::default(),
            handshakes: Mutex::default(),
            sent: AtomicU64::new(0),
            limit: limit.unwrap_or(u64::MAX),
            cut: AtomicBool::new(false),
        }
    }

    pub fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn handshakes(&self) -> MutexGuard<'_, Vec<Handshake>> {
        self.handshakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// How many more bytes may be sent.
    fn left(&self) -> usize {
        usize::try_from(self.limit - self.sent()).unwrap_or(usize::MAX)
    }

    /// Whether more was to be sent than may be.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }
}

/// A TCP connection that counts what it sends, and ends where the script is cut.
pub(super) struct Wire {
    stream: TcpStream,
    record: Arc<Record>,
}

impl Wire {
    pub fn new(stream: TcpStream, record: &Arc<Record>) -> Self {
        Self { stream, record: Arc::clone(record) }
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Read until the other side ends, in whatever way.
    pub async fn exhaust(&mut self) {
        let _ = copy(self, &mut sink()).await;
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.record.left();
        if left == 0 && !bytes.is_empty() {
            self.record.cut.store(true, Ordering::SeqCst);
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        let bytes = &bytes[..bytes.len().min(left)];
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.record.sent.fetch_add(count as u64, Ordering::SeqCst);
        Poll::Ready(Ok(count))
    }

    /// TLS writes an alert, and what comes before it, in one go or not at all.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > self.record.left() {
            let first = pieces.iter().find(|piece| !piece.is_empty());
            return self.poll_write(cx, first.map_or(&[], |piece| piece));
        }
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces))?;
        self.record.sent.fetch_add(count as u64, Ordering::SeqCst);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A connection, plain or inside TLS.
pub(super) enum Line {
    Plain(Wire),
    Secure(Box<TlsStream<Wire>>),
}

impl Line {
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    /// What carries it.
    pub fn wire(&mut self) -> &mut Wire {
        match self {
            Self::Plain(wire) => wire,
            Self::Secure(stream) => stream.get_mut().0,
        }
    }

    /// Begin TLS. A handshake that fails gives the wire back.
    pub async fn secure(wire: Wire, config: Arc<ServerConfig>) -> Result<(Self, Handshake), (io::Error, Wire)> {
        let stream = TlsAcceptor::from(config).accept(wire).into_fallible().await?;
        let handshake = Handshake::of(stream.get_ref().1);
        Ok((Self::Secure(Box::new(stream)), handshake))
    }

    /// What carries it, when it is plain.
    pub fn into_plain(self) -> Result<Wire> {
        match self {
            Self::Plain(wire) => Ok(wire),
            Self::Secure(_) => bail!("the script begins TLS inside TLS"),
        }
    }

    /// (KeyUpdate, RFC 8446, section 4.6.3)
    pub async fn change_keys(&mut self, times: usize) -> Result<()> {
        let Self::Secure(stream) = self else {
            bail!("the script changes keys outside TLS");
        };
        for _ in 0..times {
            stream.get_mut().1.refresh_traffic_keys()?;
        }
        Ok(stream.flush().await?)
    }

    /// Leave TLS with `close_notify`, and send these bytes in the clear behind it.
    pub async fn cleared(self, last: &[u8]) -> Result<Self> {
        let Self::Secure(stream) = self else {
            bail!("the script leaves TLS outside TLS");
        };
        let (mut wire, mut tls) = stream.into_inner();
        tls.send_close_notify();
        let mut bytes = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut bytes)?;
        }
        bytes.extend(last);
        wire.write_all(&bytes).await?;
        Ok(Self::Plain(wire))
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
