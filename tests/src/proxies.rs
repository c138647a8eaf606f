//! Two real proxies, each a process of its own for each trial. `tests/run` installs them beside the servers.

use std::fs::{File, Permissions};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, anyhow};
use ftp_host::{Credentials, ProxyServer};
use tempfile::TempDir;

use crate::ready::{self, LOG};
use crate::root;
use crate::servers::Port;
use crate::suite::{Case, Cases, Requirement};

/// The user whom a proxy with a login knows.
pub const USER: &str = "proxy-user";

/// The password of that user.
pub const PASSWORD: &str = "hunter2-the-proxy";

/// Starts the proxy, and ends it when the standard input ends.
const UNTIL_THE_END: &str = r#""$@" </dev/null & cat >/dev/null; kill $!; wait $!"#;

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// microsocks.
    Socks5,
    /// tinyproxy.
    HttpConnect,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Socks5, Self::HttpConnect];

    /// As it is called in the names of trials.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Socks5 => "microsocks",
            Self::HttpConnect => "tinyproxy",
        }
    }

    /// Whether it can be started here.
    pub fn installed(self) -> Requirement {
        let program = self.program();
        match program.exists() {
            true => Ok(()),
            false => Err(format!("there is no {}; tests/run installs it", program.display())),
        }
    }

    /// This kind of proxy at an address, for a client.
    pub fn at(self, address: SocketAddr, credentials: Option<(&str, &str)>) -> ftp_host::Proxy {
        let credentials =
            credentials.map(|(user, password)| Credentials { user: user.into(), password: password.into() });
        let server = ProxyServer { host: address.ip().to_string(), port: address.port(), credentials };
        match self {
            Self::Socks5 => ftp_host::Proxy::Socks5(server),
            Self::HttpConnect => ftp_host::Proxy::HttpConnect(server),
        }
    }

    fn program(self) -> std::path::PathBuf {
        root::cache().join("servers/usr/bin").join(self.name())
    }
}

impl Cases for Kind {
    fn cases() -> Vec<Case<Self>> {
        Self::ALL.into_iter().map(|kind| Case::new(kind.name(), kind.installed(), move || Ok(kind))).collect()
    }
}

/// A running proxy.
pub struct Proxy {
    kind: Kind,
    login: bool,
    process: Child,
    port: Port,
    private: TempDir,
}

impl Proxy {
    /// Start one, for everybody or for [`USER`] alone.
    pub fn start(kind: Kind, login: bool) -> Result<Self> {
        kind.installed().map_err(|reason| anyhow!(reason))?;
        let (port, private) = (Port::reserve()?, root::temporary()?);
        let number = port.number.to_string();
        let mut process = Command::new("sh");
        process.args(["-c", UNTIL_THE_END, "sh"]).arg(kind.program());
        match (kind, login) {
            (Kind::Socks5, false) => process.args(["-i", "127.0.0.1", "-p", &number]),
            (Kind::Socks5, true) => process.args(["-i", "127.0.0.1", "-p", &number, "-u", USER, "-P", PASSWORD]),
            (Kind::HttpConnect, _) => {
                let file = private.path().join("configuration");
                std::fs::write(&file, configuration(&number, login))?;
                std::fs::set_permissions(&file, Permissions::from_mode(0o600))?;
                process.arg("-d").arg("-c").arg(file)
            }
        };
        let log = || File::options().create(true).append(true).open(private.path().join(LOG));
        let process =
            process.stdin(Stdio::piped()).stdout(log()?).stderr(log()?).spawn().context("starting a proxy")?;
        let proxy = Self { kind, login, process, port, private };
        // The port was reserved, so whoever answers there is this proxy.
        ready::wait(proxy.private.path(), || Ok(TcpStream::connect(proxy.address()).is_ok()))?;
        Ok(proxy)
    }

    /// For a client that may use it.
    pub fn settings(&self) -> ftp_host::Proxy {
        self.settings_as(self.login.then_some((USER, PASSWORD)))
    }

    /// For a client with this login.
    pub fn settings_as(&self, credentials: Option<(&str, &str)>) -> ftp_host::Proxy {
        self.kind.at(self.address(), credentials)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number).into()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn configuration(port: &str, login: bool) -> String {
    let login = if login { format!("BasicAuth {USER} {PASSWORD}\n") } else { String::new() };
    format!("Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 100\nLogLevel Warning\n{login}")
}
