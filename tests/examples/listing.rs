//! A large directory, listed in portions: how long it takes, and what it does to the memory of the guest.
//!
//! `cargo run --release -p ftp-tests --example listing [-- FILES [SERVER]]`, after `tests/run` has installed the servers:
//! a million files by default, and vsftpd; the others are `pyftpdlib`, `proftpd` and `pure-ftpd`, whose own limit is
//! lifted.

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ftp_host::{Listed, Settings};
use ftp_tests::client;
use ftp_tests::root;
use ftp_tests::servers::{Kind, Options, Server};

/// A server may sort a million names before it sends the first.
const PATIENCE: Duration = Duration::from_secs(600);

/// Bytes of an empty file in a file system in memory, and then some.
const FILE: u64 = 1024;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let files = arguments.next().map_or(Ok(1_000_000), |argument| argument.parse::<u64>())?;
    let name = arguments.next().unwrap_or_else(|| Kind::Vsftpd.name().to_owned());
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).with_context(|| format!("no server {name}"))?;
    let directory = root::with_room_for(files * FILE)?;
    for number in 0..files {
        File::create(directory.path().join(format!("file-{number:07}.txt")))?;
    }
    let extra = match kind {
        Kind::PureFtpd => vec!["--limitrecursion".to_owned(), format!("{}:1", files + 10)],
        _ => Vec::new(),
    };
    let server = Server::start_in(directory, kind, Options { extra, ..Options::default() })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(list(&server, files))
}

async fn list(server: &Server, files: u64) -> Result<()> {
    let settings = Settings { idle_timeout: Some(PATIENCE), reply_timeout: Some(PATIENCE), ..Settings::default() };
    let mut session = client::login_with(server.address(), settings).await?;
    let before = session.memory();
    let start = Instant::now();
    let mut entries = session.open_entries(None).await?;
    let (mut count, mut portions, mut most) = (0u64, 0u64, before);
    let mut first = None;
    while let Some(portion) = entries.read().await? {
        first.get_or_insert_with(|| start.elapsed());
        ensure!(portion.iter().all(|listed| matches!(listed, Listed::Entry(_))), "a line was not understood");
        count += portion.len() as u64;
        portions += 1;
        most = most.max(session.memory());
    }
    entries.finish().await?;
    let took = start.elapsed();
    ensure!(count == files, "{count} entries of {files}");
    println!(
        "{}: {count} entries in {portions} portions, the first after {:.2} s, all after {:.2} s: {:.0} a second",
        server.kind().name(),
        first.unwrap_or_default().as_secs_f64(),
        took.as_secs_f64(),
        count as f64 / took.as_secs_f64(),
    );
    println!(
        "guest memory: {} KiB before, {} KiB at most, {} KiB after",
        before >> 10,
        most >> 10,
        session.memory() >> 10
    );
    Ok(())
}
