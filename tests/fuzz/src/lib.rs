//! The bodies of the fuzz targets: functions of bytes that panic where something does not hold. The programs in `targets/`
//! give them to the fuzzer; `tests/seeds.rs` gives them the seeds, on any compiler.
#![forbid(unsafe_code)]

mod command;
mod protocol;
mod scripted;
mod servers;
mod tls;

pub use command::{names, netrc, urls};
pub use protocol::{addresses, charsets, facts, listings, replies, times};
pub use scripted::{inflate, sessions};
pub use tls::{handshakes, records, sealed};

/// The first byte, which chooses a way to run, and the rest.
fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}
