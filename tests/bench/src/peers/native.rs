//! The same client over the system's own sockets: what the component costs is the difference.

use anyhow::{Context as _, Result, bail, ensure};
use ftp_client::native::Native as Network;
use ftp_client::{Representation, Settings, TlsSettings, Trust, Versions};
use ftp_tests::certificates;
use ftp_tests::payload::CHUNK;
use futures_util::future::try_join_all;
use tokio::runtime::{Builder, Runtime};

use super::{Pair, Peer, Sink, Source, files};
use crate::figures::{Clock, Figures};
use crate::site::{PASSWORD, Site, Task};
use crate::works::Work;

type Session = ftp_client::Session<Network>;

/// The library, in this process, on one thread.
#[derive(Default)]
pub struct Native(Option<Runtime>);

impl Peer for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn title(&self) -> &'static str {
        "our client without WebAssembly: `ftp-client` over tokio, on one thread"
    }

    fn prepare(&mut self) -> Result<String> {
        self.0 = Some(Builder::new_current_thread().enable_all().build()?);
        Ok(env!("CARGO_PKG_VERSION").to_owned())
    }

    fn does(&self, work: Work) -> bool {
        !matches!(work, Work::SmallRetr4 | Work::SmallStor4 | Work::Cold | Work::Start)
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Figures> {
        self.0.as_ref().context("it is prepared")?.block_on(run(task))
    }
}

async fn run(task: &Task<'_>) -> Result<Figures> {
    match task.work {
        Work::Retr | Work::Stor | Work::SmallRetr | Work::SmallStor => transfers(task).await,
        Work::List => list(task).await,
        Work::Connect => connects(task).await,
        Work::ManyLogin => many_logins(task).await,
        Work::ManyRetr | Work::ManyStor => many_transfers(task).await,
        Work::IdleRetr => {
            let _idle = logins(task).await?;
            transfers(task).await
        }
        Work::Memory | Work::SmallRetr4 | Work::SmallStor4 | Work::Cold | Work::Start => bail!("not its work"),
    }
}

/// How a server is talked to.
pub fn settings(encrypted: bool, authority: &str) -> Result<Settings> {
    if !encrypted {
        return Ok(Settings::default());
    }
    let tls = TlsSettings { trust: Trust::roots(authority)?, versions: Versions::Tls13, ..TlsSettings::default() };
    Ok(Settings { security: ftp_client::Security::Explicit, tls, ..Settings::default() })
}

async fn login(site: &Site) -> Result<Session> {
    let settings = settings(site.way.is_encrypted(), certificates::authority()?)?;
    let address = site.address();
    let mut session = Session::connect(Network, settings, &address.ip().to_string(), address.port()).await?;
    session.login("user", PASSWORD, None).await?;
    Ok(session)
}

async fn logins(task: &Task<'_>) -> Result<Vec<Session>> {
    let site = task.site()?;
    try_join_all((0..task.sizes.clients).map(|_| login(site))).await
}

async fn transfers(task: &Task<'_>) -> Result<Figures> {
    let mut session = login(task.site()?).await?;
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
    let mut buffer = Vec::new();
    while download.read(&mut buffer, CHUNK).await? > 0 {
        sink.write(&buffer)?;
        buffer.clear();
    }
    download.finish(session).await?;
    Ok(())
}

async fn upload(session: &mut Session, pair: &Pair) -> Result<()> {
    let (mut source, mut buffer) = (Source::open(&pair.here)?, Vec::new());
    let mut upload = session.store(&pair.there, Representation::Image, 0).await?;
    while let Some(bytes) = source.piece(&mut buffer)? {
        upload.write(bytes).await?;
    }
    upload.finish(session).await?;
    Ok(())
}

async fn list(task: &Task<'_>) -> Result<Figures> {
    let mut session = login(task.site()?).await?;
    let clock = Clock::of_this_process()?;
    let entries = session.entries(Some("many")).await?;
    let figures = clock.stop(0)?;
    let count = entries.iter().filter(|listed| matches!(listed, ftp_client::Listed::Entry(_))).count();
    ensure!(count == task.sizes.entries, "{count} entries");
    session.quit().await?;
    Ok(figures)
}

async fn connects(task: &Task<'_>) -> Result<Figures> {
    let clock = Clock::of_this_process()?;
    for _ in 0..task.sizes.connects {
        login(task.site()?).await?.quit().await?;
    }
    Ok(clock.stop(0)?.each(task.sizes.connects))
}

async fn many_logins(task: &Task<'_>) -> Result<Figures> {
    let clock = Clock::of_this_process()?;
    let sessions = logins(task).await?;
    let figures = clock.stop(0)?;
    drop(sessions);
    Ok(figures)
}

async fn many_transfers(task: &Task<'_>) -> Result<Figures> {
    let mut sessions = logins(task).await?;
    let pairs = files(task);
    let clock = Clock::of_this_process()?;
    let all = sessions.iter_mut().zip(&pairs).map(|(session, pair)| transfer(session, task.work, pair));
    try_join_all(all).await?;
    clock.stop(task.bytes())
}
