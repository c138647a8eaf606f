//! Tests of the record formats, through the traits that rustls calls.
//!
//! Only suites with keys of 32 bytes are here: rustls alone can make shorter keys. AES-128 runs through the same code.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::{ContentType, Error, ProtocolVersion, SupportedCipherSuite};

use crate::records::MAX_PLAINTEXT;
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

#[test]
fn a_record_with_too_much_text_is_refused() {
    for mut suite in suites() {
        let payload = suite.seal(&vec![b'x'; MAX_PLAINTEXT + 1]);
        assert_eq!(suite.open(&payload, SEQ), Err(Error::PeerSentOversizedRecord));
    }
}
