//! The limits of a host.

use std::time::Duration;

/// Whose cryptography the records and handshakes of TLS take. Certificates, policy and every check are the component's in any
/// case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cryptography {
    /// The host's where the processor has what that needs, else the component's own.
    #[default]
    Auto,
    /// The host's: native code outside of the sandbox, which sees keys and data.
    Host,
    /// The component's own, in the sandbox.
    Portable,
}

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
    /// Whose cryptography sessions take. [`Host::cryptography`](crate::Host::cryptography) reports which one that is. Default:
    /// [`Cryptography::Auto`].
    pub cryptography: Cryptography,
}

impl Default for Options {
    fn default() -> Self {
        let busy_limit = Duration::from_secs(10);
        Self { sessions: 64, memory: 256 << 20, busy_limit, cryptography: Cryptography::Auto }
    }
}
