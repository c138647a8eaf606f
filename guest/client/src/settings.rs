//! Settings of a session, and the limits of the client. Limits of a reply are in `control.rs`, those of TLS in `tls/`.

use crate::error::Error;
use crate::proxy::Proxy;
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
pub const LISTING_BATCH_BYTES: usize = 256 * 1024;

/// Levels of a tree that a walk goes down, unless options say otherwise.
#[cfg(feature = "mirror")]
pub const WALK_DEPTH: usize = 128;

/// Members of directories that a walk takes, unless options say otherwise.
#[cfg(feature = "mirror")]
pub const WALK_ENTRIES: usize = 1_000_000;

/// Bytes that all that a walk finds may take in memory.
#[cfg(feature = "mirror")]
pub const WALK_SIZE: usize = 256 * 1024 * 1024;

/// Sessions that share a download at the most.
pub const MAX_SEGMENTS: usize = 16;

/// Bytes for which one more session is worth its while, unless the caller knows better.
pub const MIN_SEGMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Addresses of one name that are tried.
pub const MAX_ADDRESSES: usize = 16;

/// How long one address has before the next is tried beside it (RFC 8305, section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How long the other side's end of a connection is waited for once it has said that all is done.
pub const CLOSE_LINGER: Duration = Duration::from_secs(2);

/// Bytes of an upload inside TLS that are held back until there are more, or its end: without TCP_NODELAY the last of
/// two small writes is slow.
pub const UPLOAD_COALESCE_BYTES: usize = 16 * 1024;

/// How long they are held back at most, once there is more to write.
pub const UPLOAD_COALESCE_DELAY: Duration = Duration::from_millis(50);

/// How long two servers may take for a copy between them at most: no reply reports their progress.
pub const FXP_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The fewest bytes that they move in a second, where the source has reported how many there are.
pub const FXP_BYTES_PER_SECOND: u64 = 1024;

/// How long a server that listens for another one has to refuse a copy, before that one is told.
pub const HEAD_START: Duration = Duration::from_millis(500);

/// What a compressed transfer may inflate to is this many times the bytes that came, and a setting beyond that. Deflate
/// can do a thousand times; among honest files only the emptiest compress better than this.
pub const INFLATION_RATIO: u64 = 100;

/// The part of the connect timeout that a data port from `EPSV` has, where `PASV` may still name another: one of so many.
pub const EPSV_SHARE: u32 = 3;

/// How old the port of an `EPSV` may be that was asked ahead.
pub const PORT_AHEAD: Duration = Duration::from_secs(5);

/// Bytes of a user or a password for SOCKS5 (RFC 1929, section 2).
pub const CREDENTIAL: usize = 255;

/// Bytes that a proxy may say, in lines, before the connection is the server's.
pub const PROXY_ANSWER: usize = 16 * 1024;

/// The shortest interval between two `NOOP`s in a transfer.
pub const SHORTEST_KEEPALIVE: Duration = Duration::from_millis(100);

/// The shortest time after which the system is asked to look after an idle connection; WASI knows nothing shorter.
pub const SHORTEST_TCP_KEEPALIVE: Duration = Duration::from_secs(1);

/// `NOOP`s of a transfer that may be without a reply: a server that answers none until the end has to keep them.
pub const MAX_UNANSWERED: usize = 1000;

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
    /// What the connections go through.
    pub proxy: Option<Proxy>,
    /// The longest that looking up the host, and then connecting, may take; likewise for each data connection.
    pub connect_timeout: Duration,
    /// The longest that a command may take until its reply is complete.
    pub reply_timeout: Duration,
    /// The longest that a transfer may wait for the server to move a byte.
    pub idle_timeout: Duration,
    /// The longest that one call may take as a whole.
    pub total_timeout: Option<Duration>,
    /// Compare sizes (SIZE) at the end of each upload as an image, of each copy, and of each download whose size was asked
    /// for just before.
    pub verify_size: bool,
    /// Compare checksums at the end of whole files, where the server has any.
    pub verify_checksums: bool,
    /// What a compressed transfer may inflate to beyond a hundred times the bytes that came.
    pub inflation_limit: u64,
    /// How long the control connection may be silent in a transfer before a `NOOP` is sent on it.
    pub keepalive: Option<Duration>,
    /// How long a connection may be idle before the system looks after it.
    pub tcp_keepalive: Option<Duration>,
    /// Ask for the data connection of the next transfer together with each: a round trip less. Only for servers that
    /// answer commands in their order, transfers included.
    pub pipelining: bool,
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
            proxy: None,
            connect_timeout: Duration::from_secs(30),
            reply_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            total_timeout: None,
            verify_size: true,
            verify_checksums: false,
            inflation_limit: 1 << 30,
            keepalive: None,
            tcp_keepalive: None,
            pipelining: false,
            transcript_capacity: 0,
        }
    }
}

impl Settings {
    /// Refuses what cannot be: ports that cannot be listened on, a proxy that is none, and active mode through one.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let data_mode = self.data_mode.checked()?;
        self.check_way(data_mode)?;
        let proxy = self.proxy.map(Proxy::checked).transpose()?;
        let transcript_capacity = self.transcript_capacity.min(MAX_TRANSCRIPT_LINES);
        Ok(Self { data_mode, proxy, transcript_capacity, ..self })
    }

    /// Nobody can connect back through a proxy.
    pub(crate) fn check_way(&self, data_mode: DataMode) -> Result<(), Error> {
        match (data_mode, &self.proxy) {
            (DataMode::Active(_), Some(_)) => {
                Err(Error::Unsupported("active mode does not go through a proxy".to_string()))
            }
            _ => Ok(()),
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

/// How the bytes of data connections travel (`MODE`, RFC 959, section 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransferMode {
    /// `MODE S`: as they are.
    #[default]
    Stream,
    /// `MODE Z`: as one zlib stream (draft-preston-ftpext-deflate-04).
    Deflate,
}

impl TransferMode {
    /// The argument of `MODE`.
    pub(crate) fn code(self) -> &'static [u8] {
        match self {
            Self::Stream => b"S",
            Self::Deflate => b"Z",
        }
    }
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
