//! Records of TLS 1.2: ChaCha20-Poly1305 (RFC 7905) and AES-GCM with an explicit nonce (RFC 5288).

use alloc::boxed::Box;
use core::marker::PhantomData;

use chacha20poly1305::ChaCha20Poly1305;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm, UnsupportedOperationError,
    make_tls12_aad,
};
use rustls::{ConnectionTrafficSecrets, Error};

use crate::aead::{MAX_PLAINTEXT, RecordCipher, TAG_LEN};

const SALT_LEN: usize = 4;
const EXPLICIT_LEN: usize = 8;
const IV_LEN: usize = SALT_LEN + EXPLICIT_LEN;

/// ChaCha20-Poly1305: the nonce is the sequence number over a secret base, nothing of it is sent.
pub(crate) struct ChaCha;

impl Tls12AeadAlgorithm for ChaCha {
    fn encrypter(&self, key: AeadKey, iv: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(ChaChaRecords::new(&key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(ChaChaRecords::new(&key, iv))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: 32, fixed_iv_len: IV_LEN, explicit_nonce_len: 0 }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        let iv = iv.try_into().map_err(|_| UnsupportedOperationError)?;
        Ok(ChaCha20Poly1305::secrets(key, Iv::new(iv)))
    }
}

/// `None` if key or nonce base have the wrong length, which rustls prevents.
struct ChaChaRecords(Option<(ChaCha20Poly1305, Iv)>);

impl ChaChaRecords {
    fn new(key: &AeadKey, iv: &[u8]) -> Self {
        Self(ChaCha20Poly1305::from_key(key).zip(iv.try_into().ok().map(Iv::new)))
    }
}

impl MessageEncrypter for ChaChaRecords {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let (cipher, iv) = self.0.as_ref().ok_or(Error::EncryptError)?;
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(message.payload.len()));
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(seq, message.typ, message.version, message.payload.len());
        let tag = cipher.seal(&Nonce::new(iv, seq), &aad, payload.as_mut())?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + TAG_LEN
    }
}

impl MessageDecrypter for ChaChaRecords {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (cipher, iv) = self.0.as_ref().ok_or(Error::DecryptError)?;
        let len = plaintext_len(message.payload.len(), TAG_LEN)?;
        let aad = make_tls12_aad(seq, message.typ, message.version, len);
        cipher.open(&Nonce::new(iv, seq), &aad, &mut message.payload)?;
        message.payload.truncate(len);
        Ok(message.into_plain_message())
    }
}

/// AES-GCM: four secret bytes of the nonce and eight which every record carries.
pub(crate) struct Gcm<C> {
    key_len: usize,
    cipher: PhantomData<C>,
}

impl<C> Gcm<C> {
    pub(crate) const fn new(key_len: usize) -> Self {
        Self { key_len, cipher: PhantomData }
    }
}

impl<C: RecordCipher> Tls12AeadAlgorithm for Gcm<C> {
    fn encrypter(&self, key: AeadKey, salt: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(GcmEncrypter(C::from_key(&key).zip(gcm_iv(salt, explicit))))
    }

    fn decrypter(&self, key: AeadKey, salt: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(GcmDecrypter(C::from_key(&key).zip(salt.try_into().ok())))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: self.key_len, fixed_iv_len: SALT_LEN, explicit_nonce_len: EXPLICIT_LEN }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        salt: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        let iv = gcm_iv(salt, explicit).ok_or(UnsupportedOperationError)?;
        Ok(C::secrets(key, iv))
    }
}

struct GcmEncrypter<C>(Option<(C, Iv)>);

impl<C: RecordCipher> MessageEncrypter for GcmEncrypter<C> {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let (cipher, iv) = self.0.as_ref().ok_or(Error::EncryptError)?;
        let nonce = Nonce::new(iv, seq);
        let explicit = nonce.0.last_chunk::<EXPLICIT_LEN>().ok_or(Error::EncryptError)?;
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(message.payload.len()));
        payload.extend_from_slice(explicit);
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(seq, message.typ, message.version, message.payload.len());
        let text = payload.as_mut().get_mut(EXPLICIT_LEN..).ok_or(Error::EncryptError)?;
        let tag = cipher.seal(&nonce, &aad, text)?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        EXPLICIT_LEN + payload_len + TAG_LEN
    }
}

struct GcmDecrypter<C>(Option<(C, [u8; SALT_LEN])>);

impl<C: RecordCipher> MessageDecrypter for GcmDecrypter<C> {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (cipher, salt) = self.0.as_ref().ok_or(Error::DecryptError)?;
        let len = plaintext_len(message.payload.len(), EXPLICIT_LEN + TAG_LEN)?;
        let aad = make_tls12_aad(seq, message.typ, message.version, len);
        let (explicit, sealed) = message.payload.split_first_chunk_mut::<EXPLICIT_LEN>().ok_or(Error::DecryptError)?;
        let nonce = Nonce(join(salt, explicit));
        cipher.open(&nonce, &aad, sealed)?;
        Ok(message.into_plain_message_range(EXPLICIT_LEN..EXPLICIT_LEN + len))
    }
}

fn gcm_iv(salt: &[u8], explicit: &[u8]) -> Option<Iv> {
    Some(Iv::new(join(salt.try_into().ok()?, explicit.try_into().ok()?)))
}

fn join(salt: &[u8; SALT_LEN], explicit: &[u8; EXPLICIT_LEN]) -> [u8; IV_LEN] {
    let mut iv = [0; IV_LEN];
    iv.iter_mut().zip(salt.iter().chain(explicit)).for_each(|(to, from)| *to = *from);
    iv
}

/// The length is known before decryption: an oversized record costs no work.
fn plaintext_len(payload_len: usize, overhead: usize) -> Result<usize, Error> {
    let len = payload_len.checked_sub(overhead).ok_or(Error::DecryptError)?;
    if len > MAX_PLAINTEXT {
        return Err(Error::PeerSentOversizedRecord);
    }
    Ok(len)
}
