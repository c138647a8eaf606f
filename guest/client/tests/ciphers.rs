//! Which cipher suites are offered, and the second attempt where a server takes none of the fast ones.
//!
//! - a refusal: alert 40, alert 71, an end, a reset; explicit and implicit, both versions, through a proxy
//! - no refusal: alert 70, an alert after the `ServerHello`, a `HelloRetryRequest`, silence, bytes that are no TLS
//! - what is remembered, for whom, and what `start_tls` makes of it
//! - the version is never lower; limits hold for both attempts together; the settings that force an offer
#![cfg(not(target_family = "wasm"))]

#[path = "support/secure.rs"]
mod secure;

use ftp_client::{
    Ciphers, Error, FailureKind, Identity, Phase, Proxy, ProxyServer, Security, Session, Settings, TlsSettings, Trust,
    Version, Versions,
};
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};
use secure::{End, Secured, Server, Tls, config_of, server_config};
use std::sync::Arc;
use std::time::Duration;

const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
const INSUFFICIENT_SECURITY: u8 = 71;

const SECOND: Duration = Duration::from_secs(1);

type Client = Session<Secured>;

fn alert(description: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, description]
}

fn is_fast(suite: CipherSuite) -> bool {
    format!("{suite:?}").contains("CHACHA20")
}

fn aes(versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    server_config(versions, |suite| !is_fast(suite.suite()))
}

/// A server that has every suite, and prefers AES.
fn all(versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let mut provider = ftp_crypto::provider();
    provider.cipher_suites.sort_by_key(|suite| is_fast(suite.suite()));
    config_of(provider, versions, None)
}

fn settings(security: Security, versions: Versions) -> Settings {
    let tls = TlsSettings { trust: Trust::DangerouslyAnything, versions, ..TlsSettings::default() };
    Settings { security, tls, transcript_capacity: 100, ..Settings::default() }
}

fn explicit() -> Settings {
    settings(Security::Explicit, Versions::Both)
}

fn forced(ciphers: Ciphers) -> Settings {
    let settings = explicit();
    Settings { tls: TlsSettings { ciphers, ..settings.tls }, ..settings }
}

/// Connect and do the work; the servers as they are afterwards.
fn play<T>(
    settings: &Settings,
    servers: impl IntoIterator<Item = Server>,
    work: impl AsyncFnOnce(Client) -> T,
) -> (Result<T, Error>, Vec<Server>) {
    let network = Secured::new(servers);
    let result = network.run(async {
        let session = Session::connect(network.clone(), settings.clone(), "ftp.example.com", 21).await?;
        Ok(work(session).await)
    });
    (result, network.finished())
}

/// Connect and log in: what was agreed, and the lines of the transcript that report an attempt.
fn log_in(settings: &Settings, servers: impl IntoIterator<Item = Server>) -> (Version, String, Vec<Server>) {
    let (result, servers) = play(settings, servers, async |mut session: Client| {
        session.login("me", "secret", None).await.unwrap();
        let agreed = session.encryption().unwrap();
        (agreed.version, agreed.cipher, session.transcript())
    });
    let (version, cipher, transcript) = result.unwrap();
    let reports = transcript.iter().filter(|line| line.contains("connecting once more")).count();
    assert_eq!(reports, servers.len() - 1, "{transcript:#?}");
    let [earlier @ .., last] = servers.as_slice() else { panic!("no server") };
    assert_eq!(last.secure, ["USER me", "PASS secret"]);
    for server in earlier {
        assert!(server.secure.is_empty(), "{:?}", server.secure);
    }
    for server in &servers {
        assert!(server.clear.iter().all(|line| line == "AUTH TLS"), "{:?}", server.clear);
    }
    (version, cipher, servers)
}

fn connect(settings: &Settings, servers: impl IntoIterator<Item = Server>) -> Error {
    let (result, servers) = play(settings, servers, async |_| ());
    for server in &servers {
        assert!(server.clear.iter().all(|line| line == "AUTH TLS"), "{:?}", server.clear);
        assert_eq!(server.secure.len(), 0);
    }
    result.unwrap_err()
}

fn offers_fast_suites_only(server: &Server) -> bool {
    let offered = server.offered();
    let suites = offered.iter().filter(|suite| **suite != CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    suites.clone().count() > 0 && suites.into_iter().all(|suite| is_fast(*suite))
}

fn offers_everything(server: &Server) -> bool {
    let offered = server.offered();
    ftp_crypto::provider().cipher_suites.iter().all(|suite| offered.contains(&suite.suite()))
}

fn refusals() -> Vec<Tls> {
    vec![
        Tls::Says(alert(HANDSHAKE_FAILURE), End::Close),
        Tls::Says(alert(INSUFFICIENT_SECURITY), End::Close),
        Tls::Says(alert(HANDSHAKE_FAILURE), End::Reset),
        Tls::Says(alert(HANDSHAKE_FAILURE)[..3].to_vec(), End::Close),
        Tls::Says(Vec::new(), End::Close),
        Tls::Says(Vec::new(), End::Reset),
        // (RFC 6066, section 3) That the name is unknown, which is a warning; and then the refusal.
        Tls::Says([&[21, 3, 3, 0, 2, 1, 112], alert(HANDSHAKE_FAILURE).as_slice()].concat(), End::Close),
    ]
}

#[test]
fn server_that_takes_the_fast_suites_is_connected_to_once() {
    for (versions, agreed) in [(Versions::Tls13, Version::Tls13), (Versions::Both, Version::Tls13)] {
        for security in [Security::Explicit, Security::Implicit] {
            let tls = Tls::Does(all(&[&TLS13, &TLS12]));
            let server = if security == Security::Explicit { Server::explicit(tls) } else { Server::implicit(tls) };
            let (version, cipher, servers) = log_in(&settings(security, versions), [server]);
            assert_eq!((version, cipher.as_str()), (agreed, "TLS_CHACHA20_POLY1305_SHA256"));
            assert!(offers_fast_suites_only(&servers[0]));
        }
    }
}

#[test]
fn refusal_is_followed_by_one_attempt_with_every_suite() {
    let versions: [(Versions, &[&SupportedProtocolVersion], Version); 3] = [
        (Versions::Tls12, &[&TLS12], Version::Tls12),
        (Versions::Both, &[&TLS13, &TLS12], Version::Tls13),
        (Versions::Tls13, &[&TLS13], Version::Tls13),
    ];
    for (allowed, spoken, agreed) in versions {
        for refusal in refusals() {
            let servers = [Server::explicit(refusal), Server::explicit(Tls::Does(aes(spoken)))];
            let (version, cipher, servers) = log_in(&settings(Security::Explicit, allowed), servers);
            assert!(version == agreed && cipher.contains("AES"), "{version} {cipher}");
            assert!(offers_fast_suites_only(&servers[0]));
            assert!(allowed != Versions::Both || offers_everything(&servers[1]));
        }
        for refusal in refusals() {
            let servers = [Server::implicit(refusal), Server::implicit(Tls::Does(aes(spoken)))];
            let (version, cipher, _) = log_in(&settings(Security::Implicit, allowed), servers);
            assert!(version == agreed && cipher.contains("AES"), "{version} {cipher}");
        }
    }
}

#[test]
fn library_that_has_no_fast_suite_refuses_them_so() {
    for spoken in [&[&TLS13, &TLS12][..], &[&TLS13], &[&TLS12]] {
        let server = || Server::explicit(Tls::Does(aes(spoken)));
        let (_, cipher, _) = log_in(&explicit(), [server(), server()]);
        assert!(cipher.contains("AES"), "{cipher}");
    }
}

#[test]
fn refusal_behind_a_proxy_leads_through_the_proxy_again() {
    let proxy = Proxy::HttpConnect(ProxyServer { host: "proxy".into(), port: 3128, credentials: None });
    for security in [Security::Explicit, Security::Implicit] {
        for refusal in refusals() {
            let server = |tls| match security {
                Security::Implicit => Server::implicit(tls).behind_a_proxy(),
                _ => Server::explicit(tls).behind_a_proxy(),
            };
            let servers = [server(refusal), server(Tls::Does(aes(&[&TLS13])))];
            let settings = Settings { proxy: Some(proxy.clone()), ..settings(security, Versions::Both) };
            assert!(log_in(&settings, servers).1.contains("AES"));
        }
    }
}

#[test]
fn nothing_of_the_first_attempt_goes_into_the_second() {
    const RANDOM: std::ops::Range<usize> = 11..43;
    const SESSION_ID: std::ops::Range<usize> = 44..76;
    let servers = [Server::explicit(Tls::Does(all(&[&TLS12]))), Server::explicit(Tls::Does(all(&[&TLS12])))];
    let (_, _, servers) = log_in(&explicit(), servers);
    let [first, second] = [&servers[0].hello, &servers[1].hello];
    assert_ne!(first[RANDOM], second[RANDOM]);
    // The handshake of the first was done: its session and its tickets are not offered.
    assert_ne!(first[SESSION_ID], second[SESSION_ID]);
    let [first, second] = [first, second].map(|hello| hello.len() - 2 * servers[0].offered().len());
    assert!(second < first + 100, "there is no ticket in it: {first} and {second} bytes");
}

#[test]
fn a_second_refusal_is_an_error() {
    for (first, second) in refusals().into_iter().zip(refusals()) {
        let error = connect(&explicit(), [Server::explicit(first), Server::explicit(second)]);
        let expected = [Some(FailureKind::Tls), Some(FailureKind::ConnectionLost)];
        assert!(expected.contains(&error.failure()), "{error}");
    }
}

#[test]
fn alert_that_the_version_is_wrong_is_no_refusal() {
    let error = connect(&explicit(), [Server::explicit(Tls::Says(alert(PROTOCOL_VERSION), End::Close))]);
    assert_eq!(error.failure(), Some(FailureKind::Tls), "{error}");
}

#[test]
fn other_alerts_are_no_refusal() {
    for description in [0, 10, 42, 47, 50, 80, 112, 116, 120] {
        let error = connect(&explicit(), [Server::explicit(Tls::Says(alert(description), End::Close))]);
        assert_eq!(error.failure(), Some(FailureKind::Tls), "{error}");
    }
}

#[test]
fn nothing_after_a_server_hello_is_a_refusal() {
    for spoken in [&TLS12, &TLS13] {
        for answer in [alert(HANDSHAKE_FAILURE), alert(INSUFFICIENT_SECURITY), Vec::new()] {
            for end in [End::Close, End::Reset] {
                let tls = Tls::Breaks(all(&[spoken]), answer.clone(), end);
                let error = connect(&explicit(), [Server::explicit(tls)]);
                let expected = [Some(FailureKind::Tls), Some(FailureKind::ConnectionLost)];
                assert!(expected.contains(&error.failure()), "{error}");
            }
        }
    }
}

/// A server that asks for another key of the client's.
fn retrying(is_wanted: impl Fn(SupportedCipherSuite) -> bool) -> Arc<ServerConfig> {
    let mut provider = ftp_crypto::provider();
    provider.cipher_suites.retain(|suite| is_wanted(*suite));
    provider.kx_groups.drain(..2);
    config_of(provider, &[&TLS13], None)
}

#[test]
fn hello_retry_request_is_no_refusal() {
    let (_, cipher, servers) = log_in(&explicit(), [Server::explicit(Tls::Does(retrying(|_| true)))]);
    assert_eq!(cipher, "TLS_CHACHA20_POLY1305_SHA256");
    assert!(offers_fast_suites_only(&servers[0]));
}

#[test]
fn nothing_after_a_hello_retry_request_is_a_refusal() {
    for answer in [alert(HANDSHAKE_FAILURE), alert(INSUFFICIENT_SECURITY), Vec::new()] {
        for end in [End::Close, End::Reset] {
            let tls = Tls::Breaks(retrying(|_| true), answer.clone(), end);
            connect(&explicit(), [Server::explicit(tls)]);
        }
    }
}

#[test]
fn silence_is_no_refusal() {
    let error = connect(&explicit(), [Server::explicit(Tls::Says(Vec::new(), End::Stall))]);
    assert_eq!(error, Error::Timeout(Phase::Handshake));
}

#[test]
fn bytes_that_are_no_tls_are_no_refusal() {
    for answer in [&b"220 ready\r\n"[..], b"HTTP/1.1 400 no\r\n\r\n", &[0; 7]] {
        let error = connect(&explicit(), [Server::explicit(Tls::Says(answer.to_vec(), End::Close))]);
        assert_eq!(error.failure(), Some(FailureKind::Tls), "{error}");
    }
}

// What is remembered

#[test]
fn sessions_after_a_refusal_offer_everything_at_once() {
    let (settings, other) = (explicit(), explicit());
    let server = || Server::explicit(Tls::Does(aes(&[&TLS13])));
    log_in(&settings, [server(), server()]);
    for _ in 0..3 {
        let (_, _, servers) = log_in(&settings.clone(), [server()]);
        assert!(offers_everything(&servers[0]));
    }
    // Those of another connector know nothing about it.
    log_in(&other, [server(), server()]);
}

#[test]
fn what_is_learned_of_a_server_is_about_no_other() {
    let settings = explicit();
    let server = || Server::explicit(Tls::Does(aes(&[&TLS13])));
    log_in(&settings, [server(), server()]);
    for (host, port) in [("ftp.example.com", 22), ("ftp.example.org", 21)] {
        let network = Secured::new([Server::explicit(Tls::Does(all(&[&TLS13])))]);
        let session = network.run(Session::connect(network.clone(), settings.clone(), host, port));
        drop(session.unwrap());
        assert!(offers_fast_suites_only(&network.finished()[0]));
    }
}

#[test]
fn refusal_that_was_said_is_remembered_even_if_the_second_attempt_fails() {
    let settings = explicit();
    let ending = || Server::explicit(Tls::Says(Vec::new(), End::Close));
    let refusing = Server::explicit(Tls::Says(alert(HANDSHAKE_FAILURE), End::Close));
    connect(&settings, [refusing, ending()]);
    let (_, _, servers) = log_in(&settings, [Server::explicit(Tls::Does(aes(&[&TLS13])))]);
    assert!(offers_everything(&servers[0]));
}

#[test]
fn server_that_ends_both_attempts_is_asked_again_next_time() {
    let settings = explicit();
    let refusing = || Server::explicit(Tls::Says(Vec::new(), End::Close));
    connect(&settings, [refusing(), refusing()]);
    let (_, cipher, _) = log_in(&settings, [Server::explicit(Tls::Does(all(&[&TLS13])))]);
    assert_eq!(cipher, "TLS_CHACHA20_POLY1305_SHA256");
}

/// A session in the clear that then begins TLS.
fn start_tls(settings: &Settings, tls: Tls) -> (Result<(), Error>, Server) {
    let settings = Settings { security: Security::None, ..settings.clone() };
    let (result, mut servers) = play(&settings, [Server::explicit(tls)], async |mut session: Client| {
        session.start_tls().await?;
        session.login("me", "secret", None).await.map(drop)
    });
    (result.unwrap(), servers.remove(0))
}

#[test]
fn start_tls_offers_everything_at_once() {
    let (result, server) = start_tls(&explicit(), Tls::Does(aes(&[&TLS13])));
    assert_eq!(result, Ok(()));
    assert!(offers_everything(&server));
}

#[test]
fn start_tls_offers_the_fast_suites_to_a_server_that_has_taken_them() {
    let settings = explicit();
    log_in(&settings, [Server::explicit(Tls::Does(all(&[&TLS13])))]);
    let (result, server) = start_tls(&settings, Tls::Does(all(&[&TLS13])));
    assert_eq!(result, Ok(()));
    assert!(offers_fast_suites_only(&server));
}

#[test]
fn start_tls_never_connects_once_more() {
    for refusal in refusals() {
        let settings = explicit();
        log_in(&settings, [Server::explicit(Tls::Does(all(&[&TLS13])))]);
        let (result, server) = start_tls(&settings, refusal);
        assert!(result.is_err());
        assert_eq!((server.clear.as_slice(), server.secure.len()), (&["AUTH TLS".to_owned()][..], 0));
        // The next one offers more.
        let (result, server) = start_tls(&settings, Tls::Does(aes(&[&TLS13])));
        assert_eq!(result, Ok(()));
        assert!(offers_everything(&server));
    }
}

// The version

#[test]
fn fast_suites_in_an_older_version_only_do_not_lower_it() {
    let settings = explicit();
    // It goes by the suites when it chooses the version.
    let servers = || [Server::explicit(Tls::Does(all(&[&TLS12]))), Server::explicit(Tls::Does(aes(&[&TLS13])))];
    let (version, cipher, servers) = log_in(&settings, servers());
    assert!(version == Version::Tls13 && cipher.contains("AES"), "{version} {cipher}");
    let offered = servers[1].offered();
    let newest = ftp_crypto::provider().cipher_suites.into_iter().filter(|suite| suite.tls13().is_some());
    assert!(newest.into_iter().all(|suite| offered.contains(&suite.suite())));
    let (_, _, servers) = log_in(&settings, [Server::explicit(Tls::Does(aes(&[&TLS13])))]);
    assert!(offers_everything(&servers[0]));
}

#[test]
fn server_without_tls_1_3_is_asked_for_it_once() {
    let settings = explicit();
    let server = || Server::explicit(Tls::Does(all(&[&TLS12])));
    let (version, cipher, _) = log_in(&settings, [server(), server()]);
    assert!(version == Version::Tls12 && cipher.contains("CHACHA20"), "{version} {cipher}");
    let (version, cipher, servers) = log_in(&settings, [server()]);
    assert!(version == Version::Tls12 && cipher.contains("CHACHA20"), "{version} {cipher}");
    assert!(offers_fast_suites_only(&servers[0]));
}

#[test]
fn tls_1_2_that_was_asked_for_takes_one_attempt() {
    let server = Server::explicit(Tls::Does(all(&[&TLS13, &TLS12])));
    let (version, cipher, _) = log_in(&settings(Security::Explicit, Versions::Tls12), [server]);
    assert!(version == Version::Tls12 && cipher.contains("CHACHA20"), "{version} {cipher}");
}

#[test]
fn sign_of_a_lower_version_is_answered_by_every_suite() {
    // (RFC 8446, section 4.1.3) It has TLS 1.3, and chooses TLS 1.2.
    let mut random = vec![7; 24];
    random.extend(b"DOWNGRD\x01");
    let body = [&[3, 3], random.as_slice(), &[0, 0xcc, 0xa9, 0, 0, 0]].concat();
    let message = [&[2, 0, 0, u8::try_from(body.len()).unwrap()], body.as_slice()].concat();
    let record = [&[22, 3, 3, 0, u8::try_from(message.len()).unwrap()], message.as_slice()].concat();
    let lower = || Server::explicit(Tls::Says(record.clone(), End::Stall));
    let (version, _, servers) = log_in(&explicit(), [lower(), Server::explicit(Tls::Does(aes(&[&TLS13])))]);
    assert_eq!(version, Version::Tls13);
    assert!(offers_everything(&servers[1]));
    connect(&explicit(), [lower(), lower()]);
}

// Limits

#[test]
fn limit_of_connecting_is_for_both_attempts() {
    let refusing = Server::explicit(Tls::Says(Vec::new(), End::Close)).connecting_in(20 * SECOND);
    let slow = |time| Server::explicit(Tls::Does(aes(&[&TLS13]))).connecting_in(time);
    let (result, _) = play(&explicit(), [refusing, slow(9 * SECOND)], async |_| ());
    assert_eq!(result, Ok(()));
    let refusing = Server::explicit(Tls::Says(Vec::new(), End::Close)).connecting_in(20 * SECOND);
    assert_eq!(connect(&explicit(), [refusing, slow(11 * SECOND)]), Error::Timeout(Phase::Connect));
}

#[test]
fn limit_of_handshakes_is_for_both_attempts() {
    let refusing = || Server::explicit(Tls::Says(Vec::new(), End::Close)).answering_in(20 * SECOND);
    let slow = |time| Server::explicit(Tls::Does(aes(&[&TLS13]))).answering_in(time);
    let (result, _) = play(&explicit(), [refusing(), slow(9 * SECOND)], async |_| ());
    assert_eq!(result, Ok(()));
    assert_eq!(connect(&explicit(), [refusing(), slow(11 * SECOND)]), Error::Timeout(Phase::Handshake));
}

#[test]
fn limit_of_the_whole_call_is_for_both_attempts() {
    let settings = Settings { total_timeout: Some(15 * SECOND), ..explicit() };
    let refusing = Server::explicit(Tls::Says(Vec::new(), End::Close)).answering_in(10 * SECOND);
    let slow = Server::explicit(Tls::Does(aes(&[&TLS13]))).answering_in(6 * SECOND);
    assert_eq!(connect(&settings, [refusing, slow]), Error::Timeout(Phase::Total));
}

// What is forced

#[test]
fn fast_suites_only_have_no_second_attempt() {
    for refusal in refusals() {
        let settings = forced(Ciphers::FastOnly);
        let error = connect(&settings, [Server::explicit(refusal)]);
        assert!(error.failure().is_some(), "{error}");
        let (result, server) = start_tls(&settings, Tls::Does(all(&[&TLS13])));
        assert_eq!(result, Ok(()));
        assert!(offers_fast_suites_only(&server));
    }
    let error = connect(&forced(Ciphers::FastOnly), [Server::explicit(Tls::Says(alert(40), End::Close))]);
    assert!(error.to_string().contains("the fast ones"), "{error}");
    let (version, ..) = log_in(&forced(Ciphers::FastOnly), [Server::explicit(Tls::Does(all(&[&TLS12])))]);
    assert_eq!(version, Version::Tls12);
}

#[test]
fn every_suite_at_once_has_no_second_attempt() {
    for refusal in refusals() {
        let settings = forced(Ciphers::All);
        connect(&settings, [Server::explicit(refusal)]);
        let (_, cipher, servers) = log_in(&settings, [Server::explicit(Tls::Does(all(&[&TLS13])))]);
        assert!(cipher.contains("AES") && offers_everything(&servers[0]), "{cipher}");
    }
}

#[test]
fn second_attempt_shows_the_certificate_of_the_client() {
    let made = rcgen::generate_simple_self_signed(["me".to_owned()]).unwrap();
    let identity = Identity::from_pem(&made.cert.pem(), &made.signing_key.serialize_pem()).unwrap();
    let asking = |spoken, is_wanted: fn(CipherSuite) -> bool| {
        let mut provider = ftp_crypto::provider();
        provider.cipher_suites.retain(|suite| is_wanted(suite.suite()));
        Server::explicit(Tls::Does(config_of(provider, &[spoken], Some(made.cert.der()))))
    };
    for (spoken, versions) in [(&TLS12, Versions::Tls12), (&TLS13, Versions::Tls13)] {
        let settings = settings(Security::Explicit, versions);
        let tls = TlsSettings { identity: Some(identity.clone()), ..settings.tls.clone() };
        let server = || asking(spoken, |suite| !is_fast(suite));
        log_in(&Settings { tls, ..settings.clone() }, [server(), server()]);
        // Without one the server ends the connection, after its `ServerHello`.
        let (result, _) = play(&settings, [asking(spoken, is_fast)], async |mut session: Client| {
            session.login("me", "secret", None).await.map(drop)
        });
        assert!(!matches!(result, Ok(Ok(()))));
    }
}
