//! Public keys of P-256: the base point times a secret number.
//!
//! The crate `p256` takes 256 doublings for that, as for any point. But here the point is known, and so are others on its
//! way: with four of them, each is left a quarter of the number, and 64 doublings do for all. The tables, the digits and
//! the additions are those of `primeorder`, which take the same time for every number.

use p256::elliptic_curve::point::AffineCoordinates as _;
use p256::{AffinePoint, NistP256, NonZeroScalar, ProjectivePoint, PublicKey, SecretKey, U256};
use primeorder::{Double as _, LookupTable, Radix16Decomposition, Radix16Digits};
use zeroize::Zeroizing;

/// Digits of the number for each point: four bits each.
const DIGITS: usize = 16;

/// The base point, doubled 64, 128 and 192 times: its coordinates.
const DOUBLED: [[U256; 2]; 3] = [
    [
        U256::from_be_hex("0fa822bc2811aaa58492592e326e25de29493baaad651f7e90e75cb48e14db63"),
        U256::from_be_hex("bff44ae8f5dba80d6f4ad4bcb3df188b34b1a65050fe82f5e41124545f462ee7"),
    ],
    [
        U256::from_be_hex("447d739beedb5e67fb982fd588c6766efc35ff7dc297eac357c84fc9d789bd85"),
        U256::from_be_hex("2d4825ab834131eee12e9d953a4aaff73d349b95a7fae5000c7e33c972e25b32"),
    ],
    [
        U256::from_be_hex("a6d39677a78492762736ff8344315fc596439591a3c6b94a6cf20ffb313728be"),
        U256::from_be_hex("674f84749b0b881666b8babd2d27ecdf824a920c2284059bf2bab833c357f5f4"),
    ],
];

/// The public key that belongs to this one.
pub(super) fn public_key(secret: &SecretKey) -> PublicKey {
    let number = Zeroizing::new(secret.to_nonzero_scalar());
    let number: &NonZeroScalar = &number;
    // What is lost by a point that cannot be, at infinity, is time.
    PublicKey::from_affine(times_base(number).to_affine()).unwrap_or_else(|_| secret.public_key())
}

/// The base point times this number.
fn times_base(number: &NonZeroScalar) -> ProjectivePoint {
    let digits = Radix16Decomposition::<Radix16Digits<NistP256>>::new(&**number);
    let [second, third, fourth] = DOUBLED.each_ref().map(point);
    let tables = [ProjectivePoint::GENERATOR, second, third, fourth].map(LookupTable::new);
    let [.., last] = &tables;
    // What is carried out of the last digit is a digit too.
    let mut sum = last.select(digits[tables.len() * DIGITS]);
    for place in (0..DIGITS).rev() {
        sum = sum.double().double().double().double();
        for (index, table) in tables.iter().enumerate() {
            sum += table.select(digits[index * DIGITS + place]);
        }
    }
    sum
}

fn point([x, y]: &[U256; 2]) -> ProjectivePoint {
    let point = AffinePoint::from_coordinates(&x.to_be_bytes().into(), &y.to_be_bytes().into());
    point.unwrap_or(AffinePoint::IDENTITY).into()
}

#[cfg(test)]
mod tests {
    use p256::Scalar;
    use p256::elliptic_curve::Generate as _;
    use p256::elliptic_curve::ff::Field as _;

    use super::*;

    fn check(number: Scalar) {
        let number = NonZeroScalar::new(number).unwrap();
        assert_eq!(times_base(&number), ProjectivePoint::GENERATOR * *number);
    }

    #[test]
    fn any_number_gives_what_the_library_gives() {
        for _ in 0..200 {
            check(*NonZeroScalar::try_generate_from_rng(&mut getrandom::SysRng).unwrap());
        }
    }

    #[test]
    fn numbers_at_the_edges_of_digits_and_points_give_what_the_library_gives() {
        for bit in (0..256).step_by(4) {
            let power = (0..bit).fold(Scalar::ONE, |power, _| power.double());
            for number in [power, -power, power + Scalar::ONE, power - Scalar::ONE] {
                if !bool::from(number.is_zero()) {
                    check(number);
                }
            }
        }
        for digit in [0x77_u8, 0x88, 0x80, 0x08, 0xff] {
            let mut bytes = [digit; 32];
            bytes[0] &= 0x7f;
            check(<Scalar as p256::elliptic_curve::ops::Reduce<U256>>::reduce(&U256::from_be_slice(&bytes)));
        }
    }
}
