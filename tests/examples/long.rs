//! Long runs of the component in `ftp-host`: 20,000 transfers in one session, 2,000 sessions one after the other, and 300
//! at once while one of them traps. Memory and descriptors of this process, and the memory of the guests, have to stay as
//! they are after the first tenth; it prints them as a table, and fails where they grow.
//!
//! `cargo run --release -p ftp-tests --example long [-- SERVER [DIVISOR [RUN]]]`, after `tests/run` has installed the servers:
//! vsftpd unless told otherwise; the divisor makes them shorter; the run is `transfers`, `sessions` or `at-once`.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ftp_host::{Connector, Error, FtpError, Host, Options, Policy, Session, Settings};
use ftp_tests::client;
use ftp_tests::servers::{Kind, Options as ServerOptions, Server};

const TRANSFERS: usize = 20_000;
const SESSIONS: usize = 2_000;
const AT_ONCE: usize = 300;

/// Transfers of each of those at once: some before one traps, some while, some after.
const ROUNDS: usize = 20;

/// Logins at a time: servers take no more in one burst.
const LOGINS: usize = 16;

/// Bytes that the memory of this process may grow by after the first tenth.
const GROWTH: u64 = 4 << 20;

/// Bytes of linear memory that one guest may take. A host's name that is longer makes it trap.
const GUEST: usize = 8 << 20;

/// A server with so many sessions may be slow.
const PATIENCE: Duration = Duration::from_secs(300);

const CONTENTS: [u8; 1000] = [7; 1000];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| Kind::Vsftpd.name().to_owned());
    let divisor = arguments.next().map_or(Ok(1), |argument| argument.parse::<usize>())?.max(1);
    let run = arguments.next();
    let chosen = |name: &str| run.as_deref().is_none_or(|run| run == name);
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).with_context(|| format!("no server {name}"))?;
    let server = Server::start(kind, ServerOptions::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("| {name} | seconds | memory of the process, MiB | descriptors | memory of a guest, KiB |");
    println!("|---|---|---|---|---|");
    let here = runtime.block_on(Place::new(&server))?;
    if chosen("transfers") {
        runtime.block_on(here.transfers(TRANSFERS / divisor))?;
    }
    if chosen("sessions") {
        runtime.block_on(here.sessions(SESSIONS / divisor))?;
    }
    if chosen("at-once") {
        runtime.block_on(here.at_once(AT_ONCE / divisor))?;
    }
    Ok(())
}

/// The host, and how to reach the server.
struct Place {
    host: Host,
    name: String,
    port: u16,
}

impl Place {
    async fn new(server: &Server) -> Result<Self> {
        let mut options = Options::default();
        options.sessions = AT_ONCE as u32 + 1;
        options.memory = GUEST;
        let here = Self {
            host: Host::with_options(options)?,
            name: server.address().ip().to_string(),
            port: server.address().port(),
        };
        client::put(&mut here.login().await?, "small", &CONTENTS).await?;
        Ok(here)
    }

    async fn connector(&self) -> Result<Connector, Error> {
        let settings = Settings {
            connect_timeout: Some(PATIENCE),
            reply_timeout: Some(PATIENCE),
            idle_timeout: Some(PATIENCE),
            ..Settings::default()
        };
        self.host.connector(Policy::default().allow_loopback(), settings).await
    }

    async fn session(&self, connector: &Connector) -> Result<Session, Error> {
        let mut session = connector.connect(&self.name, Some(self.port)).await?;
        session.login("user", "12345", None).await?;
        Ok(session)
    }

    async fn login(&self) -> Result<Session, Error> {
        self.session(&self.connector().await?).await
    }

    async fn doomed(&self) -> Result<(Session, Connector)> {
        let connector = self.connector().await?;
        Ok((self.session(&connector).await?, connector))
    }

    /// One session that downloads and uploads in turn.
    async fn transfers(&self, count: usize) -> Result<()> {
        let mut watch = Watch::new(format!("{count} transfers in one session"));
        let mut session = self.login().await?;
        for number in 1..=count {
            match number % 2 {
                0 => client::put(&mut session, "sent", &CONTENTS).await?,
                _ => ensure!(client::get(&mut session, "small").await? == CONTENTS, "another file"),
            }
            if number == count / 10 || number == count {
                watch.look(session.memory())?;
            }
        }
        session.quit().await?;
        watch.finish()
    }

    /// Each session with a sandbox of its own, a download and an end.
    async fn sessions(&self, count: usize) -> Result<()> {
        let mut watch = Watch::new(format!("{count} sessions one after the other"));
        for number in 1..=count {
            let mut session = self.login().await?;
            ensure!(client::get(&mut session, "small").await? == CONTENTS, "another file");
            let memory = session.memory();
            session.quit().await?;
            if number == count / 10 || number == count {
                watch.look(memory)?;
            }
        }
        watch.finish()
    }

    /// All of them transfer, one traps in the middle, and the others neither see it nor take more for it.
    async fn at_once(&self, count: usize) -> Result<()> {
        let mut watch = Watch::new(format!("{count} at once while one traps"));
        // The allocator keeps what the first one takes; another one takes no more.
        trap(Some(self.doomed().await?)).await?;
        let mut doomed = Some(self.doomed().await?);
        let mut sessions = Vec::new();
        while sessions.len() < count {
            let burst = (0..LOGINS.min(count - sessions.len())).map(|_| self.login());
            for session in together(burst).await {
                sessions.push(session?);
            }
        }
        for round in 0..ROUNDS {
            let doomed = doomed.take_if(|_| round == ROUNDS / 2);
            let downloads = together(sessions.iter_mut().map(|session| client::get(session, "small")));
            let (downloads, trapped) = tokio::join!(downloads, trap(doomed));
            trapped?;
            for download in downloads {
                ensure!(download? == CONTENTS, "another file");
            }
            if round == 0 || round + 1 == ROUNDS {
                // After it, what each has dropped is closed.
                for reply in together(sessions.iter_mut().map(Session::noop)).await {
                    reply?;
                }
                watch.look(sessions[0].memory())?;
            }
        }
        // Its control connection went with it.
        watch.samples[0].descriptors -= 1;
        watch.finish()
    }
}

/// A name that is longer than its memory makes a guest trap, and its session is gone.
async fn trap(doomed: Option<(Session, Connector)>) -> Result<()> {
    let Some((mut session, connector)) = doomed else { return Ok(()) };
    let trap = connector.connect(&"x".repeat(2 * GUEST), None).await.err();
    ensure!(matches!(trap, Some(Error::Trapped(_))), "no trap: {trap:?}");
    ensure!(session.noop().await.err() == Some(Error::Ftp(FtpError::closed())), "its session is still there");
    Ok(())
}

/// All of these in this thread, and what came of each.
async fn together<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, result) in futures.iter_mut().zip(&mut results).filter(|(_, result)| result.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                *result = Some(value);
            }
        }
        match results.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    results.into_iter().flatten().collect()
}

/// What a run takes, after a part of it and at its end.
struct Watch {
    name: String,
    start: Instant,
    samples: Vec<Sample>,
}

struct Sample {
    memory: u64,
    descriptors: usize,
    guest: usize,
}

impl Watch {
    fn new(name: String) -> Self {
        Self { name, start: Instant::now(), samples: Vec::new() }
    }

    fn look(&mut self, guest: usize) -> Result<()> {
        let descriptors = fs::read_dir("/proc/self/fd")?.count();
        self.samples.push(Sample { memory: resident()?, descriptors, guest });
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let [first, last] = self.samples.as_slice() else { anyhow::bail!("two samples") };
        println!(
            "| {} | {:.0} | {:.1}, {:.1} at the end | {}, {} | {}, {} |",
            self.name,
            self.start.elapsed().as_secs_f64(),
            first.memory as f64 / f64::from(1 << 20),
            last.memory as f64 / f64::from(1 << 20),
            first.descriptors,
            last.descriptors,
            first.guest >> 10,
            last.guest >> 10,
        );
        ensure!(last.memory <= first.memory + GROWTH, "the memory of the process grows");
        ensure!(last.descriptors <= first.descriptors, "descriptors are left open");
        ensure!(last.guest <= first.guest, "the memory of a guest grows");
        Ok(())
    }
}

/// Bytes of memory that this process has to itself: what is mapped from files is shared with others that run meanwhile.
fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = status.lines().find_map(|line| line.strip_prefix("Pss_Anon:")).context("Linux reports it")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}
