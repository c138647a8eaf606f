//! `demo`: everything that moves files, against a server in this process, with each file compared.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ftp_host::{Host, Policy, Session, Settings};
use ftp_test_server::{PASSWORD, Server, USER};
use tempfile::TempDir;

use super::figures::{grouped, time};
use super::progress::Progress;
use checks::Checks;
use sample::Sample;
use table::Table;
use tree::Tree;

mod checks;
mod sample;
mod steps;
mod table;
mod tree;

/// The name of the large file on the server.
const LARGE: &str = "large file.bin";
const RENAMED: &str = "renamed file.bin";

const MEASURED: &str = "\
Times run from the first command to the last reply, reading and writing files on this disk included. Hashes (SHA-256)
are taken from the files on both sides while no clock runs. The server has its share in all of it: it runs on this
machine, in this process, and moves 8 KiB at a time, which sets the pace of the large file.";

/// Fails unless every comparison held.
pub async fn run(mebibytes: u64) -> Result<()> {
    let places = Places::new().context("cannot make a temporary directory")?;
    let server = Server::start(ftp_test_server::Options { root: Some(places.server.clone()), anonymous: false });
    let server = server.context("cannot start the server")?;
    say(&format!("server: libunftp in this process, {}", server.address()))?;

    let tree = Tree::plant(&places.source).context("cannot make the tree")?;
    let files = tree.files.len();
    say(&format!("tree: {} directories, {files} files, {} bytes", tree.directories.len(), grouped(tree.bytes())))?;
    let large = Sample::write(&places.source, LARGE, mebibytes << 20, 0).context("cannot make the large file")?;
    say(&format!("large file: {} bytes", grouped(large.size)))?;

    let (mut demo, start) = Demo::log_in(&server).await?;
    demo.move_tree(&places, &tree).await?;
    demo.move_large_file(&places, &large).await?;
    demo.tidy_up(&places, &tree, &large).await?;
    let Demo { session, table, checks } = demo;
    let memory = session.memory();
    let goodbye = session.quit().await.context("cannot say goodbye")?;
    say(&format!("quit: {} {}", goodbye.code, goodbye.lines.join(" ")))?;

    say(&format!("\n{table}\n{MEASURED}\n\n{start}\nguest memory: {} bytes at the end", grouped(memory as u64)))?;
    say(&format!("{} of {} comparisons held", checks.held, checks.all))?;
    ensure!(checks.held == checks.all, "{} comparisons failed", checks.all - checks.held);
    Ok(())
}

/// The directories of a demonstration. They go away with this value.
struct Places {
    source: PathBuf,
    server: PathBuf,
    copy: PathBuf,
    _directory: TempDir,
}

impl Places {
    fn new() -> io::Result<Self> {
        let directory = TempDir::with_prefix("ftp-host-demo-")?;
        let [source, server, copy] = ["source", "server", "copy"].map(|name| directory.path().join(name));
        for place in [&source, &server, &copy] {
            fs::create_dir(place)?;
        }
        Ok(Self { source, server, copy, _directory: directory })
    }
}

/// A session, and what came of it so far.
struct Demo {
    session: Session,
    table: Table,
    checks: Checks,
}

impl Demo {
    /// Gives also a line on what it took to start the component.
    async fn log_in(server: &Server) -> Result<(Self, String)> {
        let clock = Instant::now();
        let host = Host::new()?;
        let engine = clock.elapsed();
        let policy = Policy::default().allow_loopback();
        let clock = Instant::now();
        let connector = host.connector(policy, Settings::default()).await?;
        let start = start_line(engine, clock.elapsed(), connector.memory());

        let clock = Instant::now();
        let address = server.address();
        let mut session = connector.connect(&address.ip().to_string(), Some(address.port())).await?;
        let reply = session.login(USER, PASSWORD, None).await.context("cannot log in")?;
        let mut table = Table::default();
        table.add("connect and log in", None, clock.elapsed());
        say(&format!("log in: {} {}", reply.code, reply.lines.join(" ")))?;
        Ok((Self { session, table, checks: Checks::default() }, start))
    }

    async fn move_tree(&mut self, places: &Places, tree: &Tree) -> Result<()> {
        let total = tree.bytes();
        self.move_bytes("upload the tree", total, async |session, bar| {
            steps::upload_tree(session, bar, tree, &places.source).await
        })
        .await?;
        self.checks.files("uploaded", &tree.files, &places.server)?;

        let clock = Instant::now();
        let listed = steps::list_tree(&mut self.session).await.context("cannot list the tree")?;
        self.note("list the tree", clock);
        self.checks.that("the listing is the tree", listed == tree.listing());

        self.move_bytes("download the tree", total, async |session, bar| {
            steps::download_tree(session, bar, tree, &places.copy).await
        })
        .await?;
        self.checks.files("downloaded", &tree.files, &places.copy)
    }

    async fn move_large_file(&mut self, places: &Places, large: &Sample) -> Result<()> {
        let (source, copy) = (places.source.join(LARGE), places.copy.join(LARGE));
        self.move_bytes("upload the large file", large.size, async |session, bar| {
            steps::upload(session, bar, &source, LARGE).await
        })
        .await?;
        self.checks.file("uploaded", large, &places.server)?;

        self.move_bytes("download the large file", large.size, async |session, bar| {
            steps::download(session, bar, LARGE, &copy).await
        })
        .await?;
        self.checks.file("downloaded", large, &places.copy)?;

        let half = large.size / 2;
        let mut cut = 0;
        self.move_bytes("download half of it, abort", half, async |session, bar| {
            cut = steps::download_start(session, bar, LARGE, &copy, half).await?;
            Ok(cut)
        })
        .await?;
        self.checks.that("the download was cut", (half..large.size).contains(&cut));
        self.move_bytes("resume it with the rest", large.size - cut, async |session, bar| {
            steps::download_rest(session, bar, LARGE, &copy, cut).await
        })
        .await?;
        self.checks.file("resumed", large, &places.copy)
    }

    async fn tidy_up(&mut self, places: &Places, tree: &Tree, large: &Sample) -> Result<()> {
        let clock = Instant::now();
        self.session.rename(LARGE, RENAMED).await.context("cannot rename")?;
        self.note("rename the large file", clock);
        let old = self.session.size(LARGE).await;
        self.checks.that("the old name is gone", matches!(old, Err(ftp_host::Error::Permanent(_))));
        let renamed = Sample { path: RENAMED.to_owned(), ..large.clone() };
        self.checks.file("renamed", &renamed, &places.server)?;

        let clock = Instant::now();
        self.session.delete(RENAMED).await.context("cannot delete")?;
        steps::delete_tree(&mut self.session, tree).await.context("cannot delete")?;
        self.note("delete everything", clock);
        let left = steps::list_tree(&mut self.session).await.context("cannot list what is left")?;
        self.checks.that("nothing is left", left.is_empty() && is_empty(&places.server)?);
        Ok(())
    }

    /// A step that moves bytes, with a bar for it.
    async fn move_bytes(
        &mut self,
        name: &'static str,
        total: u64,
        work: impl AsyncFnOnce(&mut Session, &indicatif::ProgressBar) -> Result<u64>,
    ) -> Result<()> {
        let progress = Progress::start(name, Some(total));
        let clock = Instant::now();
        let bytes = work(&mut self.session, &progress.bar).await.with_context(|| format!("cannot {name}"))?;
        self.table.add(name, Some(bytes), clock.elapsed());
        progress.finish(bytes);
        Ok(())
    }

    /// A step that is over already.
    fn note(&mut self, name: &'static str, clock: Instant) {
        self.table.add(name, None, clock.elapsed());
    }
}

fn start_line(engine: Duration, instance: Duration, memory: usize) -> String {
    let (engine, instance, memory) = (time(engine), time(instance), grouped(memory as u64));
    format!("engine started in {engine}, instance in {instance}; guest memory: {memory} bytes at the start")
}

fn is_empty(directory: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(directory)?.next().is_none())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
