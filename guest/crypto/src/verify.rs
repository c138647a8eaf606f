//! Verification of the signatures in certificates and handshakes, as rustls has it.

use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use crate::algorithms::SignatureAlgorithm::{
    self, EcdsaP256Sha256, EcdsaP256Sha384, EcdsaP256Sha512, EcdsaP384Sha256, EcdsaP384Sha384, EcdsaP384Sha512,
    Ed25519, RsaPkcs1Sha256, RsaPkcs1Sha384, RsaPkcs1Sha512, RsaPssSha256, RsaPssSha384, RsaPssSha512,
};
use crate::backend::verify::verify;

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

static ECDSA_P256_SHA256: Verifier = Verifier::new(EcdsaP256Sha256, alg_id::ECDSA_P256, alg_id::ECDSA_SHA256);
static ECDSA_P256_SHA384: Verifier = Verifier::new(EcdsaP256Sha384, alg_id::ECDSA_P256, alg_id::ECDSA_SHA384);
static ECDSA_P256_SHA512: Verifier = Verifier::new(EcdsaP256Sha512, alg_id::ECDSA_P256, alg_id::ECDSA_SHA512);
static ECDSA_P384_SHA256: Verifier = Verifier::new(EcdsaP384Sha256, alg_id::ECDSA_P384, alg_id::ECDSA_SHA256);
static ECDSA_P384_SHA384: Verifier = Verifier::new(EcdsaP384Sha384, alg_id::ECDSA_P384, alg_id::ECDSA_SHA384);
static ECDSA_P384_SHA512: Verifier = Verifier::new(EcdsaP384Sha512, alg_id::ECDSA_P384, alg_id::ECDSA_SHA512);
static ED25519: Verifier = Verifier::new(Ed25519, alg_id::ED25519, alg_id::ED25519);
static RSA_PSS_SHA256: Verifier = rsa(RsaPssSha256, alg_id::RSA_PSS_SHA256);
static RSA_PSS_SHA384: Verifier = rsa(RsaPssSha384, alg_id::RSA_PSS_SHA384);
static RSA_PSS_SHA512: Verifier = rsa(RsaPssSha512, alg_id::RSA_PSS_SHA512);
static RSA_PKCS1_SHA256: Verifier = rsa(RsaPkcs1Sha256, alg_id::RSA_PKCS1_SHA256);
static RSA_PKCS1_SHA384: Verifier = rsa(RsaPkcs1Sha384, alg_id::RSA_PKCS1_SHA384);
static RSA_PKCS1_SHA512: Verifier = rsa(RsaPkcs1Sha512, alg_id::RSA_PKCS1_SHA512);

// Certificates that name the algorithm without its NULL parameters have to be accepted (RFC 4055, section 5):
// `OBJECT IDENTIFIER 1.2.840.113549.1.1.11` to `.13`.
static RSA_PKCS1_SHA256_ABSENT_PARAMS: Verifier = rsa(RsaPkcs1Sha256, absent_params(&OID_SHA256));
static RSA_PKCS1_SHA384_ABSENT_PARAMS: Verifier = rsa(RsaPkcs1Sha384, absent_params(&OID_SHA384));
static RSA_PKCS1_SHA512_ABSENT_PARAMS: Verifier = rsa(RsaPkcs1Sha512, absent_params(&OID_SHA512));
static OID_SHA256: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
static OID_SHA384: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12];
static OID_SHA512: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13];

const fn absent_params(oid: &'static [u8]) -> AlgorithmIdentifier {
    AlgorithmIdentifier::from_slice(oid)
}

const fn rsa(algorithm: SignatureAlgorithm, signature: AlgorithmIdentifier) -> Verifier {
    Verifier::new(algorithm, alg_id::RSA_ENCRYPTION, signature)
}

/// An algorithm with the names of X.509.
#[derive(Debug)]
struct Verifier {
    algorithm: SignatureAlgorithm,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl Verifier {
    const fn new(algorithm: SignatureAlgorithm, key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> Self {
        Self { algorithm, key, signature }
    }
}

impl SignatureVerificationAlgorithm for Verifier {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        verify(self.algorithm, public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}
