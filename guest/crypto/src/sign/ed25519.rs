//! Ed25519 keys.

use alloc::sync::Arc;
use alloc::vec::Vec;

use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use rustls::pki_types::alg_id;
use rustls::sign::public_key_to_spki;
use rustls::{SignatureAlgorithm, SignatureScheme};

use super::{Key, Sign};

pub(super) fn from_pkcs8(der: &[u8]) -> Option<Key> {
    let secret = SigningKey::from_pkcs8_der(der).ok()?;
    Some(Key {
        public: public_key_to_spki(&alg_id::ED25519, secret.verifying_key().as_bytes()),
        secret: Arc::new(secret),
        algorithm: SignatureAlgorithm::ED25519,
        schemes: &[SignatureScheme::ED25519],
    })
}

impl Sign for SigningKey {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.try_sign(message).ok()?.to_vec())
    }
}
