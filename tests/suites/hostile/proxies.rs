//! Proxies that lie, stall, flood and cut the line.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ftp_host::{Error, FailureKind, FtpError, Phase, Session, Settings, TlsSettings, Trust};
use ftp_tests::certificates::{self, Leaf};
use ftp_tests::client::{self, SHORT, get};
use ftp_tests::proxies::Kind;
use ftp_tests::script::{Ending, Peer, Play as _, Script, Tls, script};
use ftp_tests::trial;

/// Where the client wants to go. Only the proxy knows the way.
const HOST: &str = "ftp.behind.example";

const PASSWORD: &str = "hunter2-the-proxy";

const CONSENT: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n";

fn settings(kind: Kind, peer: &Peer) -> Settings {
    let proxy = kind.at(peer.address(), Some(("user", PASSWORD)));
    Settings { proxy: Some(proxy), ..client::settings() }
}

async fn connect_with(settings: Settings) -> Result<Session, Error> {
    client::connector(settings).await?.connect(HOST, None).await
}

async fn connect(kind: Kind, peer: &Peer) -> Result<Session, Error> {
    connect_with(settings(kind, peer)).await
}

async fn login(kind: Kind, peer: &Peer) -> Result<Session, Error> {
    let mut session = connect(kind, peer).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

fn http() -> Script {
    Script::silent().expect_bytes(http_request(21))
}

/// With the credentials `user:hunter2-the-proxy`.
fn http_request(port: u16) -> String {
    format!(
        "CONNECT {HOST}:{port} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\
         Proxy-Authorization: Basic dXNlcjpodW50ZXIyLXRoZS1wcm94eQ==\r\n\r\n"
    )
}

fn http_logged_in() -> Script {
    http().say([CONSENT, b"220 ready\r\n"].concat()).on("USER", "331 password?").on("PASS", "230 welcome")
}

/// The same, which is asked to connect to the port that the server names.
fn http_data_connection() -> Script {
    let script = http_logged_in().on("EPSV", "229 here (|||5000|)");
    script.accept_again().expect_data(http_request(5000))
}

/// Another port than `EPSV` named.
const PASV: &str = "227 here (10,0,0,1,19,137)";

/// A proxy that asks for no login.
fn socks5() -> Script {
    Script::silent().expect_bytes(b"\x05\x02\0\x02").say(b"\x05\0").expect_bytes(socks5_request(21))
}

fn socks5_request(port: u16) -> Vec<u8> {
    [b"\x05\x01\0\x03\x12", HOST.as_bytes(), &port.to_be_bytes()].concat()
}

#[trial]
async fn greeting_in_one_packet_with_the_consent_of_socks5() -> Result<()> {
    let script = socks5().say(b"\x05\0\0\x03\x04here\0\x15220 ready\r\n").on("NOOP", "200 ok");
    script.play(async |peer| in_step(connect(Kind::Socks5, peer).await?).await).await
}

#[trial(covers("set-proxy"))]
async fn greeting_in_one_packet_with_the_consent_of_http() -> Result<()> {
    let answers = [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", CONSENT, b"220 ready\r\n"].concat();
    let script = http().say(answers).on("NOOP", "200 ok");
    script.play(async |peer| in_step(connect(Kind::HttpConnect, peer).await?).await).await
}

async fn in_step(mut session: Session) -> Result<()> {
    ensure!(session.welcome().await?.lines == ["ready"], "another greeting");
    ensure!(session.noop().await?.code == 200, "another reply");
    Ok(())
}

async fn assert_gets_contents(script: Script, kind: Kind) -> Result<()> {
    let end = script!(
        script;
        "D! close
         S: 226 done"
    );
    end.play(async |peer| {
        let mut session = login(kind, peer).await?;
        ensure!(get(&mut session, "file").await? == b"contents", "other contents");
        Ok(())
    })
    .await
}

#[trial]
async fn data_in_one_packet_with_the_consent() -> Result<()> {
    let script = http_data_connection().send_data([CONSENT, b"contents"].concat()).on("RETR", "150 here it comes");
    assert_gets_contents(script, Kind::HttpConnect).await
}

#[trial]
async fn data_goes_to_the_host_that_the_caller_named_whatever_pasv_says() -> Result<()> {
    let script = socks5()
        .say(b"\x05\0\0\x01\0\0\0\0\0\x00220 ready\r\n")
        .on("USER", "230 welcome")
        .on("EPSV", "500 what?")
        .on("PASV", "227 over there (127,0,0,1,19,136)")
        .accept_again()
        .expect_data(b"\x05\x02\0\x02")
        .send_data(b"\x05\x02")
        .expect_data([b"\x01\x04user\x11", PASSWORD.as_bytes()].concat())
        .send_data(b"\x01\0")
        .expect_data(socks5_request(5000))
        .send_data(b"\x05\0\0\x01\0\0\0\0\0\0contents")
        .on("RETR", "150 here it comes");
    assert_gets_contents(script, Kind::Socks5).await
}

#[trial]
async fn pasv_is_tried_where_the_proxy_cannot_reach_the_port_of_epsv() -> Result<()> {
    let script = http_data_connection()
        .send_data("HTTP/1.1 502 Bad Gateway\r\n\r\n")
        .on("PASV", PASV)
        .accept_again()
        .expect_data(http_request(5001))
        .send_data(CONSENT)
        .on("RETR", "150 here it comes")
        .send_data("contents");
    assert_gets_contents(script, Kind::HttpConnect).await
}

#[trial]
async fn refused_data_connection_leaves_the_session_usable() -> Result<()> {
    let script = http_data_connection().send_data("HTTP/1.1 403 Forbidden\r\n\r\n").on("NOOP", "200 still here");
    script
        .play(async |peer| {
            let mut session = login(Kind::HttpConnect, peer).await?;
            let denied = get(&mut session, "file").await;
            ensure!(
                matches!(denied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::AccessDenied, .. }))),
                "{denied:?}"
            );
            ensure!(session.noop().await?.code == 200, "another reply");
            Ok(())
        })
        .await
}

#[trial]
async fn certificate_is_for_the_server_and_not_for_the_proxy() -> Result<()> {
    for (leaf, good) in [(Leaf::WrongName, true), (Leaf::Server, false)] {
        let request = http_request(21).replace(HOST, "other.example");
        let script = Script::silent()
            .expect_bytes(request)
            .say([CONSENT, b"220 ready\r\n"].concat())
            .on("AUTH TLS", "234 go")
            .with_tls(Tls::showing(leaf));
        let script = if good {
            script!(
                script;
                "! start_tls()
                 C: NOOP*   S: 200 ok"
            )
        } else {
            script.fail_tls()
        };
        script
            .play(async |peer| {
                let tls = TlsSettings {
                    trust: Trust::Roots(certificates::authority()?.to_owned()),
                    ..TlsSettings::default()
                };
                let security = ftp_host::Security::Explicit;
                let settings = Settings { security, tls, ..settings(Kind::HttpConnect, peer) };
                match (client::connector(settings).await?.connect("other.example", None).await, good) {
                    (Ok(mut session), true) => ensure!(session.noop().await?.code == 200, "another reply"),
                    (Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls, .. })), false) => {}
                    (result, _) => panic!("{leaf:?}: {:?}", result.err()),
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn password_that_the_proxy_repeats_is_nowhere() -> Result<()> {
    let answer = format!("HTTP/1.1 407 {PASSWORD}\r\nProxy-Authenticate: Basic realm=\"{PASSWORD}\"\r\n\r\n{PASSWORD}");
    http()
        .say(answer)
        .play(async |peer| {
            let Err(error) = connect(Kind::HttpConnect, peer).await else { panic!("connected") };
            ensure!(matches!(error, Error::Ftp(FtpError::Failed { kind: FailureKind::AccessDenied, .. })), "{error:?}");
            ensure!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn silence_is_a_timeout_of_connecting() -> Result<()> {
    for (kind, script) in [(Kind::HttpConnect, http()), (Kind::Socks5, socks5())] {
        script.stall().play(async |peer| assert_times_out(kind, peer).await).await?;
    }
    Ok(())
}

#[trial]
async fn one_byte_at_a_time_is_a_timeout_of_connecting() -> Result<()> {
    let slow = format!("HTTP/1.1 200 {}\r\n\r\n", "slow".repeat(500));
    http().drip(slow, SHORT / 10).stall().play(async |peer| assert_times_out(Kind::HttpConnect, peer).await).await
}

async fn assert_times_out(kind: Kind, peer: &Peer) -> Result<()> {
    let settings = Settings { connect_timeout: Some(SHORT), ..settings(kind, peer) };
    let timed_out = connect_with(settings).await;
    ensure!(matches!(timed_out, Err(Error::Ftp(FtpError::Timeout(Phase::Connect)))), "{:?}", timed_out.err());
    Ok(())
}

#[trial]
async fn silence_on_a_data_connection_is_a_timeout_of_that() -> Result<()> {
    let script = http_data_connection()
        .on("PASV", PASV)
        .accept_again()
        .expect_data(http_request(5001))
        .on("NOOP", "200 still here");
    script
        .play(async |peer| {
            let settings = Settings { connect_timeout: Some(3 * SHORT), ..settings(Kind::HttpConnect, peer) };
            let mut session = connect_with(settings).await?;
            session.login("user", "12345", None).await?;
            let timed_out = get(&mut session, "file").await;
            ensure!(matches!(timed_out, Err(Error::Ftp(FtpError::Timeout(Phase::DataConnection)))), "{timed_out:?}");
            ensure!(session.noop().await?.code == 200, "another reply");
            Ok(())
        })
        .await
}

#[trial]
async fn headers_without_an_end_are_given_up() -> Result<()> {
    assert_given_up("X-Header: and another\r\n").await
}

#[trial]
async fn line_without_an_end_is_given_up() -> Result<()> {
    assert_given_up("and so on ").await
}

#[trial]
async fn preliminary_answers_without_an_end_are_given_up() -> Result<()> {
    assert_given_up("\r\n\r\nHTTP/1.1 100 Continue").await
}

async fn assert_given_up(more: &str) -> Result<()> {
    http()
        .say("HTTP/1.1 100 Continue")
        .flood(more)
        .play(async |peer| {
            let begin = Instant::now();
            let given_up = connect(Kind::HttpConnect, peer).await;
            ensure!(
                matches!(given_up, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Other, .. }))),
                "{:?}",
                given_up.err()
            );
            ensure!(begin.elapsed() < Duration::from_secs(10), "it took {:?}", begin.elapsed());
            Ok(())
        })
        .await
}

#[trial]
async fn server_that_is_no_proxy_is_said_to_be_none() -> Result<()> {
    for kind in Kind::ALL {
        for greeting in ["220 ready\r\n", "SSH-2.0-server\r\n", "\x04\x5a\0\0", "<html>"] {
            let connected = script!(
                "S> {greeting}
                 S! stall"
            )
            .play(async |peer| Ok(connect(kind, peer).await))
            .await?;
            ensure!(
                matches!(connected, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Other, .. }))),
                "{kind:?}, {greeting:?}: {:?}",
                connected.err()
            );
        }
    }
    Ok(())
}

#[trial]
async fn cut_after_every_byte_is_a_typed_error() -> Result<()> {
    let consent = b"\x05\0\0\x03\x04here\0\x15".to_vec();
    let scripts =
        [(Kind::HttpConnect, http().say(CONSENT), CONSENT.len()), (Kind::Socks5, socks5().say(consent), 2 + 11)];
    for (kind, script, length) in scripts {
        for ending in [Ending::Close, Ending::Reset] {
            for bytes in 0..length as u64 {
                let script = script.clone().cut_after(bytes, ending);
                let result = script.play(async |peer| Ok(connect(kind, peer).await)).await?;
                match result {
                    Err(Error::Ftp(FtpError::Failed {
                        kind: FailureKind::ConnectionLost | FailureKind::ConnectionRefused,
                        ..
                    })) => {}
                    result => panic!("{kind:?}, cut after {bytes} of {length} bytes: {:?}", result.err()),
                }
            }
        }
    }
    Ok(())
}
