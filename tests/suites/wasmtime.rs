//! The command `wasmtime` is of the same version as the library.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use ftp_tests::wasmtime::wasmtime;
use ftp_tests::{suite, trial};

const LOCK: &str = include_str!("../../Cargo.lock");

fn main() -> ExitCode {
    suite::run()
}

#[trial]
async fn version_is_that_of_the_library() -> Result<()> {
    let (_, library) = LOCK.split_once("name = \"wasmtime\"\nversion = \"").context("no wasmtime in Cargo.lock")?;
    let (version, _) = library.split_once('"').context("no version of it")?;
    let output = Command::new(wasmtime()?).arg("--version").output()?;
    let printed = String::from_utf8(output.stdout)?;
    assert_eq!(printed.split_whitespace().nth(1), Some(version), "{printed}");
    Ok(())
}
