//! A row of the list, and what it runs against.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use ftp_host::{Error, Session, Settings};
use ftp_tests::client;
use ftp_tests::embedded::Embedded;
use ftp_tests::servers::{Kind, Security, Server, Way};
use ftp_tests::suite::{Case, Cases};

// As trials have the servers that they do not run on. Each name is also that of the server inside TLS.
pub const PYFTPD: &str = Kind::PyFtpd.name();
pub const PYFTPD_TLS12: &str = "pyftpdlib-tls12";
pub const PYFTPD_TLS13: &str = "pyftpdlib-tls13";
pub const VSFTPD: &str = Kind::Vsftpd.name();
pub const PROFTPD: &str = Kind::ProFtpd.name();
pub const PURE_FTPD: &str = Kind::PureFtpd.name();
pub const EMBEDDED: &str = "embedded";

/// A server with a directory that the trial may look into.
pub enum Site {
    Real(Server, Way),
    Embedded(Embedded),
}

/// The four servers, plain and over TLS 1.2 and 1.3, and the embedded one.
impl Cases for Site {
    fn cases() -> Vec<Case<Self>> {
        let ways = Kind::ALL.into_iter().flat_map(Way::all).filter(|way| way.security != Security::Implicit);
        let real = ways.map(|way| Case::new(way.name(), way.installed(), move || Self::real(way)));
        real.chain([Case::new(EMBEDDED, Ok(()), Self::embedded)]).collect()
    }
}

impl Site {
    pub fn real(way: Way) -> Result<Self> {
        Ok(Self::Real(Server::start(way.kind, way.options())?, way))
    }

    pub fn embedded() -> Result<Self> {
        Ok(Self::Embedded(Embedded::start()?))
    }

    /// Whether it is this server.
    pub fn is(&self, kind: Kind) -> bool {
        matches!(self, Self::Real(server, _) if server.kind() == kind)
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Real(server, _) => server.address(),
            Self::Embedded(server) => server.address(),
        }
    }

    pub fn root(&self) -> &Path {
        match self {
            Self::Real(server, _) => server.root(),
            Self::Embedded(server) => server.root(),
        }
    }

    /// Settings, for this way to the server.
    pub fn settings(&self, settings: Settings) -> Settings {
        match self {
            Self::Real(_, way) => way.settings(settings).expect("the server has its certificates already"),
            Self::Embedded(_) => settings,
        }
    }

    /// Connect with settings of one's own.
    pub async fn connect_with(&self, settings: Settings) -> Result<Session, Error> {
        client::connect_with(self.address(), self.settings(settings)).await
    }

    /// Connect.
    pub async fn connect(&self) -> Result<Session, Error> {
        self.connect_with(client::settings()).await
    }

    /// Connect with settings of one's own, and log in as the user who may do everything.
    pub async fn login_with(&self, settings: Settings) -> Result<Session, Error> {
        let mut session = self.connect_with(settings).await?;
        session.login("user", "12345", None).await?;
        Ok(session)
    }

    /// Connect and log in.
    pub async fn login(&self) -> Result<Session, Error> {
        self.login_with(client::settings()).await
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

/// The names in the working directory. Pure-FTPd also gives those of the directory itself and of its parent.
pub async fn member_names(session: &mut Session) -> Result<Vec<String>, Error> {
    let mut names = session.names(None).await?;
    names.retain(|name| name != "." && name != "..");
    Ok(names)
}
