//! A row of the list, and what it runs against.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;

use anyhow::Result;
use ftp_host::Session;
use ftp_tests::client;
use ftp_tests::embedded::Embedded;
use ftp_tests::pyftpd::PyFtpd;

/// One thing that a client can do, tried on a server of its own.
#[derive(Clone, Copy)]
pub struct Row {
    pub name: &'static str,
    pub run: fn(Site) -> Running,
}

/// A trial under way.
type Running = Pin<Box<dyn Future<Output = Result<()>>>>;

/// The rows of these functions, named after them.
macro_rules! rows {
    ($($name:ident),* $(,)?) => {
        vec![$($crate::row::Row {
            name: stringify!($name),
            run: |site| Box::pin($name(site)),
        }),*]
    };
}
pub(crate) use rows;

/// A server with a directory that the trial may look into.
pub enum Site {
    PyFtpd(PyFtpd),
    Embedded(Embedded),
}

impl Site {
    pub fn pyftpd() -> Result<Self> {
        Ok(Self::PyFtpd(PyFtpd::start(&[])?))
    }

    pub fn embedded() -> Result<Self> {
        Ok(Self::Embedded(Embedded::start()?))
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::PyFtpd(server) => server.address(),
            Self::Embedded(server) => server.address(),
        }
    }

    pub fn root(&self) -> &Path {
        match self {
            Self::PyFtpd(server) => server.root(),
            Self::Embedded(server) => server.root(),
        }
    }

    /// Connect and log in as the user who may do everything.
    pub async fn login(&self) -> Result<Session, ftp_host::Error> {
        client::login(self.address()).await
    }

    /// Put a file where the server finds it.
    pub fn place(&self, name: &str, contents: &[u8]) -> Result<()> {
        Ok(std::fs::write(self.root().join(name), contents)?)
    }

    /// What the server has in a file.
    pub fn contents(&self, name: &str) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.root().join(name))?)
    }
}
