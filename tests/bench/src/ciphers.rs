//! How fast ciphers are in WebAssembly, without anything around them: what a transfer inside TLS cannot be faster than.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ftp_tests::wasmtime;

/// Names the example `records` of `ftp-crypto`, which `tests/bench/run` builds as the component is.
const RECORDS: &str = "FTP_BENCH_RECORDS";

/// A cipher.
pub struct Cipher {
    /// Its suite.
    pub name: String,
    /// MB/s, as an upload does it.
    pub sealing: f64,
    /// MB/s, as a download does it.
    pub opening: f64,
}

/// Measure them; without what it takes there are none.
pub fn measure() -> Vec<Cipher> {
    try_measure().unwrap_or_else(|error| {
        eprintln!("the ciphers alone are missing: {error:#}");
        Vec::new()
    })
}

fn try_measure() -> Result<Vec<Cipher>> {
    let component = std::env::var_os(RECORDS).with_context(|| format!("{RECORDS} is not set"))?;
    let output = Command::new(wasmtime::wasmtime()?).args(["run", "-C", "cache=n"]).arg(component).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)?.lines().map(|line| cipher(line).context("a line for each cipher")).collect()
}

fn cipher(line: &str) -> Option<Cipher> {
    let mut words = line.split_whitespace();
    Some(Cipher {
        name: words.next()?.to_owned(),
        sealing: words.next()?.parse().ok()?,
        opening: words.next()?.parse().ok()?,
    })
}
