//! Runs a command that imports its cryptography: WASI by wasmtime, and `ftp:crypto` by `ftp-host`. `tests/run` runs the tests
//! of `ftp-crypto` by it. Usage: imports COMPONENT [ARGUMENT...]

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use ftp_host::{Keys, add_cryptography_to_linker};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView};

/// Keys that the tests hold at a time.
const KEYS: usize = 256;

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    keys: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Keys for State {
    fn keys(&self) -> &ResourceTable {
        &self.keys
    }

    fn keys_mut(&mut self) -> &mut ResourceTable {
        &mut self.keys
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let component = arguments.first().context("usage: imports COMPONENT [ARGUMENT...]")?;
    match run(component, &arguments).await {
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        Ok(Err(())) => Ok(ExitCode::FAILURE),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(0)) => Ok(ExitCode::SUCCESS),
            Some(_) => Ok(ExitCode::FAILURE),
            None => Err(anyhow!("{error:?}")),
        },
    }
}

async fn run(component: &str, arguments: &[String]) -> wasmtime::Result<Result<(), ()>> {
    let engine = Engine::default();
    let component = Component::from_file(&engine, component)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    add_cryptography_to_linker(&mut linker)?;
    let wasi = WasiCtx::builder().inherit_stdio().args(arguments).build();
    let mut keys = ResourceTable::new();
    keys.set_max_capacity(KEYS);
    let mut store = Store::new(&engine, State { wasi, table: ResourceTable::new(), keys });
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    command.wasi_cli_run().call_run(&mut store).await
}
