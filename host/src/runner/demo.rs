//! `demo`: everything that moves files, against a server in this process, with each file compared: first in the clear,
//! then inside TLS.

use std::io::{self, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use ftp_cli::figures::{grouped, time};
use ftp_host::Host;

use checks::Checks;
use originals::Originals;

mod checks;
mod moved;
mod originals;
mod part;
mod progress;
mod sample;
mod steps;
mod table;
mod tree;

const MEASURED: &str = "\
Times run from the first command to the last reply, reading and writing files on this disk included. Hashes (SHA-256)
are taken from the files on both sides while no clock runs. The server has its share in all of it, TLS included: it runs
on this machine, in this process, and moves 8 KiB at a time, which sets the pace of the large file in the clear.";

/// Fails unless every comparison held.
pub async fn run(mebibytes: u64) -> Result<()> {
    let originals = Originals::make(mebibytes).context("cannot make the files")?;
    let (tree, large) = (&originals.tree, &originals.large);
    let (directories, files, bytes) = (tree.directories.len(), tree.files.len(), grouped(tree.bytes()));
    say(&format!("tree: {directories} directories, {files} files, {bytes} bytes"))?;
    say(&format!("large file: {} bytes", grouped(large.size)))?;
    let clock = Instant::now();
    let host = Host::new()?;
    say(&format!("engine: started in {}", time(clock.elapsed())))?;

    let mut checks = Checks::default();
    let clear = part::run("in the clear", false, &host, &originals, &mut checks).await?;
    let tls = part::run("inside TLS", true, &host, &originals, &mut checks).await?;

    say(&format!("\n{clear}\n{tls}\n{MEASURED}\n"))?;
    say(&format!("{} of {} comparisons held", checks.held, checks.all))?;
    ensure!(checks.held == checks.all, "{} comparisons failed", checks.all - checks.held);
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
