//! `ftp.wasm`, embedded by the library `ftp-host`.

use anyhow::{Context as _, Result, ensure};
use ftp_host::{Cryptography, Host, Options, Policy, Representation, Session, Settings};
use futures_util::future::try_join_all;
use tokio::runtime::{Builder, Runtime};

use super::{Pair, Peer, Sink, Source, files};
use crate::figures::{Clock, Figures, middle};
use crate::site::{PASSWORD, Site, Task};
use crate::works::Work;

/// How many instances are started for a median.
const STARTS: usize = 1000;

/// Room for the most clients at once.
const SESSIONS: u32 = 400;

/// The library, in this process, on one thread.
pub struct Ours {
    name: &'static str,
    title: &'static str,
    options: Options,
    ready: Option<(Host, Runtime)>,
}

impl Ours {
    /// As a program has it that asks for nothing.
    pub fn host() -> Self {
        Self::with("host", "`ftp.wasm` in the library `ftp-host`, on one thread", Options::default())
    }

    /// With the cryptography of the component, as where the host has none.
    pub fn portable() -> Self {
        let mut options = Options::default();
        options.cryptography = Cryptography::Portable;
        Self::with("host-portable", "the same with the component's own cryptography", options)
    }

    fn with(name: &'static str, title: &'static str, mut options: Options) -> Self {
        options.sessions = SESSIONS;
        Self { name, title, options, ready: None }
    }
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn prepare(&mut self) -> Result<String> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let host = Host::with_options(self.options.clone())?;
        let whose = match host.cryptography() {
            Cryptography::Portable => "the component's",
            _ => "the host's",
        };
        self.ready = Some((host, runtime));
        Ok(format!("{}, cryptography is {whose}", env!("CARGO_PKG_VERSION")))
    }

    fn does(&self, work: Work) -> bool {
        use Work::{Connect, ManyLogin, Retr, SmallRetr, SmallStor, Stor};
        match self.options.cryptography {
            // The others do without.
            Cryptography::Portable => matches!(work, Retr | Stor | SmallRetr | SmallStor | Connect | ManyLogin),
            _ => !matches!(work, Work::SmallRetr4 | Work::SmallStor4 | Work::Cold),
        }
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        let (host, runtime) = self.ready.as_ref().context("it is prepared")?;
        runtime.block_on(run(host, task))
    }
}

/// Servers of this machine.
pub fn policy() -> Policy {
    Policy::default().allow_loopback()
}

/// How this server is talked to.
fn settings(site: &Site) -> Result<Settings> {
    site.way.settings(Settings::default())
}

async fn run(host: &Host, task: &Task<'_>) -> Result<Figures> {
    match task.work {
        Work::Retr | Work::Stor | Work::SmallRetr | Work::SmallStor => transfers(host, task).await,
        Work::List => list(host, task).await,
        Work::Connect => connects(host, task).await,
        Work::ManyLogin => many_logins(host, task).await,
        Work::ManyRetr | Work::ManyStor => many_transfers(host, task).await,
        Work::IdleRetr => {
            let _idle = logins(host, task).await?;
            transfers(host, task).await
        }
        Work::Start => starts(host).await,
        Work::Memory | Work::SmallRetr4 | Work::SmallStor4 | Work::Cold => anyhow::bail!("not its work"),
    }
}

async fn login(host: &Host, site: &Site) -> Result<Session> {
    let (address, settings) = (site.address(), settings(site)?);
    let connector = host.connector(policy(), settings).await?;
    let mut session = connector.connect(&address.ip().to_string(), Some(address.port())).await?;
    session.login("user", PASSWORD, None).await?;
    Ok(session)
}

async fn logins(host: &Host, task: &Task<'_>) -> Result<Vec<Session>> {
    let site = task.site()?;
    try_join_all((0..task.sizes.clients).map(|_| login(host, site))).await
}

async fn transfers(host: &Host, task: &Task<'_>) -> Result<Figures> {
    let mut session = login(host, task.site()?).await?;
    let clock = Clock::of_this_process()?;
    for pair in files(task) {
        transfer(&mut session, task.work, &pair).await?;
    }
    let figures = clock.stop(task.bytes())?;
    session.quit().await?;
    Ok(figures)
}

async fn transfer(session: &mut Session, work: Work, pair: &Pair) -> Result<()> {
    match work {
        Work::Stor | Work::SmallStor | Work::ManyStor => upload(session, pair).await,
        _ => download(session, pair).await,
    }
}

async fn download(session: &mut Session, pair: &Pair) -> Result<()> {
    let mut sink = Sink::create(&pair.here)?;
    let mut download = session.retrieve(&pair.there, Representation::Image, 0).await?;
    while let Some(bytes) = download.read().await? {
        sink.write(&bytes)?;
    }
    download.finish().await?;
    Ok(())
}

async fn upload(session: &mut Session, pair: &Pair) -> Result<()> {
    let (mut source, mut buffer) = (Source::open(&pair.here)?, Vec::new());
    let mut upload = session.store(&pair.there, Representation::Image, 0).await?;
    while let Some(bytes) = source.piece(&mut buffer)? {
        upload.write(bytes).await?;
    }
    upload.finish().await?;
    Ok(())
}

async fn list(host: &Host, task: &Task<'_>) -> Result<Figures> {
    let mut session = login(host, task.site()?).await?;
    let clock = Clock::of_this_process()?;
    let entries = session.entries(Some("many")).await?;
    let figures = clock.stop(0)?;
    ensure!(entries.len() == task.sizes.entries, "{} entries", entries.len());
    session.quit().await?;
    Ok(figures)
}

async fn connects(host: &Host, task: &Task<'_>) -> Result<Figures> {
    let clock = Clock::of_this_process()?;
    for _ in 0..task.sizes.connects {
        login(host, task.site()?).await?.quit().await?;
    }
    Ok(clock.stop(0)?.each(task.sizes.connects))
}

async fn many_logins(host: &Host, task: &Task<'_>) -> Result<Figures> {
    let clock = Clock::of_this_process()?;
    let sessions = logins(host, task).await?;
    let figures = clock.stop(0)?;
    drop(sessions);
    Ok(figures)
}

async fn many_transfers(host: &Host, task: &Task<'_>) -> Result<Figures> {
    let mut sessions = logins(host, task).await?;
    let pairs = files(task);
    let clock = Clock::of_this_process()?;
    let all = sessions.iter_mut().zip(&pairs).map(|(session, pair)| transfer(session, task.work, pair));
    try_join_all(all).await?;
    clock.stop(task.bytes())
}

async fn starts(host: &Host) -> Result<Figures> {
    let clock = Clock::of_this_process()?;
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let start = std::time::Instant::now();
        let connector = host.connector(policy(), Settings::default()).await?;
        times.push(start.elapsed().as_secs_f64());
        drop(connector);
    }
    let figures = clock.stop(0)?;
    let each = figures.cpu_seconds / STARTS as f64;
    Ok(Figures { seconds: middle(times).context("there are some")?, cpu_seconds: each, bytes: 0 })
}
