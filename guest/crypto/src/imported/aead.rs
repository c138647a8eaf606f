//! Imported ciphers.

use alloc::vec::Vec;

use rustls::Error;

use super::bindings::ftp::crypto::{aead as wit, types};
use crate::aead::{AeadKey, Message};
use crate::algorithms::{Algorithm, Supported};

/// The ciphers that there are, the fastest first.
pub fn supported() -> Vec<Supported> {
    let all = wit::supported_algorithms().into_iter();
    all.map(|wit::Supported { algorithm, is_fast }| Supported { algorithm: algorithm.into(), is_fast }).collect()
}

/// A key on the other side of the border.
pub struct Key(wit::Key);

impl AeadKey for Key {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        wit::Key::import_key(algorithm.into(), key).map(Self).map_err(unusable)
    }

    fn seal(&self, messages: &[Message<'_>], sealed: &mut Vec<u8>) -> Result<(), Error> {
        append(self.0.seal(&lowered(messages)).map_err(|_| Error::EncryptError)?, sealed);
        Ok(())
    }

    fn open(
        &self,
        messages: &[Message<'_>],
        tail: usize,
        plain: &mut Vec<u8>,
        tails: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let tail = u32::try_from(tail).map_err(|_| Error::DecryptError)?;
        let opened = self.0.open(&lowered(messages), tail).map_err(|_| Error::DecryptError)?;
        append(opened.text, plain);
        append(opened.tails, tails);
        Ok(())
    }
}

fn lowered<'a>(messages: &[Message<'a>]) -> Vec<wit::MessageParam<'a>> {
    let lowered = messages.iter().map(|&Message { nonce, additional, prefix, text, suffix }| wit::MessageParam {
        nonce,
        additional_data: additional,
        prefix,
        text,
        suffix,
    });
    lowered.collect()
}

/// Without a copy where there is nothing yet.
fn append(mut bytes: Vec<u8>, to: &mut Vec<u8>) {
    match to.is_empty() {
        true => *to = bytes,
        false => to.append(&mut bytes),
    }
}

/// That there is no key.
pub(super) fn unusable(error: types::Error) -> Error {
    Error::General(alloc::format!("the cryptography that this component imports makes no key: {error}"))
}

impl From<wit::Algorithm> for Algorithm {
    fn from(algorithm: wit::Algorithm) -> Self {
        match algorithm {
            wit::Algorithm::Aes128Gcm => Self::Aes128Gcm,
            wit::Algorithm::Aes256Gcm => Self::Aes256Gcm,
            wit::Algorithm::Chacha20Poly1305 => Self::ChaCha20Poly1305,
        }
    }
}

impl From<Algorithm> for wit::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Aes128Gcm => Self::Aes128Gcm,
            Algorithm::Aes256Gcm => Self::Aes256Gcm,
            Algorithm::ChaCha20Poly1305 => Self::Chacha20Poly1305,
        }
    }
}
