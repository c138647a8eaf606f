//! The types of `ftp:crypto`, as they cross the border.
// Members of the enumerations come from the guest, as numbers: nothing here makes them.
#![allow(dead_code)]

use wasmtime::component::{ComponentType, Lift, Lower, WasmList};

/// Why an operation did not take place.
#[derive(ComponentType, Lift, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(enum)]
#[repr(u8)]
pub enum Error {
    #[component(name = "unsupported")]
    Unsupported,
    #[component(name = "invalid-key")]
    InvalidKey,
    #[component(name = "invalid-nonce")]
    InvalidNonce,
    #[component(name = "too-long")]
    TooLong,
    #[component(name = "not-authentic")]
    NotAuthentic,
    #[component(name = "key-exhausted")]
    KeyExhausted,
    #[component(name = "invalid-point")]
    InvalidPoint,
    #[component(name = "invalid-signature")]
    InvalidSignature,
    #[component(name = "too-many-keys")]
    TooManyKeys,
    #[component(name = "no-randomness")]
    NoRandomness,
}

/// A cipher.
#[derive(ComponentType, Lift, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(enum)]
#[repr(u8)]
pub enum Cipher {
    #[component(name = "aes128-gcm")]
    Aes128Gcm,
    #[component(name = "aes256-gcm")]
    Aes256Gcm,
    #[component(name = "chacha20-poly1305")]
    ChaCha20Poly1305,
}

/// A cipher that there is.
#[derive(ComponentType, Lift, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(record)]
pub struct Supported {
    pub algorithm: Cipher,
    #[component(name = "is-fast")]
    pub is_fast: bool,
}

/// A message where it lies in the memory of the guest: nothing of it is copied yet.
#[derive(ComponentType, Lift)]
#[component(record)]
pub struct ListedMessage {
    pub nonce: WasmList<u8>,
    #[component(name = "additional-data")]
    pub additional_data: WasmList<u8>,
    pub prefix: WasmList<u8>,
    pub text: WasmList<u8>,
    pub suffix: WasmList<u8>,
}

/// What was opened. Wiped when it is dropped, which is once the guest has it or there is an error.
#[derive(ComponentType, Lower, Debug, Default)]
#[component(record)]
pub struct Opened {
    pub text: Vec<u8>,
    pub tails: Vec<u8>,
}

impl Opened {
    pub fn wipe(&mut self) {
        wipe(&mut self.text);
        wipe(&mut self.tails);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// A curve, and the encoding of its public keys.
#[derive(ComponentType, Lift, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(enum)]
#[repr(u8)]
pub enum Group {
    #[component(name = "x25519")]
    X25519,
    #[component(name = "secp256r1")]
    Secp256r1,
    #[component(name = "secp384r1")]
    Secp384r1,
}

/// A kind of key with a padding or curve, and the hash of the message.
#[derive(ComponentType, Lift, Lower, Debug, Clone, Copy, PartialEq, Eq)]
#[component(enum)]
#[repr(u8)]
pub enum Signature {
    #[component(name = "ecdsa-p256-sha256")]
    EcdsaP256Sha256,
    #[component(name = "ecdsa-p256-sha384")]
    EcdsaP256Sha384,
    #[component(name = "ecdsa-p256-sha512")]
    EcdsaP256Sha512,
    #[component(name = "ecdsa-p384-sha256")]
    EcdsaP384Sha256,
    #[component(name = "ecdsa-p384-sha384")]
    EcdsaP384Sha384,
    #[component(name = "ecdsa-p384-sha512")]
    EcdsaP384Sha512,
    #[component(name = "ed25519")]
    Ed25519,
    #[component(name = "rsa-pss-sha256")]
    RsaPssSha256,
    #[component(name = "rsa-pss-sha384")]
    RsaPssSha384,
    #[component(name = "rsa-pss-sha512")]
    RsaPssSha512,
    #[component(name = "rsa-pkcs1-sha256")]
    RsaPkcs1Sha256,
    #[component(name = "rsa-pkcs1-sha384")]
    RsaPkcs1Sha384,
    #[component(name = "rsa-pkcs1-sha512")]
    RsaPkcs1Sha512,
}

/// Write zeros over what was secret, by a write that the compiler cannot leave out because nothing reads it.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}
