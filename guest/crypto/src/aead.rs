//! What is sealed and opened: the terms that every backend has in common.

use alloc::vec::Vec;
use rustls::Error;

use crate::algorithms::Algorithm;

/// Bytes of a nonce of every cipher here.
pub const NONCE_LEN: usize = 12;

/// Bytes of the authentication tag of every cipher here.
pub const TAG_LEN: usize = 16;

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
