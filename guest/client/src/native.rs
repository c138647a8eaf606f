//! The network of the operating system, over tokio. For native programs, and to measure the component against.

use crate::network::{Listener, Network, NetworkError, Stream};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_protocol::address::host_literal;
use ftp_types::ResolveCause;
use socket2::{SockRef, TcpKeepalive};
use std::io::{Error, ErrorKind};
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

/// Sockets of the operating system. Its futures run on a tokio runtime with input, output and time enabled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Network for Native {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        let literal = host_literal(host);
        let found = lookup_host((literal, 0))
            .await
            .map_err(|error| NetworkError::Unresolvable(ResolveCause::Unknown, error.to_string()))?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn connect(&self, remote: SocketAddr, local: Option<IpAddr>) -> Result<TcpStream, NetworkError> {
        let socket = socket_like(remote)?;
        if let Some(local) = local {
            socket.bind(SocketAddr::new(local, 0))?;
        }
        let stream = socket.connect(remote).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn listen(&self, local: SocketAddr) -> Result<TcpListener, NetworkError> {
        let socket = socket_like(local)?;
        socket.bind(local)?;
        Ok(socket.listen(1)?)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn wall_clock() -> Option<i64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }
}

impl Stream for TcpStream {
    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
        buffer.reserve(max);
        Ok(self.take(max as u64).read_buf(buffer).await?)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
        Ok(AsyncWriteExt::write(self, bytes).await?)
    }

    fn set_keep_alive(&self, idle: Duration) -> Result<(), NetworkError> {
        Ok(SockRef::from(self).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle))?)
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        Ok(self.shutdown().await?)
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(self.local_addr()?)
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(self.peer_addr()?)
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> Result<TcpStream, NetworkError> {
        Ok(TcpListener::accept(self).await?.0)
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        Ok(self.local_addr()?)
    }
}

impl From<Error> for NetworkError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error.kind() {
            ErrorKind::PermissionDenied => Self::Denied(text),
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::TimedOut => Self::Refused(text),
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Self::Lost(text),
            ErrorKind::AddrInUse => Self::AddressInUse,
            _ => Self::Other(text),
        }
    }
}

fn socket_like(address: SocketAddr) -> Result<TcpSocket, Error> {
    if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }
}
