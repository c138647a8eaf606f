//! The ciphers of the RustCrypto project.

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use alloc::boxed::Box;
use alloc::vec::Vec;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::consts::{U12, U16};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use rustls::Error;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::chacha::ChaCha20Poly1305;
use crate::aead::{AeadKey, Message, TAG_LEN};
use crate::algorithms::{Algorithm, Supported};

/// The ciphers that there are, the fastest first.
///
/// Without instructions for AES and carry-less multiplication, as in WebAssembly, AES-GCM has a fifth of the speed of
/// ChaCha20-Poly1305. Of the two AES variants the shorter key is the faster one.
pub fn supported() -> Vec<Supported> {
    let of = |algorithm, is_fast| Supported { algorithm, is_fast };
    let all = [of(Algorithm::ChaCha20Poly1305, true), of(Algorithm::Aes128Gcm, false), of(Algorithm::Aes256Gcm, false)];
    all.into()
}

/// A key of one of the ciphers.
pub enum Key {
    /// Of AES-128-GCM.
    Aes128Gcm(Box<Aes128Gcm>),
    /// Of AES-256-GCM.
    Aes256Gcm(Box<Aes256Gcm>),
    /// Of ChaCha20-Poly1305.
    ChaCha20Poly1305(ChaCha20Poly1305),
}

impl AeadKey for Key {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        Ok(match algorithm {
            Algorithm::Aes128Gcm => Self::Aes128Gcm(Box::new(Cipher::of(key)?)),
            Algorithm::Aes256Gcm => Self::Aes256Gcm(Box::new(Cipher::of(key)?)),
            Algorithm::ChaCha20Poly1305 => Self::ChaCha20Poly1305(Cipher::of(key)?),
        })
    }

    fn seal(&self, messages: &[Message<'_>], sealed: &mut Vec<u8>) -> Result<(), Error> {
        messages.iter().try_for_each(|message| match self {
            Self::Aes128Gcm(cipher) => cipher.seal(message, sealed),
            Self::Aes256Gcm(cipher) => cipher.seal(message, sealed),
            Self::ChaCha20Poly1305(cipher) => cipher.seal(message, sealed),
        })
    }

    fn open(
        &self,
        messages: &[Message<'_>],
        tail: usize,
        plain: &mut Vec<u8>,
        tails: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let before = (plain.len(), tails.len());
        let opened = messages.iter().try_for_each(|message| {
            match self {
                Self::Aes128Gcm(cipher) => cipher.open(message, plain),
                Self::Aes256Gcm(cipher) => cipher.open(message, plain),
                Self::ChaCha20Poly1305(cipher) => cipher.open(message, plain),
            }?;
            let end = plain.len() - tail.min(message.text.len() - TAG_LEN);
            tails.extend(plain.drain(end..));
            Ok(())
        });
        if opened.is_err() {
            plain.truncate(before.0);
            tails.truncate(before.1);
        }
        opened
    }
}

/// A cipher, which works on a text in place.
trait Cipher: Sized {
    fn of(key: &[u8]) -> Result<Self, Error>;

    /// Encrypts; returns the tag.
    fn encrypt(&self, message: &Message<'_>, text: &mut [u8]) -> Result<[u8; TAG_LEN], Error>;

    /// Decrypts, if the tag is right.
    fn decrypt(&self, message: &Message<'_>, text: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), Error>;

    fn seal(&self, message: &Message<'_>, sealed: &mut Vec<u8>) -> Result<(), Error> {
        sealed.extend_from_slice(message.prefix);
        let start = sealed.len();
        sealed.extend_from_slice(message.text);
        sealed.extend_from_slice(message.suffix);
        let tag = self.encrypt(message, sealed.get_mut(start..).unwrap_or_default())?;
        sealed.extend_from_slice(&tag);
        Ok(())
    }

    /// Appends the plain text, or after an error what is not one.
    fn open(&self, message: &Message<'_>, plain: &mut Vec<u8>) -> Result<(), Error> {
        let (text, tag) = message.text.split_last_chunk::<TAG_LEN>().ok_or(Error::DecryptError)?;
        let start = plain.len();
        plain.extend_from_slice(text);
        self.decrypt(message, plain.get_mut(start..).unwrap_or_default(), tag)
    }
}

/// Those of the crates, with 96-bit nonces and 128-bit tags.
impl<C: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit> Cipher for C {
    fn of(key: &[u8]) -> Result<Self, Error> {
        Self::new_from_slice(key).map_err(|_| Error::General("a key of another length".into()))
    }

    fn encrypt(&self, message: &Message<'_>, text: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        let tag = self.encrypt_inout_detached(&(*message.nonce).into(), message.additional, text.into());
        tag.map(Into::into).map_err(|_| Error::EncryptError)
    }

    fn decrypt(&self, message: &Message<'_>, text: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), Error> {
        let Message { nonce, additional, .. } = message;
        let opened = self.decrypt_inout_detached(&(**nonce).into(), additional, text.into(), &(*tag).into());
        opened.map_err(|_| Error::DecryptError)
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Cipher for ChaCha20Poly1305 {
    fn of(key: &[u8]) -> Result<Self, Error> {
        Self::new(key)
    }

    fn encrypt(&self, message: &Message<'_>, text: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        Ok(Self::encrypt(self, message, text))
    }

    fn decrypt(&self, message: &Message<'_>, text: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), Error> {
        Self::decrypt(self, message, text, tag)
    }
}
