//! The backend in Rust alone.

pub(crate) mod aead;
pub(crate) mod kx;
pub(crate) mod verify;
