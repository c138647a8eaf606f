//! What the client, the component and its host have in common: errors, replies, outcomes, how often to try again, proxies
//! and secrets.
//!
//! The shapes are those of the contract (`wit/types.wit`), and the messages of errors are written here alone.
#![no_std]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

extern crate alloc;

mod cause;
mod error;
mod line;
mod outcome;
mod proxy;
mod reply;
mod retry;
mod secret;
mod tls;

pub use cause::{Cause, ResolveCause};
pub use error::{Closes, Error, FailureKind, Limit, Phase, RefusalKind};
pub use ftp_protocol::checksum::Algorithm;
pub use outcome::{Checksum, Copied, Outcome, Unverified, Verification};
pub use proxy::{Credentials, Proxy, ProxyServer};
pub use reply::Reply;
pub use retry::Retry;
pub use secret::Secret;
pub use tls::TlsCause;
