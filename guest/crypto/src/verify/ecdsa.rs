//! ECDSA over P-256 and P-384 (RFC 5480, RFC 5758).

use core::fmt;
use core::marker::PhantomData;

use p256::NistP256;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p384::NistP384;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::{Digest, Sha256, Sha384, Sha512};

pub(super) static ECDSA_P256_SHA256: Ecdsa<NistP256, Sha256> = Ecdsa::new(alg_id::ECDSA_SHA256);
pub(super) static ECDSA_P256_SHA384: Ecdsa<NistP256, Sha384> = Ecdsa::new(alg_id::ECDSA_SHA384);
pub(super) static ECDSA_P256_SHA512: Ecdsa<NistP256, Sha512> = Ecdsa::new(alg_id::ECDSA_SHA512);
pub(super) static ECDSA_P384_SHA256: Ecdsa<NistP384, Sha256> = Ecdsa::new(alg_id::ECDSA_SHA256);
pub(super) static ECDSA_P384_SHA384: Ecdsa<NistP384, Sha384> = Ecdsa::new(alg_id::ECDSA_SHA384);
pub(super) static ECDSA_P384_SHA512: Ecdsa<NistP384, Sha512> = Ecdsa::new(alg_id::ECDSA_SHA512);

pub(super) struct Ecdsa<C, D> {
    signature: AlgorithmIdentifier,
    parts: PhantomData<(C, D)>,
}

impl<C, D> Ecdsa<C, D> {
    const fn new(signature: AlgorithmIdentifier) -> Self {
        Self { signature, parts: PhantomData }
    }
}

impl<C: Curve, D: Digest + Send + Sync> SignatureVerificationAlgorithm for Ecdsa<C, D> {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        C::verify(public_key, &D::digest(message), signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        C::PUBLIC_KEY
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

impl<C, D> fmt::Debug for Ecdsa<C, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ecdsa").field("signature", &self.signature).finish_non_exhaustive()
    }
}

trait Curve: Send + Sync {
    const PUBLIC_KEY: AlgorithmIdentifier;

    /// The digest is cut to the length of the curve's order by the signature scheme itself.
    fn verify(public_key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()>;
}

impl Curve for NistP256 {
    const PUBLIC_KEY: AlgorithmIdentifier = alg_id::ECDSA_P256;

    fn verify(public_key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(public_key).ok()?;
        let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
        key.verify_prehash(digest, &signature).ok()
    }
}

impl Curve for NistP384 {
    const PUBLIC_KEY: AlgorithmIdentifier = alg_id::ECDSA_P384;

    fn verify(public_key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(public_key).ok()?;
        let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
        key.verify_prehash(digest, &signature).ok()
    }
}
