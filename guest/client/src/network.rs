//! The seam to the outside: what a client asks of the network that carries it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_types::ResolveCause;

/// What the host provides: names, connections and time. Cloning gives another handle to the same network.
///
/// Every future may be dropped before it is done; what it was about to make is then released. No call has a time
/// limit of its own: the client sets them.
pub trait Network: Clone + 'static {
    /// A connection.
    type Stream: Stream;
    /// A listening socket.
    type Listener: Listener<Stream = Self::Stream>;

    /// The addresses of a name, in the order of preference. An IP address in text is its own address.
    fn resolve(&self, host: &str) -> impl Future<Output = Result<Vec<IpAddr>, NetworkError>>;

    /// Connect to `remote`, from the address `local` where one is given.
    fn connect(
        &self,
        remote: SocketAddr,
        local: Option<IpAddr>,
    ) -> impl Future<Output = Result<Self::Stream, NetworkError>>;

    /// Listen at an address; port 0 lets the system choose.
    fn listen(&self, local: SocketAddr) -> impl Future<Output = Result<Self::Listener, NetworkError>>;

    /// Wait.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;

    /// Time that only goes forward, since a moment that does not matter.
    fn now(&self) -> Duration;

    /// Seconds since 1970-01-01T00:00:00 UTC, or `None` where there is no such clock.
    fn wall_clock() -> Option<i64>;

    /// A line of a transcript, as soon as it was said: `> ` sent, `< ` received, `* ` noted. Only where
    /// [`Settings::transcript_capacity`](crate::Settings::transcript_capacity) is not 0.
    fn said(&self, _line: &str) {}
}

/// A connection. Dropping it closes it and never waits.
pub trait Stream {
    /// Append at most `max` bytes to `buffer`, at least one; 0 is the end. Nothing is lost when the future is dropped.
    fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> impl Future<Output = Result<usize, NetworkError>>;

    /// Send the first of these bytes, at least one where there are any, and return how many.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<usize, NetworkError>>;

    /// Have the system look after this connection once it has been idle for so long (RFC 1122, section 4.2.3.6).
    fn set_keep_alive(&self, idle: Duration) -> Result<(), NetworkError>;

    /// Wait until everything written is with the system, then end the sending direction.
    fn finish(&mut self) -> impl Future<Output = Result<(), NetworkError>>;

    /// This side's address.
    fn local_address(&self) -> Result<SocketAddr, NetworkError>;

    /// The other side's address.
    fn peer_address(&self) -> Result<SocketAddr, NetworkError>;
}

/// A listening socket. Dropping it closes it.
pub trait Listener {
    /// What it accepts.
    type Stream: Stream;

    /// The next connection.
    fn accept(&mut self) -> impl Future<Output = Result<Self::Stream, NetworkError>>;

    /// Where it listens, with the port that the system chose.
    fn local_address(&self) -> Result<SocketAddr, NetworkError>;
}

/// Why the network could not do it. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkError {
    /// The name has no address, or looking it up failed.
    Unresolvable(ResolveCause, String),
    /// The host does not allow it.
    Denied(String),
    /// Nothing listens there, or there is no way there.
    Refused(String),
    /// The connection ended, or was reset.
    Lost(String),
    /// The local address is in use.
    AddressInUse,
    /// Anything else.
    Other(String),
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolvable(_, text) => write!(f, "name not resolved: {text}"),
            Self::Denied(text) => write!(f, "access denied: {text}"),
            Self::Refused(text) => write!(f, "connection refused: {text}"),
            Self::Lost(text) => write!(f, "connection lost: {text}"),
            Self::AddressInUse => f.write_str("address in use"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl core::error::Error for NetworkError {}
