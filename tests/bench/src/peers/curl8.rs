//! curl 8, as the programs have it that use its library: `curl8/` does the work, and measures itself.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Peer, first_line, limited, measured, timed};
use crate::figures::Figures;
use crate::site::{Task, closed_port};
use crate::works::Work;

/// Names the program, which `tests/bench/run` builds where there is a C compiler.
const PROGRAM: &str = "FTP_BENCH_CURL8";

/// The library, in a process of its own, on one thread.
pub struct Curl8;

impl Peer for Curl8 {
    fn name(&self) -> &'static str {
        "curl8"
    }

    fn title(&self) -> &'static str {
        "the library of curl 8, on one thread"
    }

    fn prepare(&mut self) -> Result<String> {
        first_line(program()?.arg("--version"))
    }

    fn does(&self, work: Work) -> bool {
        !matches!(work, Work::SmallRetr4 | Work::SmallStor4 | Work::IdleRetr | Work::Memory | Work::Start)
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        if task.work == Work::Cold {
            let port = closed_port()?.to_string();
            return timed(program()?.args(["cold", "127.0.0.1", &port, "plain", "0", "0", "0", "0"]), task);
        }
        measured(&mut limited(program()?, task), task)
    }
}

fn program() -> Result<Command> {
    let program =
        std::env::var_os(PROGRAM).with_context(|| format!("{PROGRAM} is not set; tests/bench/run builds it"))?;
    Ok(Command::new(program))
}
