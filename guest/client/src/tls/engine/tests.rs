//! Connections of both versions of TLS, with a server in this process that seals whatever it is told to.

mod messages;

use super::super::{Connection, Progress, Trust};
use super::*;
use crate::error::FailureKind;
use crate::nowhere::Nowhere;
use alloc::vec;
use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{
    AlertDescription, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, HandshakeType, ServerConfig,
    ServerConnection, SignatureAlgorithm, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

const WARNING: u8 = 1;
const FATAL: u8 = 2;

const HELLO_REQUEST: [u8; 4] = [0, 0, 0, 0];

/// Two sides after their handshake.
struct Pair {
    client: Box<dyn Connection>,
    agreed: Agreed,
    sealing: (Box<dyn MessageEncrypter>, u64),
    opening: (Box<dyn MessageDecrypter>, u64),
}

/// What the client made of some bytes: what it read, and what it had to say, opened.
struct Taken {
    result: Result<Progress, Error>,
    plain: Vec<u8>,
    answers: Vec<(ContentType, Vec<u8>)>,
}

impl Pair {
    fn new(suite: SupportedCipherSuite) -> Self {
        let (pair, rest) = Self::with_data_behind(suite, b"");
        assert_eq!(rest, b"");
        pair
    }

    /// The server says this as soon as it can, and the client gets it together with the end of the handshake. Gives what
    /// it has read so far.
    fn with_data_behind(suite: SupportedCipherSuite, data: &[u8]) -> (Self, Vec<u8>) {
        Self::connect(&Rustls::new::<Nowhere>(&settings(), Offer::All, "localhost").unwrap(), suite, data)
    }

    fn connect(engine: &Rustls, suite: SupportedCipherSuite, data: &[u8]) -> (Self, Vec<u8>) {
        Self::connect_to(&server_config(suite), engine, Purpose::Control, suite, data)
    }

    fn connect_to(
        server: &Arc<ServerConfig>,
        engine: &Rustls,
        purpose: Purpose,
        suite: SupportedCipherSuite,
        data: &[u8],
    ) -> (Self, Vec<u8>) {
        let mut server = ServerConnection::new(server.clone()).unwrap();
        std::io::Write::write_all(&mut server.writer(), data).unwrap();
        let mut handshake = engine.connect(purpose).unwrap();
        let (mut incoming, mut outgoing) = (Vec::new(), Vec::new());
        let (mut client, agreed) = loop {
            match handshake.advance(&mut incoming, &mut outgoing).unwrap() {
                Step::Done(client, agreed) => break (client, agreed),
                Step::Waiting(waiting) => handshake = waiting,
            }
            exchange(&mut server, &mut outgoing, &mut incoming);
        };
        let mut plain = Vec::new();
        client.advance(&mut incoming, &mut outgoing, &mut plain).unwrap();
        exchange(&mut server, &mut outgoing, &mut incoming);
        client.advance(&mut incoming, &mut outgoing, &mut plain).unwrap();
        assert!(incoming.is_empty() && outgoing.is_empty());
        let secrets = server.dangerous_extract_secrets().unwrap();
        let (sealing, opening) = protection(suite, secrets.tx.1, secrets.rx.1);
        (Self { client, agreed, sealing: (sealing, secrets.tx.0), opening: (opening, secrets.rx.0) }, plain)
    }

    /// A record of the server's.
    fn seal(&mut self, kind: ContentType, bytes: &[u8]) -> Vec<u8> {
        let payload = OutboundChunks::Single(bytes);
        let message = OutboundPlainMessage { typ: kind, version: ProtocolVersion::TLSv1_2, payload };
        let (encrypter, number) = &mut self.sealing;
        let record = encrypter.encrypt(message, *number).unwrap().encode();
        *number += 1;
        record
    }

    /// The records of the client's in these bytes.
    fn open(&mut self, mut bytes: &[u8]) -> Vec<(ContentType, Vec<u8>)> {
        let mut opened = Vec::new();
        while let Some(size) = record_size(bytes) {
            let (record, rest) = bytes.split_at(size);
            let mut payload = record[HEADER..].to_vec();
            let record = InboundOpaqueMessage::new(record[0].into(), ProtocolVersion::TLSv1_2, &mut payload);
            let (decrypter, number) = &mut self.opening;
            let record = decrypter.decrypt(record, *number).unwrap();
            opened.push((record.typ, record.payload.to_vec()));
            *number += 1;
            bytes = rest;
        }
        assert_eq!(bytes, b"");
        opened
    }

    fn take(&mut self, mut bytes: Vec<u8>) -> Taken {
        let (mut outgoing, mut plain) = (Vec::new(), Vec::new());
        let result = self.client.advance(&mut bytes, &mut outgoing, &mut plain);
        Taken { result, plain, answers: self.open(&outgoing) }
    }

    fn take_sealed(&mut self, kind: ContentType, bytes: &[u8]) -> Taken {
        let record = self.seal(kind, bytes);
        self.take(record)
    }

    fn goes_on(&mut self) {
        let taken = self.take_sealed(ContentType::ApplicationData, b"226 done");
        assert_eq!(taken.result, Ok(Progress::Open));
        assert_eq!(taken.plain, b"226 done");
        let mut outgoing = Vec::new();
        self.client.encrypt(b"NOOP", &mut outgoing).unwrap();
        assert_eq!(self.open(&outgoing), [(ContentType::ApplicationData, b"NOOP".to_vec())]);
    }
}

impl Taken {
    fn goes_on(&self) {
        assert_eq!(self.result, Ok(Progress::Open));
        assert_eq!((self.plain.as_slice(), self.answers.as_slice()), (&b""[..], &[][..]));
    }

    fn fails_with(&self, alert: AlertDescription) {
        assert!(matches!(self.result, Err(Error::Failed { kind: FailureKind::Tls, .. })), "{:?}", self.result);
        assert_eq!(self.plain, b"");
        assert_eq!(self.answers, [(ContentType::Alert, vec![FATAL, alert.into()])]);
    }
}

fn settings() -> TlsSettings {
    TlsSettings { trust: Trust::DangerouslyAnything, ..TlsSettings::default() }
}

/// All that a server with a key of ECDSA can speak.
fn suites() -> Vec<SupportedCipherSuite> {
    let fits = |suite: &SupportedCipherSuite| suite.usable_for_signature_algorithm(SignatureAlgorithm::ECDSA);
    let suites: Vec<_> = ftp_crypto::provider().cipher_suites.into_iter().filter(fits).collect();
    assert_eq!(suites.len(), 6);
    suites
}

fn suites_of(version: Version) -> Vec<SupportedCipherSuite> {
    let (old, new): (Vec<_>, Vec<_>) = suites().into_iter().partition(|suite| suite.tls13().is_none());
    match version {
        Version::Tls12 => old,
        Version::Tls13 => new,
    }
}

fn server_config(suite: SupportedCipherSuite) -> Arc<ServerConfig> {
    let provider = CryptoProvider { cipher_suites: vec![suite], ..ftp_crypto::provider() };
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let config =
        ServerConfig::builder_with_provider(provider.into()).with_protocol_versions(&[suite.version()]).unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.enable_secret_extraction = true;
    config.send_half_rtt_data = true;
    config.into()
}

fn exchange(server: &mut ServerConnection, to: &mut Vec<u8>, from: &mut Vec<u8>) {
    let mut rest = to.as_slice();
    while !rest.is_empty() {
        server.read_tls(&mut rest).unwrap();
        server.process_new_packets().unwrap();
    }
    to.clear();
    while server.wants_write() {
        server.write_tls(from).unwrap();
    }
}

/// What seals and what opens.
fn protection(
    suite: SupportedCipherSuite,
    seal: ConnectionTrafficSecrets,
    open: ConnectionTrafficSecrets,
) -> (Box<dyn MessageEncrypter>, Box<dyn MessageDecrypter>) {
    let (key, iv) = parts(seal);
    let (other_key, other_iv) = parts(open);
    match suite {
        SupportedCipherSuite::Tls13(suite) => {
            (suite.aead_alg.encrypter(key, iv), suite.aead_alg.decrypter(other_key, other_iv))
        }
        SupportedCipherSuite::Tls12(suite) => {
            let fixed = suite.aead_alg.key_block_shape().fixed_iv_len;
            let (secret, explicit) = iv.as_ref().split_at(fixed);
            let sealing = suite.aead_alg.encrypter(key, secret, explicit);
            (sealing, suite.aead_alg.decrypter(other_key, &other_iv.as_ref()[..fixed]))
        }
    }
}

fn parts(secret: ConnectionTrafficSecrets) -> (AeadKey, Iv) {
    match secret {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
        _ => panic!("another cipher"),
    }
}

#[test]
fn server_that_accepts_nothing_is_an_error_that_says_what_was_offered() {
    let alerts =
        [AlertDescription::HandshakeFailure, AlertDescription::InsufficientSecurity, AlertDescription::ProtocolVersion];
    let other = rustls::Error::PeerIncompatible(rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig);
    for error in alerts.map(rustls::Error::AlertReceived).into_iter().chain([other]) {
        let Error::Failed { kind: FailureKind::Tls, text, .. } = failed(error, Offer::All) else {
            panic!("another error")
        };
        for word in ["TLS 1.3", "TLS 1.2", "ECDHE", "ChaCha20-Poly1305", "AES-GCM"] {
            assert!(text.contains(word), "{text}");
        }
    }
}

#[test]
fn data_goes_both_ways_in_every_suite() {
    for suite in suites() {
        let mut pair = Pair::new(suite);
        assert_eq!(pair.agreed.version == Version::Tls13, suite.tls13().is_some());
        for size in [1, 15, 16, 1000, 1 << 14] {
            let data = vec![b'x'; size];
            let taken = pair.take_sealed(ContentType::ApplicationData, &data);
            assert_eq!(taken.result, Ok(Progress::Open));
            assert!(taken.plain == data, "{} bytes", taken.plain.len());
        }
        let (data, mut outgoing) = (vec![b'y'; 40_000], Vec::new());
        pair.client.encrypt(&data, &mut outgoing).unwrap();
        let records = pair.open(&outgoing);
        assert!(records.iter().all(|(kind, _)| *kind == ContentType::ApplicationData));
        assert!(records.into_iter().flat_map(|(_, data)| data).eq(data));
    }
}

#[test]
fn many_records_at_once_are_read_in_their_order() {
    for suite in suites() {
        let mut pair = Pair::new(suite);
        let records: Vec<u8> = (0..20).flat_map(|byte| pair.seal(ContentType::ApplicationData, &[byte; 700])).collect();
        let (mut incoming, mut outgoing, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        for piece in records.chunks(333) {
            incoming.extend_from_slice(piece);
            assert_eq!(pair.client.advance(&mut incoming, &mut outgoing, &mut plain), Ok(Progress::Open));
        }
        assert!(plain.into_iter().eq((0..20).flat_map(|byte| [byte; 700])));
        assert!(incoming.is_empty() && outgoing.is_empty());
    }
}

#[test]
fn data_that_comes_with_the_end_of_the_handshake_is_read() {
    for suite in suites() {
        let data = vec![b'x'; 30_000];
        let (mut pair, plain) = Pair::with_data_behind(suite, &data);
        assert!(plain == data, "{} bytes", plain.len());
        pair.goes_on();
    }
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    for suite in suites() {
        // In TLS 1.3 the version means nothing, and the tag does not cover it.
        let ignored: &[usize] = if suite.tls13().is_some() { &[1, 2] } else { &[] };
        let size = Pair::new(suite).seal(ContentType::ApplicationData, b"150").len();
        for at in (0..size).filter(|at| !ignored.contains(at) && *at != 3 && *at != 4) {
            let mut pair = Pair::new(suite);
            let mut record = pair.seal(ContentType::ApplicationData, b"150");
            record[at] ^= 1;
            let expected = match at {
                0 if suite.tls13().is_some() => AlertDescription::UnexpectedMessage,
                _ => AlertDescription::BadRecordMac,
            };
            pair.take(record).fails_with(expected);
        }
    }
}

#[test]
fn records_twice_or_in_another_order_are_refused() {
    for suite in suites() {
        let mut pair = Pair::new(suite);
        let record = pair.seal(ContentType::ApplicationData, b"150");
        assert_eq!(pair.take(record.clone()).plain, b"150");
        pair.take(record).fails_with(AlertDescription::BadRecordMac);

        let mut pair = Pair::new(suite);
        pair.seal(ContentType::ApplicationData, b"150");
        pair.take_sealed(ContentType::ApplicationData, b"226").fails_with(AlertDescription::BadRecordMac);
    }
}

#[test]
fn records_too_long_are_refused_before_they_are_there() {
    for suite in suites() {
        let header = [23, 3, 3, 0x41, 1];
        Pair::new(suite).take(header.to_vec()).fails_with(AlertDescription::RecordOverflow);
    }
}

#[test]
fn records_of_other_kinds_are_refused() {
    for suite in suites() {
        for kind in [ContentType::ChangeCipherSpec, ContentType::Heartbeat, ContentType::Unknown(99)] {
            Pair::new(suite).take_sealed(kind, &[1]).fails_with(AlertDescription::UnexpectedMessage);
            let plain = [kind.into(), 3, 3, 0, 1, 1];
            Pair::new(suite).take(plain.to_vec()).fails_with(AlertDescription::UnexpectedMessage);
        }
    }
}

#[test]
fn alerts_and_messages_in_the_clear_are_refused() {
    for suite in suites() {
        let expected = match suite.tls13() {
            Some(_) => AlertDescription::UnexpectedMessage,
            None => AlertDescription::BadRecordMac,
        };
        for plain in [&[21, 3, 3, 0, 2, WARNING, 0][..], &[22, 3, 3, 0, 4, 0, 0, 0, 0]] {
            Pair::new(suite).take(plain.to_vec()).fails_with(expected);
        }
    }
}

#[test]
fn only_the_session_of_the_control_connection_is_resumed() {
    for suite in suites() {
        let engine = Rustls::new::<Nowhere>(&settings(), Offer::All, "localhost").unwrap();
        let (own, other) = (server_config(suite), server_config(suite));
        let connect = |purpose, server| Pair::connect_to(server, &engine, purpose, suite, b"").0;
        let mut control = connect(Purpose::Control, &own);
        assert!(!control.agreed.resumed);
        for _ in 0..3 {
            control.client.renew_ticket();
            assert!(!connect(Purpose::Data, &other).agreed.resumed, "{suite:?}");
        }
        for _ in 0..3 {
            control.client.renew_ticket();
            assert!(connect(Purpose::Data, &own).agreed.resumed, "{suite:?}");
        }
    }
}

/// A pair whose client may send three records with a key.
fn limited(suite: SupportedCipherSuite) -> Pair {
    let common = |common: &CipherSuiteCommon| CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: 3,
    };
    let limited: SupportedCipherSuite = match suite {
        SupportedCipherSuite::Tls12(suite) => SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
            common: common(&suite.common),
            prf_provider: suite.prf_provider,
            kx: suite.kx,
            sign: suite.sign,
            aead_alg: suite.aead_alg,
        }))),
        SupportedCipherSuite::Tls13(suite) => SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
            common: common(&suite.common),
            hkdf_provider: suite.hkdf_provider,
            aead_alg: suite.aead_alg,
            quic: None,
        }))),
    };
    let provider = Arc::new(CryptoProvider { cipher_suites: vec![limited], ..ftp_crypto::provider() });
    let verifier = Arc::new(Verifier::new(settings().trust, &provider));
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[suite.version()]).unwrap();
    let mut config = config.dangerous().with_custom_certificate_verifier(verifier.clone()).with_no_client_auth();
    config.enable_secret_extraction = true;
    let name = ServerName::new("localhost").unwrap();
    let why = Why { verifier, asked: Arc::default(), heard: Arc::default(), offer: Offer::All };
    let engine = Rustls { config: config.into(), tickets: Arc::default(), name, why };
    Pair::connect(&engine, suite, b"").0
}
