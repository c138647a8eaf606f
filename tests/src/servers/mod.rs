//! Four real servers, each started in the same way, plain or with TLS. `tests/run` installs them.

mod enclosed;
mod proftpd;
mod pureftpd;
mod vsftpd;
mod way;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;

use crate::certificates::{self, Leaf};
use crate::pyftpd::{self, PyFtpd};
use crate::root;
use crate::suite::Requirement;

use enclosed::Enclosed;
pub(crate) use enclosed::{Port, Ports};
pub use way::{Way, cases, each, plain, plain_and_tls};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// pyftpdlib.
    PyFtpd,
    /// vsftpd.
    Vsftpd,
    /// ProFTPD.
    ProFtpd,
    /// Pure-FTPd.
    PureFtpd,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::PyFtpd, Self::Vsftpd, Self::ProFtpd, Self::PureFtpd];

    /// As it is called in the names of trials.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PyFtpd => "pyftpdlib",
            Self::Vsftpd => "vsftpd",
            Self::ProFtpd => "proftpd",
            Self::PureFtpd => "pure-ftpd",
        }
    }

    /// Whether it can be started here.
    pub fn installed(self) -> Requirement {
        match self {
            Self::PyFtpd => pyftpd::installed(),
            Self::Vsftpd | Self::ProFtpd | Self::PureFtpd => enclosed::possible(),
        }
    }

    /// Whether it can be started here, with TLS.
    pub fn installed_with_tls(self) -> Requirement {
        self.installed()?;
        certificates::possible()
    }

    /// Whether it can do TLS from the first byte on.
    pub fn speaks_implicit_tls(self) -> bool {
        self != Self::PureFtpd
    }
}

/// What a server does about TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// It has none.
    #[default]
    Plain,
    /// `AUTH TLS`, for clients that want it.
    Explicit,
    /// TLS from the first byte on.
    Implicit,
}

/// How a server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it does about TLS.
    pub security: Security,
    /// The certificate that it shows.
    pub certificate: Leaf,
    /// Data connections have to resume the TLS session of the control connection. vsftpd and ProFTPD know this, and do
    /// it unless told otherwise.
    pub require_reuse: bool,
    /// The authority, in PEM, from which clients need a certificate. Pure-FTPd knows no such thing.
    pub client_authority: Option<String>,
    /// The ports that it takes for passive mode. None: any, or as the server has it.
    pub passive_ports: Option<RangeInclusive<u16>>,
    /// More of the server's own: lines of the configuration of vsftpd and ProFTPD, arguments of the others.
    pub extra: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            security: Security::Plain,
            certificate: Leaf::Server,
            require_reuse: true,
            client_authority: None,
            passive_ports: None,
            extra: Vec::new(),
        }
    }
}

/// A running server: `user` with the password `12345` may do everything, `anonymous` may read.
pub struct Server {
    kind: Kind,
    options: Options,
    running: Running,
}

enum Running {
    PyFtpd(PyFtpd),
    Enclosed(Enclosed),
}

impl Server {
    /// Start one.
    pub fn start(kind: Kind, options: Options) -> Result<Self> {
        Self::start_in(root::temporary()?, kind, options)
    }

    /// Start one whose `user` is at home in this directory.
    pub fn start_in(root: TempDir, kind: Kind, options: Options) -> Result<Self> {
        let running = match kind {
            Kind::PyFtpd => Running::PyFtpd(PyFtpd::start_with(root, &options)?),
            Kind::Vsftpd => Running::Enclosed(Enclosed::start(root, &options, vsftpd::commands)?),
            Kind::ProFtpd => Running::Enclosed(Enclosed::start(root, &options, proftpd::commands)?),
            Kind::PureFtpd => Running::Enclosed(Enclosed::start(root, &options, pureftpd::commands)?),
        };
        Ok(Self { kind, options, running })
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How it was set up.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where it listens for IPv4.
    pub fn address(&self) -> SocketAddr {
        match &self.running {
            Running::PyFtpd(server) => server.address(),
            Running::Enclosed(server) => server.address(),
        }
    }

    /// Where it listens for IPv6, if this machine has it.
    pub fn address_v6(&self) -> SocketAddr {
        match &self.running {
            Running::PyFtpd(server) => server.address_v6(),
            Running::Enclosed(server) => server.address_v6(),
        }
    }

    /// The home of `user`, who may do with everything in it as this process may.
    pub fn root(&self) -> &Path {
        match &self.running {
            Running::PyFtpd(server) => server.root(),
            Running::Enclosed(server) => server.root(),
        }
    }

    /// What `anonymous` may read.
    pub fn anonymous_root(&self) -> &Path {
        match &self.running {
            Running::PyFtpd(server) => server.anonymous_root(),
            Running::Enclosed(server) => server.anonymous_root(),
        }
    }

    /// End it at once, in the middle of whatever it does, with all of its sessions.
    pub fn kill(&mut self) -> Result<()> {
        match &mut self.running {
            Running::PyFtpd(server) => server.kill(),
            Running::Enclosed(server) => server.kill(),
        }
    }

    /// The same, and start it again at the same addresses.
    pub fn restart(&mut self) -> Result<()> {
        match &mut self.running {
            Running::PyFtpd(server) => server.restart(),
            Running::Enclosed(server) => server.restart(),
        }
    }
}
