//! The settings that the compiler of the components (the build script) and the engines that run them must share.

use wasmtime::{Config, Inlining, WasmBacktraceDetails};

/// The settings of every engine. Nothing is left to what other parts of a program may switch on in wasmtime, or to the
/// environment.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .gc_support(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

/// The settings of the library's engine where the component has its own cryptography. The engine starts once and works for
/// long: calls are inlined. Its code is three times as large for that, and P-256 and P-384 take two thirds of the time, as
/// their arithmetic calls a function for each product.
pub fn library() -> Config {
    let mut config = config();
    config.compiler_inlining(Inlining::Yes);
    config
}
