//! Key agreement: `ftp:crypto/key-agreement`.

use graviola::Error as Failure;
use graviola::key_agreement::{p256, p384, x25519};

use super::types::{Error, Group};

/// A private key that is used once. The library wipes it when it is dropped.
pub enum PrivateKey {
    X25519(x25519::PrivateKey),
    P256(p256::PrivateKey),
    P384(p384::PrivateKey),
}

impl PrivateKey {
    pub fn generate(group: Group) -> Result<Self, Error> {
        let generated = match group {
            Group::X25519 => x25519::PrivateKey::new_random().map(Self::X25519),
            Group::Secp256r1 => p256::PrivateKey::new_random().map(Self::P256),
            Group::Secp384r1 => p384::PrivateKey::new_random().map(Self::P384),
        };
        generated.map_err(|_| Error::NoRandomness)
    }

    pub fn public_key(&self) -> Vec<u8> {
        match self {
            Self::X25519(key) => key.public_key().as_bytes().to_vec(),
            Self::P256(key) => key.public_key_uncompressed().to_vec(),
            Self::P384(key) => key.public_key_uncompressed().to_vec(),
        }
    }

    /// The x coordinate of the shared point. The library refuses points that are not on the curve, and zero.
    pub fn agree(self, public_key: &[u8]) -> Result<Vec<u8>, Error> {
        let secret = match self {
            Self::X25519(key) => x25519_agree(key, public_key),
            Self::P256(key) => p256_agree(key, public_key),
            Self::P384(key) => p384_agree(key, public_key),
        };
        secret.map_err(|_| Error::InvalidPoint)
    }
}

fn x25519_agree(key: x25519::PrivateKey, public_key: &[u8]) -> Result<Vec<u8>, Failure> {
    let public_key = x25519::PublicKey::try_from_slice(public_key)?;
    Ok(key.diffie_hellman(&public_key)?.0.to_vec())
}

fn p256_agree(key: p256::PrivateKey, public_key: &[u8]) -> Result<Vec<u8>, Failure> {
    let public_key = p256::PublicKey::from_x962_uncompressed(public_key)?;
    Ok(key.diffie_hellman(&public_key)?.0.to_vec())
}

fn p384_agree(key: p384::PrivateKey, public_key: &[u8]) -> Result<Vec<u8>, Failure> {
    let public_key = p384::PublicKey::from_x962_uncompressed(public_key)?;
    Ok(key.diffie_hellman(&public_key)?.0.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [(Group, usize); 3] = [(Group::X25519, 32), (Group::Secp256r1, 65), (Group::Secp384r1, 97)];

    #[test]
    fn both_sides_agree() {
        for (group, length) in GROUPS {
            let [one, other] = [(); 2].map(|()| PrivateKey::generate(group).unwrap());
            let [of_one, of_other] = [&one, &other].map(PrivateKey::public_key);
            assert!(of_one.len() == length && of_one != of_other);

            let secret = one.agree(&of_other).unwrap();

            assert_eq!(Ok(secret), other.agree(&of_one), "{group:?}");
        }
    }

    #[test]
    fn public_keys_of_another_form_and_points_off_the_curve_are_refused() {
        for (group, length) in GROUPS {
            let point = PrivateKey::generate(group).unwrap().public_key();
            let mut bad = vec![point[1..].to_vec(), [&point[..], &[0]].concat(), Vec::new(), vec![4], vec![0]];
            if group != Group::X25519 {
                let coordinate = length / 2;
                let changed = [&point[..length - 1], &[point[length - 1] ^ 1]].concat();
                let compressed = [&[2 + (point[length - 1] & 1)], &point[1..=coordinate]].concat();
                let hybrid = [&[6 + (point[length - 1] & 1)], &point[1..]].concat();
                let infinity = [&[4][..], &vec![0; length - 1]].concat();
                bad.extend([changed, compressed, hybrid, infinity, [&[4][..], &vec![0xff; length - 1]].concat()]);
            }
            for bad in bad {
                let key = PrivateKey::generate(group).unwrap();
                assert_eq!(key.agree(&bad), Err(Error::InvalidPoint), "{group:?} {bad:?}");
            }
        }
    }

    /// Of small order are, for one, 0, 1 and p - 1.
    #[test]
    fn a_shared_secret_of_zeros_is_refused() {
        let [mut one, mut last] = [[0; 32], [0xff; 32]];
        (one[0], last[0], last[31]) = (1, 0xec, 0x7f);
        for point in [[0; 32], one, last] {
            let key = PrivateKey::generate(Group::X25519).unwrap();
            assert_eq!(key.agree(&point), Err(Error::InvalidPoint), "{point:?}");
        }
    }
}
