//! A server that many cases share, and the place of one case on it.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::scenes::Side;
use crate::certificates;
use crate::root;
use crate::servers::{Options, Ports, Security, Server, Way};

/// How many passive ports a server has: more than sessions at a time.
const PASSIVE: u16 = 48;

/// Room for the files of all cases that are there at a time.
const ROOM: u64 = 64 << 20;

/// What lies beside the folders of the client, and stays.
pub const BESIDE: &str = "beside.txt";

/// The authority of the servers, as the command reads it.
pub const AUTHORITY: &str = "ca.pem";

/// A server with few passive ports.
pub struct Site {
    /// How it is talked to.
    pub way: Way,
    address: SocketAddr,
    root: PathBuf,
    ports: Ports,
    /// It ends with the site. Its events are for one thread at a time.
    _server: Mutex<Server>,
    here: TempDir,
}

impl Site {
    /// Start the server.
    pub fn start(way: Way) -> Result<Self> {
        let ports = Ports::reserve(PASSIVE)?;
        let options = Options { passive_ports: Some(ports.numbers.clone()), ..way.options() };
        let server = Server::start_in(root::with_room_for(ROOM)?, way.kind, options)?;
        let (address, root) = (server.address(), server.root().to_owned());
        Ok(Self { way, address, root, ports, _server: server.into(), here: root::with_room_for(ROOM)? })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its passive ports.
    pub fn passive(&self) -> RangeInclusive<u16> {
        self.ports.numbers.clone()
    }

    /// A place for one case, with names of one length, for a client that connects to this address.
    pub fn place(&self, address: Ipv4Addr) -> Result<Place> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("c{:06}", NEXT.fetch_add(1, Ordering::Relaxed) % 1_000_000);
        let (here, there) = (self.here.path().join(&name), self.root.join(&name));
        for folder in [&here, &there] {
            std::fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        std::fs::write(here.join(BESIDE), BESIDE)?;
        if self.way.is_encrypted() {
            std::fs::write(here.join(AUTHORITY), certificates::authority()?)?;
        }
        Ok(Place { way: self.way, address: (address, self.address.port()).into(), name, here, there })
    }
}

/// The two folders of a case. They are gone when it is dropped.
pub struct Place {
    /// How the server is talked to.
    pub way: Way,
    /// Where the client connects to.
    pub address: SocketAddr,
    /// The folder of the case on the server.
    pub name: String,
    here: PathBuf,
    there: PathBuf,
}

impl Place {
    /// The folder of the client.
    pub fn here(&self) -> &Path {
        &self.here
    }

    /// Where a file is.
    pub fn path(&self, side: Side, path: &str) -> PathBuf {
        match side {
            Side::Here => self.here.join(path),
            Side::There => self.there.join(path),
        }
    }

    /// The URL of a path in the folder of the case.
    pub fn url(&self, path: &str) -> String {
        let scheme = match self.way.security {
            Security::Plain => "ftp",
            Security::Explicit => "ftpes",
            Security::Implicit => "ftps",
        };
        format!("{scheme}://user@{}/{}/{path}", self.address, self.name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.here);
        let _ = std::fs::remove_dir_all(&self.there);
    }
}
