//! A network without anything on it, for tests of what only needs to be on one.

use crate::network::{Listener, Network, NetworkError, Stream};
use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

#[derive(Debug, Clone)]
pub struct Nowhere;

fn nothing<T>() -> Result<T, NetworkError> {
    Err(NetworkError::Lost("there is nothing".to_owned()))
}

impl Network for Nowhere {
    type Stream = Self;
    type Listener = Self;

    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        nothing()
    }

    async fn connect(&self, _remote: SocketAddr, _local: Option<IpAddr>) -> Result<Self, NetworkError> {
        nothing()
    }

    async fn listen(&self, _local: SocketAddr) -> Result<Self, NetworkError> {
        nothing()
    }

    async fn sleep(&self, _duration: Duration) {}

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn wall_clock() -> Option<i64> {
        Some(1_700_000_000)
    }
}

impl Stream for Nowhere {
    async fn read(&mut self, _buffer: &mut Vec<u8>, _max: usize) -> Result<usize, NetworkError> {
        nothing()
    }

    async fn write(&mut self, _bytes: &[u8]) -> Result<usize, NetworkError> {
        nothing()
    }

    fn set_keep_alive(&self, _idle: Duration) -> Result<(), NetworkError> {
        nothing()
    }

    async fn finish(&mut self) -> Result<(), NetworkError> {
        nothing()
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        nothing()
    }

    fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
        nothing()
    }
}

impl Listener for Nowhere {
    type Stream = Self;

    async fn accept(&mut self) -> Result<Self, NetworkError> {
        nothing()
    }

    fn local_address(&self) -> Result<SocketAddr, NetworkError> {
        nothing()
    }
}
