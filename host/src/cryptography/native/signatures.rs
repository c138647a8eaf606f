//! Verification of signatures: `ftp:crypto/signatures`.
//!
//! Keys that the native library does not take are for [`ftp_crypto`], whose verdicts are those of the portable component:
//! Ed25519, as only it refuses keys of small order; RSA keys whose size is no multiple of 64 bits or whose exponent is long;
//! compressed points.

use graviola::hashing::{Hash, Sha256, Sha384, Sha512};
use graviola::signing::ecdsa::{self, Curve, P256, P384};
use graviola::signing::rsa;
use rustls::pki_types::{AlgorithmIdentifier, alg_id};

use super::types::{Error, Signature};

/// The longest message. That of a handshake and the signed part of a certificate are a tenth of it, or less.
pub const LONGEST_MESSAGE: usize = 1 << 20;

/// Whether this is the signature of the message by the key.
pub fn verify(algorithm: Signature, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    if message.len() > LONGEST_MESSAGE {
        return Err(Error::TooLong);
    }
    let is_valid = natively(algorithm, key, message, signature)
        .or_else(|| portably(algorithm, key, message, signature))
        .ok_or(Error::Unsupported)?;
    if is_valid { Ok(()) } else { Err(Error::InvalidSignature) }
}

/// `None` for a key that the native library does not take.
fn natively(algorithm: Signature, key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    match algorithm {
        Signature::EcdsaP256Sha256 => ecdsa::<P256, Sha256>(key, message, signature),
        Signature::EcdsaP256Sha384 => ecdsa::<P256, Sha384>(key, message, signature),
        Signature::EcdsaP256Sha512 => ecdsa::<P256, Sha512>(key, message, signature),
        Signature::EcdsaP384Sha256 => ecdsa::<P384, Sha256>(key, message, signature),
        Signature::EcdsaP384Sha384 => ecdsa::<P384, Sha384>(key, message, signature),
        Signature::EcdsaP384Sha512 => ecdsa::<P384, Sha512>(key, message, signature),
        Signature::Ed25519 => None,
        Signature::RsaPssSha256 => Some(rsa_key(key)?.verify_pss_sha256(signature, message).is_ok()),
        Signature::RsaPssSha384 => Some(rsa_key(key)?.verify_pss_sha384(signature, message).is_ok()),
        Signature::RsaPssSha512 => Some(rsa_key(key)?.verify_pss_sha512(signature, message).is_ok()),
        Signature::RsaPkcs1Sha256 => Some(rsa_key(key)?.verify_pkcs1_sha256(signature, message).is_ok()),
        Signature::RsaPkcs1Sha384 => Some(rsa_key(key)?.verify_pkcs1_sha384(signature, message).is_ok()),
        Signature::RsaPkcs1Sha512 => Some(rsa_key(key)?.verify_pkcs1_sha512(signature, message).is_ok()),
    }
}

fn ecdsa<C: Curve, H: Hash>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = ecdsa::VerifyingKey::<C>::from_x962_uncompressed(key).ok()?;
    Some(key.verify_asn1::<H>(&[message], signature).is_ok())
}

/// The library counts in bytes what has to be counted in bits, and its numbers have whole words: it refuses signatures by keys
/// of 2,049 bits, and would take keys of 2,041.
fn rsa_key(der: &[u8]) -> Option<rsa::VerifyingKey> {
    let [0, modulus @ ..] = modulus(der)? else { return None };
    let has_whole_words = modulus.len().is_multiple_of(8) && modulus.first()? & 0x80 != 0;
    if !has_whole_words || modulus.len() < 256 {
        return None;
    }
    rsa::VerifyingKey::from_pkcs1_der(der).ok()
}

/// The content of the first INTEGER in the SEQUENCE that an `RSAPublicKey` is (RFC 8017, appendix A.1.1).
fn modulus(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 2;
    let (content, _) = element(SEQUENCE, der)?;
    element(INTEGER, content).map(|(modulus, _)| modulus)
}

/// The content of an element of DER, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match *der {
        [first, length @ ..0x80, ref rest @ ..] if first == tag => (usize::from(length), rest),
        [first, 0x81, length, ref rest @ ..] if first == tag => (usize::from(length), rest),
        [first, 0x82, high, low, ref rest @ ..] if first == tag => (usize::from(u16::from_be_bytes([high, low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// `None` for an algorithm that there is not.
fn portably(algorithm: Signature, key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let (of_key, of_signature) = identifiers(algorithm);
    let algorithms = ftp_crypto::provider().signature_verification_algorithms.all;
    let mut fitting =
        algorithms.iter().filter(|one| (one.public_key_alg_id(), one.signature_alg_id()) == (of_key, of_signature));
    Some(fitting.next()?.verify_signature(key, message, signature).is_ok())
}

/// What certificates call the kind of a key, and that of a signature.
fn identifiers(algorithm: Signature) -> (AlgorithmIdentifier, AlgorithmIdentifier) {
    match algorithm {
        Signature::EcdsaP256Sha256 => (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
        Signature::EcdsaP256Sha384 => (alg_id::ECDSA_P256, alg_id::ECDSA_SHA384),
        Signature::EcdsaP256Sha512 => (alg_id::ECDSA_P256, alg_id::ECDSA_SHA512),
        Signature::EcdsaP384Sha256 => (alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
        Signature::EcdsaP384Sha384 => (alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
        Signature::EcdsaP384Sha512 => (alg_id::ECDSA_P384, alg_id::ECDSA_SHA512),
        Signature::Ed25519 => (alg_id::ED25519, alg_id::ED25519),
        Signature::RsaPssSha256 => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA256),
        Signature::RsaPssSha384 => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA384),
        Signature::RsaPssSha512 => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA512),
        Signature::RsaPkcs1Sha256 => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
        Signature::RsaPkcs1Sha384 => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA384),
        Signature::RsaPkcs1Sha512 => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA512),
    }
}
