//! The embedded server, in this process: there on every machine, but it speaks fewer commands.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use ftp_test_server::{Options, Server};
use tempfile::TempDir;

use crate::root;

/// A running server: `user` with the password `12345`, and `anonymous`, may do everything.
pub struct Embedded {
    server: Server,
    root: TempDir,
}

impl Embedded {
    /// Start one.
    pub fn start() -> Result<Self> {
        Self::start_in(root::temporary()?)
    }

    /// Start one that serves this directory.
    pub fn start_in(root: TempDir) -> Result<Self> {
        let options = Options { root: Some(root.path().to_owned()), ..Options::default() };
        let server = Server::start(options).context("starting the embedded server")?;
        Ok(Self { server, root })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The directory that it serves.
    pub fn root(&self) -> &Path {
        self.root.path()
    }
}
