//! Settings for TLS.

use std::ops::RangeInclusive;

use ftp_types::Secret;

use crate::bindings::exports::ftp::client::types;
use crate::types::{DataEnd, TlsCiphers, TlsVersion, Trust};

/// How TLS is done, where it is. Each setting has a safe default.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Which servers to trust. Default: those with a certificate under Mozilla's roots, for the host connected to.
    pub trust: Trust,
    /// What to show a server that asks for a certificate. Default: nothing.
    pub identity: Option<Identity>,
    /// The name to verify, when it is not the host connected to.
    pub server_name: Option<String>,
    /// The oldest and the newest version to speak. Default: 1.2 and 1.3.
    pub versions: RangeInclusive<TlsVersion>,
    /// Which cipher suites to offer. Default: the fast ones first, and every one in a second attempt if the server refuses
    /// these.
    pub ciphers: TlsCiphers,
    /// What to make of a data connection that ends without `close_notify`. Default: verify the size.
    pub data_end: DataEnd,
    /// Refuse data connections that do not resume the control connection's TLS session.
    pub require_resumption: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            trust: Trust::PublicRoots,
            identity: None,
            server_name: None,
            versions: TlsVersion::Tls12..=TlsVersion::Tls13,
            ciphers: TlsCiphers::FastFirst,
            data_end: DataEnd::Verified,
            require_resumption: false,
        }
    }
}

/// A certificate chain and its private key, to show a server that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// PEM: the certificate, and the intermediate ones after it.
    pub certificates: String,
    /// PEM: PKCS#8, SEC1 or PKCS#1, not encrypted. ECDSA P-256 or P-384, Ed25519; RSA with the feature
    /// `rsa-client-auth`.
    pub private_key: Secret,
}

impl From<Identity> for types::Identity {
    fn from(identity: Identity) -> Self {
        Self { certificates: identity.certificates, private_key: identity.private_key.into() }
    }
}
