//! TLS (RFC 4217): what protects a session, and the seam behind which the engine is.
//!
//! The rest of the client sees a [`Channel`](channel::Channel), plain or secure. A secure one moves bytes between the
//! network and a [`Connection`], which is an engine's view of one TLS connection, without input or output; another
//! engine would be another implementation of [`Engine`].

pub(crate) mod channel;
mod engine;
mod offer;
mod pem;
mod records;
mod tickets;
mod trust;

pub(crate) use engine::{Refusal, Rustls};
pub use offer::{Ciphers, LearnedCiphers};
pub(crate) use offer::{Offer, Server, Takes};
pub use pem::{Identity, Roots};

use crate::error::Error;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use ftp_protocol::address::host_literal;

/// How a session is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// Plain FTP. Passwords and data cross the network in the clear.
    #[default]
    None,
    /// `AUTH TLS` before login, `PROT P` before data. Fails closed.
    Explicit,
    /// TLS from the first byte, commonly on port 990.
    Implicit,
}

impl Security {
    /// The usual port of the control connection.
    pub fn port(self) -> u16 {
        match self {
            Self::None | Self::Explicit => 21,
            Self::Implicit => 990,
        }
    }
}

/// Whether data connections are encrypted (RFC 4217, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// `PROT C`: in the clear.
    Clear,
    /// `PROT P`: inside TLS.
    Private,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl core::fmt::Display for Version {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// The versions of TLS to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// TLS 1.2 only.
    Tls12,
    /// The newest that the server has.
    #[default]
    Both,
    /// TLS 1.3 only.
    Tls13,
}

impl Versions {
    /// From the oldest to the newest.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a range that is empty.
    pub fn new(oldest: Version, newest: Version) -> Result<Self, Error> {
        match (oldest, newest) {
            (Version::Tls12, Version::Tls12) => Ok(Self::Tls12),
            (Version::Tls12, Version::Tls13) => Ok(Self::Both),
            (Version::Tls13, Version::Tls13) => Ok(Self::Tls13),
            (Version::Tls13, Version::Tls12) => {
                Err(Error::invalid_argument("the oldest version is newer than the newest"))
            }
        }
    }
}

/// A name that a certificate can be for: that of a host, or an IP address.
#[derive(Debug, Clone)]
pub struct ServerName(rustls::pki_types::ServerName<'static>);

impl ServerName {
    /// An address of IPv6 may stand in brackets.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a text that no certificate can be for.
    pub fn new(name: &str) -> Result<Self, Error> {
        let name = host_literal(name);
        match name.to_string().try_into() {
            Ok(name) => Ok(Self(name)),
            Err(_) => Err(Error::invalid_argument(format!("not a name that a certificate can have: {name:?}"))),
        }
    }
}

/// Which servers to trust. Nothing asks whether a certificate was revoked.
///
/// ```
/// use ftp_client::Trust;
///
/// assert!(Trust::roots("no certificate").is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Mozilla's root certificates, as they were when this was built.
    #[default]
    PublicRoots,
    /// These certificates only: see [`Trust::roots`] and [`Trust::public_roots_and`].
    Roots(Roots),
    /// Only a server whose certificate has this SHA-256 digest, whatever its issuer, name and dates.
    Pinned([u8; 32]),
    /// Any certificate: anybody on the path can read and change everything.
    DangerouslyAnything,
}

impl Trust {
    /// The certificates of a PEM text only. A server's own certificate may be among them.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a text without a usable certificate.
    pub fn roots(pem: &str) -> Result<Self, Error> {
        Roots::from_pem(pem, &[]).map(Self::Roots)
    }

    /// Mozilla's root certificates and those of a PEM text.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a text without a usable certificate.
    pub fn public_roots_and(pem: &str) -> Result<Self, Error> {
        Roots::from_pem(pem, webpki_roots::TLS_SERVER_ROOTS).map(Self::Roots)
    }
}

/// What to make of a data connection that ends without `close_notify`, and of an upload whose data connection ends with a
/// reset, also outside TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataEnd {
    /// It is an error.
    Strict,
    /// It is an end when the server's verdict is positive and the size is the one announced, or after an upload the one that
    /// the server reports.
    #[default]
    Verified,
    /// It is an end when the server's verdict is positive.
    Lenient,
}

/// How TLS is done.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// Which servers to trust.
    pub trust: Trust,
    /// What to show a server that asks.
    pub identity: Option<Identity>,
    /// The name to verify, when it is not the host connected to.
    pub server_name: Option<ServerName>,
    /// The versions to speak.
    pub versions: Versions,
    /// The cipher suites to offer.
    pub ciphers: Ciphers,
    /// What the sessions with these settings, and with clones of them, have learned about that.
    pub learned_ciphers: LearnedCiphers,
    /// What to make of a data connection that ends without `close_notify`.
    pub data_end: DataEnd,
    /// Refuse data connections that do not resume the control connection's TLS session.
    pub require_resumption: bool,
}

/// Makes the TLS connections of one session, which share its tickets.
pub(crate) trait Engine {
    /// A new connection; its first flight comes with the first [`Handshake::advance`].
    fn connect(&self, purpose: Purpose) -> Result<Box<dyn Handshake>, Error>;
}

/// What a TLS connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Control,
    /// Whoever answers there is known only when it resumes the session of the control connection. What else it gives for
    /// connections to come is not taken: they would seem to resume that session.
    Data,
}

/// A TLS connection that begins.
pub(crate) trait Handshake: Send {
    /// Take bytes from the front of `incoming` and append what has to be sent to `outgoing`, until the connection is there
    /// or needs more from the other side.
    fn advance(self: Box<Self>, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> Result<Step, Error>;
}

/// Where a handshake is.
pub(crate) enum Step {
    /// It needs more from the other side.
    Waiting(Box<dyn Handshake>),
    /// It is done, and this was agreed.
    Done(Box<dyn Connection>, Agreed),
}

/// One TLS connection whose handshake is done, without input or output.
pub(crate) trait Connection: Send {
    /// Take bytes from the front of `incoming`, append what has to be sent to `outgoing` and what was received to
    /// `plain`.
    fn advance(
        &mut self,
        incoming: &mut Vec<u8>,
        outgoing: &mut Vec<u8>,
        plain: &mut Vec<u8>,
    ) -> Result<Progress, Error>;

    /// Append these bytes to `outgoing`, encrypted.
    fn encrypt(&mut self, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error>;

    /// Append `close_notify`.
    fn close(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Error>;

    /// Have a ticket ready for another connection, if the server ever sent one with this one. A second use of a ticket
    /// lets an observer tell that two connections belong together (RFC 8446, appendix C.4), as their addresses do.
    fn renew_ticket(&mut self) {}
}

/// How far a TLS connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The other side may have more to say.
    Open,
    /// The other side has sent `close_notify`.
    Ended,
}

/// What the two sides of a TLS connection agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The version.
    pub version: Version,
    /// The cipher suite, by its registered name.
    pub cipher: String,
    /// An earlier session was resumed.
    pub resumed: bool,
}
