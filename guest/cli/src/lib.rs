//! The command line of the FTP client: what may be said, and what it takes to do it.
//!
//! In scope: arguments, URLs, patterns, names of files, texts for terminals, and what a command line needs of the machine that it
//! runs on. All of it is the same for the command itself, `ftp-cli.wasm` (`src/main.rs` and `src/command/`), and for a
//! host that gives it exactly what it needs. Out of scope: doing it.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod exit;
pub mod figures;
pub mod names;
pub mod needs;
pub mod netrc;
pub mod remote;
pub mod task;
pub mod text;
