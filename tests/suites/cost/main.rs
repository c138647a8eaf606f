//! What the work costs inside the component: the instructions of WebAssembly that it executes, as wasmtime's fuel counts
//! them, with a server in this process that answers at once and in pieces that are always the same. So the figures depend
//! on the code and the compiler, and on nothing else of the machine. Fuel counts the copy of a block of memory as one
//! instruction for each byte; what the host does is not in it.
//!
//! The figures to compare with are in `figures.tsv`. What costs a tenth more fails. What costs less on purpose, or more for
//! a good reason, is written anew by
//! `FTP_COST_WRITE=1 cargo test --release -p ftp-tests --test cost`.

mod guest;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail, ensure};
use ftp_tests::suite::{self, Case};
use ftp_tests::{certificates, trial};

use guest::Guest;
use server::{LARGE, LINES, UNIX};

/// How much more it may be.
const TOLERANCE: f64 = 0.1;

/// Set, the figures are written.
const WRITE: &str = "FTP_COST_WRITE";

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Login,
    Download,
    Upload,
    Listing,
    UnixListing,
}

impl Work {
    const ALL: [Self; 5] = [Self::Login, Self::Download, Self::Upload, Self::Listing, Self::UnixListing];

    const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Download => "download_of_16_mib",
            Self::Upload => "upload_of_16_mib",
            Self::Listing => "listing_of_10_000_lines",
            Self::UnixListing => "listing_of_10_000_lines_of_unix",
        }
    }
}

fn main() -> ExitCode {
    suite::run()
}

/// In the clear, and inside TLS.
fn both() -> Vec<Case<bool>> {
    vec![Case::new("plain", Ok(()), || Ok(false)), Case::new("tls", certificates::possible(), || Ok(true))]
}

fn each_work() -> Vec<Case<(Work, bool)>> {
    let case = |work: Work| {
        both().into_iter().map(move |case| case.map(move |encrypted| Ok((work, encrypted))).named(work.name()))
    };
    Work::ALL.into_iter().flat_map(case).collect()
}

/// The beginning of the handshake; its end, the data and `close_notify`. Without TCP_NODELAY, a third write would wait until
/// the second is acknowledged.
#[trial(needs = certificates::possible())]
async fn small_upload_is_written_twice() -> Result<()> {
    let mut guest = Guest::start(true).await?;
    guest.login().await?;
    guest.upload(1000).await?;
    assert_eq!(guest.writes(), 2);
    Ok(())
}

/// The first upload of a session: `TYPE`, `EPSV` and `STOR`, inside TLS `PBSZ` and `PROT` before that; and `SIZE`.
#[trial(on = both(), covers("set-verify-size"))]
async fn small_upload_takes_one_flight_for_its_size(encrypted: bool) -> Result<()> {
    let least = if encrypted { 5 } else { 3 };
    for (verify_size, expected) in [(false, least), (true, least + 1)] {
        let mut guest = Guest::start(encrypted).await?;
        guest.login_with(verify_size).await?;
        let before = guest.flights();
        guest.upload(1000).await?;
        assert_eq!(guest.flights() - before, expected, "with the size: {verify_size}");
    }
    Ok(())
}

#[trial(on = both())]
async fn download_takes_no_flight_for_its_size(encrypted: bool) -> Result<()> {
    let expected = if encrypted { 5 } else { 3 };
    for verify_size in [false, true] {
        let mut guest = Guest::start(encrypted).await?;
        guest.login_with(verify_size).await?;
        let before = guest.flights();
        guest.download().await?;
        assert_eq!(guest.flights() - before, expected, "with the size: {verify_size}");
    }
    Ok(())
}

#[trial(on = each_work())]
async fn costs_no_more(case: (Work, bool)) -> Result<()> {
    let (work, encrypted) = case;
    let name = format!("{} {}", if encrypted { "tls" } else { "plain" }, work.name());
    let found = cost(work, encrypted).await?;
    if std::env::var_os(WRITE).is_some() {
        return write(&name, found);
    }
    let known = *figures()?.get(&name).with_context(|| format!("{name} is not in figures.tsv; {WRITE}=1 writes it"))?;
    let ratio = found as f64 / known as f64;
    println!("{name}: {found} instructions, {ratio:.3} of what it was");
    ensure!(
        ratio <= 1.0 + TOLERANCE,
        "{found} instructions where it was {known}: {ratio:.2} times as many. If that has to be, write the figures anew: \
         {WRITE}=1 cargo test --release -p ftp-tests --test cost"
    );
    if ratio < 1.0 - TOLERANCE {
        println!("it has become better: {WRITE}=1 keeps it so");
    }
    Ok(())
}

/// Instructions of one work, in an instance of its own.
async fn cost(work: Work, encrypted: bool) -> Result<u64> {
    let mut guest = Guest::start(encrypted).await?;
    let start = guest.spent()?;
    guest.login().await?;
    if work == Work::Login {
        return Ok(guest.spent()? - start);
    }
    let start = guest.spent()?;
    match work {
        Work::Download => ensure!(guest.download().await? == LARGE, "not the whole file"),
        Work::Upload => guest.upload(LARGE).await?,
        Work::Listing => ensure!(guest.list("many").await? == LINES, "not the whole listing"),
        Work::UnixListing => ensure!(guest.list(UNIX).await? == LINES, "not the whole listing"),
        Work::Login => bail!("it is done"),
    }
    Ok(guest.spent()? - start)
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/cost/figures.tsv")
}

/// Name, tab, instructions.
fn figures() -> Result<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let figure = |line: &str| {
        let (name, count) = line.split_once('\t').with_context(|| format!("figures.tsv: {line}"))?;
        Ok((name.to_owned(), count.parse()?))
    };
    text.lines().map(figure).collect()
}

fn write(name: &str, count: u64) -> Result<()> {
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock();
    let mut figures = figures()?;
    figures.insert(name.to_owned(), count);
    let lines: String = figures.iter().map(|(name, count)| format!("{name}\t{count}\n")).collect();
    Ok(std::fs::write(file(), lines)?)
}
