//! TLS (RFC 4217): what protects a session, and the seam behind which the engine is.
//!
//! The rest of the client sees a [`Channel`](channel::Channel), plain or secure. A secure one moves bytes between the
//! network and a [`Connection`], which is an engine's view of one TLS connection, without input or output; another
//! engine would be another implementation of [`Engine`].

pub(crate) mod channel;
mod engine;
mod pem;
mod records;
mod tickets;
mod trust;

pub(crate) use engine::Rustls;

use crate::error::Error;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

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

/// Which servers to trust. Nothing asks whether a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Mozilla's root certificates, as they were when this was built.
    #[default]
    PublicRoots,
    /// These certificates only, PEM. A server's own certificate may be among them.
    Roots(String),
    /// Mozilla's root certificates and these.
    PublicRootsAnd(String),
    /// Only a server whose certificate has this SHA-256 digest, whatever its issuer, name and dates.
    Pinned([u8; 32]),
    /// Any certificate: anybody on the path can read and change everything.
    DangerouslyAnything,
}

impl Trust {
    /// Refuses texts without usable certificates.
    pub fn checked(self) -> Result<Self, Error> {
        trust::Verifier::new(&self, &ftp_crypto::provider().into())?;
        Ok(self)
    }
}

/// A certificate chain and its private key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and the intermediate ones after it.
    pub certificates: String,
    /// The key: PKCS#8, SEC1 or PKCS#1.
    pub private_key: String,
}

impl Identity {
    /// Refuses texts without a usable certificate and key.
    pub fn checked(self) -> Result<Self, Error> {
        pem::certificates(&self.certificates)?;
        engine::signing_key(&self.private_key, &ftp_crypto::provider())?;
        Ok(self)
    }
}

impl core::fmt::Debug for Identity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.certificates).finish_non_exhaustive()
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Which servers to trust.
    pub trust: Trust,
    /// What to show a server that asks.
    pub identity: Option<Identity>,
    /// The name to verify, when it is not the host connected to.
    pub server_name: Option<String>,
    /// The oldest version to speak.
    pub oldest: Version,
    /// The newest version to speak.
    pub newest: Version,
    /// What to make of a data connection that ends without `close_notify`.
    pub data_end: DataEnd,
    /// Refuse data connections that do not resume the control connection's TLS session.
    pub require_resumption: bool,
}

impl TlsSettings {
    /// Sets the oldest and the newest version to speak; refuses a range that is empty.
    pub fn set_versions(&mut self, oldest: Version, newest: Version) -> Result<(), Error> {
        if newest < oldest {
            return Err(Error::invalid_argument("the oldest version is newer than the newest"));
        }
        (self.oldest, self.newest) = (oldest, newest);
        Ok(())
    }

    /// Sets the name to verify; refuses what no certificate can be for.
    pub fn set_server_name(&mut self, name: Option<String>) -> Result<(), Error> {
        name.as_deref().map(engine::server_name).transpose()?;
        self.server_name = name;
        Ok(())
    }
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            trust: Trust::default(),
            identity: None,
            server_name: None,
            oldest: Version::Tls12,
            newest: Version::Tls13,
            data_end: DataEnd::default(),
            require_resumption: false,
        }
    }
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
