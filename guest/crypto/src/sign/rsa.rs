//! RSA keys. Every signature is blinded with fresh randomness, see the documentation of the crate.

use alloc::sync::Arc;
use alloc::vec::Vec;

use getrandom::SysRng;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, pkcs1v15, pss};
use rustls::pki_types::alg_id;
use rustls::sign::public_key_to_spki;
use rustls::{SignatureAlgorithm, SignatureScheme};
use sha2::{Sha256, Sha384, Sha512};

use super::{Key, Sign};

const MIN_BITS: u32 = 2048;

pub(super) fn from_pkcs1(der: &[u8]) -> Option<Key> {
    RsaPrivateKey::from_pkcs1_der(der).ok().and_then(key)
}

pub(super) fn from_pkcs8(der: &[u8]) -> Option<Key> {
    RsaPrivateKey::from_pkcs8_der(der).ok().and_then(key)
}

fn key(secret: RsaPrivateKey) -> Option<Key> {
    if secret.n().bits() < MIN_BITS {
        return None;
    }
    let public = secret.to_public_key().to_pkcs1_der().ok()?;
    Some(Key {
        public: public_key_to_spki(&alg_id::RSA_ENCRYPTION, public.as_bytes()),
        secret: Arc::new(secret),
        algorithm: SignatureAlgorithm::RSA,
        schemes: &[
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
        ],
    })
}

impl Sign for RsaPrivateKey {
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let key = self.clone();
        match scheme {
            SignatureScheme::RSA_PSS_SHA256 => blinded(&pss::SigningKey::<Sha256>::new(key), message),
            SignatureScheme::RSA_PSS_SHA384 => blinded(&pss::SigningKey::<Sha384>::new(key), message),
            SignatureScheme::RSA_PSS_SHA512 => blinded(&pss::SigningKey::<Sha512>::new(key), message),
            SignatureScheme::RSA_PKCS1_SHA256 => blinded(&pkcs1v15::SigningKey::<Sha256>::new(key), message),
            SignatureScheme::RSA_PKCS1_SHA384 => blinded(&pkcs1v15::SigningKey::<Sha384>::new(key), message),
            SignatureScheme::RSA_PKCS1_SHA512 => blinded(&pkcs1v15::SigningKey::<Sha512>::new(key), message),
            _ => None,
        }
    }
}

/// The only way to a signature in this crate: with a source of randomness, `rsa` blinds the private operation.
fn blinded<S: SignatureEncoding>(key: &impl RandomizedSigner<S>, message: &[u8]) -> Option<Vec<u8>> {
    key.try_sign_with_rng(&mut SysRng, message).ok().map(|signature| signature.to_vec())
}
