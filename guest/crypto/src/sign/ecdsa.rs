//! ECDSA keys, each with the hash that TLS 1.3 ties to its curve.

use alloc::sync::Arc;
use alloc::vec::Vec;

use getrandom::SysRng;
use p256::ecdsa::signature::RandomizedSigner;
use p256::pkcs8::DecodePrivateKey;
use rustls::pki_types::alg_id;
use rustls::sign::public_key_to_spki;
use rustls::{SignatureAlgorithm, SignatureScheme};

use super::{Key, Sign};

pub(super) fn from_pkcs8(der: &[u8]) -> Option<Key> {
    let p256 = || p256::SecretKey::from_pkcs8_der(der).ok().map(p256_key);
    let p384 = || p384::SecretKey::from_pkcs8_der(der).ok().map(p384_key);
    p256().or_else(p384)
}

pub(super) fn from_sec1(der: &[u8]) -> Option<Key> {
    let p256 = || p256::SecretKey::from_sec1_der(der).ok().map(p256_key);
    let p384 = || p384::SecretKey::from_sec1_der(der).ok().map(p384_key);
    p256().or_else(p384)
}

fn p256_key(secret: p256::SecretKey) -> Key {
    Key {
        public: public_key_to_spki(&alg_id::ECDSA_P256, secret.public_key().to_sec1_bytes()),
        secret: Arc::new(p256::ecdsa::SigningKey::from(secret)),
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    }
}

fn p384_key(secret: p384::SecretKey) -> Key {
    Key {
        public: public_key_to_spki(&alg_id::ECDSA_P384, secret.public_key().to_sec1_bytes()),
        secret: Arc::new(p384::ecdsa::SigningKey::from(secret)),
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP384_SHA384],
    }
}

// The nonce comes from the key and the message (RFC 6979) and, against faults, from randomness as well.

impl Sign for p256::ecdsa::SigningKey {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let signature: p256::ecdsa::DerSignature = self.try_sign_with_rng(&mut SysRng, message).ok()?;
        Some(signature.as_bytes().to_vec())
    }
}

impl Sign for p384::ecdsa::SigningKey {
    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let signature: p384::ecdsa::DerSignature = self.try_sign_with_rng(&mut SysRng, message).ok()?;
        Some(signature.as_bytes().to_vec())
    }
}
