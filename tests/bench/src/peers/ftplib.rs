//! ftplib, of Python's standard library: `ftplib.py` does the work, and measures itself.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::{Peer, first_line, timed};
use crate::figures::Figures;
use crate::site::{Task, closed_port};
use crate::works::Work;

/// The program.
const SCRIPT: &str = include_str!("ftplib.py");

/// The library, in a process of its own, with a thread for each client.
pub struct FtpLib;

impl Peer for FtpLib {
    fn name(&self) -> &'static str {
        "ftplib"
    }

    fn title(&self) -> &'static str {
        "the library `ftplib` of CPython"
    }

    fn prepare(&mut self) -> Result<String> {
        first_line(Command::new("python3").arg("--version"))
    }

    fn does(&self, work: Work) -> bool {
        !matches!(work, Work::SmallRetr4 | Work::SmallStor4 | Work::IdleRetr | Work::Memory | Work::Start)
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        if task.work == Work::Cold {
            let connect = format!("import ftplib; ftplib.FTP().connect('127.0.0.1', {})", closed_port()?);
            return timed(Command::new("python3").args(["-c", &connect]), task);
        }
        let site = task.site()?;
        let numbers = [task.sizes.files, task.sizes.clients, task.sizes.connects, task.sizes.entries];
        let output = Command::new("python3")
            .args([
                "-c",
                SCRIPT,
                task.work.name(),
                &site.address().ip().to_string(),
                &site.address().port().to_string(),
            ])
            .args([crate::works::security(site.way)])
            .args(numbers.map(|number| number.to_string()))
            .current_dir(task.here.path())
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}", said.lines().next_back().unwrap_or_default());
        let figures = figures(&String::from_utf8_lossy(&output.stdout), task.bytes()).context("what it measured")?;
        Ok(if task.work == Work::Connect { figures.each(task.sizes.connects) } else { figures })
    }
}

fn figures(line: &str, bytes: u64) -> Option<Figures> {
    let mut numbers = line.split_whitespace().map(|word| word.parse::<f64>().ok());
    Some(Figures { seconds: numbers.next()??, cpu_seconds: numbers.next()??, bytes })
}
