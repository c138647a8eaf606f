//! Tests of the record formats, through the traits that rustls calls.
//!
//! Only suites with keys of 32 bytes are here: rustls alone can make shorter keys. AES-128 runs through the same code.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, PeerMisbehaved, ProtocolVersion, SupportedCipherSuite};

use crate::records::{MAX_PLAINTEXT, Opened, Opener, Sealer};
use crate::suites::SUITES;

const HEADER: usize = 5;
const SEQ: u64 = 0x0102_0304_0506_0708;
const TEXT: &[u8] = b"226 Transfer complete.\r\n";

struct Suite {
    encrypter: Box<dyn MessageEncrypter>,
    decrypter: Box<dyn MessageDecrypter>,
}

fn suites() -> Vec<Suite> {
    let suites: Vec<_> = SUITES.iter().filter_map(suite).collect();
    assert_eq!(suites.len(), 6);
    suites
}

fn suite(suite: &SupportedCipherSuite) -> Option<Suite> {
    let key = || AeadKey::from([3; 32]);
    match suite {
        SupportedCipherSuite::Tls13(suite) => (suite.aead_alg.key_len() == 32).then(|| Suite {
            encrypter: suite.aead_alg.encrypter(key(), Iv::new([7; 12])),
            decrypter: suite.aead_alg.decrypter(key(), Iv::new([7; 12])),
        }),
        SupportedCipherSuite::Tls12(suite) => {
            let shape = suite.aead_alg.key_block_shape();
            let (iv, explicit) = (vec![7; shape.fixed_iv_len], vec![9; shape.explicit_nonce_len]);
            (shape.enc_key_len == 32).then(|| Suite {
                encrypter: suite.aead_alg.encrypter(key(), &iv, &explicit),
                decrypter: suite.aead_alg.decrypter(key(), &iv),
            })
        }
    }
}

impl Suite {
    fn seal(&mut self, text: &[u8]) -> Vec<u8> {
        let (front, back) = text.split_at(text.len() / 3);
        let chunks = [front, back];
        let message = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::new(&chunks),
        };
        let expected = self.encrypter.encrypted_payload_len(text.len());
        let record = self.encrypter.encrypt(message, SEQ).unwrap().encode();
        assert_eq!(record.len(), HEADER + expected);
        record[HEADER..].to_vec()
    }

    fn open(&mut self, payload: &[u8], seq: u64) -> Result<Vec<u8>, Error> {
        let mut payload = payload.to_vec();
        let message = InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut payload);
        self.decrypter.decrypt(message, seq).map(|plain| plain.payload.to_vec())
    }
}

#[test]
fn records_of_every_size_come_back() {
    for mut suite in suites() {
        for text in [0, 1, 15, 16, 17, 1000, MAX_PLAINTEXT].map(|len| vec![b'x'; len]) {
            let payload = suite.seal(&text);
            assert_eq!(suite.open(&payload, SEQ), Ok(text));
        }
    }
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    for mut suite in suites() {
        let payload = suite.seal(TEXT);
        for at in 0..payload.len() {
            let mut changed = payload.clone();
            changed[at] ^= 1;
            assert_eq!(suite.open(&changed, SEQ), Err(Error::DecryptError));
        }
    }
}

#[test]
fn a_record_out_of_order_is_refused() {
    for mut suite in suites() {
        let payload = suite.seal(TEXT);
        assert_eq!(suite.open(&payload, SEQ + 1), Err(Error::DecryptError));
    }
}

#[test]
fn a_record_too_short_for_its_tag_is_refused() {
    for mut suite in suites() {
        for len in 0..40 {
            assert_eq!(suite.open(&vec![0; len], SEQ), Err(Error::DecryptError));
        }
    }
}

/// What is imported does not even seal one.
#[cfg(not(feature = "imported"))]
#[test]
fn a_record_with_too_much_text_is_refused() {
    for mut suite in suites() {
        let payload = suite.seal(&vec![b'x'; MAX_PLAINTEXT + 1]);
        assert_eq!(suite.open(&payload, SEQ), Err(Error::PeerSentOversizedRecord));
    }
}

/// The secrets of one direction, with the suite that they are of.
fn secrets(suite: SupportedCipherSuite) -> Option<(SupportedCipherSuite, ConnectionTrafficSecrets)> {
    let key = AeadKey::from([3; 32]);
    let secrets = match suite {
        SupportedCipherSuite::Tls13(tls13) if tls13.aead_alg.key_len() == 32 => {
            tls13.aead_alg.extract_keys(key, Iv::new([7; 12]))
        }
        SupportedCipherSuite::Tls12(tls12) if tls12.aead_alg.key_block_shape().enc_key_len == 32 => {
            let shape = tls12.aead_alg.key_block_shape();
            tls12.aead_alg.extract_keys(key, &vec![7; shape.fixed_iv_len], &vec![7; shape.explicit_nonce_len])
        }
        _ => return None,
    };
    Some((suite, secrets.ok()?))
}

/// Both ends of one direction of each suite, at this record.
fn directions(number: u64) -> Vec<(SupportedCipherSuite, Sealer, Opener)> {
    let all: Vec<_> = SUITES.iter().filter_map(|suite| secrets(*suite)).collect();
    assert_eq!(all.len(), 6);
    let both = |(suite, secrets)| {
        (suite, Sealer::new(suite, number, &secrets).unwrap(), Opener::new(suite, number, &secrets).unwrap())
    };
    all.into_iter().map(both).collect()
}

/// Where each record begins, and the end.
fn starts(records: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut rest = records;
    while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
        let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
        rest = &after[len..];
        starts.push(records.len() - rest.len());
    }
    starts
}

fn contents(plain: &[u8], opened: &[Opened]) -> Vec<u8> {
    opened.iter().flat_map(|content| plain[content.start..content.end].to_vec()).collect()
}

#[test]
fn a_text_of_many_records_comes_back_from_a_few_calls() {
    let text: Vec<u8> = (0..70 * MAX_PLAINTEXT + 5).map(|at| at as u8).collect();
    for (_, mut sealer, mut opener) in directions(SEQ) {
        let mut sealed = b"before".to_vec();
        sealer.seal(ContentType::ApplicationData, &text, &mut sealed).unwrap();
        assert_eq!(sealer.number(), SEQ + 71);
        let sealed = sealed.strip_prefix(b"before").unwrap();
        let (mut plain, mut opened, mut at) = (Vec::new(), Vec::new(), 0);
        for records in [64, 7] {
            let before = opened.len();
            at += opener.open(&sealed[at..], &mut plain, &mut opened).unwrap();
            assert_eq!(opened.len() - before, records);
        }
        assert_eq!(at, sealed.len());
        assert!(opened.iter().all(|content| content.kind == ContentType::ApplicationData));
        assert!(contents(&plain, &opened) == text);
    }
}

#[test]
fn a_record_that_is_not_whole_is_left() {
    for (_, mut sealer, mut opener) in directions(0) {
        let mut sealed = Vec::new();
        sealer.seal(ContentType::ApplicationData, TEXT, &mut sealed).unwrap();
        let end = sealed.len();
        sealer.seal(ContentType::ApplicationData, TEXT, &mut sealed).unwrap();
        let (mut plain, mut opened) = (Vec::new(), Vec::new());
        assert_eq!(opener.open(&sealed[..end - 1], &mut plain, &mut opened), Ok(0));
        assert_eq!(opener.open(&sealed[..sealed.len() - 1], &mut plain, &mut opened), Ok(end));
        assert_eq!(contents(&plain, &opened), TEXT);
    }
}

#[test]
fn what_comes_before_a_bad_record_is_opened_and_the_bad_one_is_an_error() {
    for (_, mut sealer, mut opener) in directions(SEQ) {
        let mut sealed = Vec::new();
        for text in [&b"one"[..], b"two", b"three", b"four"] {
            sealer.seal(ContentType::ApplicationData, text, &mut sealed).unwrap();
        }
        let starts = starts(&sealed);
        sealed[starts[3] - 1] ^= 1;
        let (mut plain, mut opened, mut at) = (b"plain ".to_vec(), Vec::new(), 0);
        for record in 0..2 {
            at += opener.open(&sealed[at..], &mut plain, &mut opened).unwrap();
            assert_eq!(at, starts[record + 1]);
        }
        assert_eq!(opener.open(&sealed[at..], &mut plain, &mut opened), Err(Error::DecryptError));
        assert_eq!(contents(&plain, &opened), b"onetwo");
        assert!(plain.starts_with(b"plain one"));
    }
}

#[test]
fn records_of_the_next_key_do_not_keep_those_of_this_one() {
    for (suite, mut sealer, mut opener) in directions(0) {
        let (_, secrets) = secrets(suite).unwrap();
        let mut sealed = Vec::new();
        sealer.seal(ContentType::Handshake, b"a new key", &mut sealed).unwrap();
        let end = sealed.len();
        // With numbers from the beginning, as a new key has them.
        let mut next = Sealer::new(suite, 0, &secrets).unwrap();
        next.seal(ContentType::ApplicationData, b"data", &mut sealed).unwrap();
        let (mut plain, mut opened) = (Vec::new(), Vec::new());
        assert_eq!(opener.open(&sealed, &mut plain, &mut opened), Ok(end));
        assert_eq!(opened, [Opened { kind: ContentType::Handshake, start: 0, end: 9 }]);
        let mut opener = Opener::new(suite, 0, &secrets).unwrap();
        assert_eq!(opener.open(&sealed[end..], &mut plain, &mut opened), Ok(sealed.len() - end));
        assert_eq!(contents(&plain, &opened), b"a new keydata");
    }
}

/// What a server of TLS 1.3 may put behind a content to hide its length (RFC 8446, section 5.4).
fn padded(text: &[u8], kind: &[u8], zeros: usize) -> Vec<u8> {
    [text, kind, &vec![0; zeros]].concat()
}

#[test]
fn padding_is_taken_off_and_what_is_nothing_but_padding_is_refused() {
    let tls13 = directions(0).into_iter().filter(|(suite, ..)| suite.tls13().is_some());
    for (_, _, mut opener) in tls13 {
        let long = vec![b'x'; MAX_PLAINTEXT];
        let inner =
            [padded(b"one", &[23], 3), padded(b"", &[23], 5), padded(b"two", &[21], 0), padded(&long, &[23], 0)];
        let records = (0..).zip(&inner).flat_map(|(number, inner)| opener.sealed_inner(inner, number));
        let records: Vec<u8> = records.collect();
        let (mut plain, mut opened) = (Vec::new(), Vec::new());
        assert_eq!(opener.open(&records, &mut plain, &mut opened), Ok(records.len()));
        let kinds: Vec<_> = opened.iter().map(|content| (content.kind, content.end - content.start)).collect();
        let data = ContentType::ApplicationData;
        assert_eq!(kinds, [(data, 3), (data, 0), (ContentType::Alert, 3), (data, MAX_PLAINTEXT)]);
        for inner in [&[0; 4][..], &[]] {
            let record = opener.sealed_inner(inner, 4);
            let error = PeerMisbehaved::IllegalTlsInnerPlaintext.into();
            assert_eq!(opener.open(&record, &mut plain, &mut opened), Err(error));
        }
    }
}

#[cfg(not(feature = "imported"))]
#[test]
fn padding_that_makes_a_record_too_long_is_refused() {
    for (_, _, mut opener) in directions(0).into_iter().filter(|(suite, ..)| suite.tls13().is_some()) {
        let record = opener.sealed_inner(&padded(&vec![b'x'; MAX_PLAINTEXT], &[23], 1), 0);
        let error = opener.open(&record, &mut Vec::new(), &mut Vec::new());
        assert_eq!(error, Err(Error::PeerSentOversizedRecord));
    }
}

#[test]
fn no_number_is_used_twice() {
    for (_, mut sealer, mut opener) in directions(u64::MAX - 1) {
        let mut sealed = Vec::new();
        sealer.seal(ContentType::ApplicationData, TEXT, &mut sealed).unwrap();
        let (mut plain, mut opened) = (Vec::new(), Vec::new());
        opener.open(&sealed, &mut plain, &mut opened).unwrap();
        let len = sealed.len();
        assert_eq!(sealer.seal(ContentType::ApplicationData, TEXT, &mut sealed), Err(Error::EncryptError));
        assert_eq!(sealed.len(), len);
        assert_eq!(opener.open(&sealed, &mut plain, &mut opened), Err(Error::DecryptError));
    }
}
