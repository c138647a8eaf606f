//! The algorithms that there are, by their names.

use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};

/// A cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// With a key of 16 bytes.
    Aes128Gcm,
    /// With a key of 32 bytes.
    Aes256Gcm,
    /// With a key of 32 bytes.
    ChaCha20Poly1305,
}

impl Algorithm {
    /// Bytes of a key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    /// Labels a key and its nonce base with the name of this cipher.
    pub(crate) fn secrets(self, key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        match self {
            Self::Aes128Gcm => ConnectionTrafficSecrets::Aes128Gcm { key, iv },
            Self::Aes256Gcm => ConnectionTrafficSecrets::Aes256Gcm { key, iv },
            Self::ChaCha20Poly1305 => ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv },
        }
    }
}

/// A cipher that the backend has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supported {
    /// The cipher.
    pub algorithm: Algorithm,
    /// It has at least half the speed of the first.
    pub is_fast: bool,
}

/// A curve, and the encoding of its public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// X25519: 32 bytes.
    X25519,
    /// P-256: an uncompressed point of 65 bytes.
    Secp256r1,
    /// P-384: an uncompressed point of 97 bytes.
    Secp384r1,
}

/// A kind of key with a padding or curve, and the hash of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA over P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA over P-256 with SHA-384.
    EcdsaP256Sha384,
    /// ECDSA over P-256 with SHA-512.
    EcdsaP256Sha512,
    /// ECDSA over P-384 with SHA-256.
    EcdsaP384Sha256,
    /// ECDSA over P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA over P-384 with SHA-512.
    EcdsaP384Sha512,
    /// Ed25519.
    Ed25519,
    /// RSA-PSS with SHA-256.
    RsaPssSha256,
    /// RSA-PSS with SHA-384.
    RsaPssSha384,
    /// RSA-PSS with SHA-512.
    RsaPssSha512,
    /// RSA with PKCS #1 v1.5 and SHA-256.
    RsaPkcs1Sha256,
    /// RSA with PKCS #1 v1.5 and SHA-384.
    RsaPkcs1Sha384,
    /// RSA with PKCS #1 v1.5 and SHA-512.
    RsaPkcs1Sha512,
}
