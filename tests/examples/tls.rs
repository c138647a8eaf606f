//! What TLS costs in the component: ciphers alone and in a download, handshakes, and small uploads.
//!
//! `cargo run --release -p ftp-tests --example tls [-- MiB [REPEATS]]`, as root, once `tests/run` has installed the
//! servers.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use ftp_host::{Representation, Session, Settings, TlsSettings, TlsVersion, Trust};
use ftp_tests::certificates::{self, Leaf};
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, Options, Security, Server, Way};
use ftp_tests::{client, guest, root};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Inlining, Store};
use wasmtime_wasi::p2::bindings::CommandPre as WasiPre;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let size = arguments.next().transpose()?.unwrap_or(64) << 20;
    let repeats = usize::try_from(arguments.next().transpose()?.unwrap_or(20))?;
    let ciphers = Ciphers::build()?;
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        for kind in [Kind::Vsftpd, Kind::ProFtpd] {
            download(Way { kind, security: Security::Explicit, version }, &ciphers, size, repeats).await?;
        }
        for kind in Kind::ALL {
            handshakes(kind, version).await?;
        }
        for kind in Kind::ALL {
            uploads(Way { kind, security: Security::Explicit, version }).await?;
        }
    }
    Ok(())
}

/// The example `records` of `ftp-crypto`, built as the component is and ready to run.
struct Ciphers {
    engine: Engine,
    command: WasiPre<State>,
}

impl Ciphers {
    fn build() -> Result<Self> {
        let built = guest::build(&["--package", "ftp-crypto", "--example", "records"])?;
        Self::load(&built.join("examples/records.wasm")).map_err(|error| anyhow!("{error:?}"))
    }

    fn load(component: &Path) -> wasmtime::Result<Self> {
        // As `ftp-host` has it, which is compiled for every processor of the kind; the servers here are those of Debian.
        let mut config = Config::new();
        config.epoch_interruption(true).compiler_inlining(Inlining::Yes);
        config.target(&format!("{}-unknown-linux-gnu", std::env::consts::ARCH))?;
        let engine = Engine::new(&config)?;
        let component = Component::from_file(&engine, component)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        let command = WasiPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, command })
    }

    /// MB/s at which records of a cipher are opened. TLS 1.2 and 1.3 have one code for it.
    async fn opening(&self, suite: &str) -> Result<f64> {
        let lines = self.run().await.map_err(|error| anyhow!("{error:?}"))?;
        let mut rates = lines.lines().filter_map(|line| {
            let (name, rates) = line.split_once(' ')?;
            suite.ends_with(name.strip_prefix("TLS13_")?).then_some(rates)
        });
        let rate = rates.next_back().and_then(|rates| rates.split(' ').next_back());
        Ok(rate.with_context(|| format!("{suite} is not among {lines}"))?.parse()?)
    }

    /// What the command prints. It has an output and nothing else.
    async fn run(&self) -> wasmtime::Result<String> {
        let output = MemoryOutputPipe::new(4096);
        let wasi = WasiCtx::builder().args(&["records", MILLISECONDS]).stdout(output.clone()).inherit_stderr().build();
        let mut store = Store::new(&self.engine, State { wasi, table: ResourceTable::new() });
        store.set_epoch_deadline(1);
        let command = self.command.instantiate_async(&mut store).await?;
        match command.wasi_cli_run().call_run(&mut store).await? {
            Ok(()) => Ok(String::from_utf8_lossy(&output.contents()).into_owned()),
            Err(()) => wasmtime::bail!("the command failed"),
        }
    }
}

/// How long each cipher is measured each time: short, as machines change their pace.
const MILLISECONDS: &str = "100";

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Downloads and the cipher alone, in turn.
async fn download(way: Way, ciphers: &Ciphers, size: u64, repeats: usize) -> Result<()> {
    let server = Server::start_in(root::with_room_for(size)?, way.kind, way.options())?;
    let piece = Payload::bytes(1 << 20);
    std::fs::write(server.root().join("large"), piece.repeat(usize::try_from(size >> 20)?))?;
    let mut session = client::login_with(server.address(), way.settings(client::settings())?).await?;
    let agreed = session.encryption().await?.context("this is TLS")?;
    let (mut rates, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..repeats {
        let cipher = ciphers.opening(&agreed.cipher).await?;
        let start = Instant::now();
        let mut download = session.retrieve("large", Representation::Image, 0).await?;
        while download.read().await?.is_some() {}
        ensure!(download.finish().await?.bytes == size, "not the whole file");
        let rate = size as f64 / 1e6 / start.elapsed().as_secs_f64();
        rates.push(rate);
        alone.push(cipher);
    }
    let (rate, alone) = (median(&mut rates), median(&mut alone));
    let ratio = rate / alone;
    println!(
        "download from {}, {}: {rate:.0} MB/s, the cipher alone {alone:.0}: {ratio:.2}",
        way.title(),
        agreed.cipher
    );
    Ok(())
}

/// Connections with a full handshake, and data connections that resume, in turn with the same without TLS: what is left is
/// TLS.
async fn handshakes(kind: Kind, version: TlsVersion) -> Result<()> {
    let mut plain = Timed::start(kind, Options::default(), client::settings())?;
    let mut secure = Vec::new();
    for (chain, certificate, authority) in [
        ("ECDSA P-256", Leaf::Server, certificates::authority()?),
        ("RSA 2048", Leaf::ServerRsa, certificates::rsa_authority()?),
    ] {
        let options = Options { security: Security::Explicit, certificate, ..Options::default() };
        let tls =
            TlsSettings { trust: Trust::Roots(authority.into()), versions: version..=version, ..Default::default() };
        let settings = Settings { security: ftp_host::Security::Explicit, tls, ..client::settings() };
        secure.push((chain, Timed::start(kind, options, settings)?));
    }
    for _ in 0..ROUNDS {
        plain.measure().await?;
        for (_, timed) in &mut secure {
            timed.measure().await?;
        }
    }
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
    for (chain, mut timed) in secure {
        let full = milliseconds(median(&mut timed.connects)) - milliseconds(median(&mut plain.connects));
        let resumed = milliseconds(median(&mut timed.transfers)) - milliseconds(median(&mut plain.transfers));
        println!(
            "handshakes with {}, {version:?}, a chain of {chain}: full {full:.2} ms, of a data connection {resumed:.2} ms \
             ({}): {:.2}",
            kind.name(),
            if timed.resumed { "resumed" } else { "not resumed" },
            resumed / full,
        );
    }
    Ok(())
}

/// How often each is measured.
const ROUNDS: usize = 40;

/// A server, and how long it took.
struct Timed {
    server: Server,
    settings: Settings,
    connects: Vec<Duration>,
    transfers: Vec<Duration>,
    resumed: bool,
}

impl Timed {
    fn start(kind: Kind, options: Options, settings: Settings) -> Result<Self> {
        let server = Server::start(kind, options)?;
        std::fs::write(server.root().join("empty"), b"")?;
        Ok(Self { server, settings, connects: Vec::new(), transfers: Vec::new(), resumed: false })
    }

    async fn measure(&mut self) -> Result<()> {
        let connector = client::connector(self.settings.clone()).await?;
        let address = self.server.address();
        let start = Instant::now();
        let mut session = connector.connect(&address.ip().to_string(), Some(address.port())).await?;
        self.connects.push(start.elapsed());
        session.login("user", "12345", None).await?;
        empty_download(&mut session).await?;
        let start = Instant::now();
        self.resumed = empty_download(&mut session).await?;
        self.transfers.push(start.elapsed());
        session.quit().await?;
        Ok(())
    }
}

/// Gives whether its connection resumed the session.
async fn empty_download(session: &mut Session) -> Result<bool> {
    let mut download = session.retrieve("empty", Representation::Image, 0).await?;
    ensure!(download.read().await?.is_none(), "something came");
    Ok(download.finish().await?.resumed)
}

async fn uploads(way: Way) -> Result<()> {
    const COUNT: u32 = 100;
    let server = Server::start(way.kind, way.options())?;
    let mut session = client::login_with(server.address(), way.settings(client::settings())?).await?;
    let contents = Payload::bytes(1024);
    let mut resumed = 0;
    let start = Instant::now();
    for index in 0..COUNT {
        let mut upload = session.store(&format!("file-{index}"), Representation::Image, 0).await?;
        upload.write(&contents).await?;
        resumed += u32::from(upload.finish().await?.resumed);
    }
    let each = start.elapsed() / COUNT;
    println!("{COUNT} uploads of 1 KiB to {}: {each:.2?} each, {resumed} resumed", way.title());
    Ok(())
}

fn median<T: Copy + PartialOrd>(values: &mut [T]) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).expect("no NaN"));
    values[values.len() / 2]
}
