//! One part of the demonstration: one server, one session.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use ftp_cli::figures::{grouped, time};
use ftp_host::{
    Connector, Encryption, Error, FailureKind, Host, Policy, RefusalKind, Security, Session, Settings, TlsSettings,
    TlsVersion, Trust,
};
use ftp_test_server::{Options, PASSWORD, Server, USER};

use super::checks::Checks;
use super::moved::Moved;
use super::originals::{LARGE, Originals, Places};
use super::progress::Progress;
use super::sample::Sample;
use super::table::Table;
use super::{say, steps};

const RENAMED: &str = "renamed file.bin";

/// Inside TLS the server is trusted by its own authority alone. Gives the figures.
pub async fn run(
    title: &'static str,
    tls: bool,
    host: &Host,
    originals: &Originals,
    checks: &mut Checks,
) -> Result<String> {
    let places = Places::new().context("cannot make a temporary directory")?;
    let server = Server::start(Options { root: Some(places.server.clone()), anonymous: false, tls });
    let server = server.context("cannot start the server")?;
    say(&format!("\n{title}\nserver: libunftp in this process, {}", server.address()))?;
    let settings = match server.authority() {
        Some(authority) => {
            refuse(host, &server, checks).await?;
            secured(Trust::Roots(authority.to_owned()))
        }
        None => Settings::default(),
    };

    let clock = Instant::now();
    let connector = connector(host, settings).await?;
    let (instance, memory) = (time(clock.elapsed()), grouped(connector.memory() as u64));
    let clock = Instant::now();
    let mut session = connect(&connector, &server).await.context("cannot connect")?;
    let encryption = session.encryption().await?;
    let reply = session.login(USER, PASSWORD, None).await.context("cannot log in")?;
    let mut table = Table::new(title);
    table.add("connect and log in", None, clock.elapsed());
    say(&format!("log in: {} {}", reply.code, reply.lines.join(" ")))?;

    let mut part = Part { originals, places, session, table, checks, moved: Moved::default() };
    part.move_tree().await?;
    part.move_large_file().await?;
    part.tidy_up().await?;
    let Part { session, table, moved, .. } = part;
    checks.that("all was encrypted that should be", moved.encrypted == if tls { moved.transfers } else { 0 });

    let start = format!("instance: started in {instance}; guest memory: {memory} bytes at the start");
    let end = grouped(session.memory() as u64);
    let goodbye = session.quit().await.context("cannot say goodbye")?;
    say(&format!("quit: {} {}", goodbye.code, goodbye.lines.join(" ")))?;
    let protection = encryption.map(|encryption| protection(&encryption, &moved)).unwrap_or_default();
    Ok(format!("{table}{protection}{start}, {end} at the end\n"))
}

fn secured(trust: Trust) -> Settings {
    let tls = TlsSettings { trust, ..TlsSettings::default() };
    Settings { security: Security::Explicit, tls, ..Settings::default() }
}

async fn connector(host: &Host, settings: Settings) -> Result<Connector, Error> {
    host.connector(Policy::default().allow_loopback(), settings).await
}

async fn connect(connector: &Connector, server: &Server) -> Result<Session, Error> {
    let address = server.address();
    connector.connect(&address.ip().to_string(), Some(address.port())).await
}

/// A client that does not know the server's authority refuses to go on.
async fn refuse(host: &Host, server: &Server, checks: &mut Checks) -> Result<()> {
    let stranger = connector(host, secured(Trust::PublicRoots)).await?;
    let refused = connect(&stranger, server).await.err();
    checks.that(
        "a server of an unknown authority is refused",
        refused.as_ref().and_then(Error::failure) == Some(FailureKind::Tls),
    );
    let reason = refused.map_or("connected".to_owned(), |error| error.to_string());
    Ok(say(&format!("without its authority: {reason}"))?)
}

fn protection(encryption: &Encryption, moved: &Moved) -> String {
    let version = match encryption.version {
        TlsVersion::Tls12 => "1.2",
        TlsVersion::Tls13 => "1.3",
    };
    let (cipher, Moved { transfers, resumed, .. }) = (&encryption.cipher, moved);
    format!("protection: TLS {version}, {cipher}; {resumed} of {transfers} transfers resumed the TLS session\n")
}

/// A session, and what came of it so far.
struct Part<'a> {
    originals: &'a Originals,
    places: Places,
    session: Session,
    table: Table,
    checks: &'a mut Checks,
    moved: Moved,
}

impl Part<'_> {
    async fn move_tree(&mut self) -> Result<()> {
        let (tree, source, copy) = (&self.originals.tree, self.originals.root(), self.places.copy.clone());
        let total = tree.bytes();
        self.move_bytes("upload the tree", total, async |session, bar| {
            steps::upload_tree(session, bar, tree, source).await
        })
        .await?;
        self.checks.files("uploaded", &tree.files, &self.places.server)?;

        let clock = Instant::now();
        let listed = steps::list_tree(&mut self.session).await.context("cannot list the tree")?;
        self.note("list the tree", clock);
        self.checks.that("the listing is the tree", listed == tree.listing());

        self.move_bytes("download the tree", total, async |session, bar| {
            steps::download_tree(session, bar, tree, &copy).await
        })
        .await?;
        self.checks.files("downloaded", &tree.files, &copy)
    }

    async fn move_large_file(&mut self) -> Result<()> {
        let large = &self.originals.large;
        let (source, copy) = (self.originals.root().join(LARGE), self.places.copy.join(LARGE));
        self.move_bytes("upload the large file", large.size, async |session, bar| {
            steps::upload(session, bar, &source, LARGE).await
        })
        .await?;
        self.checks.file("uploaded", large, &self.places.server)?;

        self.move_bytes("download the large file", large.size, async |session, bar| {
            steps::download(session, bar, LARGE, &copy).await
        })
        .await?;
        self.checks.file("downloaded", large, &self.places.copy)?;

        let half = large.size / 2;
        let cut = self
            .move_bytes("download half of it, abort", half, async |session, bar| {
                steps::download_start(session, bar, LARGE, &copy, half).await
            })
            .await?;
        self.checks.that("the download was cut", (half..large.size).contains(&cut));
        self.move_bytes("resume it with the rest", large.size - cut, async |session, bar| {
            steps::download_rest(session, bar, LARGE, &copy, cut).await
        })
        .await?;
        self.checks.file("resumed", large, &self.places.copy)
    }

    async fn tidy_up(&mut self) -> Result<()> {
        let Originals { tree, large, .. } = self.originals;
        let clock = Instant::now();
        self.session.rename(LARGE, RENAMED).await.context("cannot rename")?;
        self.note("rename the large file", clock);
        let old = self.session.size(LARGE).await;
        self.checks.that(
            "the old name is gone",
            old.is_err_and(|error| error.refusal().is_some_and(|(kind, _)| kind == RefusalKind::Permanent)),
        );
        let renamed = Sample { path: RENAMED.to_owned(), ..large.clone() };
        self.checks.file("renamed", &renamed, &self.places.server)?;

        let clock = Instant::now();
        self.session.delete(RENAMED).await.context("cannot delete")?;
        steps::delete_tree(&mut self.session, tree).await.context("cannot delete")?;
        self.note("delete everything", clock);
        let left = steps::list_tree(&mut self.session).await.context("cannot list what is left")?;
        self.checks.that("nothing is left", left.is_empty() && is_empty(&self.places.server)?);
        Ok(())
    }

    /// A step that moves bytes, with a bar for it. Gives their number.
    async fn move_bytes(
        &mut self,
        name: &'static str,
        total: u64,
        work: impl AsyncFnOnce(&mut Session, &indicatif::ProgressBar) -> Result<Moved>,
    ) -> Result<u64> {
        let progress = Progress::start(name, total);
        let clock = Instant::now();
        let moved = work(&mut self.session, &progress.bar).await.with_context(|| format!("cannot {name}"))?;
        self.table.add(name, Some(moved.bytes), clock.elapsed());
        progress.finish(moved.bytes);
        self.moved += moved;
        Ok(moved.bytes)
    }

    /// A step that is over already.
    fn note(&mut self, name: &'static str, clock: Instant) {
        self.table.add(name, None, clock.elapsed());
    }
}

fn is_empty(directory: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(directory)?.next().is_none())
}
