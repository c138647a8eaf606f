//! The backend in Rust alone.

pub(crate) mod aead;
#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
mod chacha;
pub(crate) mod kx;
pub(crate) mod verify;
