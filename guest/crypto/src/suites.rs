//! The cipher suites, in the order in which they are offered.

use alloc::vec::Vec;

use rustls::crypto::KeyExchangeAlgorithm;
use rustls::crypto::cipher::{Tls12AeadAlgorithm, Tls13AeadAlgorithm};
use rustls::crypto::hash::Hash;
use rustls::crypto::tls12::{Prf, PrfUsingHmac};
use rustls::crypto::tls13::{Hkdf, HkdfUsingHmac};
use rustls::{
    CipherSuite, CipherSuiteCommon, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

use crate::algorithms::{Algorithm, Supported};
use crate::backend;
use crate::hash::{SHA256, SHA384};
use crate::hmac::{HMAC_SHA256, HMAC_SHA384};
use crate::tls12::Tls12;
use crate::tls13::Tls13;

/// Everything that the backend has, the newest version first, and in each the fastest cipher.
pub(crate) fn offered() -> Vec<SupportedCipherSuite> {
    let supported = backend::aead::supported();
    let place = |suite: &SupportedCipherSuite| {
        let cipher = algorithm(*suite);
        supported.iter().position(|supported| supported.algorithm == cipher)
    };
    let mut offered: Vec<_> = SUITES.iter().filter_map(|suite| Some((place(suite)?, *suite))).collect();
    offered.sort_by_key(|(place, suite)| (suite.tls13().is_none(), *place));
    offered.into_iter().map(|(_, suite)| suite).collect()
}

/// Whether the cipher of this suite is a fast one where this runs.
pub(crate) fn is_fast(suite: SupportedCipherSuite) -> bool {
    let supported = backend::aead::supported();
    supported.contains(&Supported { algorithm: algorithm(suite), is_fast: true })
}

fn algorithm(suite: SupportedCipherSuite) -> Algorithm {
    use CipherSuite as Name;
    match suite.suite() {
        Name::TLS13_AES_128_GCM_SHA256
        | Name::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | Name::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => Algorithm::Aes128Gcm,
        Name::TLS13_AES_256_GCM_SHA384
        | Name::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        | Name::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => Algorithm::Aes256Gcm,
        _ => Algorithm::ChaCha20Poly1305,
    }
}

/// All suites that there are here.
pub(crate) static SUITES: &[SupportedCipherSuite] = &[
    SupportedCipherSuite::Tls13(&CHACHA20_POLY1305_SHA256),
    SupportedCipherSuite::Tls13(&AES_128_GCM_SHA256),
    SupportedCipherSuite::Tls13(&AES_256_GCM_SHA384),
    SupportedCipherSuite::Tls12(&ECDHE_ECDSA_CHACHA20_POLY1305_SHA256),
    SupportedCipherSuite::Tls12(&ECDHE_RSA_CHACHA20_POLY1305_SHA256),
    SupportedCipherSuite::Tls12(&ECDHE_ECDSA_AES_128_GCM_SHA256),
    SupportedCipherSuite::Tls12(&ECDHE_RSA_AES_128_GCM_SHA256),
    SupportedCipherSuite::Tls12(&ECDHE_ECDSA_AES_256_GCM_SHA384),
    SupportedCipherSuite::Tls12(&ECDHE_RSA_AES_256_GCM_SHA384),
];

/// Records under one key before an observer gains an advantage; rustls then changes the key or ends the connection.
const AES_GCM_LIMIT: u64 = 1 << 24;
/// For ChaCha20-Poly1305 the sequence number ends first (RFC 8446, section 5.5).
const CHACHA_LIMIT: u64 = u64::MAX;

static CHACHA20_POLY1305_SHA256: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CHACHA_LIMIT,
    (&SHA256, &HkdfUsingHmac(&HMAC_SHA256)),
    &Tls13(Algorithm::ChaCha20Poly1305),
);
static AES_128_GCM_SHA256: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    AES_GCM_LIMIT,
    (&SHA256, &HkdfUsingHmac(&HMAC_SHA256)),
    &Tls13(Algorithm::Aes128Gcm),
);
static AES_256_GCM_SHA384: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    AES_GCM_LIMIT,
    (&SHA384, &HkdfUsingHmac(&HMAC_SHA384)),
    &Tls13(Algorithm::Aes256Gcm),
);

static ECDHE_ECDSA_CHACHA20_POLY1305_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CHACHA_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    ECDSA_SCHEMES,
    &Tls12(Algorithm::ChaCha20Poly1305),
);
static ECDHE_RSA_CHACHA20_POLY1305_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CHACHA_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    RSA_SCHEMES,
    &Tls12(Algorithm::ChaCha20Poly1305),
);
static ECDHE_ECDSA_AES_128_GCM_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    AES_GCM_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    ECDSA_SCHEMES,
    &Tls12(Algorithm::Aes128Gcm),
);
static ECDHE_RSA_AES_128_GCM_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    AES_GCM_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    RSA_SCHEMES,
    &Tls12(Algorithm::Aes128Gcm),
);
static ECDHE_ECDSA_AES_256_GCM_SHA384: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    AES_GCM_LIMIT,
    (&SHA384, &PrfUsingHmac(&HMAC_SHA384)),
    ECDSA_SCHEMES,
    &Tls12(Algorithm::Aes256Gcm),
);
static ECDHE_RSA_AES_256_GCM_SHA384: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    AES_GCM_LIMIT,
    (&SHA384, &PrfUsingHmac(&HMAC_SHA384)),
    RSA_SCHEMES,
    &Tls12(Algorithm::Aes256Gcm),
);

static ECDSA_SCHEMES: &[SignatureScheme] =
    &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ECDSA_NISTP384_SHA384, SignatureScheme::ED25519];

static RSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

const fn tls13(
    suite: CipherSuite,
    confidentiality_limit: u64,
    (hash_provider, hkdf_provider): (&'static dyn Hash, &'static dyn Hkdf),
    aead_alg: &'static dyn Tls13AeadAlgorithm,
) -> Tls13CipherSuite {
    let common = CipherSuiteCommon { suite, hash_provider, confidentiality_limit };
    Tls13CipherSuite { common, hkdf_provider, aead_alg, quic: None }
}

const fn tls12(
    suite: CipherSuite,
    confidentiality_limit: u64,
    (hash_provider, prf_provider): (&'static dyn Hash, &'static dyn Prf),
    sign: &'static [SignatureScheme],
    aead_alg: &'static dyn Tls12AeadAlgorithm,
) -> Tls12CipherSuite {
    let common = CipherSuiteCommon { suite, hash_provider, confidentiality_limit };
    Tls12CipherSuite { common, prf_provider, kx: KeyExchangeAlgorithm::ECDHE, sign, aead_alg }
}
