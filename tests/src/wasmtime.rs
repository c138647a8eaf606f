//! The command `wasmtime`, of the version of the library in `Cargo.lock`. `tests/run` installs it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow};

use crate::root;
use crate::suite::Requirement;

/// Whether `tests/run` has installed it.
pub fn installed() -> Requirement {
    let program = program();
    match program.exists() {
        true => Ok(()),
        false => Err(format!("there is no {}; tests/run installs it", program.display())),
    }
}

/// Where the command is, if it is installed.
pub fn wasmtime() -> Result<PathBuf> {
    installed().map_err(|reason| anyhow!(reason))?;
    Ok(program())
}

/// `wasmtime run`, to which options, a component and its arguments can be added. What is compiled is kept beside the
/// command, for the next run, and nothing anywhere else.
pub fn run() -> Result<Command> {
    let mut command = Command::new(wasmtime()?);
    command.arg("run").arg("-C").arg(format!("cache-config={}", directory().join("cache.toml").display()));
    command.stdin(Stdio::null());
    Ok(command)
}

fn program() -> PathBuf {
    directory().join("bin/wasmtime")
}

fn directory() -> PathBuf {
    root::cache().join("wasmtime")
}
