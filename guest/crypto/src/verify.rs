//! Verification of the signatures in certificates and handshakes.

mod ecdsa;
mod ed25519;
mod rsa;

use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;

use self::ecdsa::{
    ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P256_SHA512, ECDSA_P384_SHA256, ECDSA_P384_SHA384, ECDSA_P384_SHA512,
};
use self::ed25519::ED25519;
pub(crate) use self::rsa::bits as rsa_bits;
use self::rsa::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA256_ABSENT_PARAMS, RSA_PKCS1_SHA384, RSA_PKCS1_SHA384_ABSENT_PARAMS,
    RSA_PKCS1_SHA512, RSA_PKCS1_SHA512_ABSENT_PARAMS, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
};

/// `all` is for certificates, `mapping` for handshakes, in the order in which the schemes are offered. Several
/// algorithms stand for one scheme where TLS 1.2 leaves the curve open; TLS 1.3 takes the first, whose curve fits.
pub(crate) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &ECDSA_P256_SHA256,
        &ECDSA_P256_SHA384,
        &ECDSA_P256_SHA512,
        &ECDSA_P384_SHA256,
        &ECDSA_P384_SHA384,
        &ECDSA_P384_SHA512,
        &ED25519,
        &RSA_PSS_SHA256,
        &RSA_PSS_SHA384,
        &RSA_PSS_SHA512,
        &RSA_PKCS1_SHA256,
        &RSA_PKCS1_SHA384,
        &RSA_PKCS1_SHA512,
        &RSA_PKCS1_SHA256_ABSENT_PARAMS,
        &RSA_PKCS1_SHA384_ABSENT_PARAMS,
        &RSA_PKCS1_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[&ECDSA_P256_SHA256, &ECDSA_P384_SHA256]),
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[&ECDSA_P384_SHA384, &ECDSA_P256_SHA384]),
        (SignatureScheme::ED25519, &[&ED25519]),
        (SignatureScheme::RSA_PSS_SHA256, &[&RSA_PSS_SHA256]),
        (SignatureScheme::RSA_PSS_SHA384, &[&RSA_PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA512, &[&RSA_PSS_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RSA_PKCS1_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RSA_PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RSA_PKCS1_SHA512]),
    ],
};
