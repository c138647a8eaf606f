//! Files that arrive although the server is killed in the middle and started again, with the native client.

use std::fs;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use ftp_client::native::Native;
use ftp_client::retry::{Retry, Source, download, upload};
use ftp_client::segments::{Segments, Sink};
use ftp_client::{Error, Session, Settings};
use ftp_tests::payload::{Payload, sha256, sha256_of_file};
use ftp_tests::servers::{Kind, Options, Server};
use ftp_tests::suite::Suite;

/// Far more than what the buffers on the way hold, so that a server that is killed has not sent all of it.
const SIZE: u64 = 64 << 20;

/// How far a transfer comes before the server is killed.
const BEFORE: u64 = 8 << 20;

/// How much of the file may move, at the most: it does not begin again.
const MOST: u64 = 2 * SIZE - 1;

/// Quick, as the server is there again before the client knows that it was gone.
const WAIT: Duration = Duration::from_millis(10);

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    for kind in Kind::ALL {
        let mut add = |name: &str, trial: fn(Site) -> Running| {
            let start = move || async move { trial(Site::start(kind)?).await };
            suite.trial_with(format!("{}::{name}", kind.name()), kind.installed(), start);
        };
        add("download_goes_on_after_the_server_is_killed", |site| {
            Box::pin(download_goes_on_after_the_server_is_killed(site))
        });
        add("upload_goes_on_after_the_server_is_killed", |site| {
            Box::pin(upload_goes_on_after_the_server_is_killed(site))
        });
    }
    suite.run()
}

type Running = Pin<Box<dyn Future<Output = Result<()>>>>;

/// A server that is killed once, and started again at the same port, when so many bytes have moved.
struct Site {
    server: Mutex<Server>,
    moved: AtomicU64,
}

impl Site {
    fn start(kind: Kind) -> Result<Self> {
        Ok(Self { server: Mutex::new(Server::start(kind, Options::default())?), moved: AtomicU64::new(0) })
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
        let mut session =
            Session::connect(Native, Settings::default(), &address.ip().to_string(), address.port()).await?;
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

async fn upload_goes_on_after_the_server_is_killed(site: Site) -> Result<()> {
    let contents = Payload::bytes(SIZE);
    let source = Counted(&site, &contents);
    let outcome = upload(&Native, async || site.open().await, "large", &source, &policy()).await?;
    assert!(outcome.bytes < SIZE, "{outcome:?}");
    let arrived = sha256_of_file(&site.server().root().join("large"))?;
    site.check(arrived);
    Ok(())
}

fn policy() -> Retry {
    Retry { wait: WAIT, ..Retry::default() }
}

/// Where the client writes.
struct InOrder<'a>(&'a Site, Mutex<Vec<u8>>);

impl Sink for InOrder<'_> {
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

impl Source for Counted<'_> {
    async fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        let count = self.1.read_at(offset, buffer, max).await?;
        self.0.moves(count);
        Ok(count)
    }
}
