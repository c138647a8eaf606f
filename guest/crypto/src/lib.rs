//! The cryptography of TLS for [rustls], in Rust alone: a [`CryptoProvider`] for a WebAssembly guest.
//!
//! The crate is `no_std` with `alloc` and needs no C compiler. Its only `unsafe` reads and writes a vector in memory, in
//! WebAssembly. It connects the crates of the [RustCrypto] and [dalek-cryptography] projects to the traits of rustls and does
//! no cryptography of its own, with three exceptions: it checks the padding of RSA signatures, it makes the public keys of P-256
//! out of tables, and where WebAssembly has vectors it makes the stream of ChaCha20.
//!
//! With the feature `imported`, for WebAssembly alone, ciphers, key agreement and verification are imported by the
//! component: the package `ftp:crypto` in `wit/deps/ftp-crypto.wit`. Hashes, key derivation and client keys stay here. Both
//! backends stand behind one seam, [`operations`]; the rest does not know which one it has.
//!
//! ```
//! use std::sync::Arc;
//!
//! let roots = rustls::RootCertStore::empty();
//! let config = rustls::ClientConfig::builder_with_provider(Arc::new(ftp_crypto::provider()))
//!     .with_safe_default_protocol_versions()?
//!     .with_root_certificates(roots)
//!     .with_no_client_auth();
//! # Ok::<_, rustls::Error>(())
//! ```
//!
//! (Without `std` a clock is needed as well: `builder_with_details` takes both.)
//!
//! # In scope
//!
//! | | in the order in which they are offered |
//! |---|---|
//! | versions | TLS 1.3, TLS 1.2 |
//! | ciphers | ChaCha20-Poly1305, AES-128-GCM, AES-256-GCM; in TLS 1.2 with ECDHE and ECDSA or RSA |
//! | groups | X25519, P-256, P-384 |
//! | verification | ECDSA over P-256 and P-384, Ed25519, RSA-PSS and RSA PKCS#1 v1.5 from 2048 to 8192 bits |
//! | client keys | ECDSA over P-256 and P-384 (PKCS#8, SEC1), Ed25519 (PKCS#8), RSA with a feature, see below |
//!
//! In certificates all of SHA-256, SHA-384 and SHA-512 may go with each curve and with RSA.
//!
//! # Out of scope
//!
//! Servers (no ticketer), QUIC, encrypted client hello, P-521, Ed448, post-quantum groups, certificates whose key is
//! restricted to RSA-PSS, SHA-1, FIPS.
//!
//! # RSA client keys: the feature `rsa-client-auth`
//!
//! Off by default. The feature adds the crate `rsa` for keys of 2048 to 8192 bits in PKCS#8 and PKCS#1. Two things
//! speak against having it in every build: the only version that shares its hashes and numbers with the other crates
//! here is a pre-release, and [RUSTSEC-2023-0071] lists no version of `rsa` as fixed (as of autumn 2026).
//!
//! The advisory says that the time of a private operation depends on the key and can be observed over a network (the
//! "Marvin" attack). What holds here:
//!
//! - The attack sends messages of its choice to be decrypted, many times. Nothing is decrypted here; a client signs one
//!   padded hash in a handshake, of which it has itself chosen a part at random.
//! - Every signature is blinded: the number is multiplied by `r^e` for a fresh random `r` before the private operation
//!   and the result is divided by `r`, so its time does not depend on a number that the server has influenced. The code
//!   has no way to an unblinded signature.
//! - From 0.10 on the exponentiation is the constant-time one of `crypto-bigint`.
//! - Blinding does not hide a time that depends on the key alone, and WebAssembly engines promise no constant time at
//!   all. A key for ECDSA or Ed25519 is the better choice, and needs no feature.
//!
//! Verification of RSA signatures has nothing to hide and does not use the crate: it is a power modulo a number from
//! `crypto-bigint`, which the elliptic curves use anyway, and a comparison of the whole encoding.
//!
//! # Why not another provider
//!
//! - `rustls-rustcrypto` does the same with the same projects. Its only release that is not withdrawn, 0.0.2-alpha of
//!   April 2024, warns against use in production and says that it needs `std`. It depends on `rustls-webpki` 0.102
//!   (RUSTSEC-2026-0049, -0098, -0099 and -0104 are fixed in 0.103 only, the version of rustls itself), on `rsa` 0.9
//!   (RUSTSEC-2023-0071), on `paste` (RUSTSEC-2024-0436, unmaintained), and on the RustCrypto generation before the
//!   present one. Its main branch has moved to pre-releases of the present generation, without a release.
//! - `ring` and `aws-lc-rs` compile C; `ring` needs clang for this target.
//! - `rustls-graviola` consists of assembly for x86-64 and aarch64.
//!
//! # Randomness
//!
//! From `getrandom` 0.4 alone. On `wasm32-wasip2` it needs neither `std` nor a crate of bindings: it imports
//! `get-random-u64` of `wasi:random/random@0.2.0`, whose type the linker of the target knows.
//!
//! # Speed and size in WebAssembly
//!
//! Records of 16 KiB under wasmtime 48, MB/s, sealing and opening alike; the machine was busy, so read the ratios. The
//! size is that of a component of a rustls client, more than without this provider:
//!
//! | | ChaCha20-Poly1305 | AES-128-GCM | AES-256-GCM | size |
//! |---|---|---|---|---|
//! | `opt-level = 3` | 270 | 120 | 100 | 520 kB (`rsa-client-auth`: 170 kB more) |
//! | `opt-level = 3`, `simd128` | 310 | 110 | 100 | |
//! | `opt-level = "s"`, `simd128` | 240 | 90 | 77 | |
//! | `"s"`, but 3 for the packages below, `simd128` | 280 | 100 | 93 | |
//! | `opt-level = "s"` | | | | 300 kB (`rsa-client-auth`: 100 kB more) |
//!
//! The table is of the ciphers of the crates. ChaCha20-Poly1305 by vectors takes 545 MB/s where that of the crate takes 375, and
//! AES 104 (`examples/records.rs`, two cores at rest). None of the crates has a backend for `simd128`; with `-C target-feature=+simd128` the compiler vectorises the portable
//! ones by itself. `sha2` has one, of shuffles, which is slow where an engine compiles for every x86-64: `.cargo/config.toml`
//! chooses the portable one. ChaCha20 takes three quarters of the time, Poly1305 one quarter. Link-time optimisation across
//! crates takes that away, as it goes by the level of the last crate: without it ChaCha20-Poly1305 has measured 350.
//!
//! In a build for size, these packages are worth `opt-level = 3`: `aes`, `aes-gcm`, `chacha20`, `chacha20poly1305`,
//! `cipher`, `ctr`, `ghash`, `inout`, `poly1305`, `polyval`, `universal-hash`, and `ftp-crypto` itself, because their
//! generic code is compiled here. For the crates of a handshake (`crypto-bigint`, `curve25519-dalek`, `elliptic-curve`,
//! `p256`, `p384`, `primefield`, `primeorder`, `sha2`) it matters less: two keys and a shared secret take 0.3 ms with
//! X25519, 2 ms with P-256 and 10 ms with P-384, for size a tenth to a third more.
//!
//! By default the RustCrypto crates count in words of 64 bits here, whose long product WebAssembly does not have. With
//! `--cfg cpubits="32"` a key and a shared secret take 0.76 ms each with P-256, without it 0.94 and 0.85, and 3.4 ms with
//! P-384, without it 4.2; X25519, 0.1 ms each, stays as it is. But AES then falls from 100 MB/s to 60, so it is left out.
//! (A key of P-256 has since come to take half as long as a shared secret, by four tables of multiples of the base point.)
//!
//! [RustCrypto]: https://github.com/RustCrypto
//! [dalek-cryptography]: https://github.com/dalek-cryptography
//! [RUSTSEC-2023-0071]: https://rustsec.org/advisories/RUSTSEC-2023-0071.html
#![no_std]
// What is generated of an interface is made of it.
#![deny(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod aead;
#[cfg(test)]
mod aead_tests;
mod algorithms;
mod hash;
mod hmac;
#[cfg(feature = "imported")]
mod imported;
mod kx;
#[cfg(not(feature = "imported"))]
mod portable;
mod random;
#[cfg(test)]
mod record_tests;
mod records;
mod rsa_key;
mod sign;
mod suites;
mod tls12;
mod tls13;
mod verify;

#[cfg(feature = "imported")]
use imported as backend;
#[cfg(not(feature = "imported"))]
use portable as backend;
use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;

pub use records::{Opened, Opener, Sealer};
pub use rsa_key::rsa_bits;

/// The operations of which the rest is made, for those who implement `ftp:crypto` with them.
pub mod operations {
    pub use crate::aead::{AeadKey, Message, NONCE_LEN, TAG_LEN};
    pub use crate::algorithms::{Algorithm, Group, SignatureAlgorithm, Supported};
    pub use crate::backend::aead::{Key, supported};
    pub use crate::backend::kx::PrivateKey;
    pub use crate::backend::verify::verify;
}

/// Whether the cipher of this suite is a fast one where this runs: at least half as fast as the fastest.
pub fn is_fast(suite: SupportedCipherSuite) -> bool {
    suites::is_fast(suite)
}

/// Everything that there is, the fastest where this runs first.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: suites::offered(),
        kx_groups: kx::GROUPS.to_vec(),
        signature_verification_algorithms: verify::ALGORITHMS,
        secure_random: &random::SystemRandom,
        key_provider: &sign::Keys,
    }
}
