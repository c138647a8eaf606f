//! The command as people run it: `wasmtime run ftp-cli.wasm`, and `ftp-host`, which runs the same component.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow, ensure};
use tempfile::TempDir;

use crate::cargo;
use crate::certificates;
use crate::root;
use crate::servers::{Kind, Options, Security, Server, Way};
use crate::suite::{Case, Cases};
use crate::wasmtime;

/// Who runs the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The command `wasmtime`, with the flags that the guide of the command names.
    Wasmtime,
    /// `ftp-host`.
    Runner,
}

impl Program {
    /// The two programs that every trial of the command runs.
    pub const ALL: [Self; 2] = [Self::Wasmtime, Self::Runner];

    /// As it is called in the names of trials.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wasmtime => "wasmtime",
            Self::Runner => "runner",
        }
    }

    /// The command with these arguments, in this folder, with the password of `user` in the environment.
    pub fn command(self, folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Result<Command> {
        let mut command = match self {
            Self::Wasmtime => {
                let mut command = wasmtime::run()?;
                command.args([
                    "-S",
                    "inherit-network",
                    "-S",
                    "allow-ip-name-lookup",
                    "--dir",
                    ".",
                    "--env",
                    "FTP_PASSWORD",
                ]);
                command.arg(component()?);
                command
            }
            Self::Runner => Command::new(runner()?),
        };
        command.args(arguments).current_dir(folder).env("FTP_PASSWORD", "12345").stdin(Stdio::null());
        Ok(command)
    }
}

impl Cases for Program {
    fn cases() -> Vec<Case<Self>> {
        Self::ALL.into_iter().map(|program| Case::new(program.name(), Ok(()), move || Ok(program))).collect()
    }
}

/// Each program, with each of these.
pub fn each_case<T: Copy + Send + 'static>(
    cases: impl IntoIterator<Item = (&'static str, T)>,
) -> Vec<Case<(Program, T)>> {
    let both = |(name, case)| {
        Program::cases().into_iter().map(move |program| program.map(move |program| Ok((program, case))).named(name))
    };
    cases.into_iter().flat_map(both).collect()
}

/// `ftp-cli.wasm` as a file.
pub fn component() -> Result<&'static Path> {
    static FILE: LazyLock<Result<PathBuf>> = LazyLock::new(|| {
        // It stays: nothing tells when the last trial is over. Another process writes the same.
        let file = root::cache().join("ftp-cli.wasm");
        std::fs::create_dir_all(root::cache())?;
        let new = root::cache().join(format!("ftp-cli.{}.wasm", std::process::id()));
        std::fs::write(&new, ftp_host::COMMAND)?;
        std::fs::rename(&new, &file)?;
        Ok(file)
    });
    FILE.as_ref().map(PathBuf::as_path).map_err(|error| anyhow!("{error:#}"))
}

/// The binary `ftp-host`.
pub fn runner() -> Result<PathBuf> {
    cargo::binary("ftp-host")
}

/// Each program at each of these servers.
pub fn at(ways: impl IntoIterator<Item = Way>) -> Vec<Case<Place>> {
    at_with(ways, &[])
}

/// The same, with more of the server's own: see [`Options::extra`](crate::servers::Options::extra).
pub fn at_with(ways: impl IntoIterator<Item = Way>, extra: &'static [&'static str]) -> Vec<Case<Place>> {
    let case = |way: Way, program: Program| {
        let name = format!("{}::{}", program.name(), way.name());
        Case::new(name, way.installed(), move || Place::start_with(program, way, extra))
    };
    ways.into_iter().flat_map(|way| Program::ALL.map(|program| case(way, program))).collect()
}

/// This program at the plain server that needs the least.
pub fn by(program: Program) -> Vec<Case<Place>> {
    vec![Case::new(program.name(), Kind::PyFtpd.installed(), move || Place::plain(program, Kind::PyFtpd))]
}

/// Each program at the plain server that needs the least.
impl Cases for Place {
    fn cases() -> Vec<Case<Self>> {
        Program::ALL.into_iter().flat_map(by).collect()
    }
}

/// A server, a folder here, and the command between them.
pub struct Place {
    /// The server.
    pub server: Server,
    /// The folder in which the command runs.
    pub here: TempDir,
    program: Program,
    way: Way,
}

impl Place {
    /// Start the server.
    pub fn start(program: Program, way: Way) -> Result<Self> {
        Self::start_with(program, way, &[])
    }

    /// Start the server with more of its own: see [`Options::extra`](crate::servers::Options::extra).
    pub fn start_with(program: Program, way: Way, extra: &[&str]) -> Result<Self> {
        let here = root::temporary()?;
        if way.is_encrypted() {
            std::fs::write(here.path().join("ca.pem"), certificates::authority()?)?;
        }
        let options = Options { extra: extra.iter().map(|&one| one.to_owned()).collect(), ..way.options() };
        Ok(Self { server: Server::start(way.kind, options)?, here, program, way })
    }

    /// The plain server of this kind.
    pub fn plain(program: Program, kind: Kind) -> Result<Self> {
        Self::start(program, Way::plain(kind))
    }

    /// Who runs the command.
    pub fn program(&self) -> Program {
        self.program
    }

    /// The URL of a path on the server.
    pub fn url(&self, path: &str) -> String {
        let scheme = match self.way.security {
            Security::Plain => "ftp",
            Security::Explicit => "ftpes",
            Security::Implicit => "ftps",
        };
        format!("{scheme}://user@{}/{path}", self.server.address())
    }

    /// The command with these arguments, and what this server takes besides.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let (verb, rest) = arguments.split_first().context("a verb")?;
        let mut all = vec![*verb];
        if self.way.is_encrypted() {
            all.extend(["--ca", "ca.pem"]);
        }
        all.extend(rest);
        self.program.command(self.here.path(), &all)
    }

    /// Run the command.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments)?.output()?)
    }

    /// Run the command, which has to succeed, and give back what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments)?;
        ensure!(output.status.success(), "{arguments:?}: {output:?}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Write a file on the server.
    pub fn write_there(&self, path: &str, contents: &[u8]) -> Result<()> {
        write(&self.server.root().join(path), contents)
    }

    /// A file on the server.
    pub fn there(&self, path: &str) -> Result<Vec<u8>> {
        std::fs::read(self.server.root().join(path)).with_context(|| format!("{path} on the server"))
    }

    /// Write a file here.
    pub fn write_here(&self, path: &str, contents: &[u8]) -> Result<()> {
        write(&self.here.path().join(path), contents)
    }

    /// A file here.
    pub fn here(&self, path: &str) -> Result<Vec<u8>> {
        std::fs::read(self.here.path().join(path)).with_context(|| format!("{path} here"))
    }
}

fn write(path: &Path, contents: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, contents)?)
}
