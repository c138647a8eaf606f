//! What the suites in `suites/` share: servers to run against, a peer that plays a script, payloads, and the shape of a
//! suite. See `README.md` for what is where and how to run it.
//!
//! Rules for everything here: ports are chosen by the system, every wait has a limit, nothing sleeps in the hope that
//! something else has happened meanwhile, and whatever is started ends with the value that stands for it.

// Lints run nothing.
#[cfg(not(clippy))]
const _: () = assert!(!ftp_artifacts::ARE_PREBUILT, "the suites test the sources: build them without FTP_PREBUILT");

pub mod cargo;
pub mod certificates;
pub mod client;
pub mod command;
pub mod coverage;
pub mod cutting;
pub mod embedded;
pub mod guest;
pub mod matrix;
pub mod payload;
pub mod proxies;
pub mod pyftpd;
mod ready;
pub mod root;
pub mod script;
pub mod servers;
pub mod suite;
pub mod wasmtime;

pub use ftp_test_macros::trial;
