//! An FTP client (RFC 959, 1123, 2389, 2428, 2640, 3659), plain or inside TLS (RFC 4217), as linear async code.
//!
//! In scope: sessions, transfers, listings, time limits, TLS; the engine of TLS is behind the traits in `tls`. Out of scope: where connections come from. That is the trait
//! [`Network`], of which there is one for WASI in the component, one for native sockets (the module
//! `native`, with the feature of that name) and one that plays a script (`scripted`, likewise).
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

extern crate alloc;
#[cfg(any(feature = "native", test))]
extern crate std;

mod ascii;
mod connection;
mod control;
mod data;
mod dial;
mod error;
mod limit;
mod lines;
#[cfg(feature = "native")]
pub mod native;
mod network;
#[cfg(feature = "scripted")]
pub mod scripted;
mod session;
mod settings;
mod tls;
mod transcript;
mod transfer;

pub use error::{Error, Limit, Phase, Reply};
pub use ftp_protocol::encoding::Encoding;
pub use ftp_protocol::listing::{Entry, Kind, Listed};
pub use ftp_protocol::time::{Precision, Timestamp};
pub use limit::{breathe, within};
pub use lines::Entries;
pub use network::{Listener, Network, NetworkError, Stream};
pub use session::Session;
pub use settings::{Active, CHUNK, DataMode, HOLD, Representation, Settings};
pub use tls::{Agreed, DataEnd, Identity, Protection, Security, TlsSettings, Trust, Version};
pub use transfer::{Download, Outcome, Upload};
