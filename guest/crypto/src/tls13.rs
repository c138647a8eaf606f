//! Records of TLS 1.3 as rustls has them (RFC 8446, section 5.2).

use alloc::boxed::Box;

use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, Tls13AeadAlgorithm, UnsupportedOperationError,
};

use crate::algorithms::Algorithm;
use crate::records::{Format, Protection, Single};

/// The record protection of TLS 1.3 with a cipher.
pub(crate) struct Tls13(pub(crate) Algorithm);

impl Tls13 {
    fn protection(&self, key: &AeadKey, iv: &Iv) -> Single {
        Single(Protection::new(Format::Tls13, self.0, key.as_ref(), iv.as_ref()))
    }
}

impl Tls13AeadAlgorithm for Tls13 {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(self.protection(&key, &iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(self.protection(&key, &iv))
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.0.secrets(key, iv))
    }
}
