//! What is sealed and opened: the terms that every backend has in common.

use crate::backend::aead::Key;
use alloc::vec::Vec;
use rustls::crypto::cipher::Iv;
use rustls::{ConnectionTrafficSecrets, Error};

/// Bytes of a nonce of every cipher here.
pub const NONCE_LEN: usize = 12;

/// Bytes of the authentication tag of every cipher here.
pub const TAG_LEN: usize = 16;

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
    pub(crate) fn secrets(self, key: rustls::crypto::cipher::AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
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

/// One message to be sealed or opened.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Never twice with one key to seal with.
    pub nonce: &'a [u8; NONCE_LEN],
    /// Authenticated, and not encrypted.
    pub additional: &'a [u8],
    /// What comes before the sealed text.
    pub prefix: &'a [u8],
    /// The plain text, or the ciphertext and its tag.
    pub text: &'a [u8],
    /// What is encrypted behind the text.
    pub suffix: &'a [u8],
}

/// A key of a backend.
pub trait AeadKey: Sized {
    /// Takes a key.
    ///
    /// # Errors
    ///
    /// It has another length.
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error>;

    /// Appends each message, sealed: its prefix, the ciphertext of text and suffix, the tag.
    ///
    /// # Errors
    ///
    /// [`Error::EncryptError`]
    fn seal(&self, messages: &[Message<'_>], sealed: &mut Vec<u8>) -> Result<(), Error>;

    /// Appends the plain texts, each without its last `tail` bytes, and those apart.
    ///
    /// # Errors
    ///
    /// [`Error::DecryptError`] where one tag is wrong. Nothing is appended then.
    fn open(
        &self,
        messages: &[Message<'_>],
        tail: usize,
        plain: &mut Vec<u8>,
        tails: &mut Vec<u8>,
    ) -> Result<(), Error>;
}

const _: () = {
    const fn is_key<K: AeadKey + Send + Sync>() {}
    is_key::<Key>();
};
