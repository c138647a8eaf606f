//! Records of TLS 1.2 as rustls has them: ChaCha20-Poly1305 (RFC 7905) and AES-GCM (RFC 5288).

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, Tls12AeadAlgorithm, UnsupportedOperationError,
};

use crate::aead::NONCE_LEN;
use crate::algorithms::Algorithm;
use crate::records::{EXPLICIT_LEN, Format, Protection, Single};

/// The record protection of TLS 1.2 with a cipher.
pub(crate) struct Tls12(pub(crate) Algorithm);

impl Tls12 {
    fn protection(&self, key: &AeadKey, iv: &[u8]) -> Single {
        Single(Protection::new(Format::of_tls12(self.0), self.0, key.as_ref(), iv))
    }
}

impl Tls12AeadAlgorithm for Tls12 {
    fn encrypter(&self, key: AeadKey, fixed: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(self.protection(&key, &[fixed, explicit].concat()))
    }

    fn decrypter(&self, key: AeadKey, fixed: &[u8]) -> Box<dyn MessageDecrypter> {
        // What the records carry takes the place of the rest.
        let mut iv = Vec::from(fixed);
        iv.resize(NONCE_LEN, 0);
        Box::new(self.protection(&key, &iv))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        let explicit_nonce_len = match Format::of_tls12(self.0) {
            Format::Tls12Explicit => EXPLICIT_LEN,
            Format::Tls12 | Format::Tls13 => 0,
        };
        let fixed_iv_len = NONCE_LEN - explicit_nonce_len;
        KeyBlockShape { enc_key_len: self.0.key_len(), fixed_iv_len, explicit_nonce_len }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        fixed: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        let iv = <[u8; NONCE_LEN]>::try_from([fixed, explicit].concat()).map_err(|_| UnsupportedOperationError)?;
        Ok(self.0.secrets(key, Iv::new(iv)))
    }
}
