//! `ftp-cli.wasm`: the FTP client as a command, for `wasmtime run` and for `ftp-host`.

#[cfg(target_arch = "wasm32")]
mod command;

#[cfg(target_arch = "wasm32")]
fn main() {
    match command::run() {
        ftp_cli::exit::Exit::Success => {}
        // `std::process::exit` would make 1 of every code.
        failure => wasi::cli::exit::exit_with_code(failure.code()),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("ftp-cli is a WebAssembly component: build it for wasm32-wasip2");
    std::process::exit(1);
}
