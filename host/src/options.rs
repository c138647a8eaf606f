//! The limits of a host.

use std::time::Duration;

/// What a [`Host`](crate::Host) is made for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The most connectors that are open at a time. Address space is reserved for each, memory is not, but what one has
    /// used stays for the next, at most half a MiB each; where that fails, each takes its own when it is made. Default: 64.
    pub sessions: u32,
    /// The most bytes of linear memory that a connector, with its sessions, may take. Default: 256 MiB, enough for the
    /// largest listing that the component accepts, which is 64 MiB, and for what it is made from.
    pub memory: usize,
    /// The longest that a guest may compute without waiting for the network; then it is stopped, and its connector is
    /// closed. Default: 10 seconds.
    pub busy_limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { sessions: 64, memory: 256 << 20, busy_limit: Duration::from_secs(10) }
    }
}
