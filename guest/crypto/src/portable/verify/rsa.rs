//! RSA: PKCS#1 v1.5 and PSS (RFC 8017, sections 8.1.2 and 8.2.2) with keys of 2048 to 8192 bits.
//!
//! Everything here is public, so nothing has to take constant time.

use alloc::vec::Vec;
use core::marker::PhantomData;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use pkcs1::RsaPublicKeyRef;
use sha2::{Digest, Sha256, Sha384, Sha512};

const MIN_BITS: u32 = 2048;
const MAX_BITS: u32 = 8192;
const MAX_EXPONENT: u64 = (1 << 33) - 1;

pub(super) fn verify<P: Padding>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = PublicKey::from_der(key)?;
    P::verify(&key.recover(signature)?, key.bits, message)
}

struct PublicKey {
    modulus: Odd<BoxedUint>,
    bits: u32,
    exponent: u64,
}

impl PublicKey {
    fn from_der(der: &[u8]) -> Option<Self> {
        let key = RsaPublicKeyRef::try_from(der).ok()?;
        let exponent = unsigned(key.public_exponent.as_bytes())?;
        if !(3..=MAX_EXPONENT).contains(&exponent) || exponent.is_multiple_of(2) {
            return None;
        }
        let modulus = key.modulus.as_bytes();
        let modulus = (modulus.len() <= MAX_BITS as usize / 8).then(|| BoxedUint::from_be_slice_vartime(modulus))?;
        let bits = modulus.bits_vartime();
        if bits < MIN_BITS {
            return None;
        }
        Some(Self { modulus: Option::from(Odd::new(modulus))?, bits, exponent })
    }

    /// The message representative as long as the modulus: RSAVP1 (RFC 8017, section 5.2.2) and I2OSP.
    fn recover(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let len = self.bits.div_ceil(8) as usize;
        if signature.len() != len {
            return None;
        }
        let signature = BoxedUint::from_be_slice(signature, self.modulus.bits_precision()).ok()?;
        if signature >= *self.modulus.as_ref() {
            return None;
        }
        let params = BoxedMontyParams::new_vartime(self.modulus.clone());
        let exponent = BoxedUint::from(self.exponent);
        let power = BoxedMontyForm::new(signature, &params).pow_bounded_exp(&exponent, exponent.bits_vartime());
        let bytes = power.retrieve().to_be_bytes();
        bytes.get(bytes.len().checked_sub(len)?..).map(<[u8]>::to_vec)
    }
}

/// A big-endian number that fits 64 bits.
fn unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

pub(super) trait Padding {
    /// Whether `encoded`, as long as a modulus of `bits`, is an encoding of `message`.
    fn verify(encoded: &[u8], bits: u32, message: &[u8]) -> Option<()>;
}

pub(super) struct Pkcs1<D>(PhantomData<D>);

/// The encoding is built and compared as a whole: parsing one has let forged signatures through in the past.
impl<D: Digest + DigestInfo> Padding for Pkcs1<D> {
    fn verify(encoded: &[u8], _: u32, message: &[u8]) -> Option<()> {
        let digest = D::digest(message);
        let filler = encoded.len().checked_sub(3 + D::DIGEST_INFO.len() + digest.len())?;
        let mut expected = Vec::with_capacity(encoded.len());
        expected.extend_from_slice(&[0, 1]);
        expected.resize(2 + filler, 0xff);
        expected.push(0);
        expected.extend_from_slice(D::DIGEST_INFO);
        expected.extend_from_slice(&digest);
        (expected == encoded).then_some(())
    }
}

pub(super) struct Pss<D>(PhantomData<D>);

/// EMSA-PSS (RFC 8017, section 9.1.2) with MGF1 over the same hash and a salt as long as the hash, as TLS demands
/// (RFC 8446, section 4.2.3).
impl<D: Digest> Padding for Pss<D> {
    fn verify(encoded: &[u8], bits: u32, message: &[u8]) -> Option<()> {
        let hash_len = <D as Digest>::output_size();
        // The encoding is a bit shorter than the modulus, and so at times a byte.
        let spare = bits.checked_sub(1)?;
        let encoded = match (spare.is_multiple_of(8), encoded) {
            (true, [0, encoded @ ..]) => encoded,
            (true, _) => return None,
            (false, encoded) => encoded,
        };
        let used_bits = 0xff >> (spare.next_multiple_of(8) - spare);
        let (&[trailer], encoded) = encoded.split_last_chunk::<1>().map(|(rest, last)| (last, rest))?;
        let (masked, hash) = encoded.split_at_checked(encoded.len().checked_sub(hash_len)?)?;
        if trailer != 0xbc || masked.first()? & !used_bits != 0 {
            return None;
        }
        let mut block = masked.to_vec();
        unmask::<D>(&mut block, hash);
        *block.first_mut()? &= used_bits;
        let (padding, salt) = block.split_at_checked(block.len().checked_sub(hash_len)?)?;
        let (one, zeros) = padding.split_last()?;
        if *one != 1 || zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        let digest = D::digest(message);
        let expected = D::new().chain_update([0; 8]).chain_update(digest).chain_update(salt).finalize();
        (expected.as_slice() == hash).then_some(())
    }
}

/// MGF1 (RFC 8017, appendix B.2.1), combined with the block it masks.
fn unmask<D: Digest>(block: &mut [u8], seed: &[u8]) {
    for (counter, chunk) in (0u32..).zip(block.chunks_mut(<D as Digest>::output_size())) {
        let mask = D::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

pub(super) trait DigestInfo {
    /// The DER of a `DigestInfo` up to the digest (RFC 8017, section 9.2, note 1).
    const DIGEST_INFO: &'static [u8];
}

impl DigestInfo for Sha256 {
    const DIGEST_INFO: &'static [u8] =
        &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
}

impl DigestInfo for Sha384 {
    const DIGEST_INFO: &'static [u8] =
        &[0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30];
}

impl DigestInfo for Sha512 {
    const DIGEST_INFO: &'static [u8] =
        &[0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 0x40];
}
