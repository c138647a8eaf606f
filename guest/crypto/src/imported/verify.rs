//! Imported verification of signatures.

use rustls::pki_types::InvalidSignature;

use super::bindings::ftp::crypto::signatures as wit;
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
    wit::verify(algorithm.into(), key, message, signature).map_err(|_| InvalidSignature)
}

impl From<SignatureAlgorithm> for wit::Algorithm {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => Self::EcdsaP256Sha256,
            SignatureAlgorithm::EcdsaP256Sha384 => Self::EcdsaP256Sha384,
            SignatureAlgorithm::EcdsaP256Sha512 => Self::EcdsaP256Sha512,
            SignatureAlgorithm::EcdsaP384Sha256 => Self::EcdsaP384Sha256,
            SignatureAlgorithm::EcdsaP384Sha384 => Self::EcdsaP384Sha384,
            SignatureAlgorithm::EcdsaP384Sha512 => Self::EcdsaP384Sha512,
            SignatureAlgorithm::Ed25519 => Self::Ed25519,
            SignatureAlgorithm::RsaPssSha256 => Self::RsaPssSha256,
            SignatureAlgorithm::RsaPssSha384 => Self::RsaPssSha384,
            SignatureAlgorithm::RsaPssSha512 => Self::RsaPssSha512,
            SignatureAlgorithm::RsaPkcs1Sha256 => Self::RsaPkcs1Sha256,
            SignatureAlgorithm::RsaPkcs1Sha384 => Self::RsaPkcs1Sha384,
            SignatureAlgorithm::RsaPkcs1Sha512 => Self::RsaPkcs1Sha512,
        }
    }
}
