//! `ftp-cli.wasm`: in the command `wasmtime`, and by the runner `ftp-host`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use ftp_tests::command::component;
use ftp_tests::wasmtime;

use super::{Peer, first_line, timed};
use crate::figures::Figures;
use crate::site::{PASSWORD, Task, closed_port, small};
use crate::works::Work;

/// The longest that a command may take, in seconds.
const LIMIT: &str = "300";

/// The command, in one of its ways to be run.
pub struct Ours {
    name: &'static str,
    title: &'static str,
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Wasmtime,
    /// Without what an earlier run has compiled.
    Uncached,
    Runner,
}

impl Ours {
    /// By `wasmtime`, which has compiled it before.
    pub fn wasmtime() -> Self {
        Self { name: "wasmtime", title: "`ftp-cli.wasm` in the command `wasmtime`", how: How::Wasmtime }
    }

    /// By `wasmtime`, which compiles it.
    pub fn wasmtime_uncached() -> Self {
        let title = "the same without the cache of what was compiled";
        Self { name: "wasmtime-uncached", title, how: How::Uncached }
    }

    /// By `ftp-host`.
    pub fn runner() -> Self {
        Self { name: "runner", title: "`ftp-cli.wasm` by the runner `ftp-host`", how: How::Runner }
    }

    fn program(&self) -> Result<Command> {
        let mut command = match self.how {
            How::Runner => Command::new(runner()?),
            How::Wasmtime => wasmtime::run()?,
            How::Uncached => {
                let mut command = Command::new(wasmtime::wasmtime()?);
                command.args(["run", "-C", "cache=n"]);
                command
            }
        };
        if self.how != How::Runner {
            command.args("-S inherit-network -S allow-ip-name-lookup --dir . --env FTP_PASSWORD".split(' '));
            command.arg(component()?);
        }
        command.env("FTP_PASSWORD", PASSWORD);
        Ok(command)
    }
}

/// `tests/bench/run` builds it beside this program.
fn runner() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("ftp-host");
    ensure!(program.exists(), "there is no {}; tests/bench/run builds it", program.display());
    Ok(program)
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn prepare(&mut self) -> Result<String> {
        if self.how == How::Runner {
            return first_line(self.program()?.arg("--version"));
        }
        let version = first_line(Command::new(wasmtime::wasmtime()?).arg("--version"))?;
        // The first run compiles.
        Ok(format!("{} in {version}", first_line(self.program()?.arg("--version"))?))
    }

    fn does(&self, work: Work) -> bool {
        match work {
            Work::Cold => true,
            Work::Retr | Work::Stor | Work::List | Work::Connect => self.how != How::Uncached,
            Work::SmallRetr | Work::SmallStor | Work::SmallRetr4 | Work::SmallStor4 => self.how != How::Uncached,
            _ => false,
        }
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        let mut command = self.program()?;
        command.args(arguments(task)?);
        timed(&mut command, task)
    }
}

/// All of a work in one process.
fn arguments(task: &Task<'_>) -> Result<Vec<String>> {
    if task.work == Work::Cold {
        return Ok(words(&format!("ls ftp://127.0.0.1:{}/", closed_port()?)));
    }
    let site = task.site()?;
    let scheme = if site.way.is_encrypted() { "ftpes" } else { "ftp" };
    let url = |path: &str| format!("{scheme}://user@{}/{path}", site.address());
    let (verb, places) = match task.work {
        Work::Retr => ("get", vec![url("large"), "down/".to_owned()]),
        Work::Stor => ("put", vec!["large".to_owned(), url("up/")]),
        Work::SmallRetr | Work::SmallRetr4 => {
            let names = (0..task.sizes.files).map(|number| url(&small(number)));
            ("get", names.chain(["down/".to_owned()]).collect())
        }
        Work::SmallStor | Work::SmallStor4 => ("put", (0..task.sizes.files).map(small).chain([url("up/")]).collect()),
        Work::List => ("ls", vec![url("many/")]),
        Work::Connect => ("quote", vec![url(""), "NOOP".to_owned()]),
        _ => bail!("not its work"),
    };
    let mut all = words(&format!("{verb} --quiet --max-time {LIMIT}"));
    if matches!(verb, "get" | "put") {
        let sessions = if matches!(task.work, Work::SmallRetr4 | Work::SmallStor4) { "4" } else { "1" };
        all.extend(["--no-times", "-P", sessions].map(str::to_owned));
    }
    if site.way.is_encrypted() {
        let authority = task.here.path().join("ca.pem");
        let name = authority.file_name().context("it has a name")?.to_string_lossy().into_owned();
        all.extend(["--ca".to_owned(), name]);
    }
    all.extend(places);
    Ok(all)
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
