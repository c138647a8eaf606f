//! Why an operation failed.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::bindings::exports::ftp::client::types;
use crate::types::{Limit, Phase, Reply};
use ftp_protocol::text::is_printable;

/// Why an operation failed, and whose fault it was.
///
/// The first twenty-one are the contract's own, with its kinds side by side; `Trapped`, `Host` and `Local` are this
/// library's. After `Protocol`, `Timeout` in the phases `Reply` and `Total`, `LimitExceeded` on a reply, `NoWayBack`,
/// `Trapped`, a `Transient` reply with code 421 and, from anything but a transfer, `ConnectionLost`, `Tls` and `Timeout` in
/// the phase `Handshake`, the session is closed; after every other error it can be used as before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The host name has no address, or looking it up failed.
    NameUnresolvable(String),
    /// The policy, or the operating system, denies this address or operation.
    AccessDenied(String),
    /// Nothing listens at the address, or the network cannot reach it.
    ConnectionRefused(String),
    /// A connection ended before the reply or the data was complete.
    ConnectionLost(String),
    /// The named phase took longer than its limit.
    Timeout(Phase),
    /// The TLS handshake, the certificate or the record layer failed.
    Tls(String),
    /// TLS was asked for and cannot be had; no password and no data was sent in the clear.
    Insecure(String),
    /// The server refuses for now (4yz); the same request may succeed later.
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
    /// A transfer of this session is still open: finish, abort or drop it first.
    Busy,
    /// The session is closed, or an earlier call on it was dropped before it was done.
    Closed,
    /// The session is closed: it went elsewhere for a listing, and the server does not let it return. Later calls are
    /// `Closed`.
    NoWayBack(String),
    /// The number of bytes received differs from what the server announced.
    Integrity(String),
    /// Fewer bytes arrived than were sent or announced: the transfer was cut.
    Incomplete(String),
    /// The server reports success, and whether all bytes arrived cannot be verified although it has to be.
    Unverified(String),
    /// Neither the component nor the server can do it in this session.
    Unsupported(String),
    /// The network failed in a way that has no case of its own.
    Other(String),
    /// The component failed or was stopped, for example at its limit of memory. Its connector is closed, others are not.
    Trapped(String),
    /// The engine, or the component in it, could not be made; or as many connectors are open as there may be.
    Host(String),
    /// The reader or writer that was given to `copy_from` or `copy_to` failed.
    Local(String),
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameUnresolvable(text) => write!(f, "name not resolved: {}", Line(text)),
            Self::AccessDenied(text) => write!(f, "access denied: {}", Line(text)),
            Self::ConnectionRefused(text) => write!(f, "connection refused: {}", Line(text)),
            Self::ConnectionLost(text) => write!(f, "connection lost: {}", Line(text)),
            Self::Timeout(phase) => write!(f, "timed out {}", phase_text(*phase)),
            Self::Tls(text) => write!(f, "TLS failed: {}", Line(text)),
            Self::Insecure(text) => write!(f, "no protection: {}", Line(text)),
            Self::Transient(reply) => write!(f, "refused for now: {}", Quoted(reply)),
            Self::Permanent(reply) => write!(f, "refused: {}", Quoted(reply)),
            Self::Unexpected(reply) => write!(f, "unexpected reply: {}", Quoted(reply)),
            Self::Protocol(text) => write!(f, "the server broke the protocol: {}", Line(text)),
            Self::LimitExceeded(limit) => write!(f, "the server sent too much: {}", limit_text(*limit)),
            Self::InvalidArgument(text) => write!(f, "invalid argument: {}", Line(text)),
            Self::Busy => f.write_str("a transfer of this session is still open"),
            Self::Closed => f.write_str("the session is closed"),
            Self::NoWayBack(text) => write!(f, "the session is closed: {}", Line(text)),
            Self::Integrity(text) => write!(f, "wrong data: {}", Line(text)),
            Self::Incomplete(text) => write!(f, "incomplete: {}", Line(text)),
            Self::Unverified(text) => write!(f, "cannot be verified: {}", Line(text)),
            Self::Unsupported(text) => write!(f, "unsupported: {}", Line(text)),
            Self::Other(text) => write!(f, "network error: {}", Line(text)),
            Self::Trapped(text) => write!(f, "the component was stopped: {}", Line(text)),
            Self::Host(text) => write!(f, "the component cannot run: {}", Line(text)),
            Self::Local(text) => write!(f, "local error: {}", Line(text)),
        }
    }
}

impl std::error::Error for Error {}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Refused(refusal) => refusal.into(),
            types::Error::Timeout(phase) => Self::Timeout(phase),
            types::Error::LimitExceeded(limit) => Self::LimitExceeded(limit),
            types::Error::Failed(failure) => failure.into(),
        }
    }
}

impl From<types::Refusal> for Error {
    fn from(refusal: types::Refusal) -> Self {
        let case = match refusal.kind {
            types::RefusalKind::Transient => Self::Transient,
            types::RefusalKind::Permanent => Self::Permanent,
            types::RefusalKind::Unexpected => Self::Unexpected,
        };
        case(refusal.reply)
    }
}

impl From<types::Failure> for Error {
    fn from(failure: types::Failure) -> Self {
        use types::FailureKind as Kind;
        let case = match failure.kind {
            Kind::NameUnresolvable => Self::NameUnresolvable,
            Kind::AccessDenied => Self::AccessDenied,
            Kind::ConnectionRefused => Self::ConnectionRefused,
            Kind::ConnectionLost => Self::ConnectionLost,
            Kind::Tls => Self::Tls,
            Kind::Insecure => Self::Insecure,
            Kind::Protocol => Self::Protocol,
            Kind::InvalidArgument => Self::InvalidArgument,
            Kind::Busy => return Self::Busy,
            Kind::Closed if failure.text.is_empty() => return Self::Closed,
            Kind::Closed => Self::NoWayBack,
            Kind::Integrity => Self::Integrity,
            Kind::Incomplete => Self::Incomplete,
            Kind::Unverified => Self::Unverified,
            Kind::Unsupported => Self::Unsupported,
            Kind::Other => Self::Other,
        };
        case(failure.text)
    }
}

fn phase_text(phase: Phase) -> &'static str {
    match phase {
        Phase::Resolve => "looking up the host name",
        Phase::Connect => "connecting",
        Phase::Handshake => "in the TLS handshake",
        Phase::Reply => "waiting for a reply",
        Phase::DataConnection => "making the data connection",
        Phase::Data => "transferring data",
        Phase::Total => "as a whole",
    }
}

fn limit_text(limit: Limit) -> &'static str {
    match limit {
        Limit::ReplyLine => "a line of a reply",
        Limit::ReplySize => "a reply",
        Limit::ListingLine => "a line of a listing",
        Limit::ListingSize => "a listing",
        Limit::Inflation => "what a compressed transfer inflates to",
    }
}

/// The longest text, in characters, that an error repeats from a server.
const LONGEST: usize = 400;

/// A text on one line, without anything that moves the cursor or changes the direction of writing.
struct Line<'a>(&'a str);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, character) in self.0.chars().enumerate() {
            if index == LONGEST {
                return f.write_char('…');
            }
            match is_printable(character) {
                true => f.write_char(character)?,
                false => write!(f, "{}", character.escape_default())?,
            }
        }
        Ok(())
    }
}

/// A reply on one line.
struct Quoted<'a>(&'a Reply);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.code, Line(&self.0.lines.join(" / ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_without_control_characters() {
        let lines = vec!["one\r\n".into(), "\u{1b}[2Jtwo \u{202e}".into(), "x".repeat(10_000)];
        let text = Error::Permanent(Reply { code: 550, lines }).to_string();

        assert!(text.starts_with(r"refused: 550 one\r\n / \u{1b}[2Jtwo \u{202e} / xxx"), "{text}");
        assert!(text.len() < 600 && !text.contains(char::is_control));
    }
}
