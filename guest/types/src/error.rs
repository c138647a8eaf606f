//! Errors: what failed, and whose fault it was.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt::{self, Display, Formatter};

use ftp_protocol::{codes, command, encoding, reply};

use crate::cause::Cause;
use crate::line::Line;
use crate::reply::Reply;
use crate::tls::TlsCause;

/// Why an operation failed, in the shape of the contract (`error` in `types.wit`).
///
/// The session is closed when its control connection failed: see [`Error::closes_session`]. Otherwise it stays usable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The server replied, and it is not what was asked for.
    Refused {
        /// What the reply's code means for the request.
        kind: RefusalKind,
        /// The reply.
        reply: Reply,
    },
    /// The named phase took longer than its limit.
    Timeout(Phase),
    /// A limit on what a server may send was reached.
    LimitExceeded(Limit),
    /// Anything else.
    Failed {
        /// What failed.
        kind: FailureKind,
        /// More about it, for people.
        text: String,
        /// The cause, where somebody can mend it. It does not cross the border of a component.
        cause: Option<Box<Cause>>,
    },
}

/// What a reply's code means for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The server refuses for now (4yz); the same request may succeed later.
    Transient,
    /// The server refuses (5yz).
    Permanent,
    /// A well-formed reply that does not fit the request.
    Unexpected,
}

/// What failed where there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The host name has no address, or looking it up failed.
    NameUnresolvable,
    /// The host, the operating system or a proxy denies this address or operation.
    AccessDenied,
    /// Nothing listens at the address, or the network cannot reach it.
    ConnectionRefused,
    /// A connection ended before the reply or the data was complete.
    ConnectionLost,
    /// The TLS handshake, the certificate or the record layer failed.
    Tls,
    /// TLS was asked for and cannot be had; nothing was sent in the clear.
    Insecure,
    /// The server broke the protocol.
    Protocol,
    /// The caller's argument cannot be sent, and not one byte of it was; or it is no time for the call.
    InvalidArgument,
    /// A transfer of this session is still open.
    Busy,
    /// The session is closed. The text, where there is one, is the reason: it went elsewhere for a listing, and the server
    /// does not let it return.
    Closed,
    /// The number of bytes, or a checksum, differs from what the server announced or has.
    Integrity,
    /// Fewer bytes arrived than were sent or announced: the transfer was cut.
    Incomplete,
    /// The server reports success, and whether all bytes arrived cannot be verified although it has to be.
    Unverified,
    /// Neither this client nor the server can do it in this session.
    Unsupported,
    /// The network failed in a way that has no kind of its own.
    Other,
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

/// Errors of one kind each, by its name, with a text for people.
macro_rules! failures {
    ($($name:ident = $kind:ident),* $(,)?) => {$(
        #[doc = concat!("[`FailureKind::", stringify!($kind), "`], for this reason.")]
        pub fn $name(text: impl Into<String>) -> Self {
            Self::Failed { kind: FailureKind::$kind, text: text.into(), cause: None }
        }
    )*};
}

impl Error {
    failures! {
        name_unresolvable = NameUnresolvable,
        access_denied = AccessDenied,
        connection_refused = ConnectionRefused,
        connection_lost = ConnectionLost,
        tls = Tls,
        insecure = Insecure,
        protocol = Protocol,
        invalid_argument = InvalidArgument,
        no_way_back = Closed,
        integrity = Integrity,
        incomplete = Incomplete,
        unverified = Unverified,
        unsupported = Unsupported,
        other = Other,
    }

    /// A transfer of this session is still open.
    pub const fn busy() -> Self {
        Self::Failed { kind: FailureKind::Busy, text: String::new(), cause: None }
    }

    /// The session is closed.
    pub const fn closed() -> Self {
        Self::Failed { kind: FailureKind::Closed, text: String::new(), cause: None }
    }

    /// The server refuses for now (4yz).
    pub const fn transient(reply: Reply) -> Self {
        Self::Refused { kind: RefusalKind::Transient, reply }
    }

    /// The server refuses (5yz).
    pub const fn permanent(reply: Reply) -> Self {
        Self::Refused { kind: RefusalKind::Permanent, reply }
    }

    /// A well-formed reply does not fit the request.
    pub const fn unexpected(reply: Reply) -> Self {
        Self::Refused { kind: RefusalKind::Unexpected, reply }
    }

    /// What failed, for an error without a reply that is neither a time limit nor another limit.
    pub const fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Failed { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    /// The cause, where somebody can mend it.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Failed { cause, .. } => cause.as_deref(),
            _ => None,
        }
    }

    /// A failure ([`Self::Failed`]) with its cause; any other error as it is.
    #[must_use]
    pub fn with_cause(self, cause: Cause) -> Self {
        match self {
            Self::Failed { kind, text, .. } => Self::Failed { kind, text, cause: Some(Box::new(cause)) },
            error => error,
        }
    }

    /// The server's reply and what it means, for an error that is one.
    pub const fn refusal(&self) -> Option<(RefusalKind, &Reply)> {
        match self {
            Self::Refused { kind, reply } => Some((*kind, reply)),
            _ => None,
        }
    }

    /// The code of the server's reply, for an error that is one: see [`ftp_protocol::codes`] for what it means.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { reply, .. } => Some(reply.code),
            _ => None,
        }
    }

    /// Whether the session is closed after this error.
    pub const fn closes_session(&self) -> Closes {
        use FailureKind as Kind;
        match self {
            Self::Timeout(Phase::Reply | Phase::Total)
            | Self::LimitExceeded(Limit::ReplyLine | Limit::ReplySize)
            | Self::Refused { kind: RefusalKind::Transient, reply: Reply { code: codes::CLOSING, .. } }
            | Self::Failed { kind: Kind::Protocol | Kind::Closed, .. } => Closes::Always,
            Self::Timeout(Phase::Handshake) | Self::Failed { kind: Kind::ConnectionLost | Kind::Tls, .. } => {
                Closes::UnlessTransfer
            }
            _ => Closes::Never,
        }
    }

    /// Whether the same may succeed later: a connection that failed, a limit that ran out, or a server that is busy.
    pub const fn is_transient(&self) -> bool {
        use FailureKind as Kind;
        match self {
            Self::Failed { kind, .. } => {
                matches!(kind, Kind::ConnectionLost | Kind::ConnectionRefused | Kind::Incomplete)
            }
            Self::Timeout(phase) => !matches!(phase, Phase::Total),
            Self::Refused { kind: RefusalKind::Transient, reply } => codes::may_pass(reply.code),
            _ => false,
        }
    }

    /// The server said no or something else than was asked for, or nothing was asked, as the argument cannot be sent. The
    /// session is still good.
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { kind: RefusalKind::Unexpected, .. } => true,
            Self::Refused { reply, .. } => reply.code != codes::CLOSING,
            Self::Failed { kind, .. } => matches!(kind, FailureKind::InvalidArgument | FailureKind::Unsupported),
            _ => false,
        }
    }
}

impl RefusalKind {
    /// What the code of a reply that is not wanted means (RFC 959, section 4.2).
    pub const fn of(code: u16) -> Self {
        match code / 100 {
            4 => Self::Transient,
            5 => Self::Permanent,
            _ => Self::Unexpected,
        }
    }
}

impl Display for RefusalKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Transient => "refused for now",
            Self::Permanent => "refused",
            Self::Unexpected => "unexpected reply",
        })
    }
}

impl Display for FailureKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameUnresolvable => "name not resolved",
            Self::AccessDenied => "access denied",
            Self::ConnectionRefused => "connection refused",
            Self::ConnectionLost => "connection lost",
            Self::Tls => "TLS failed",
            Self::Insecure => "no protection",
            Self::Protocol => "protocol violated",
            Self::InvalidArgument => "invalid argument",
            Self::Busy => "a transfer of this session is still open",
            Self::Closed => "the session is closed",
            Self::Integrity => "wrong data",
            Self::Incomplete => "incomplete",
            Self::Unverified => "cannot be verified",
            Self::Unsupported => "unsupported",
            Self::Other => "network error",
        })
    }
}

impl Display for Phase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
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

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReplyLine => "a line of a reply",
            Self::ReplySize => "a reply",
            Self::ListingLine => "a line of a listing",
            Self::ListingSize => "a listing",
            Self::Inflation => "what a compressed transfer inflates to",
        })
    }
}

/// On one line.
impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { kind, reply } => write!(f, "{kind}: {reply}"),
            Self::Timeout(phase) => write!(f, "time limit reached: {phase}"),
            Self::LimitExceeded(limit) => write!(f, "too long: {limit}"),
            Self::Failed { kind: FailureKind::Other, text, .. } if !text.is_empty() => write!(f, "{}", Line(text)),
            Self::Failed { kind, text, .. } if text.is_empty() => write!(f, "{kind}"),
            Self::Failed { kind, text, .. } => write!(f, "{kind}: {}", Line(text)),
        }
    }
}

impl core::error::Error for Error {
    /// What is wrong with TLS, where somebody can mend it.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self.cause()? {
            Cause::Tls(cause) => Some(cause),
            Cause::Resolve(_) | Cause::Denied => None,
        }
    }
}

impl From<TlsCause> for Error {
    fn from(cause: TlsCause) -> Self {
        Self::tls(cause.to_string()).with_cause(Cause::Tls(cause))
    }
}

impl From<reply::Error> for Error {
    fn from(error: reply::Error) -> Self {
        match error {
            reply::Error::Malformed(text) => Self::protocol(text),
            reply::Error::LineTooLong => Self::LimitExceeded(Limit::ReplyLine),
            reply::Error::ReplyTooLong => Self::LimitExceeded(Limit::ReplySize),
        }
    }
}

impl From<command::Error> for Error {
    fn from(error: command::Error) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

impl From<encoding::Unencodable> for Error {
    fn from(error: encoding::Unencodable) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

impl From<encoding::UnknownLabel> for Error {
    fn from(error: encoding::UnknownLabel) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn message_is_one_line_without_control_characters() {
        let lines = vec!["one\r\n".into(), "\u{1b}[2Jtwo \u{202e}".into(), "x".repeat(10_000)];
        let text = Error::permanent(Reply { code: 550, lines }).to_string();

        assert!(text.starts_with(r"refused: 550 one\r\n / \u{1b}[2Jtwo \u{202e} / xxx"), "{text}");
        assert!(text.len() < 600 && !text.contains(char::is_control));
    }

    #[test]
    fn text_of_a_closed_session_is_the_reason_where_there_is_one() {
        assert_eq!(Error::closed().to_string(), "the session is closed");
        assert_eq!(Error::no_way_back("CWD is refused").to_string(), "the session is closed: CWD is refused");
    }

    #[test]
    fn cause_of_tls_is_text_and_source() {
        let error = Error::from(TlsCause::NotTls);
        assert_eq!(error.to_string(), "TLS failed: the server does not speak TLS here");
        assert!(core::error::Error::source(&error).is_some_and(|source| source.is::<TlsCause>()));
    }
}
