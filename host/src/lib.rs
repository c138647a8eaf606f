//! Embed the FTP component in a Rust program.
//!
//! The FTP client is a WebAssembly component. It runs in a sandbox that reaches the named server and nothing else: no
//! files, no environment, no other address, a limited amount of memory and of time. This library holds the component,
//! compiled ahead of time, and the sandbox.
//!
//! ```no_run
//! use ftp_host::{Host, Representation};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let host = Host::new()?;
//!     let mut session = host.connect("ftp.example.com", None).await?;
//!     session.login("anonymous", "guest@example.com", None).await?;
//!     let mut download = session.retrieve("README", Representation::Image, 0).await?;
//!     let mut contents = Vec::new(); // or a file, or any other `AsyncWrite`
//!     download.copy_to(&mut contents).await?;
//!     let outcome = download.finish().await?; // without this, it may not be all
//!     println!("{} bytes: {}", outcome.bytes, outcome.reply.lines[0]);
//!     session.quit().await?;
//!     Ok(())
//! }
//! ```
//!
//! A [`Host`] is made once. It makes a [`Connector`] for each session, with a [`Policy`] of what it may reach and with
//! [`Settings`]; [`Host::connect`] does with the defaults of both. The connector gives a [`Session`], the session a
//! [`Download`], an [`Upload`] or [`Entries`].
//!
//! # Dropping
//!
//! Every future may be dropped at any time. A call that had begun cannot be taken back, so its connector ends with it:
//! its sockets are closed at once, and later calls are `Closed`. A [`Session`], [`Download`], [`Upload`]
//! or [`Entries`] that is dropped between calls closes its own connection only.
//!
//! # The command
//!
//! With the feature `command` there is a second component: `ftp-cli.wasm`, the whole client as a command. A `Command` is one
//! run of it, with the hosts and the folders that it is given.
//!
//! # Isolation
//!
//! Each connector is a sandbox of its own. Whatever happens in one, a failed component among it, is an [`Error`] of that
//! one; see [`Options`] for the limits.
#![deny(missing_docs, unsafe_code)]

mod answers;
mod bindings;
#[cfg(feature = "command")]
mod columns;
#[cfg(feature = "command")]
mod command;
mod connector;
mod convert;
mod cryptography;
mod engine;
mod entries;
mod error;
mod fetch;
mod grants;
mod host;
mod instance;
mod keys;
mod limits;
mod lookup;
mod options;
mod policy;
mod session;
mod tls;
mod transfer;
mod types;

#[cfg(feature = "command")]
pub use command::{Command, Printed};
pub use connector::{Connector, Settings};
pub use cryptography::add_cryptography_to_linker;
pub use entries::Entries;
pub use error::Error;
pub use fetch::Remote;
pub use ftp_types::{
    Algorithm, Checksum, Closes, Copied, Credentials, Error as FtpError, FailureKind, Limit, Outcome, Phase, Proxy,
    ProxyServer, RefusalKind, Reply, Retry, Secret, Unverified, Verification,
};
pub use host::Host;
pub use keys::Keys;
pub use options::{Cryptography, Options};
pub use policy::Policy;
pub use session::Session;
pub use tls::{Identity, TlsSettings};
pub use transfer::{Download, Upload};
pub use types::{
    Active, Arrived, DataEnd, DataMode, Encoding, Encryption, Entry, EntryKind, Listed, Precision, Protection,
    RawEntry, Representation, Security, Timestamp, TlsCiphers, TlsVersion, TransferMode, Trust,
};

/// The component itself, `ftp.wasm`, for a program that loads or composes it in its own way.
pub use ftp_artifacts::COMPONENT;

/// Its sibling, `ftp-imported.wasm`, which imports its cryptography: `ftp:crypto`.
pub use ftp_artifacts::IMPORTED_COMPONENT;

/// The command, `ftp-cli.wasm`, for a program that runs it in its own way.
#[cfg(feature = "command")]
pub use ftp_artifacts::COMMAND;

/// Its sibling, `ftp-cli-imported.wasm`, which imports its cryptography: `ftp:crypto`.
#[cfg(feature = "command")]
pub use ftp_artifacts::IMPORTED_COMMAND;

/// The examples of the repository's README, compiled as those above are.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The examples of the guide beside this crate, likewise.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Guide;
