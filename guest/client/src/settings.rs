//! Settings of a session. Every limit of the client stands here.

use crate::error::Error;
use crate::tls::{Security, TlsSettings};
use alloc::string::ToString;
use core::net::IpAddr;
use core::time::Duration;
use ftp_protocol::encoding::Encoding;

/// The most lines that a transcript may hold. With a KiB each they stay clear of what a host lifts.
pub const MAX_TRANSCRIPT_LINES: usize = 65_536;

/// Bytes moved at once. Larger pieces measured slower, and WASI hands out no more.
pub const CHUNK: usize = 64 * 1024;

/// Bytes that one line of a listing may have.
pub const LISTING_LINE: usize = 16 * 1024;

/// Bytes that a listing may take in memory, as [`listed_cost`] counts them. A host may refuse to lift a value that is
/// larger than 128 MiB.
pub const LISTING_SIZE: usize = 64 * 1024 * 1024;

/// Bytes that a portion of a listing may take, counted alike; its last entry may be larger.
pub const PORTION: usize = 256 * 1024;

/// Addresses of one name that are tried.
pub const MAX_ADDRESSES: usize = 16;

/// How long one address has before the next is tried beside it (RFC 8305, section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How long the other side's end of a connection is waited for once it has said that all is done.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// Bytes of an upload inside TLS that are held back until there are more, or its end: without TCP_NODELAY the last of
/// two small writes is slow.
pub const HELD: usize = 16 * 1024;

/// How long they are held back at most, once there is more to write.
pub const HOLD: Duration = Duration::from_millis(50);

/// What a text costs against [`LISTING_SIZE`]: its bytes and its place in a list.
pub fn listed_cost(text: &str) -> usize {
    text.len() + 32
}

/// Settings of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How the session is protected.
    pub security: Security,
    /// How TLS is done, when it is.
    pub tls: TlsSettings,
    /// How data connections are made.
    pub data_mode: DataMode,
    /// How names and texts travel.
    pub encoding: Encoding,
    /// The local address to connect from.
    pub local_address: Option<IpAddr>,
    /// The longest that looking up the host, and then connecting, may take; likewise for each data connection.
    pub connect_timeout: Duration,
    /// The longest that a command may take until its reply is complete.
    pub reply_timeout: Duration,
    /// The longest that a transfer may go without moving a byte.
    pub idle_timeout: Duration,
    /// The longest that one call may take as a whole.
    pub total_timeout: Option<Duration>,
    /// The most lines that the transcript holds; 0 turns it off.
    pub transcript_capacity: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            security: Security::None,
            tls: TlsSettings::default(),
            data_mode: DataMode::Passive,
            encoding: Encoding::Utf8,
            local_address: None,
            connect_timeout: Duration::from_secs(30),
            reply_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            total_timeout: None,
            transcript_capacity: 0,
        }
    }
}

/// How data connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataMode {
    /// The server listens: `EPSV`, or `PASV` with the control connection's address.
    Passive,
    /// The client listens: `PORT` over IPv4, `EPRT` over IPv6.
    Active(Active),
}

/// Where to listen in active mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Active {
    /// First and last port to listen on, or any that is free.
    pub ports: Option<(u16, u16)>,
    /// The address to announce, when it is not that of the control connection.
    pub announced: Option<IpAddr>,
}

impl DataMode {
    /// Refuses ports that cannot be listened on.
    pub fn checked(self) -> Result<Self, Error> {
        match self {
            Self::Active(Active { ports: Some((first, last)), .. }) if first == 0 || last < first => {
                Err(Error::InvalidArgument("the range of ports is empty or starts at 0".to_string()))
            }
            mode => Ok(mode),
        }
    }
}

/// How file contents travel (`TYPE`, RFC 959, section 3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Representation {
    /// `TYPE I`: the bytes as they are.
    Image,
    /// `TYPE A`: lines end in CRLF on the wire and in LF here.
    Ascii,
}

impl Representation {
    /// The argument of `TYPE`.
    pub(crate) fn code(self) -> &'static [u8] {
        match self {
            Self::Image => b"I",
            Self::Ascii => b"A",
        }
    }
}
