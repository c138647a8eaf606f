//! Authenticated encryption: `ftp:crypto/aead`.

use std::cell::Cell;

use graviola::aead::{AesGcm, ChaCha20Poly1305};

use super::types::{Cipher, Error, Opened, Supported, wipe};

/// The fastest first.
pub const SUPPORTED: [Supported; 3] = [
    Supported { algorithm: Cipher::Aes128Gcm, is_fast: true },
    Supported { algorithm: Cipher::Aes256Gcm, is_fast: true },
    Supported { algorithm: Cipher::ChaCha20Poly1305, is_fast: false },
];

/// The most messages of a call.
pub const MOST_MESSAGES: usize = 64;
/// The longest plain text.
const LONGEST_TEXT: usize = 1 << 14;
/// The longest ciphertext with its tag: by the expansion that TLS 1.3 permits.
const LONGEST_SEALED: usize = LONGEST_TEXT + 256;
/// The longest prefix, suffix, tail or additional data.
const LONGEST_PART: usize = 32;
const TAG: usize = 16;
/// How many messages AES-GCM seals with one key (RFC 8446, section 5.5).
const MOST_SEALED: u64 = 1 << 24;

/// One message, where it lies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Message<'a> {
    pub nonce: &'a [u8],
    pub additional_data: &'a [u8],
    pub prefix: &'a [u8],
    pub text: &'a [u8],
    pub suffix: &'a [u8],
}

/// The key of one cipher, for one direction of one connection. The library wipes what it holds of it when it is dropped.
pub struct Key {
    key: Expanded,
    sealed: Cell<u64>,
}

enum Expanded {
    Aes(AesGcm),
    ChaCha(ChaCha20Poly1305),
}

impl Key {
    pub fn import(cipher: Cipher, key: &[u8]) -> Result<Self, Error> {
        let key = match (cipher, key.len()) {
            (Cipher::Aes128Gcm, 16) | (Cipher::Aes256Gcm, 32) => Expanded::Aes(AesGcm::new(key)),
            (Cipher::ChaCha20Poly1305, 32) => {
                let mut copy = [0; 32];
                copy.copy_from_slice(key);
                let key = ChaCha20Poly1305::new(copy);
                wipe(&mut copy);
                Expanded::ChaCha(key)
            }
            _ => return Err(Error::InvalidKey),
        };
        Ok(Self { key, sealed: Cell::new(0) })
    }

    /// For each message its prefix, the ciphertext of its text and suffix, and the tag. Each text is copied once, into the result.
    pub fn seal<'a>(&self, messages: impl ExactSizeIterator<Item = Message<'a>> + Clone) -> Result<Vec<u8>, Error> {
        let mut length = 0;
        let sealed = self.sealed.get() + count(&messages)? as u64;
        for message in messages.clone() {
            length += message.length_sealed()?;
        }
        if matches!(self.key, Expanded::Aes(_)) && sealed > MOST_SEALED {
            return Err(Error::KeyExhausted);
        }
        self.sealed.set(sealed);
        let mut result = Vec::with_capacity(length);
        for message in messages {
            self.seal_into(&mut result, message)?;
        }
        Ok(result)
    }

    fn seal_into(&self, result: &mut Vec<u8>, message: Message<'_>) -> Result<(), Error> {
        let Message { nonce, additional_data, prefix, text, suffix } = message;
        let nonce = nonce.try_into().map_err(|_| Error::InvalidNonce)?;
        result.extend_from_slice(prefix);
        let start = result.len();
        result.extend_from_slice(text);
        result.extend_from_slice(suffix);
        let mut tag = [0; TAG];
        match &self.key {
            Expanded::Aes(key) => key.encrypt(nonce, additional_data, &mut result[start..], &mut tag),
            Expanded::ChaCha(key) => key.encrypt(nonce, additional_data, &mut result[start..], &mut tag),
        }
        result.extend_from_slice(&tag);
        Ok(())
    }

    /// The plain texts, and their last `tail` bytes apart. Each text is copied once, into the result; where a tag is wrong, all
    /// that was opened is wiped.
    pub fn open<'a>(
        &self,
        messages: impl ExactSizeIterator<Item = Message<'a>> + Clone,
        tail: u32,
    ) -> Result<Opened, Error> {
        let tail = usize::try_from(tail).unwrap_or(usize::MAX);
        if tail > LONGEST_PART {
            return Err(Error::TooLong);
        }
        let mut length = 0;
        let count = count(&messages)?;
        for message in messages.clone() {
            length += message.length_opened()?;
        }
        let mut opened = Opened { text: Vec::with_capacity(length), tails: Vec::with_capacity(count * tail) };
        for message in messages {
            self.open_into(&mut opened, message, tail)?;
        }
        Ok(opened)
    }

    fn open_into(&self, opened: &mut Opened, message: Message<'_>, tail: usize) -> Result<(), Error> {
        let nonce = message.nonce.try_into().map_err(|_| Error::InvalidNonce)?;
        let (sealed, tag) = message.text.split_last_chunk::<TAG>().ok_or(Error::NotAuthentic)?;
        let start = opened.text.len();
        opened.text.extend_from_slice(sealed);
        let text = &mut opened.text[start..];
        let result = match &self.key {
            Expanded::Aes(key) => key.decrypt(nonce, message.additional_data, text, tag),
            Expanded::ChaCha(key) => key.decrypt(nonce, message.additional_data, text, tag),
        };
        result.map_err(|_| Error::NotAuthentic)?;
        let end = text.len().saturating_sub(tail);
        let tail = &mut text[end..];
        opened.tails.extend_from_slice(tail);
        wipe(tail);
        opened.text.truncate(start + end);
        Ok(())
    }
}

fn count<'a>(messages: &impl ExactSizeIterator<Item = Message<'a>>) -> Result<usize, Error> {
    match messages.len() {
        count if count <= MOST_MESSAGES => Ok(count),
        _ => Err(Error::TooLong),
    }
}

impl Message<'_> {
    /// The bytes that `seal` makes of it.
    fn length_sealed(&self) -> Result<usize, Error> {
        let Self { text, prefix, suffix, .. } = self;
        self.check(LONGEST_TEXT, prefix.len().max(suffix.len()))?;
        Ok(prefix.len() + text.len() + suffix.len() + TAG)
    }

    /// The bytes that `open` makes of it.
    fn length_opened(&self) -> Result<usize, Error> {
        self.check(LONGEST_SEALED, 0)?;
        self.text.len().checked_sub(TAG).ok_or(Error::NotAuthentic)
    }

    fn check(&self, longest_text: usize, longest_part: usize) -> Result<(), Error> {
        if self.nonce.len() != 12 {
            return Err(Error::InvalidNonce);
        }
        let longest_part = longest_part.max(self.additional_data.len());
        if self.text.len() > longest_text || longest_part > LONGEST_PART {
            return Err(Error::TooLong);
        }
        Ok(())
    }
}
