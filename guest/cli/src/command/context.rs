//! What the verbs share.

use std::cell::RefCell;
use std::collections::BTreeSet;

use ftp_cli::arguments::ConnectionOptions;
use ftp_client::LearnedCiphers;

use super::failure::Failure;
use super::net::Net;
use super::output::Output;

/// What every verb needs.
pub struct Context {
    pub out: Output,
    pub net: Net,
    pub connection: ConnectionOptions,
    /// Which cipher suites servers take, for all sessions.
    pub learned_ciphers: LearnedCiphers,
    /// The URLs name more than one host.
    pub has_several_hosts: bool,
    /// Sizes on both sides are compared: not so with `--no-verify-size`.
    pub verify_size: bool,
    /// Names on servers that have a part of a file now.
    pub parts: RefCell<BTreeSet<String>>,
}

/// A verb, to be done.
pub trait Run {
    async fn run(self, context: &Context) -> Result<(), Failure>;
}
