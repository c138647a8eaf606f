//! `ftp-cli.wasm`: the FTP client as a command.

fn main() {}
