//! The component composed with another one that imports it, as `wac plug` does it: what comes of that needs WASI alone.

use std::process::ExitCode;
use std::sync::LazyLock;

use anyhow::{Result, anyhow, bail, ensure};
use ftp_artifacts::{IMPORTED_COMMAND, IMPORTED_COMPONENT};
use ftp_host::COMPONENT;
use ftp_tests::embedded::Embedded;
use ftp_tests::payload::Payload;
use ftp_tests::servers::{Kind, Security, Server, Way};
use ftp_tests::wasmtime::run;
use ftp_tests::{certificates, guest, root, suite, trial};
use wasmtime::component::{Component, ComponentNamedList, ComponentType, Instance, Lift, Linker, Lower, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wit_component::DecodedWasm;

const HOST: &str = "127.0.0.1";

const CONTENTS: &[u8] = b"what the plugin came for";

fn main() -> ExitCode {
    suite::run_after(|| drop(composed()))
}

/// The plugin with the client in it.
static COMPOSED: LazyLock<Result<Vec<u8>, String>> = LazyLock::new(|| compose().map_err(|error| format!("{error:#}")));

fn composed() -> Result<&'static [u8]> {
    COMPOSED.as_deref().map_err(|error| anyhow!(error.clone()))
}

fn compose() -> Result<Vec<u8>> {
    let plugin = guest::build(&["--package", "ftp-test-plugin"])?.join("ftp_test_plugin.wasm");
    guest::plugged(COMPONENT, &std::fs::read(plugin)?)
}

#[trial]
async fn only_wasi_is_left_to_import() -> Result<()> {
    check_imports(composed()?)
}

#[trial]
async fn only_wasi_is_left_to_import_where_another_component_has_the_cryptography() -> Result<()> {
    for component in [IMPORTED_COMPONENT, IMPORTED_COMMAND] {
        check_imports(&guest::with_provider(component)?)?;
    }
    Ok(())
}

fn check_imports(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("this is a package, not a component");
    };
    let imports = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key));
    // What has no package is a type of one of the others.
    let imports: Vec<String> = imports.filter(|name| name.contains(':')).collect();
    assert!(imports.iter().any(|name| name.starts_with("wasi:sockets/tcp@")), "{imports:?}");
    assert!(imports.iter().all(|name| name.starts_with("wasi:")), "{imports:?}");
    Ok(())
}

#[trial(needs = Kind::PyFtpd.installed_with_tls())]
async fn wasmtime_runs_the_command_with_the_cryptography_of_another_component() -> Result<()> {
    let way = Way { kind: Kind::PyFtpd, security: Security::Explicit, ..Way::all(Kind::PyFtpd)[0] };
    let server = Server::start(way.kind, way.options())?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let folder = root::temporary()?;
    std::fs::write(folder.path().join("ca.pem"), certificates::authority()?)?;
    let component = folder.path().join("composed.wasm");
    std::fs::write(&component, guest::with_provider(IMPORTED_COMMAND)?)?;
    let url = format!("ftpes://user@localhost:{}/file", server.address().port());
    let mut command = run()?;
    command.args(["-S", "inherit-network", "-S", "allow-ip-name-lookup", "--dir", ".", "--env", "FTP_PASSWORD"]);
    command.arg(&component).args(["get", "--ca", "ca.pem", &url, "-"]);
    command.current_dir(folder.path()).env("FTP_PASSWORD", "12345");

    let output = tokio::task::spawn_blocking(move || command.output()).await??;

    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    assert_eq!(output.stdout, CONTENTS);
    Ok(())
}

#[trial]
async fn plugin_fetches_a_file() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    assert_eq!(fetch(&server, "file").await?.as_deref(), Ok(CONTENTS));
    Ok(())
}

#[trial]
async fn plugin_learns_what_the_server_refuses() -> Result<()> {
    let refusal = fetch(&Embedded::start()?, "missing").await?.expect_err("there is no such file");
    assert!(refusal.contains("550"), "{refusal}");
    Ok(())
}

#[trial]
async fn wasmtime_run_invokes_the_plugin() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let folder = root::temporary()?;
    let component = folder.path().join("composed.wasm");
    std::fs::write(&component, composed()?)?;
    let call = format!("fetch(\"127.0.0.1\", {}, \"file\")", server.address().port());
    let mut command = run()?;
    command.args(["-S", "inherit-network", "--invoke", &call]).arg(&component);

    let output = tokio::task::spawn_blocking(move || command.output()).await??;

    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers: Vec<String> = CONTENTS.iter().map(u8::to_string).collect();
    assert_eq!(String::from_utf8(output.stdout)?.trim(), format!("ok([{}])", numbers.join(", ")));
    Ok(())
}

/// As many bytes as take several portions.
const MANY: u64 = 300_000;

#[trial(covers("read-into"))]
async fn download_goes_into_a_stream_of_the_host() -> Result<()> {
    let server = Embedded::start()?;
    let contents = Payload::bytes(MANY);
    std::fs::write(server.root().join("file"), &contents)?;
    let sink = MemoryOutputPipe::new(contents.len() + 1);
    assert_eq!(download(&server, sink.clone()).await?, Ok(MANY));
    assert_eq!(sink.contents(), contents);
    Ok(())
}

#[trial(covers("read-into"))]
async fn stream_that_takes_no_more_is_told() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("file"), Payload::bytes(MANY))?;
    let refusal = download(&server, MemoryOutputPipe::new(1000)).await?.expect_err("there is no room");
    assert!(refusal.contains("FailureKind::Other"), "{refusal}");
    Ok(())
}

#[trial(covers("write-from"))]
async fn upload_comes_out_of_a_stream_of_the_host() -> Result<()> {
    let server = Embedded::start()?;
    let contents = Payload::bytes(MANY);
    let mut plugin = Plugin::new().await?;
    let source: DynInputStream = Box::new(MemoryInputPipe::new(contents.clone()));
    let source = plugin.store.data_mut().table.push(source)?;
    let port = server.address().port();
    assert_eq!(plugin.call::<_, u64>("upload", (HOST, port, "file", source)).await?, Ok(MANY));
    assert_eq!(std::fs::read(server.root().join("file"))?, contents);
    Ok(())
}

async fn fetch(server: &Embedded, path: &str) -> Result<Result<Vec<u8>, String>> {
    Plugin::new().await?.call("fetch", (HOST, server.address().port(), path)).await
}

async fn download(server: &Embedded, sink: MemoryOutputPipe) -> Result<Result<u64, String>> {
    let mut plugin = Plugin::new().await?;
    let sink: DynOutputStream = Box::new(sink);
    let sink = plugin.store.data_mut().table.push(sink)?;
    plugin.call("download", (HOST, server.address().port(), "file", sink)).await
}

/// The plugin in a host that knows nothing of FTP.
struct Plugin {
    store: Store<State>,
    instance: Instance,
}

impl Plugin {
    async fn new() -> Result<Self> {
        Self::load(composed()?).await.map_err(|error| anyhow!("{error:?}"))
    }

    async fn load(component: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::default();
        let component = Component::new(&engine, component)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        let wasi = WasiCtx::builder().inherit_network().allow_tcp(true).build();
        let mut store = Store::new(&engine, State { wasi, table: ResourceTable::new() });
        let instance = linker.instantiate_async(&mut store, &component).await?;
        Ok(Self { store, instance })
    }

    /// What a function of the plugin says.
    async fn call<P, R>(&mut self, function: &str, parameters: P) -> Result<Result<R, String>>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentType + Lift + Send + Sync + 'static,
    {
        let called = async {
            let function = self.instance.get_typed_func::<P, (Result<R, String>,)>(&mut self.store, function)?;
            function.call_async(&mut self.store, parameters).await
        };
        let (said,) = called.await.map_err(|error: wasmtime::Error| anyhow!("{error:?}"))?;
        Ok(said)
    }
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
