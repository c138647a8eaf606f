//! Ed25519 (RFC 8032).

use ed25519_dalek::{Signature, VerifyingKey};

pub(super) fn verify(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = VerifyingKey::try_from(key).ok()?;
    let signature = Signature::from_slice(signature).ok()?;
    // "Strict" also refuses keys of small order, under which one signature fits many messages.
    key.verify_strict(message, &signature).ok()
}
