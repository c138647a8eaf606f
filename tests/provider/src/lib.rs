//! `ftp:crypto` as another host would implement it, in WebAssembly: over the ciphers of `ftp-crypto`. Composed with the
//! client that imports its cryptography, nothing is left to import but WASI; the suite `composition` does that.
//!
//! Without `std`, as the client is, so that it imports nothing that the client does not.
#![cfg(target_arch = "wasm32")]
#![no_std]

extern crate alloc;

#[path = "../../../guest/component/src/heap.rs"]
mod heap;
#[path = "../../../guest/component/src/runtime.rs"]
mod runtime;

mod bindings {
    #![allow(missing_docs, clippy::all, unexpected_cfgs)]
    wit_bindgen::generate!({ path: "../../wit/deps/ftp-crypto.wit", world: "provider", std_feature });
}

use alloc::vec::Vec;
use core::cell::Cell;

use bindings::exports::ftp::crypto::types::Error;
use bindings::exports::ftp::crypto::{aead, key_agreement, signatures};
use ftp_crypto::operations::{
    AeadKey as _, Algorithm, Group, Key, Message, NONCE_LEN, PrivateKey, SignatureAlgorithm, TAG_LEN, supported, verify,
};
use zeroize::Zeroize as _;

/// The limits of the interface.
const MESSAGES: usize = 64;
const PLAIN: usize = 16_384;
const SEALED: usize = 16_640;
const ADDITIONAL: usize = 16_384;
const SHORT: usize = 32;

/// Messages that a key of AES seals (RFC 8446, section 5.5).
const AES_MESSAGES: u64 = 1 << 24;

struct Provider;

bindings::export!(Provider with_types_in bindings);

impl aead::Guest for Provider {
    type Key = OneWay;

    fn supported_algorithms() -> Vec<aead::Supported> {
        let all = supported().into_iter();
        all.map(|one| aead::Supported { algorithm: one.algorithm.into(), is_fast: one.is_fast }).collect()
    }
}

/// A key, and how many messages it may still seal.
pub struct OneWay {
    key: Key,
    left: Cell<u64>,
}

impl aead::GuestKey for OneWay {
    fn import_key(algorithm: aead::Algorithm, mut key: Vec<u8>) -> Result<aead::Key, Error> {
        let left = match algorithm {
            aead::Algorithm::Aes128Gcm | aead::Algorithm::Aes256Gcm => AES_MESSAGES,
            aead::Algorithm::Chacha20Poly1305 => u64::MAX,
        };
        let made = Key::new(algorithm.into(), &key);
        key.zeroize();
        let key = made.map_err(|_| Error::InvalidKey)?;
        Ok(aead::Key::new(Self { key, left: Cell::new(left) }))
    }

    fn seal(&self, messages: Vec<aead::Message>) -> Result<Vec<u8>, Error> {
        let messages = checked(&messages, PLAIN)?;
        let left = self.left.get().checked_sub(messages.len() as u64).ok_or(Error::KeyExhausted)?;
        self.left.set(left);
        let mut sealed = Vec::new();
        self.key.seal(&messages, &mut sealed).map_err(|_| Error::TooLong)?;
        Ok(sealed)
    }

    fn open(&self, messages: Vec<aead::Message>, tail: u32) -> Result<aead::Opened, Error> {
        let messages = checked(&messages, SEALED)?;
        let tail = usize::try_from(tail).ok().filter(|tail| *tail <= SHORT).ok_or(Error::TooLong)?;
        if messages.iter().any(|message| message.text.len() < TAG_LEN) {
            return Err(Error::NotAuthentic);
        }
        let (mut text, mut tails) = (Vec::new(), Vec::new());
        self.key.open(&messages, tail, &mut text, &mut tails).map_err(|_| Error::NotAuthentic)?;
        Ok(aead::Opened { text, tails })
    }
}

/// The messages, where none of them is longer than it may be.
fn checked(messages: &[aead::Message], most: usize) -> Result<Vec<Message<'_>>, Error> {
    if messages.len() > MESSAGES {
        return Err(Error::TooLong);
    }
    let checked = messages.iter().map(|message| {
        let aead::Message { nonce, additional_data, prefix, text, suffix } = message;
        let nonce = <&[u8; NONCE_LEN]>::try_from(nonce.as_slice()).map_err(|_| Error::InvalidNonce)?;
        let is_short = additional_data.len() <= ADDITIONAL && prefix.len() <= SHORT && suffix.len() <= SHORT;
        if !is_short || text.len() > most {
            return Err(Error::TooLong);
        }
        Ok(Message { nonce, additional: additional_data, prefix, text, suffix })
    });
    checked.collect()
}

impl key_agreement::Guest for Provider {
    type PrivateKey = Secret;
}

/// A private key, until it is used.
pub struct Secret(PrivateKey);

impl key_agreement::GuestPrivateKey for Secret {
    fn generate(group: key_agreement::Group) -> Result<key_agreement::PrivateKey, Error> {
        let group = match group {
            key_agreement::Group::X25519 => Group::X25519,
            key_agreement::Group::Secp256r1 => Group::Secp256r1,
            key_agreement::Group::Secp384r1 => Group::Secp384r1,
        };
        let key = PrivateKey::generate(group).map_err(|_| Error::NoRandomness)?;
        Ok(key_agreement::PrivateKey::new(Self(key)))
    }

    fn public_key(&self) -> Vec<u8> {
        self.0.public_key()
    }

    fn agree(private_key: key_agreement::PrivateKey, public_key: Vec<u8>) -> Result<Vec<u8>, Error> {
        let Self(key) = private_key.into_inner();
        let secret = key.agree(&public_key).map_err(|_| Error::InvalidPoint)?;
        Ok(secret.secret_bytes().to_vec())
    }
}

impl signatures::Guest for Provider {
    fn verify(
        algorithm: signatures::Algorithm,
        public_key: Vec<u8>,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> Result<(), Error> {
        verify(algorithm.into(), &public_key, &message, &signature).map_err(|_| Error::InvalidSignature)
    }
}

impl From<Algorithm> for aead::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Aes128Gcm => Self::Aes128Gcm,
            Algorithm::Aes256Gcm => Self::Aes256Gcm,
            Algorithm::ChaCha20Poly1305 => Self::Chacha20Poly1305,
        }
    }
}

impl From<aead::Algorithm> for Algorithm {
    fn from(algorithm: aead::Algorithm) -> Self {
        match algorithm {
            aead::Algorithm::Aes128Gcm => Self::Aes128Gcm,
            aead::Algorithm::Aes256Gcm => Self::Aes256Gcm,
            aead::Algorithm::Chacha20Poly1305 => Self::ChaCha20Poly1305,
        }
    }
}

impl From<signatures::Algorithm> for SignatureAlgorithm {
    fn from(algorithm: signatures::Algorithm) -> Self {
        match algorithm {
            signatures::Algorithm::EcdsaP256Sha256 => Self::EcdsaP256Sha256,
            signatures::Algorithm::EcdsaP256Sha384 => Self::EcdsaP256Sha384,
            signatures::Algorithm::EcdsaP256Sha512 => Self::EcdsaP256Sha512,
            signatures::Algorithm::EcdsaP384Sha256 => Self::EcdsaP384Sha256,
            signatures::Algorithm::EcdsaP384Sha384 => Self::EcdsaP384Sha384,
            signatures::Algorithm::EcdsaP384Sha512 => Self::EcdsaP384Sha512,
            signatures::Algorithm::Ed25519 => Self::Ed25519,
            signatures::Algorithm::RsaPssSha256 => Self::RsaPssSha256,
            signatures::Algorithm::RsaPssSha384 => Self::RsaPssSha384,
            signatures::Algorithm::RsaPssSha512 => Self::RsaPssSha512,
            signatures::Algorithm::RsaPkcs1Sha256 => Self::RsaPkcs1Sha256,
            signatures::Algorithm::RsaPkcs1Sha384 => Self::RsaPkcs1Sha384,
            signatures::Algorithm::RsaPkcs1Sha512 => Self::RsaPkcs1Sha512,
        }
    }
}
