//! pyftpdlib, the reference server, in a process of its own for each trial. `tests/run` installs it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tempfile::TempDir;

use crate::certificates;
use crate::root;
use crate::servers::{Options, Port, Security};
use crate::suite::Requirement;

/// The longest wait for a server to start, or for one of its events.
const LIMIT: Duration = Duration::from_secs(30);

/// A running server: `user` with the password `12345` may do everything, `anonymous` may read.
pub struct PyFtpd {
    arguments: Vec<String>,
    process: Child,
    port: Port,
    events: Receiver<String>,
    root: TempDir,
    anonymous_root: TempDir,
    private: TempDir,
}

impl PyFtpd {
    /// Start one with arguments of `servers/pyftpd.py`, beyond those for its directories.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        Self::start_in(root::temporary()?, arguments)
    }

    /// Start one whose `user` is at home in this directory.
    pub fn start_in(root: TempDir, arguments: &[&str]) -> Result<Self> {
        Self::run(root, root::temporary()?, arguments.iter().map(|&argument| argument.into()).collect())
    }

    /// Start one that is set up in the way of all servers.
    pub fn start_with(root: TempDir, options: &Options) -> Result<Self> {
        let private = root::temporary()?;
        let write = |name: &str, contents: String| -> Result<String> {
            let path = private.path().join(name);
            std::fs::write(&path, contents)?;
            Ok(path.to_str().context("a path in UTF-8")?.into())
        };
        let mut arguments = options.extra.clone();
        if options.security != Security::Plain {
            let combined = certificates::server(options.certificate)?.combined();
            arguments.extend(["--certificate".into(), write("certificate.pem", combined)?]);
            if let Some(authority) = &options.client_authority {
                arguments.extend(["--client-authority".into(), write("authority.pem", authority.clone())?]);
            }
        }
        if let Some(ports) = &options.passive_ports {
            arguments.extend(["--passive-ports".into(), format!("{}-{}", ports.start(), ports.end())]);
        }
        if options.security == Security::Implicit {
            arguments.push("--implicit".into());
        }
        Self::run(root, private, arguments)
    }

    fn run(root: TempDir, private: TempDir, mut arguments: Vec<String>) -> Result<Self> {
        installed().map_err(|reason| anyhow!(reason))?;
        let (port, anonymous_root) = (Port::reserve()?, root::temporary()?);
        arguments.extend(["--port".into(), port.number.to_string()]);
        for (option, directory) in [("--root", &root), ("--anonymous-root", &anonymous_root)] {
            let path = directory.path().to_str().context("a path in UTF-8")?;
            arguments.extend([option.into(), path.into()]);
        }
        let (process, events) = spawn(&arguments, private.path())?;
        let server = Self { arguments, process, port, events, root, anonymous_root, private };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Where it listens for IPv4.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number).into()
    }

    /// Where it listens for IPv6.
    pub fn address_v6(&self) -> SocketAddr {
        (Ipv6Addr::LOCALHOST, self.port.number).into()
    }

    /// The home of `user`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// What `anonymous` may read.
    pub fn anonymous_root(&self) -> &Path {
        self.anonymous_root.path()
    }

    /// Wait until the server says that this has happened.
    pub fn wait_for(&self, event: &str) -> Result<()> {
        while self.event()? != event {}
        Ok(())
    }

    /// The first event is the port.
    fn wait_until_ready(&self) -> Result<()> {
        self.wait_for(&self.port.number.to_string())
    }

    fn event(&self) -> Result<String> {
        match self.events.recv_timeout(LIMIT) {
            Ok(event) => Ok(event),
            Err(_) => bail!("pyftpdlib says nothing; its log: {}", self.log()),
        }
    }

    /// End it at once, in the middle of whatever it does.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill().context("killing pyftpdlib")?;
        self.process.wait().context("waiting for its end")?;
        Ok(())
    }

    /// End it at once, and start it again at the same port.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        (self.process, self.events) = spawn(&self.arguments, self.private.path())?;
        self.wait_until_ready()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.private.path().join("log")).unwrap_or_default()
    }
}

impl Drop for PyFtpd {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Whether `tests/run` has installed pyftpdlib.
pub fn installed() -> Requirement {
    let python = python();
    match python.exists() {
        true => Ok(()),
        false => Err(format!("pyftpdlib is not installed in {}; tests/run installs it", python.display())),
    }
}

/// Whether a server on this machine can listen on `::1`.
pub fn installed_with_ipv6() -> Requirement {
    installed()?;
    std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0))
        .map(drop)
        .map_err(|error| format!("no IPv6 on the loopback interface: {error}"))
}

fn python() -> PathBuf {
    root::cache().join("python/bin/python")
}

fn spawn(arguments: &[String], private: &Path) -> Result<(Child, Receiver<String>)> {
    let mut process = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/pyftpd.py"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(File::options().create(true).append(true).open(private.join("log"))?)
        .spawn()
        .context("starting pyftpdlib")?;
    let events = lines_of(process.stdout.take().context("standard output is piped")?);
    Ok((process, events))
}

fn lines_of(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
