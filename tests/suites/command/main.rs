//! The command, by the real `wasmtime` and by `ftp-host`: each verb against each server, exit codes, what is missing, and
//! large mirrors that are interrupted.

mod ciphers;
mod copies;
mod deletes;
mod directories;
mod downloads;
mod exits;
mod guises;
mod messages;
mod mirrors;
mod names;
mod namesakes;
mod options;
mod outputs;
mod passwords;
mod readme;
mod targets;
mod terminal;
mod uploads;
mod verbs;

use std::process::ExitCode;

use ftp_tests::suite;

fn main() -> ExitCode {
    suite::run()
}
