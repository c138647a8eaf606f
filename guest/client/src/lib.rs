//! An FTP client (RFC 959, 1123, 2389, 2428, 2640, 3659), plain or inside TLS (RFC 4217), as linear async code.
//!
//! In scope: sessions, transfers, listings, time limits, TLS; the engine of TLS is behind the traits in `tls`. Also what is
//! made out of several calls: transfers that resume, by several sessions if need be, in [`engine`], and with the feature
//! `mirror` trees in the module of that name. Out of scope: where connections come from. That is the
//! trait [`Network`], of which there is one for WASI in the component, one for native sockets (the module `native`, with
//! the feature of that name) and one in memory that plays a script, in `tests/kit`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

extern crate alloc;
#[cfg(any(feature = "mirror", feature = "native", test))]
extern crate std;

mod ascii;
mod checksum;
mod commands;
mod control;
mod data;
mod deflate;
mod dial;
pub mod engine;
mod error;
mod extensions;
mod features;
mod fxp;
mod handover;
mod keepalive;
mod known;
mod limits;
mod lines;
mod listing;
#[cfg(feature = "mirror")]
pub mod mirror;
#[cfg(feature = "native")]
pub mod native;
mod network;
#[cfg(test)]
mod nowhere;
mod proxy;
mod secrets;
mod session;
mod settings;
mod timeout;
mod tls;
mod transcript;
mod transfer;
mod verify;

pub use checksum::Hasher;
pub use commands::{GetCommand, PutCommand};
pub use data::ListingEnd;
pub use ftp_protocol::address::host_literal;
pub use ftp_protocol::codes;
pub use ftp_protocol::encoding::Encoding;
pub use ftp_protocol::features::has as has_feature;
pub use ftp_protocol::listing::{Entry, Kind, Listed, RawEntry};
pub use ftp_protocol::path::protect_leading;
pub use ftp_protocol::text::is_printable;
pub use ftp_protocol::time::{Precision, Timestamp};
pub use ftp_types::{
    Algorithm, Cause, Checksum, Closes, Copied, Credentials, Error, FailureKind, Limit, Outcome, Phase, Proxy,
    ProxyServer, RefusalKind, Reply, ResolveCause, Retry, Secret, TlsCause, Unverified, Verification,
};
pub use limits::{CHUNK, UPLOAD_COALESCE_DELAY};
pub use lines::Entries;
pub use listing::{ListOptions, Listing, ListingCommand, ListingWay};
pub use network::{Listener, Network, NetworkError, Stream};
pub use session::{Session, WorkingDirectory};
pub use settings::{Active, DataMode, Representation, Settings, TransferMode};
pub use timeout::{join_all, timeout, yield_now};
pub use tls::{
    Agreed, Ciphers, DataEnd, Identity, LearnedCiphers, Protection, Roots, Security, ServerName, TlsSettings, Trust,
    Version, Versions,
};
pub use transfer::{Download, Upload};
pub use verify::{ReportedSize, UploadStart};
