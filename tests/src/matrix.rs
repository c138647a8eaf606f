//! What has to work in each way of talking to each server. The suite `matrix` tries it, the example of that name prints
//! it as a table.

use std::pin::Pin;

use anyhow::{Result, ensure};
use ftp_host::{Listed, Outcome, Representation, Session, Settings};

use crate::client;
use crate::payload::{CHUNK, Payload};
use crate::proxies::Proxy;
use crate::servers::{Server, Way};

/// Something that has to work, and what it is called.
pub type Task = (&'static str, fn(Place) -> Running);

type Running = Pin<Box<dyn Future<Output = Result<()>>>>;

/// All of them.
pub const TASKS: [Task; 7] = [
    ("list", |place| Box::pin(list(place))),
    ("get", |place| Box::pin(get(place))),
    ("put", |place| Box::pin(put(place))),
    ("append", |place| Box::pin(append(place))),
    ("resume", |place| Box::pin(resume(place))),
    ("abort then get", |place| Box::pin(abort_then_get(place))),
    ("100 small files", |place| Box::pin(small_files(place, 100))),
];

/// The last of them where each file takes a while.
pub const FEW_SMALL_FILES: Task = ("20 small files", |place| Box::pin(small_files(place, 20)));

/// More than what the buffers on the way hold.
const LARGE: u64 = 16 << 20;

/// A few records of TLS, and a part of one.
const MIDDLE: u64 = 300_001;

/// A server, and the way to it.
pub struct Place {
    server: Server,
    way: Way,
    proxy: Option<Proxy>,
}

impl Place {
    /// Start the server.
    pub fn start(way: Way) -> Result<Self> {
        Ok(Self { server: Server::start(way.kind, way.options())?, way, proxy: None })
    }

    /// Start the server, and go to it through this proxy.
    pub fn start_behind(way: Way, proxy: Proxy) -> Result<Self> {
        Ok(Self { proxy: Some(proxy), ..Self::start(way)? })
    }

    async fn login(&self) -> Result<Session> {
        let settings = Settings { proxy: self.proxy.as_ref().map(Proxy::settings), ..client::settings() };
        let settings = self.way.settings(settings)?;
        Ok(client::login_with(self.server.address(), settings).await?)
    }

    fn place(&self, name: &str, contents: &[u8]) -> Result<()> {
        Ok(std::fs::write(self.server.root().join(name), contents)?)
    }

    fn contents(&self, name: &str) -> Result<Vec<u8>> {
        Ok(std::fs::read(self.server.root().join(name))?)
    }

    /// Whether the data went as it should have.
    fn check(&self, outcome: &Outcome) -> Result<()> {
        let expected = (self.way.is_encrypted(), self.way.resumes());
        let (encrypted, resumed) = (outcome.encrypted, outcome.resumed);
        ensure!((encrypted, resumed) == expected, "encrypted: {encrypted}, resumed: {resumed}");
        Ok(())
    }

    async fn read(&self, session: &mut Session, name: &str, offset: u64) -> Result<Vec<u8>> {
        let mut download = session.retrieve(name, Representation::Image, offset).await?;
        let mut contents = Vec::new();
        while let Some(piece) = download.read().await? {
            contents.extend(piece);
        }
        self.check(&download.finish().await?)?;
        Ok(contents)
    }

    async fn write(&self, session: &mut Session, name: &str, offset: u64, contents: &[u8]) -> Result<()> {
        let mut upload = session.store(name, Representation::Image, offset).await?;
        for piece in contents.chunks(CHUNK) {
            upload.write(piece).await?;
        }
        self.check(&upload.finish().await?)
    }
}

async fn list(place: Place) -> Result<()> {
    for name in ["one", "two", "three words here"] {
        place.place(name, name.as_bytes())?;
    }
    let mut session = place.login().await?;
    let mut names: Vec<String> = Vec::new();
    for listed in session.entries(None).await? {
        match listed {
            Listed::Entry(entry) => {
                ensure!(entry.size == Some(entry.name.len() as u64), "{entry:?}");
                names.push(entry.name);
            }
            Listed::Unparsed(line) => anyhow::bail!("not understood: {line}"),
        }
    }
    names.sort_unstable();
    ensure!(names == ["one", "three words here", "two"], "{names:?}");
    session.quit().await?;
    Ok(())
}

async fn get(place: Place) -> Result<()> {
    let expected = Payload::bytes(MIDDLE);
    place.place("file", &expected)?;
    let mut session = place.login().await?;
    ensure!(place.read(&mut session, "file", 0).await? == expected, "other bytes came");
    session.quit().await?;
    Ok(())
}

async fn put(place: Place) -> Result<()> {
    let contents = Payload::bytes(MIDDLE);
    let mut session = place.login().await?;
    place.write(&mut session, "file", 0, &contents).await?;
    place.write(&mut session, "empty", 0, b"").await?;
    session.quit().await?;
    ensure!(place.contents("file")? == contents, "other bytes arrived");
    ensure!(place.contents("empty")?.is_empty(), "something arrived");
    Ok(())
}

async fn append(place: Place) -> Result<()> {
    place.place("log", b"first line\n")?;
    let mut session = place.login().await?;
    let mut upload = session.append("log", Representation::Image).await?;
    upload.write(b"second ").await?;
    upload.write(b"line\n").await?;
    place.check(&upload.finish().await?)?;
    session.quit().await?;
    ensure!(place.contents("log")? == b"first line\nsecond line\n", "other bytes arrived");
    Ok(())
}

async fn resume(place: Place) -> Result<()> {
    let contents = Payload::bytes(MIDDLE);
    let (first, second) = contents.split_at(contents.len() / 3);
    let mut session = place.login().await?;
    place.write(&mut session, "file", 0, first).await?;
    place.write(&mut session, "file", first.len() as u64, second).await?;
    ensure!(place.contents("file")? == contents, "other bytes arrived");
    ensure!(place.read(&mut session, "file", first.len() as u64).await? == second, "other bytes came");
    session.quit().await?;
    Ok(())
}

async fn abort_then_get(place: Place) -> Result<()> {
    place.place("large", &Payload::bytes(LARGE))?;
    place.place("small", b"still here")?;
    let mut session = place.login().await?;
    let mut download = session.retrieve("large", Representation::Image, 0).await?;
    ensure!(download.read().await?.is_some(), "nothing came");
    download.abort().await?;
    ensure!(place.read(&mut session, "small", 0).await? == b"still here", "other bytes came");
    let mut dropped = session.retrieve("large", Representation::Image, 0).await?;
    ensure!(dropped.read().await?.is_some(), "nothing came");
    drop(dropped);
    ensure!(place.read(&mut session, "small", 0).await? == b"still here", "other bytes came");
    session.quit().await?;
    Ok(())
}

async fn small_files(place: Place, count: usize) -> Result<()> {
    let contents = |index: usize| Payload::bytes(1000 + index as u64);
    let mut session = place.login().await?;
    for index in 0..count {
        place.write(&mut session, &format!("file-{index}"), 0, &contents(index)).await?;
    }
    for index in 0..count {
        let name = format!("file-{index}");
        ensure!(place.contents(&name)? == contents(index), "other bytes arrived in {name}");
        ensure!(place.read(&mut session, &name, 0).await? == contents(index), "other bytes came from {name}");
    }
    ensure!(session.entries(None).await?.len() == count, "some are not listed");
    session.quit().await?;
    Ok(())
}
