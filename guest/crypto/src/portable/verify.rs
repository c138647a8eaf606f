//! Verification by the dalek and RustCrypto projects.

mod ecdsa;
mod ed25519;
mod rsa;

use p256::NistP256;
use p384::NistP384;
use rustls::pki_types::InvalidSignature;
use sha2::{Sha256, Sha384, Sha512};

use self::rsa::{Pkcs1, Pss};
use crate::algorithms::SignatureAlgorithm;

/// Verify the signature of a message by a key as it stands in a certificate.
///
/// # Errors
///
/// [`InvalidSignature`] for all that is not a right signature.
pub fn verify(
    algorithm: SignatureAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), InvalidSignature> {
    use SignatureAlgorithm as A;
    let verified = match algorithm {
        A::EcdsaP256Sha256 => ecdsa::verify::<NistP256, Sha256>(key, message, signature),
        A::EcdsaP256Sha384 => ecdsa::verify::<NistP256, Sha384>(key, message, signature),
        A::EcdsaP256Sha512 => ecdsa::verify::<NistP256, Sha512>(key, message, signature),
        A::EcdsaP384Sha256 => ecdsa::verify::<NistP384, Sha256>(key, message, signature),
        A::EcdsaP384Sha384 => ecdsa::verify::<NistP384, Sha384>(key, message, signature),
        A::EcdsaP384Sha512 => ecdsa::verify::<NistP384, Sha512>(key, message, signature),
        A::Ed25519 => ed25519::verify(key, message, signature),
        A::RsaPssSha256 => rsa::verify::<Pss<Sha256>>(key, message, signature),
        A::RsaPssSha384 => rsa::verify::<Pss<Sha384>>(key, message, signature),
        A::RsaPssSha512 => rsa::verify::<Pss<Sha512>>(key, message, signature),
        A::RsaPkcs1Sha256 => rsa::verify::<Pkcs1<Sha256>>(key, message, signature),
        A::RsaPkcs1Sha384 => rsa::verify::<Pkcs1<Sha384>>(key, message, signature),
        A::RsaPkcs1Sha512 => rsa::verify::<Pkcs1<Sha512>>(key, message, signature),
    };
    verified.ok_or(InvalidSignature)
}
