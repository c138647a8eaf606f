//! How fast ciphers are in WebAssembly, without anything around them: what a transfer inside TLS cannot be faster than.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ftp_tests::wasmtime;

/// Names the example `records` of `ftp-crypto`, which `tests/bench/run` builds as the component is.
const RECORDS: &str = "FTP_BENCH_RECORDS";

/// How long each cipher is measured each way.
const MILLISECONDS: &str = "250";

/// A cipher.
pub struct Cipher {
    /// Its suite, as TLS 1.3 has it.
    pub name: String,
    /// MB/s, as an upload does it.
    pub sealing: f64,
    /// MB/s, as a download does it.
    pub opening: f64,
}

/// Measure the cipher of a suite; without what it takes there is none.
pub fn measure(suite: &str) -> Option<Cipher> {
    try_measure(suite).inspect_err(|error| eprintln!("the cipher alone is missing: {error:#}")).ok()
}

fn try_measure(suite: &str) -> Result<Cipher> {
    let component = std::env::var_os(RECORDS).with_context(|| format!("{RECORDS} is not set"))?;
    let mut command = Command::new(wasmtime::wasmtime()?);
    // As `ftp-host` has the component.
    command.args(["run", "-C", "cache=n", "-C", "inlining=y"]).arg(component).arg(MILLISECONDS);
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let all: Option<Vec<_>> = lines.lines().map(cipher).collect();
    let mut all = all.context("a line for each cipher")?.into_iter();
    all.find(|cipher| cipher.name == suite).with_context(|| format!("{suite} is not among them"))
}

fn cipher(line: &str) -> Option<Cipher> {
    let mut words = line.split_whitespace();
    Some(Cipher {
        name: words.next()?.replacen("TLS13_", "TLS_", 1),
        sealing: words.next()?.parse().ok()?,
        opening: words.next()?.parse().ok()?,
    })
}
