//! Keys of RSA, as far as anybody asks before a signature is verified.

use p256::pkcs8::SubjectPublicKeyInfoRef;
use p256::pkcs8::der::Decode as _;
use pkcs1::RsaPublicKeyRef;

/// The size of an RSA key in bits, from its `SubjectPublicKeyInfo` in DER (RFC 3279, section 2.3.1). `None` for keys of other
/// kinds.
pub fn rsa_bits(subject_public_key_info: &[u8]) -> Option<usize> {
    let info = SubjectPublicKeyInfoRef::from_der(subject_public_key_info).ok()?;
    if info.algorithm.oid != pkcs1::ALGORITHM_OID {
        return None;
    }
    let key = RsaPublicKeyRef::try_from(info.subject_public_key.as_bytes()?).ok()?;
    let modulus = key.modulus.as_bytes();
    let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    Some(modulus.len() * 8 - unused)
}
