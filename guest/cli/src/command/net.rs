//! The network of this command.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::rc::Rc;
use std::time::Duration;

use ftp_cli::arguments::Families;
use ftp_cli::remote::is_link_local;
use ftp_client::{Network, NetworkError, ResolveCause};
use ftp_wasi::{Wasi, WasiListener, WasiStream};

use super::output::Output;

/// WASI's network, or a half of it: `-4` and `-6`. That of a session shows what is said there.
#[derive(Clone)]
pub struct Net {
    families: Families,
    session: Option<Rc<Watched>>,
}

/// What is to be known about a session from outside.
struct Watched {
    out: Output,
    /// Before each of its lines.
    mark: String,
    /// The zone of link-local addresses (RFC 4007).
    zone: u32,
    /// When its first connection was there.
    connected: Cell<Option<Duration>>,
}

impl Net {
    pub fn new(families: Families) -> Self {
        Self { families, session: None }
    }

    /// That of one session.
    pub fn of_session(&self, out: &Output, zone: u32) -> Self {
        let (mark, connected) = (out.mark(), Cell::default());
        Self { session: Some(Rc::new(Watched { out: out.clone(), mark, zone, connected })), ..self.clone() }
    }

    /// When the first connection of its session was there.
    pub fn connected(&self) -> Option<Duration> {
        self.session.as_ref()?.connected.get()
    }

    /// Where its session shows what is said.
    pub fn output(&self) -> Option<&Output> {
        Some(&self.session.as_ref()?.out)
    }

    /// A link-local address is in the zone that the URL names.
    fn in_zone(&self, address: SocketAddr) -> SocketAddr {
        match (address, &self.session) {
            (SocketAddr::V6(v6), Some(session)) if is_link_local(address.ip()) => {
                SocketAddrV6::new(*v6.ip(), v6.port(), v6.flowinfo(), session.zone).into()
            }
            _ => address,
        }
    }
}

impl Network for Net {
    type Stream = WasiStream;
    type Listener = WasiListener;

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        let mut addresses = Wasi.resolve(host).await?;
        addresses.retain(|address| match self.families {
            Families::Both => true,
            Families::Ipv4 => address.is_ipv4(),
            Families::Ipv6 => address.is_ipv6(),
        });
        match addresses.is_empty() {
            true => {
                let text = format!("{host} has no address of the kind that was asked for");
                Err(NetworkError::Unresolvable(ResolveCause::NoAddress, text))
            }
            false => Ok(addresses),
        }
    }

    async fn connect(&self, remote: SocketAddr, local: Option<IpAddr>) -> Result<WasiStream, NetworkError> {
        let Some(session) = &self.session else { return Wasi.connect(remote, local).await };
        let is_first = session.connected.get().is_none();
        if is_first && session.out.is_verbose() {
            self.said(&format!("* connecting to {remote}"));
        }
        let stream = Wasi.connect(self.in_zone(remote), local).await?;
        if is_first {
            session.connected.set(Some(self.now()));
        }
        Ok(stream)
    }

    async fn listen(&self, local: SocketAddr) -> Result<WasiListener, NetworkError> {
        Wasi.listen(self.in_zone(local)).await
    }

    async fn sleep(&self, duration: Duration) {
        Wasi.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        Wasi.now()
    }

    fn wall_clock() -> Option<i64> {
        Wasi::wall_clock()
    }

    fn said(&self, line: &str) {
        if let Some(session) = &self.session {
            session.out.transcript(&format!("{}{line}", session.mark));
        }
    }
}
