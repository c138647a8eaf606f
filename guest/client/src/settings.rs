//! Settings of a session.

use crate::error::Error;
use crate::limits::MAX_TRANSCRIPT_LINES;
use crate::proxy::Proxy;
use crate::tls::{Security, TlsSettings};
use core::net::IpAddr;
use core::time::Duration;
use ftp_protocol::encoding::Encoding;

/// Settings of a session.
#[derive(Debug, Clone)]
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
    /// The longest that looking up the host, then connecting, and then a TLS handshake may take, in one or two attempts;
    /// likewise for each data connection.
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
            (DataMode::Active(_), Some(_)) => Err(Error::unsupported("active mode does not go through a proxy")),
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
                Err(Error::invalid_argument("the range of ports is empty or starts at 0"))
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
