//! The cipher suites, in the order in which they are offered.

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use rustls::crypto::KeyExchangeAlgorithm;
use rustls::crypto::cipher::{Tls12AeadAlgorithm, Tls13AeadAlgorithm};
use rustls::crypto::hash::Hash;
use rustls::crypto::tls12::{Prf, PrfUsingHmac};
use rustls::crypto::tls13::{Hkdf, HkdfUsingHmac};
use rustls::{
    CipherSuite, CipherSuiteCommon, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

use crate::hash::{SHA256, SHA384};
use crate::hmac::{HMAC_SHA256, HMAC_SHA384};
use crate::tls12::{ChaCha, Gcm};
use crate::tls13::Tls13;

/// Without instructions for AES and carry-less multiplication, as in WebAssembly, AES-GCM has a third of the speed of
/// ChaCha20-Poly1305. Of the two AES variants the shorter key is the faster one.
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

/// Those whose cipher needs no instructions of its own.
pub(crate) fn is_fast(suite: CipherSuite) -> bool {
    matches!(
        suite,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
            | CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    )
}

/// Records under one key before an observer gains an advantage; rustls then changes the key or ends the connection.
const AES_GCM_LIMIT: u64 = 1 << 24;
/// For ChaCha20-Poly1305 the sequence number ends first (RFC 8446, section 5.5).
const CHACHA_LIMIT: u64 = u64::MAX;

static CHACHA20_POLY1305_SHA256: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    CHACHA_LIMIT,
    (&SHA256, &HkdfUsingHmac(&HMAC_SHA256)),
    &Tls13::<ChaCha20Poly1305>::new(32),
);
static AES_128_GCM_SHA256: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    AES_GCM_LIMIT,
    (&SHA256, &HkdfUsingHmac(&HMAC_SHA256)),
    &Tls13::<Aes128Gcm>::new(16),
);
static AES_256_GCM_SHA384: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    AES_GCM_LIMIT,
    (&SHA384, &HkdfUsingHmac(&HMAC_SHA384)),
    &Tls13::<Aes256Gcm>::new(32),
);

static ECDHE_ECDSA_CHACHA20_POLY1305_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CHACHA_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    ECDSA_SCHEMES,
    &ChaCha,
);
static ECDHE_RSA_CHACHA20_POLY1305_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CHACHA_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    RSA_SCHEMES,
    &ChaCha,
);
static ECDHE_ECDSA_AES_128_GCM_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    AES_GCM_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    ECDSA_SCHEMES,
    &Gcm::<Aes128Gcm>::new(16),
);
static ECDHE_RSA_AES_128_GCM_SHA256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    AES_GCM_LIMIT,
    (&SHA256, &PrfUsingHmac(&HMAC_SHA256)),
    RSA_SCHEMES,
    &Gcm::<Aes128Gcm>::new(16),
);
static ECDHE_ECDSA_AES_256_GCM_SHA384: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    AES_GCM_LIMIT,
    (&SHA384, &PrfUsingHmac(&HMAC_SHA384)),
    ECDSA_SCHEMES,
    &Gcm::<Aes256Gcm>::new(32),
);
static ECDHE_RSA_AES_256_GCM_SHA384: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    AES_GCM_LIMIT,
    (&SHA384, &PrfUsingHmac(&HMAC_SHA384)),
    RSA_SCHEMES,
    &Gcm::<Aes256Gcm>::new(32),
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
