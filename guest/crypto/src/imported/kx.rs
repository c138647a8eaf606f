//! Keys on the other side of the border.

use alloc::vec::Vec;

use rustls::crypto::SharedSecret;
use rustls::{Error, PeerMisbehaved};

use super::aead::unusable;
use super::bindings::ftp::crypto::key_agreement as wit;
use crate::algorithms::Group;

/// A private key, which is used once.
pub struct PrivateKey(wit::PrivateKey);

impl PrivateKey {
    /// A new one.
    ///
    /// # Errors
    ///
    /// There is no randomness, or there are too many keys.
    pub fn generate(group: Group) -> Result<Self, Error> {
        let group = match group {
            Group::X25519 => wit::Group::X25519,
            Group::Secp256r1 => wit::Group::Secp256r1,
            Group::Secp384r1 => wit::Group::Secp384r1,
        };
        wit::PrivateKey::generate(group).map(Self).map_err(unusable)
    }

    /// The public key that belongs to it, as TLS encodes it.
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key()
    }

    /// The secret that it has in common with another side.
    ///
    /// # Errors
    ///
    /// [`PeerMisbehaved::InvalidKeyShare`] for what is no public key of the group, and where the secret would be zero.
    pub fn agree(self, public: &[u8]) -> Result<SharedSecret, Error> {
        let secret = wit::PrivateKey::agree(self.0, public).map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        Ok(SharedSecret::from(secret))
    }
}
