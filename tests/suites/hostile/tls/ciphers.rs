//! A server that takes none of the cipher suites that are offered first, and what comes after that.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Settings, TlsCiphers, TlsSettings};
use ftp_tests::certificates::possible;
use ftp_tests::client;
use ftp_tests::script::{Ending, Play as _, Script, script};
use ftp_tests::trial;

use super::{VERSIONS, assert_tls, explicit, implicit, only, tls};

const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;
const INSUFFICIENT_SECURITY: u8 = 71;

/// A fatal alert in a record of its own.
fn alert(description: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, description]
}

/// What a server says that takes none of the suites, and how it ends.
fn refusals() -> [(Vec<u8>, Ending); 4] {
    [
        (alert(HANDSHAKE_FAILURE), Ending::Close),
        (alert(INSUFFICIENT_SECURITY), Ending::Close),
        (Vec::new(), Ending::Close),
        (Vec::new(), Ending::Reset),
    ]
}

fn forced(ciphers: TlsCiphers) -> Result<Settings> {
    Ok(explicit(TlsSettings { ciphers, ..tls()? }))
}

fn refusing(answer: &[u8]) -> Script {
    script!(
        "S: 220 ready
         C: AUTH TLS*   S: 234 go
         ! see_hello()
         S> {answer}"
    )
}

#[trial(needs = possible(), covers("set-tls-ciphers"))]
async fn refusal_is_followed_by_one_more_attempt_and_remembered() -> Result<()> {
    for version in VERSIONS {
        for (answer, ending) in refusals() {
            let script = refusing(&answer)
                .then(ending, Script::secured_login().expect("QUIT").reply("221 goodbye"))
                .then(Ending::Close, Script::secured_login());
            script
                .play(async |peer| {
                    let connector = client::connector(explicit(only(version)?)).await?;
                    let host = peer.address().ip().to_string();
                    for attempts in [1, 0] {
                        let mut session = connector.connect(&host, Some(peer.address().port())).await?;
                        session.login("user", "12345", None).await?;
                        let transcript = session.transcript().await?;
                        let reports = transcript.iter().filter(|line| line.contains("connecting once more"));
                        assert_eq!(reports.count(), attempts, "{transcript:#?}");
                        if attempts > 0 {
                            session.quit().await?;
                        }
                    }
                    assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS"; 3]);
                    Ok(())
                })
                .await?;
        }
    }
    Ok(())
}

#[trial(needs = possible())]
async fn refusal_on_an_implicit_port_is_followed_by_one_more_attempt() -> Result<()> {
    for (answer, ending) in refusals() {
        script!(
            "! see_hello()
             S> {answer}"
        )
        .then(ending, Script::silent().start_tls().reply("220 ready").on("USER", "331 and?").on("PASS", "230 in"))
        .play(async |peer| {
            client::login_with(peer.address(), implicit(tls()?)).await?;
            assert!(peer.commands_in_the_clear().is_empty());
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("set-tls-ciphers"))]
async fn offer_that_is_forced_has_one_attempt() -> Result<()> {
    for ciphers in [TlsCiphers::FastOnly, TlsCiphers::All] {
        for (answer, ending) in refusals() {
            refusing(&answer)
                .end(ending)
                .play(async |peer| {
                    assert_refused(client::connect_with(peer.address(), forced(ciphers)?).await);
                    assert_eq!(peer.commands(), ["AUTH TLS"]);
                    Ok(())
                })
                .await?;
        }
        Script::secured_login()
            .play(async |peer| {
                client::login_with(peer.address(), forced(ciphers)?).await?;
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn alert_that_the_version_is_wrong_is_no_refusal() -> Result<()> {
    let answer = alert(PROTOCOL_VERSION);
    refusing(&answer)
        .end(Ending::Close)
        .play(async |peer| {
            assert_tls(client::connect_with(peer.address(), explicit(tls()?)).await, "ersion");
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await
}

#[trial(needs = possible(), covers("start-tls"))]
async fn start_tls_that_is_refused_is_an_error() -> Result<()> {
    for (answer, ending) in refusals() {
        refusing(&answer)
            .end(ending)
            .play(async |peer| {
                let settings = Settings { tls: tls()?, ..client::settings() };
                let mut session = client::connect_with(peer.address(), settings).await?;
                assert_refused(session.start_tls().await);
                assert_eq!(peer.commands(), ["AUTH TLS"]);
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[track_caller]
fn assert_refused<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls | FailureKind::ConnectionLost, .. })) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not refused"),
    }
}
