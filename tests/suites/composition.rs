//! The component composed with another one that imports it, as `wac plug` does it: what comes of that needs WASI alone.

use std::process::ExitCode;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ftp_host::COMPONENT;
use ftp_tests::embedded::Embedded;
use ftp_tests::suite::Suite;
use ftp_tests::wasmtime::{installed, run};
use ftp_tests::{guest, root, trials};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wit_component::DecodedWasm;

const CONTENTS: &[u8] = b"what the plugin came for";

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments();
    trials!(
        suite,
        "composition",
        Ok(()),
        [only_wasi_is_left_to_import, plugin_fetches_a_file, plugin_learns_what_the_server_refuses]
    );
    trials!(suite, "composition", installed(), [wasmtime_run_invokes_the_plugin]);
    suite.run_after(|| drop(composed()))
}

/// The plugin with the client in it.
static COMPOSED: LazyLock<Result<Vec<u8>, String>> = LazyLock::new(|| compose().map_err(|error| format!("{error:#}")));

fn composed() -> Result<&'static [u8]> {
    COMPOSED.as_deref().map_err(|error| anyhow!(error.clone()))
}

fn compose() -> Result<Vec<u8>> {
    let plugin = guest::build(&["--package", "ftp-test-plugin"])?.join("ftp_test_plugin.wasm");
    let mut graph = CompositionGraph::new();
    let client = Package::from_bytes("ftp:client", None, COMPONENT, graph.types_mut())?;
    let plugin = Package::from_file("example:plugin", None, plugin, graph.types_mut())?;
    let (client, plugin) = (graph.register_package(client)?, graph.register_package(plugin)?);
    plug(&mut graph, vec![client], plugin)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

async fn only_wasi_is_left_to_import() -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(composed()?)? else {
        bail!("this is a package, not a component");
    };
    let imports: Vec<String> = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key)).collect();
    assert!(imports.iter().any(|name| name.starts_with("wasi:sockets/tcp@")), "{imports:?}");
    assert!(imports.iter().all(|name| name.starts_with("wasi:")), "{imports:?}");
    Ok(())
}

async fn plugin_fetches_a_file() -> Result<()> {
    let server = Embedded::start()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    assert_eq!(fetch(&server, "file").await?.as_deref(), Ok(CONTENTS));
    Ok(())
}

async fn plugin_learns_what_the_server_refuses() -> Result<()> {
    let refusal = fetch(&Embedded::start()?, "missing").await?.expect_err("there is no such file");
    assert!(refusal.contains("550"), "{refusal}");
    Ok(())
}

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

/// What the plugin says, in a host that knows nothing of FTP.
async fn fetch(server: &Embedded, path: &str) -> Result<Result<Vec<u8>, String>> {
    let called = call(server.address().port(), path).await;
    called.map_err(|error| anyhow!("{error:?}")).context("calling the plugin")
}

async fn call(port: u16, path: &str) -> wasmtime::Result<Result<Vec<u8>, String>> {
    let engine = Engine::default();
    let component = Component::new(&engine, composed().map_err(|error| wasmtime::format_err!("{error:#}"))?)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let wasi = WasiCtx::builder().inherit_network().allow_tcp(true).build();
    let mut store = Store::new(&engine, State { wasi, table: ResourceTable::new() });
    let plugin = linker.instantiate_async(&mut store, &component).await?;
    let fetch = plugin.get_typed_func::<(&str, u16, &str), (Result<Vec<u8>, String>,)>(&mut store, "fetch")?;
    let (fetched,) = fetch.call_async(&mut store, ("127.0.0.1", port, path)).await?;
    Ok(fetched)
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
