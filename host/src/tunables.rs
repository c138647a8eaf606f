//! The settings that the compiler of the component (`build.rs`) and the engine that runs it must share.

use wasmtime::{Config, WasmBacktraceDetails};

/// Nothing is left to what other parts of a program may switch on in wasmtime, or to the environment.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .gc_support(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}
