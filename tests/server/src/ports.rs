//! Which ports data connections get.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
};

use async_trait::async_trait;
use libunftp::options::Binder;
use tokio::net::TcpSocket;

/// Lets the system choose, which never gives the same port to two servers at once, as a random number might.
#[derive(Debug)]
pub(crate) struct SystemPorts;

#[async_trait]
impl Binder for SystemPorts {
    async fn bind(&mut self, address: IpAddr, _: RangeInclusive<u16>) -> io::Result<TcpSocket> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.bind(SocketAddr::new(address, 0))?;
        Ok(socket)
    }
}
