//! ftplib, of Python's standard library: `ftplib.py` does the work, and measures itself.

use std::process::Command;

use anyhow::Result;

use super::{Peer, first_line, measured, timed};
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
        measured(Command::new("python3").args(["-c", SCRIPT]), task)
    }
}
