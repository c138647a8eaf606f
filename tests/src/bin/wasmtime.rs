//! The command `wasmtime`, of which the suites take `run`: upstream's, compiled with the library that the suites have anyhow.

use clap::Parser;
use wasmtime::Result;
use wasmtime_cli::commands::RunCommand;

const LOCK: &str = include_str!("../../../Cargo.lock");

/// Wasmtime WebAssembly Runtime
#[derive(Parser)]
#[command(name = "wasmtime", version = version())]
enum Wasmtime {
    /// Runs a WebAssembly module
    Run(RunCommand),
}

fn main() -> Result<()> {
    match Wasmtime::parse() {
        Wasmtime::Run(command) => command.execute(),
    }
}

/// That of upstream's package, which `clap` cannot have from this one.
fn version() -> &'static str {
    let package = LOCK.split_once("name = \"wasmtime-cli\"\nversion = \"").map(|(_, rest)| rest);
    package.and_then(|rest| rest.split_once('"')).map_or("unknown", |(version, _)| version)
}
