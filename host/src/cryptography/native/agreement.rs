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
