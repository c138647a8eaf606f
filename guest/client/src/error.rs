//! Errors: what failed, and whose fault it was.

use crate::network::NetworkError;
use crate::tls::cause::TlsCause;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use ftp_protocol::{codes, command, encoding, reply};

/// One reply on the control connection, as text (RFC 959, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 100 to 599. Branch on this, never on the text.
    pub code: u16,
    /// The lines, without codes and line ends. At least one.
    pub lines: Vec<String>,
}

/// Why an operation failed.
///
/// The session is closed when its control connection failed: see [`Error::closes_session`]. Otherwise it stays usable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The host name has no address, or looking it up failed.
    NameUnresolvable(String),
    /// The host denies this address or operation.
    AccessDenied(String),
    /// Nothing listens at the address, or the network cannot reach it.
    ConnectionRefused(String),
    /// A connection ended before the reply or the data was complete.
    ConnectionLost(String),
    /// The phase took longer than its limit.
    Timeout(Phase),
    /// The TLS handshake, the certificate or the record layer failed.
    Tls(String),
    /// The TLS handshake failed for a cause that somebody can mend.
    Handshake(Box<TlsCause>),
    /// TLS was asked for and cannot be had; nothing was sent in the clear.
    Insecure(String),
    /// The server refuses for now (4yz).
    Transient(Reply),
    /// The server refuses (5yz).
    Permanent(Reply),
    /// A well-formed reply that does not fit the request.
    Unexpected(Reply),
    /// The server broke the protocol.
    Protocol(String),
    /// A limit on what a server may send was reached.
    LimitExceeded(Limit),
    /// The caller's argument cannot be sent, and not one byte of it was; or it is no time for the call.
    InvalidArgument(String),
    /// A transfer of this session is still open.
    Busy,
    /// The session is closed.
    Closed,
    /// The session is closed: it went elsewhere for a listing, and the server does not let it return.
    NoWayBack(String),
    /// The number of bytes received differs from what the server announced.
    Integrity(String),
    /// Fewer bytes arrived than were sent or announced: the transfer was cut.
    Incomplete(String),
    /// The server reports success, and whether all bytes arrived cannot be verified although it has to be.
    Unverified(String),
    /// Neither this client nor the server can do it in this session.
    Unsupported(String),
    /// The network failed in a way that has no case of its own.
    Other(String),
}

/// What was waited for when a limit ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Looking up the host name.
    Resolve,
    /// Establishing the control connection.
    Connect,
    /// A TLS handshake.
    Handshake,
    /// A reply, or sending a command.
    Reply,
    /// Establishing a data connection.
    DataConnection,
    /// The next byte of a transfer.
    Data,
    /// The whole call.
    Total,
}

/// A limit on what a server may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// One line of a reply.
    ReplyLine,
    /// All lines of one reply.
    ReplySize,
    /// One line of a listing.
    ListingLine,
    /// A whole listing in memory.
    ListingSize,
    /// What a compressed transfer inflates to.
    Inflation,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        self.lines.last().map_or(Ok(()), |line| write!(f, " {line}"))
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "looking up the host name",
            Self::Connect => "connecting",
            Self::Handshake => "the TLS handshake",
            Self::Reply => "waiting for a reply",
            Self::DataConnection => "opening a data connection",
            Self::Data => "waiting for data",
            Self::Total => "the whole call",
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReplyLine => "a line of a reply",
            Self::ReplySize => "a reply",
            Self::ListingLine => "a line of a listing",
            Self::ListingSize => "a listing",
            Self::Inflation => "what a compressed transfer inflates to",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameUnresolvable(text) => write!(f, "name not resolved: {text}"),
            Self::AccessDenied(text) => write!(f, "access denied: {text}"),
            Self::ConnectionRefused(text) => write!(f, "connection refused: {text}"),
            Self::ConnectionLost(text) => write!(f, "connection lost: {text}"),
            Self::Timeout(phase) => write!(f, "time limit reached: {phase}"),
            Self::Tls(text) => write!(f, "TLS failed: {text}"),
            Self::Handshake(cause) => write!(f, "TLS failed: {cause}"),
            Self::Insecure(text) => write!(f, "no protection: {text}"),
            Self::Transient(reply) => write!(f, "refused for now: {reply}"),
            Self::Permanent(reply) => write!(f, "refused: {reply}"),
            Self::Unexpected(reply) => write!(f, "unexpected reply: {reply}"),
            Self::Protocol(text) => write!(f, "protocol violated: {text}"),
            Self::LimitExceeded(limit) => write!(f, "too long: {limit}"),
            Self::InvalidArgument(text) => write!(f, "invalid argument: {text}"),
            Self::Busy => f.write_str("a transfer of this session is still open"),
            Self::Closed => f.write_str("the session is closed"),
            Self::NoWayBack(text) => write!(f, "the session is closed: {text}"),
            Self::Integrity(text) => write!(f, "wrong data: {text}"),
            Self::Incomplete(text) => write!(f, "incomplete: {text}"),
            Self::Unverified(text) => write!(f, "cannot be verified: {text}"),
            Self::Unsupported(text) => write!(f, "unsupported: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl core::error::Error for Error {
    /// What is wrong with TLS, for [`Error::Handshake`].
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Handshake(cause) => Some(&**cause),
            _ => None,
        }
    }
}

/// Which calls leave a session closed when they fail with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closes {
    /// Every call: the control connection is of no further use.
    Always,
    /// Every call but those of a transfer, where the error may be that of the data connection.
    UnlessTransfer,
    /// None: the session stays usable.
    Never,
}

impl Error {
    /// The code of the server's reply, for an error that is one: see [`codes`](crate::codes) for what it means.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Transient(reply) | Self::Permanent(reply) | Self::Unexpected(reply) => Some(reply.code),
            _ => None,
        }
    }

    /// Whether the session is closed after this error. [`Session::is_open`](crate::Session::is_open) reports what happened.
    pub const fn closes_session(&self) -> Closes {
        match self {
            Self::Protocol(_)
            | Self::Timeout(Phase::Reply | Phase::Total)
            | Self::LimitExceeded(Limit::ReplyLine | Limit::ReplySize)
            | Self::Transient(Reply { code: codes::CLOSING, .. })
            | Self::Closed
            | Self::NoWayBack(_) => Closes::Always,
            Self::ConnectionLost(_) | Self::Tls(_) | Self::Handshake(_) | Self::Timeout(Phase::Handshake) => {
                Closes::UnlessTransfer
            }
            _ => Closes::Never,
        }
    }

    /// Whether the same may succeed later: a connection that failed, a limit that ran out, or a server that is busy.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::ConnectionLost(_) | Self::ConnectionRefused(_) | Self::Incomplete(_) => true,
            Self::Timeout(phase) => !matches!(phase, Phase::Total),
            Self::Transient(reply) => codes::may_pass(reply.code),
            _ => false,
        }
    }

    /// The server said no or something else than was asked for, or nothing was asked, as the argument cannot be sent. The
    /// session is still good.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Transient(Reply { code, .. }) | Self::Permanent(Reply { code, .. }) => *code != codes::CLOSING,
            Self::InvalidArgument(_) | Self::Unsupported(_) | Self::Unexpected(_) => true,
            _ => false,
        }
    }
}

/// None where the server does not report it.
pub(crate) fn unless_refused<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_refusal() => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<NetworkError> for Error {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Unresolvable(_, text) => Self::NameUnresolvable(text),
            NetworkError::Denied(text) => Self::AccessDenied(text),
            NetworkError::Refused(text) => Self::ConnectionRefused(text),
            NetworkError::Lost(text) => Self::ConnectionLost(text),
            NetworkError::AddressInUse => Self::Other("no local port is free".to_string()),
            NetworkError::Other(text) => Self::Other(text),
        }
    }
}

impl From<reply::Error> for Error {
    fn from(error: reply::Error) -> Self {
        match error {
            reply::Error::Malformed(text) => Self::Protocol(text.to_string()),
            reply::Error::LineTooLong => Self::LimitExceeded(Limit::ReplyLine),
            reply::Error::ReplyTooLong => Self::LimitExceeded(Limit::ReplySize),
        }
    }
}

impl From<command::Error> for Error {
    fn from(error: command::Error) -> Self {
        Self::InvalidArgument(error.to_string())
    }
}

impl From<encoding::Unencodable> for Error {
    fn from(error: encoding::Unencodable) -> Self {
        Self::InvalidArgument(error.to_string())
    }
}

impl From<encoding::UnknownLabel> for Error {
    fn from(error: encoding::UnknownLabel) -> Self {
        Self::InvalidArgument(error.to_string())
    }
}
