//! The client's network over `wasi:sockets` and `wasi:clocks`.

use crate::connection::Connection;
use crate::reactor::REACTOR;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt::Display;
use core::future::poll_fn;
use core::mem;
use core::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use core::task::Poll;
use core::time::Duration;
use ftp_client::{Listener, Network, NetworkError, ResolveCause, Stream};
use wasi::clocks::{monotonic_clock, wall_clock};
use wasi::io::poll::Pollable;
use wasi::io::streams::{InputStream, OutputStream, StreamError};
use wasi::sockets::instance_network::instance_network;
use wasi::sockets::ip_name_lookup::resolve_addresses;
use wasi::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasi::sockets::tcp::{ShutdownType, TcpSocket};
use wasi::sockets::tcp_create_socket::create_tcp_socket;

/// The network that the host of this component provides.
#[derive(Debug, Clone, Copy)]
pub struct Wasi;

impl Network for Wasi {
    type Stream = WasiStream;
    type Listener = WasiListener;

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        let literal = ftp_client::host_literal(host);
        if let Ok(address) = literal.parse() {
            return Ok([address].into());
        }
        let network = instance_network();
        let names = resolve_addresses(&network, host).map_err(|code| failed(code, &host))?;
        let ready = Rc::new(names.subscribe());
        let mut addresses = Vec::new();
        while let Some(address) = not_blocking(&ready, || names.resolve_next_address(), &host).await? {
            addresses.push(ip_from_wasi(address));
        }
        Ok(addresses)
    }

    async fn connect(&self, remote: SocketAddr, local: Option<IpAddr>) -> Result<WasiStream, NetworkError> {
        let network = instance_network();
        let socket = create_tcp_socket(family(remote)).map_err(|code| failed(code, &remote))?;
        let ready = Rc::new(socket.subscribe());
        if let Some(local) = local {
            let local = SocketAddr::new(local, 0);
            socket.start_bind(&network, to_wasi(local)).map_err(|code| failed(code, &local))?;
            not_blocking(&ready, || socket.finish_bind(), &remote).await?;
        }
        socket.start_connect(&network, to_wasi(remote)).map_err(|code| failed(code, &remote))?;
        let (input, output) = not_blocking(&ready, || socket.finish_connect(), &remote).await?;
        drop(ready);
        Ok(WasiStream::new(socket, input, output))
    }

    async fn listen(&self, local: SocketAddr) -> Result<WasiListener, NetworkError> {
        let network = instance_network();
        let socket = create_tcp_socket(family(local)).map_err(|code| failed(code, &local))?;
        let ready = Rc::new(socket.subscribe());
        socket.start_bind(&network, to_wasi(local)).map_err(|code| failed(code, &local))?;
        not_blocking(&ready, || socket.finish_bind(), &local).await?;
        socket.start_listen().map_err(|code| failed(code, &local))?;
        not_blocking(&ready, || socket.finish_listen(), &local).await?;
        Ok(WasiListener { ready, socket })
    }

    async fn sleep(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let alarm = Rc::new(monotonic_clock::subscribe_duration(nanoseconds));
        let mut waited = false;
        // Not asked before the first wait: most are dropped after that one.
        poll_fn(|_| match mem::replace(&mut waited, true) && alarm.ready() {
            true => Poll::Ready(()),
            false => pending(&alarm),
        })
        .await;
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn wall_clock() -> Option<i64> {
        i64::try_from(wall_clock::now().seconds).ok()
    }
}

/// A connection, until it is dropped.
pub struct WasiStream(Option<Connection>);

impl WasiStream {
    fn new(socket: TcpSocket, input: InputStream, output: OutputStream) -> Self {
        Self(Some(Connection { readable: None, writable: None, input, output, socket }))
    }

    fn open(&mut self) -> Result<&mut Connection, NetworkError> {
        self.0.as_mut().ok_or_else(gone)
    }

    fn socket(&self) -> Result<&TcpSocket, NetworkError> {
        self.0.as_ref().map(|connection| &connection.socket).ok_or_else(gone)
    }
}

impl Stream for WasiStream {
    async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
        let connection = self.open()?;
        poll_fn(|_| match connection.input.read(max as u64) {
            Ok(bytes) if bytes.is_empty() => pending(&connection.readable()),
            Ok(bytes) => {
                let count = bytes.len();
                if buffer.is_empty() {
                    *buffer = bytes;
                } else {
                    buffer.extend_from_slice(&bytes);
                }
                Poll::Ready(Ok(count))
            }
            Err(StreamError::Closed) => Poll::Ready(Ok(0)),
            Err(error) => Poll::Ready(Err(lost(error))),
        })
        .await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
        let connection = self.open()?;
        let room = connection.room().await?;
        let piece = bytes.get(..room).unwrap_or(bytes);
        connection.output.write(piece).map_err(lost)?;
        Ok(piece.len())
    }

    fn set_keep_alive(&self, idle: Duration) -> Result<(), NetworkError> {
        let socket = self.socket()?;
        let idle = u64::try_from(idle.as_nanos()).unwrap_or(u64::MAX);
        let set = socket.set_keep_alive_idle_time(idle).and_then(|()| socket.set_keep_alive_enabled(true));
        set.map_err(|code| failed(code, &"TCP keepalive"))
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        let connection = self.open()?;
        connection.room().await?;
        connection.socket.shutdown(ShutdownType::Send).map_err(|code| failed(code, &"ending a connection"))
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        let address = self.socket()?.local_address();
        address.map(from_wasi).map_err(|code| failed(code, &"the local address"))
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        let address = self.socket()?.remote_address();
        address.map(from_wasi).map_err(|code| failed(code, &"the remote address"))
    }
}

impl Drop for WasiStream {
    fn drop(&mut self) {
        if let Some(mut connection) = self.0.take()
            && connection.is_writing()
        {
            REACTOR.linger(connection);
        }
    }
}

impl Connection {
    /// Wait until bytes can be written; gives how many.
    async fn room(&mut self) -> Result<usize, NetworkError> {
        poll_fn(|_| match self.output.check_write() {
            Ok(0) => pending(&self.writable()),
            Ok(room) => Poll::Ready(Ok(usize::try_from(room).unwrap_or(usize::MAX))),
            Err(error) => Poll::Ready(Err(lost(error))),
        })
        .await
    }
}

/// A listening socket.
pub struct WasiListener {
    ready: Rc<Pollable>,
    socket: TcpSocket,
}

impl Listener for WasiListener {
    type Stream = WasiStream;

    async fn accept(&mut self) -> Result<WasiStream, NetworkError> {
        let accepted = not_blocking(&self.ready, || self.socket.accept(), &"accepting a connection").await;
        accepted.map(|(socket, input, output)| WasiStream::new(socket, input, output))
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        self.socket.local_address().map(from_wasi).map_err(|code| failed(code, &"the local address"))
    }
}

/// Repeat an operation each time that the pollable is ready, until it no longer would block.
async fn not_blocking<T>(
    ready: &Rc<Pollable>,
    mut operation: impl FnMut() -> Result<T, ErrorCode>,
    what: &dyn Display,
) -> Result<T, NetworkError> {
    poll_fn(|_| match operation() {
        Err(ErrorCode::WouldBlock) => pending(ready),
        result => Poll::Ready(result.map_err(|code| failed(code, what))),
    })
    .await
}

/// Wait until the pollable is ready.
pub async fn ready(pollable: &Rc<Pollable>) {
    poll_fn(|_| match pollable.ready() {
        true => Poll::Ready(()),
        false => pending(pollable),
    })
    .await;
}

fn pending<T>(pollable: &Rc<Pollable>) -> Poll<T> {
    REACTOR.register(pollable);
    Poll::Pending
}

/// The one place that knows WASI's error codes.
fn failed(code: ErrorCode, what: &dyn Display) -> NetworkError {
    let text = format!("{what}: {}", code.name());
    match code {
        ErrorCode::AccessDenied => NetworkError::Denied(text),
        ErrorCode::NameUnresolvable => NetworkError::Unresolvable(ResolveCause::NoAddress, text),
        ErrorCode::TemporaryResolverFailure => NetworkError::Unresolvable(ResolveCause::Temporary, text),
        ErrorCode::PermanentResolverFailure => NetworkError::Unresolvable(ResolveCause::Permanent, text),
        ErrorCode::ConnectionRefused | ErrorCode::RemoteUnreachable | ErrorCode::Timeout => NetworkError::Refused(text),
        ErrorCode::ConnectionReset | ErrorCode::ConnectionAborted => NetworkError::Lost(text),
        ErrorCode::AddressInUse => NetworkError::AddressInUse,
        _ => NetworkError::Other(text),
    }
}

fn lost(error: StreamError) -> NetworkError {
    NetworkError::Lost(match error {
        StreamError::Closed => "the other side closed the connection".to_string(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    })
}

fn gone() -> NetworkError {
    NetworkError::Lost("the connection was closed here".to_string())
}

fn family(address: SocketAddr) -> IpAddressFamily {
    if address.is_ipv6() { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 }
}

fn ip_from_wasi(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}

fn from_wasi(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(v4) => SocketAddr::new(ip_from_wasi(IpAddress::Ipv4(v4.address)), v4.port),
        IpSocketAddress::Ipv6(v6) => SocketAddr::new(ip_from_wasi(IpAddress::Ipv6(v6.address)), v6.port),
    }
}

fn to_wasi(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => IpSocketAddress::Ipv4(v4_to_wasi(v4)),
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(v6_to_wasi(v6)),
    }
}

fn v4_to_wasi(v4: SocketAddrV4) -> Ipv4SocketAddress {
    Ipv4SocketAddress { port: v4.port(), address: v4.ip().octets().into() }
}

fn v6_to_wasi(v6: SocketAddrV6) -> Ipv6SocketAddress {
    Ipv6SocketAddress {
        port: v6.port(),
        flow_info: v6.flowinfo(),
        address: v6.ip().segments().into(),
        scope_id: v6.scope_id(),
    }
}
