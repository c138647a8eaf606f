//! Those who do the work, each in a file of its own, all with the same small interface.
//!
//! Libraries work inside this process, those of Python and of C inside a process of their own: a session is there before
//! the clock starts, unless connecting is the work. Commands are timed as a whole: starting the process, connecting and
//! logging in are a part of their time.

mod command;
mod curl;
mod curl8;
mod ftplib;
mod host;
mod lftp;
mod native;
mod suppaftp;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use ftp_tests::payload::CHUNK;
use ftp_tests::root;

pub use host::{Ours, policy};
pub use native::{Native, settings as native_settings};

use crate::figures::{Clock, Figures};
use crate::site::Task;
use crate::works::{Work, security};

/// A client.
pub trait Peer {
    /// The word for it.
    fn name(&self) -> &'static str;

    /// What it is, for people.
    fn title(&self) -> &'static str;

    /// Make it ready. Gives its version, or why it is missing.
    fn prepare(&mut self) -> Result<String>;

    /// Whether it does this work.
    fn does(&self, work: Work) -> bool;

    /// Do it once.
    fn run(&mut self, task: &Task<'_>) -> Result<Figures>;
}

/// All of them, in the order of the tables.
pub fn all() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(Ours::host()),
        Box::new(Ours::portable()),
        Box::new(command::Ours::wasmtime()),
        Box::new(command::Ours::wasmtime_uncached()),
        Box::new(command::Ours::runner()),
        Box::<Native>::default(),
        Box::new(curl8::Curl8),
        Box::new(curl::Curl),
        Box::new(lftp::Lftp),
        Box::new(ftplib::FtpLib),
        Box::new(suppaftp::SuppaFtp),
    ]
}

/// Which peers are here, with their versions, and which are not.
#[derive(Debug, Default)]
pub struct Missing {
    /// Title and version.
    pub versions: Vec<(String, String)>,
    /// Title and reason.
    pub missing: Vec<(String, String)>,
}

impl Missing {
    /// Make the peers ready, and go on without those that cannot be.
    pub fn without(peers: &mut Vec<Box<dyn Peer>>) -> Self {
        let mut all = Self::default();
        peers.retain_mut(|peer| match peer.prepare() {
            Ok(version) => {
                all.versions.push((label(&**peer), version));
                true
            }
            Err(error) => {
                eprintln!("{} is missing: {error:#}", peer.name());
                all.missing.push((label(&**peer), format!("{error:#}")));
                false
            }
        });
        all
    }
}

fn label(peer: &dyn Peer) -> String {
    format!("`{}`: {}", peer.name(), peer.title())
}

/// A program of that name: the one that `tests/bench/run` has unpacked, else the system's.
fn program(name: &str) -> Command {
    let unpacked = root::cache().join("peers");
    let program = unpacked.join("usr/bin").join(name);
    if !program.exists() {
        return Command::new(name);
    }
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", unpacked.join("libraries"));
    command
}

/// The longest that small files may take, in seconds. curl 7.88 overlooks data connections that are there already, at
/// random, and lftp does so inside TLS: they wait for a second or more, so that a thousand files would take minutes.
const SMALL_LIMIT: &str = "10";

/// The command, within that limit for the works that have one.
fn limited(command: Command, task: &Task<'_>) -> Command {
    if !matches!(task.work, Work::SmallRetr | Work::SmallStor) {
        return command;
    }
    let mut limited = Command::new("timeout");
    limited.arg(SMALL_LIMIT).arg(command.get_program());
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

/// The first line that a command prints.
fn first_line(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned).context("it does not tell its version")
}

/// Run a command to its end, and measure it. What it prints goes into a file, as a shell would have it.
fn timed(command: &mut Command, task: &Task<'_>) -> Result<Figures> {
    let printed = task.here.path().join("printed");
    command.current_dir(task.here.path()).stdin(Stdio::null());
    command.stdout(File::create(&printed)?).stderr(Stdio::piped());
    let clock = Clock::of_children()?;
    let output = command.spawn().with_context(|| format!("{command:?}"))?.wait_with_output()?;
    let figures = clock.stop(task.bytes())?;
    // A port where nobody listens is a failure, as it should be.
    if !output.status.success() && task.work != Work::Cold {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{}: {}", output.status, said.lines().next_back().unwrap_or_default());
    }
    let length = std::fs::metadata(&printed)?.len();
    if task.work == Work::List && length < task.sizes.entries as u64 * 10 {
        bail!("it printed {length} bytes for {} entries", task.sizes.entries);
    }
    Ok(figures)
}

/// Run a program that has a session before its clock starts, and prints what it measured. `ftplib.py` and `curl8/` take the
/// same arguments.
fn measured(command: &mut Command, task: &Task<'_>) -> Result<Figures> {
    let site = task.site()?;
    let numbers = [task.sizes.files, task.sizes.clients, task.sizes.connects, task.sizes.entries];
    let output = command
        .args([task.work.name(), &site.address().ip().to_string(), &site.address().port().to_string()])
        .arg(security(site.way))
        .args(numbers.map(|number| number.to_string()))
        .current_dir(task.here.path())
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}", output.status, said.lines().next_back().unwrap_or_default());
    let figures = figures(&String::from_utf8_lossy(&output.stdout), task.bytes()).context("what it measured")?;
    Ok(if task.work == Work::Connect { figures.each(task.sizes.connects) } else { figures })
}

/// Seconds, and the seconds of processors.
fn figures(line: &str, bytes: u64) -> Option<Figures> {
    let mut numbers = line.split_whitespace().map(|word| word.parse::<f64>().ok());
    Some(Figures { seconds: numbers.next()??, cpu_seconds: numbers.next()??, bytes })
}

/// A file that is read in pieces, as it is sent.
struct Source(File);

impl Source {
    fn open(path: &Path) -> Result<Self> {
        Ok(Self(File::open(path)?))
    }

    /// The next piece; none is the end.
    fn piece<'a>(&mut self, buffer: &'a mut Vec<u8>) -> Result<Option<&'a [u8]>> {
        buffer.resize(CHUNK, 0);
        let length = self.0.read(buffer)?;
        Ok((length > 0).then(|| &buffer[..length]))
    }
}

/// Where what comes is written.
struct Sink(File);

impl Sink {
    fn create(path: &Path) -> Result<Self> {
        Ok(Self(File::create(path)?))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes)?)
    }
}

/// The file here that stands for one on the server: the same name in `down/`, or the one that is sent.
struct Pair {
    there: String,
    here: PathBuf,
}

/// The files that a work moves, in its order.
fn files(task: &Task<'_>) -> Vec<Pair> {
    let names: Vec<String> = match task.work {
        Work::Retr | Work::Stor | Work::IdleRetr => vec!["large".to_owned()],
        Work::ManyRetr | Work::ManyStor => (0..task.sizes.clients).map(crate::site::each).collect(),
        _ => (0..task.sizes.files).map(crate::site::small).collect(),
    };
    let upload = matches!(task.work, Work::Stor | Work::SmallStor | Work::SmallStor4 | Work::ManyStor);
    let pair = |name: String| {
        let last = name.rsplit('/').next().unwrap_or_default().to_owned();
        match upload {
            true => Pair { there: format!("up/{last}"), here: task.here.path().join(name) },
            false => Pair { there: name, here: task.here.down().join(last) },
        }
    };
    names.into_iter().map(pair).collect()
}
