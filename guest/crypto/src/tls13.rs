//! Records of TLS 1.3 (RFC 8446, section 5.2).

use alloc::boxed::Box;
use core::marker::PhantomData;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm, UnsupportedOperationError,
    make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

use crate::aead::{RecordCipher, TAG_LEN};

/// The record protection of TLS 1.3 with cipher `C`.
pub(crate) struct Tls13<C> {
    key_len: usize,
    cipher: PhantomData<C>,
}

impl<C> Tls13<C> {
    pub(crate) const fn new(key_len: usize) -> Self {
        Self { key_len, cipher: PhantomData }
    }
}

impl<C: RecordCipher> Tls13AeadAlgorithm for Tls13<C> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Protection { cipher: C::from_key(&key), iv })
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Protection { cipher: C::from_key(&key), iv })
    }

    fn key_len(&self) -> usize {
        self.key_len
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(C::secrets(key, iv))
    }
}

struct Protection<C> {
    cipher: Option<C>,
    iv: Iv,
}

impl<C: RecordCipher> MessageEncrypter for Protection<C> {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let cipher = self.cipher.as_ref().ok_or(Error::EncryptError)?;
        let len = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(len);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[message.typ.into()]);
        let tag = cipher.seal(&Nonce::new(&self.iv, seq), &make_tls13_aad(len), payload.as_mut())?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 1 + TAG_LEN
    }
}

impl<C: RecordCipher> MessageDecrypter for Protection<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let cipher = self.cipher.as_ref().ok_or(Error::DecryptError)?;
        let aad = make_tls13_aad(message.payload.len());
        cipher.open(&Nonce::new(&self.iv, seq), &aad, &mut message.payload)?;
        message.payload.truncate(message.payload.len() - TAG_LEN);
        message.into_tls13_unpadded_message()
    }
}
