//! The provider against OpenSSL.

mod support;

use std::fs;
use std::sync::Arc;

use ftp_crypto::provider;
use rustls::client::{Resumption, Tls12Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, Error, HandshakeKind, NamedGroup, SignatureAlgorithm, SignatureScheme,
    SupportedCipherSuite, SupportedProtocolVersion,
};

use support::{FILES, Server, config};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

#[test]
fn every_suite_with_every_group_and_an_rsa_certificate() {
    assert_eq!(connect_with_every_suite_and_group("rsa", SignatureAlgorithm::RSA), 18);
}

#[test]
fn every_suite_with_every_group_and_an_ecdsa_certificate() {
    assert_eq!(connect_with_every_suite_and_group("p256", SignatureAlgorithm::ECDSA), 18);
}

fn connect_with_every_suite_and_group(certificate: &str, algorithm: SignatureAlgorithm) -> usize {
    let server = Server::reversing(certificate, &[]);
    let all = provider();
    let suites = all.cipher_suites.iter().filter(|suite| suite.usable_for_signature_algorithm(algorithm));
    let pairs = suites.flat_map(|suite| all.kx_groups.iter().map(move |group| (*suite, *group)));
    pairs
        .map(|(suite, group)| {
            // The group of an ECDSA certificate has to be among those offered (RFC 8422, section 5.1): all are.
            let mut preferred = CryptoProvider { cipher_suites: vec![suite], ..provider() };
            preferred.kx_groups.sort_by_key(|one| one.name() != group.name());
            let mut client = server.connect(&Arc::new(config(preferred, version(suite), None).unwrap()));
            client.line_comes_back_reversed().unwrap();
            assert_eq!(client.tls.negotiated_cipher_suite(), Some(suite));
            assert_eq!(client.tls.negotiated_key_exchange_group().unwrap().name(), group.name());
            client.close();
        })
        .count()
}

#[test]
fn chacha20_poly1305_comes_first() {
    let server = Server::reversing("p256", &[]);
    for (version, expected) in [
        (&TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        (&TLS13, CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
    ] {
        assert_eq!(provider_suites(version).next(), Some(expected));
        let mut client = server.connect(&plain(version));
        client.line_comes_back_reversed().unwrap();
    }
}

#[test]
fn a_server_may_ask_for_another_group() {
    let server = Server::reversing("p256", &["-groups", "P-384"]);
    for version in VERSIONS {
        let mut client = server.connect(&plain(version));
        client.line_comes_back_reversed().unwrap();
        assert_eq!(client.tls.negotiated_key_exchange_group().unwrap().name(), NamedGroup::secp384r1);
    }
}

#[test]
fn every_signature_scheme_of_a_server() {
    use SignatureScheme::*;
    const PSS: &[SignatureScheme] = &[RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512];
    const PKCS1: &[SignatureScheme] = &[RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512];
    const BOTH: &[SignatureScheme] = &[ECDSA_NISTP256_SHA256, ECDSA_NISTP384_SHA384];
    for (certificate, version, schemes) in [
        ("rsa", &TLS12, [PSS, PKCS1].concat()),
        ("rsa", &TLS13, PSS.to_vec()),
        ("p256", &TLS12, BOTH.to_vec()),
        ("p384", &TLS12, BOTH.to_vec()),
        ("p256", &TLS13, vec![ECDSA_NISTP256_SHA256]),
        ("p384", &TLS13, vec![ECDSA_NISTP384_SHA384]),
        ("ed25519", &TLS12, vec![ED25519]),
        ("ed25519", &TLS13, vec![ED25519]),
    ] {
        let server = Server::reversing(certificate, &[]);
        for scheme in schemes {
            let mut client = server.connect(&with_scheme(version, scheme));
            client.line_comes_back_reversed().unwrap_or_else(|error| panic!("{certificate} {scheme:?}: {error}"));
            client.close();
        }
    }
}

#[test]
fn a_chain_signed_with_rsa_pss() {
    let server = Server::reversing("pss", &[]);
    server.connect(&plain(&TLS13)).line_comes_back_reversed().unwrap();
}

/// The encoding of RSA-PSS is then a byte shorter than the modulus.
#[test]
fn an_rsa_key_of_2049_bits() {
    let server = Server::reversing("odd", &[]);
    for scheme in [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PSS_SHA512] {
        server.connect(&with_scheme(&TLS13, scheme)).line_comes_back_reversed().unwrap();
    }
    server.connect(&with_scheme(&TLS12, SignatureScheme::RSA_PKCS1_SHA256)).line_comes_back_reversed().unwrap();
}

#[test]
fn an_rsa_key_of_1024_bits_is_too_weak() {
    let server = Server::reversing("weak", &[]);
    for version in VERSIONS {
        let refused = server.connect(&plain(version)).line_comes_back_reversed();
        assert_eq!(refused, Err(Error::InvalidCertificate(CertificateError::BadSignature)));
    }
}

#[test]
fn tls12_sessions_resume_by_id() {
    let resumption = Resumption::in_memory_sessions(8).tls12_resumption(Tls12Resumption::SessionIdOnly);
    second_session_resumes(&TLS12, resumption, &["-no_ticket"]);
}

#[test]
fn tls12_sessions_resume_by_ticket() {
    second_session_resumes(&TLS12, Resumption::in_memory_sessions(8), &["-no_cache"]);
}

#[test]
fn tls13_sessions_resume_by_ticket() {
    second_session_resumes(&TLS13, Resumption::in_memory_sessions(8), &[]);
}

fn second_session_resumes(version: &'static SupportedProtocolVersion, resumption: Resumption, options: &[&str]) {
    for suite in provider_suites(version) {
        let certificate = if format!("{suite:?}").contains("_RSA_") { "rsa" } else { "p256" };
        let server = Server::reversing(certificate, options);
        let mut only = provider();
        only.cipher_suites.retain(|one| one.suite() == suite);
        let mut config = config(only, version, None).unwrap();
        config.resumption = resumption.clone();
        let config = Arc::new(config);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            let mut client = server.connect(&config);
            client.line_comes_back_reversed().unwrap();
            assert_eq!(client.tls.handshake_kind(), Some(expected), "{suite:?}");
            client.close();
        }
    }
}

#[test]
fn client_certificates_of_every_key_and_format() {
    for (name, file) in [
        ("p256", "p256.key"),
        ("p256", "p256.old"),
        ("p384", "p384.key"),
        ("p384", "p384.old"),
        ("ed25519", "ed25519.key"),
        #[cfg(feature = "rsa-client-auth")]
        ("rsa", "rsa.key"),
        #[cfg(feature = "rsa-client-auth")]
        ("rsa", "rsa.old"),
    ] {
        let server = Server::reversing("p256", ASK);
        for version in VERSIONS {
            let config = config(provider(), version, Some((name, file))).unwrap();
            let answered = server.connect(&Arc::new(config)).line_comes_back_reversed();
            answered.unwrap_or_else(|error| panic!("{file} {version:?}: {error}"));
        }
    }
}

const ASK: &[&str] = &["-Verify", "1", "-verify_return_error", "-CAfile", "authorities.pem"];

#[cfg(feature = "rsa-client-auth")]
#[test]
fn rsa_client_keys_sign_with_every_scheme() {
    for (version, scheme) in [
        (&TLS12, "RSA-PSS+SHA256"),
        (&TLS12, "RSA-PSS+SHA384"),
        (&TLS12, "RSA-PSS+SHA512"),
        (&TLS12, "RSA+SHA256"),
        (&TLS12, "RSA+SHA384"),
        (&TLS12, "RSA+SHA512"),
        (&TLS13, "RSA-PSS+SHA256"),
        (&TLS13, "RSA-PSS+SHA384"),
        (&TLS13, "RSA-PSS+SHA512"),
    ] {
        let server = Server::reversing("p256", &[ASK, &["-client_sigalgs", scheme]].concat());
        let config = config(provider(), version, Some(("rsa", "rsa.key"))).unwrap();
        let answered = server.connect(&Arc::new(config)).line_comes_back_reversed();
        answered.unwrap_or_else(|error| panic!("{scheme} {version:?}: {error}"));
    }
}

#[cfg(not(feature = "rsa-client-auth"))]
#[test]
fn without_the_feature_an_rsa_client_key_is_an_error() {
    for file in ["rsa.key", "rsa.old"] {
        let error = config(provider(), &TLS13, Some(("rsa", file))).unwrap_err();
        assert!(error.to_string().contains("RSA keys are left out"), "{error}");
    }
}

#[test]
fn a_key_that_is_not_of_the_certificate_is_an_error() {
    assert!(config(provider(), &TLS13, Some(("p256", "p384.key"))).is_err());
}

#[test]
fn a_damaged_key_is_an_error() {
    for file in ["p256.key", "p256.old", "p384.key", "p384.old", "ed25519.key", "rsa.key", "rsa.old"] {
        let whole = FILES.key(file);
        let der = whole.secret_der();
        for len in (0..der.len()).step_by(7) {
            let cut = der[..len].to_vec();
            for key in [
                PrivateKeyDer::Pkcs8(cut.clone().into()),
                PrivateKeyDer::Sec1(cut.clone().into()),
                PrivateKeyDer::Pkcs1(cut.into()),
            ] {
                assert!(provider().key_provider.load_private_key(key).is_err(), "{file} {len}");
            }
        }
    }
}

#[test]
fn a_server_that_wants_a_certificate_refuses_without() {
    let server = Server::reversing("p256", ASK);
    for version in VERSIONS {
        let refused = server.connect(&plain(version)).line_comes_back_reversed();
        assert!(matches!(refused, Err(Error::AlertReceived(_))), "{refused:?}");
    }
}

#[test]
fn a_long_download_arrives_whole_with_every_suite() {
    let file: Vec<u8> = (0..250_000u32).flat_map(u32::to_le_bytes).collect();
    fs::write(FILES.path("file"), &file).unwrap();
    for version in VERSIONS {
        for suite in provider_suites(version) {
            let certificate = if format!("{suite:?}").contains("_RSA_") { "rsa" } else { "p256" };
            let server = Server::of_files(certificate);
            let mut client = server.connect(&with_suite(version, suite));
            client.send(b"GET /file HTTP/1.0\r\n\r\n").unwrap();
            assert!(client.receive_all() == file, "{suite:?}");
        }
    }
}

#[test]
fn a_long_upload_arrives_whole_with_every_suite() {
    let text: Vec<u8> = (0..100_000).flat_map(|line| format!("{line}\n").into_bytes()).collect();
    for version in VERSIONS {
        for suite in provider_suites(version) {
            let certificate = if format!("{suite:?}").contains("_RSA_") { "rsa" } else { "p256" };
            let server = Server::printing(certificate);
            let mut client = server.connect(&with_suite(version, suite));
            client.send(&text).unwrap();
            client.close();
            let output = server.output();
            assert!(output.windows(text.len()).any(|part| part == text), "{suite:?}");
        }
    }
}

fn plain(version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    Arc::new(config(provider(), version, None).unwrap())
}

fn with_suite(version: &'static SupportedProtocolVersion, suite: CipherSuite) -> Arc<ClientConfig> {
    let mut only = provider();
    only.cipher_suites.retain(|one| one.suite() == suite);
    Arc::new(config(only, version, None).unwrap())
}

/// A client that offers this scheme alone for the handshake; certificates may be signed with any.
fn with_scheme(version: &'static SupportedProtocolVersion, scheme: SignatureScheme) -> Arc<ClientConfig> {
    let mut only = provider();
    let all = only.signature_verification_algorithms;
    let mapping = all.mapping.iter().position(|(one, _)| *one == scheme).map(|at| &all.mapping[at..=at]).unwrap();
    only.signature_verification_algorithms = WebPkiSupportedAlgorithms { all: all.all, mapping };
    Arc::new(config(only, version, None).unwrap())
}

fn provider_suites(version: &'static SupportedProtocolVersion) -> impl Iterator<Item = CipherSuite> {
    let suites = provider().cipher_suites.into_iter();
    suites.filter(|suite| self::version(*suite).version == version.version).map(|suite| suite.suite())
}

fn version(suite: SupportedCipherSuite) -> &'static SupportedProtocolVersion {
    match suite {
        SupportedCipherSuite::Tls12(_) => &TLS12,
        SupportedCipherSuite::Tls13(_) => &TLS13,
    }
}
