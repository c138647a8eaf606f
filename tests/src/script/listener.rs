//! Where a peer listens.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// A listening socket, and for a deaf one the connections that fill its queue.
pub struct Listener {
    socket: TcpListener,
    pub address: SocketAddr,
    _filling: Vec<Socket>,
}

impl Listener {
    pub fn ready(address: IpAddr) -> io::Result<Self> {
        Self::new(address, 1024, 0)
    }

    /// A queue of length 0 holds one connection; the system ignores attempts to make another.
    pub fn deaf(address: IpAddr) -> io::Result<Self> {
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

    pub async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.socket.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
