//! Files that arrive although the server is killed in the middle and started again: by the component, and by the native
//! client, which also uploads.

use std::fs;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Result;
use ftp_client::engine::{FileVersion, ReadAt, Retry as Policy, Segments, UploadPlan, WriteAt, download, upload};
use ftp_client::native::Native;
use ftp_client::{Error, Session};
use ftp_host::{Remote, Retry};
use ftp_tests::client;
use ftp_tests::payload::{Payload, sha256, sha256_of_file};
use ftp_tests::servers::{Kind, Server, Way, cases, plain, plain_and_tls};
use ftp_tests::suite::{self, Case};
use ftp_tests::trial;
use tokio::io::AsyncWrite;

/// Far more than what the buffers on the way hold, so that a server that is killed has not sent all of it.
const SIZE: u64 = 64 << 20;

/// How far a transfer comes before the server is killed.
const BEFORE: u64 = 8 << 20;

/// How much of the file may move, at the most: it does not begin again.
const MOST: u64 = 2 * SIZE - 1;

/// Quick, as the server is there again before the client knows that it was gone.
const WAIT: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    suite::run()
}

fn each_way() -> Vec<Case<(Site, Way)>> {
    cases(plain_and_tls(Kind::ALL)).into_iter().map(|case| case.map(|way| Ok((Site::start(way)?, way)))).collect()
}

fn each_plain() -> Vec<Case<Site>> {
    cases(plain(Kind::ALL)).into_iter().map(|case| case.map(Site::start)).collect()
}

/// A server that is killed once, and started again at the same port, when so many bytes have moved.
struct Site {
    server: Mutex<Server>,
    moved: AtomicU64,
}

impl Site {
    fn start(way: Way) -> Result<Self> {
        Ok(Self { server: Mutex::new(Server::start(way.kind, way.options())?), moved: AtomicU64::new(0) })
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Server> {
        self.server.lock().expect("no trial goes on after a panic")
    }

    fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    fn moves(&self, bytes: usize) {
        let bytes = bytes as u64;
        let before = self.moved.fetch_add(bytes, Ordering::Relaxed);
        if before < BEFORE && before + bytes >= BEFORE {
            self.server().restart().expect("the server starts as it did before");
        }
    }

    async fn open(&self) -> Result<Session<Native>, Error> {
        let address = self.server().address();
        let settings = ftp_client::Settings::default();
        let mut session = Session::connect(Native, settings, &address.ip().to_string(), address.port()).await?;
        session.login("user", "12345", None).await?;
        Ok(session)
    }

    /// It came whole, and not from its start.
    #[track_caller]
    fn check(&self, arrived: [u8; 32]) {
        assert_eq!(arrived, Payload::hash(SIZE));
        assert!((SIZE..=MOST).contains(&self.moved()), "{} bytes moved", self.moved());
    }
}

#[trial(on = each_way(), covers("fetch"))]
async fn file_is_fetched_from_a_server_that_is_killed(case: (Site, Way)) -> Result<()> {
    let (site, way) = case;
    fs::write(site.server().root().join("large"), Payload::bytes(SIZE))?;
    let connector = client::connector(way.settings(client::settings())?).await?;
    let address = site.server().address();
    let host = address.ip().to_string();
    let (port, user, password) = (Some(address.port()), "user", "12345");
    let remote = Remote { host: &host, port, user, password, account: None, path: "large" };
    let retry = Retry { wait: WAIT, ..Retry::default() };
    let mut target = Target { site: &site, contents: Vec::new() };
    let arrived = connector.fetch(remote, 0, &mut target, retry).await?;
    assert_eq!((arrived.bytes, arrived.attempts, arrived.size), (SIZE, 2, Some(SIZE)));
    let contents = target.contents;
    site.check(sha256(&contents));
    Ok(())
}

#[trial(on = each_plain())]
async fn download_goes_on_after_the_server_is_killed(site: Site) -> Result<()> {
    fs::write(site.server().root().join("large"), Payload::bytes(SIZE))?;
    let target = InOrder(&site, Mutex::default());
    let options = Segments { sessions: 1, ..Segments::default() };
    let fetched = download(&Native, async || site.open().await, "large", &target, &options, &policy()).await;
    let fetched = fetched.map_err(|failed| failed.error)?;
    assert!(fetched.bytes < SIZE, "{fetched:?}");
    let contents = target.1.into_inner().expect("nobody panicked");
    site.check(sha256(&contents));
    Ok(())
}

#[trial(on = each_plain())]
async fn upload_goes_on_after_the_server_is_killed(site: Site) -> Result<()> {
    let contents = Payload::bytes(SIZE);
    let source = Counted(&site, &contents);
    let plan = UploadPlan { retry: policy(), ..UploadPlan::default() };
    let outcome = upload(&Native, async || site.open().await, "large", &source, &plan).await?;
    assert!(outcome.bytes < SIZE, "{outcome:?}");
    let arrived = sha256_of_file(&site.server().root().join("large"))?;
    site.check(arrived);
    Ok(())
}

fn policy() -> Policy {
    Policy { wait: WAIT, ..Default::default() }
}

/// Where the component writes.
struct Target<'a> {
    site: &'a Site,
    contents: Vec<u8>,
}

impl AsyncWrite for Target<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.contents.extend_from_slice(bytes);
        self.site.moves(bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Where the native client writes.
struct InOrder<'a>(&'a Site, Mutex<Vec<u8>>);

impl WriteAt for InOrder<'_> {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let mut contents = self.1.lock().expect("nobody panicked");
        assert_eq!(offset, contents.len() as u64, "a gap, or twice the same");
        contents.extend_from_slice(bytes);
        self.0.moves(bytes.len());
        Ok(())
    }
}

/// Where it reads.
struct Counted<'a>(&'a Site, &'a [u8]);

impl ReadAt for Counted<'_> {
    type Error = Error;

    async fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let count = self.1.read_at(offset, buffer, max).await?;
        self.0.moves(count);
        Ok(count)
    }

    async fn version(&self) -> Result<FileVersion, Error> {
        self.1.version().await
    }
}
