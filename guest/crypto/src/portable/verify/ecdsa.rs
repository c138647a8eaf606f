//! ECDSA over P-256 and P-384 (RFC 5480, RFC 5758).

use p256::NistP256;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p384::NistP384;
use sha2::Digest;

pub(super) fn verify<C: Curve, D: Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    C::verify(key, &D::digest(message), signature)
}

pub(super) trait Curve {
    /// The digest is cut to the length of the curve's order by the signature scheme itself.
    fn verify(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()>;
}

impl Curve for NistP256 {
    fn verify(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
        let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
        key.verify_prehash(digest, &signature).ok()
    }
}

impl Curve for NistP384 {
    fn verify(key: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
        let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
        key.verify_prehash(digest, &signature).ok()
    }
}
