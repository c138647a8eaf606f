//! Servers that have only some of the cipher suites: what is agreed with them, in how many attempts. Which suites are fast
//! depends on the cryptography; here it is that of the component, unless a trial says otherwise.

use anyhow::{Result, ensure};
use ftp_host::{Cryptography, Outcome, Representation, Session, TlsCiphers, TlsSettings, TlsVersion};
use ftp_tests::client::{self, Component};
use ftp_tests::servers::{Kind, Options, Security, Server, Way, cases};
use ftp_tests::suite::Case;
use ftp_tests::trial;

/// The two servers whose suites can be set, in each way in which there is TLS.
fn ways() -> Vec<Case<Way>> {
    let kinds = [Kind::ProFtpd, Kind::Vsftpd];
    cases(kinds.into_iter().flat_map(Way::all).filter(|way| way.is_encrypted()))
}

/// The line that leaves a server without ChaCha20: vsftpd has one for TLS 1.2 only.
fn without_chacha(way: Way) -> &'static str {
    match (way.kind, way.version) {
        (Kind::ProFtpd, TlsVersion::Tls12) => "TLSCipherSuite HIGH:!CHACHA20",
        (Kind::ProFtpd, _) => "TLSCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256",
        _ => "ssl_ciphers=HIGH:!CHACHA20",
    }
}

fn start(way: Way) -> Result<Server> {
    Server::start(way.kind, Options { extra: vec![without_chacha(way).to_owned()], ..way.options() })
}

#[trial(on = ways(), covers("set-tls-ciphers", "encryption"))]
async fn every_suite_is_offered_once_the_fast_ones_are_refused(way: Way) -> Result<()> {
    let server = start(way)?;
    let settings = way.settings(client::settings())?;
    let connector = Component::Portable.scope(client::connector(settings)).await?;
    let has_chacha = way.kind == Kind::Vsftpd && way.version == TlsVersion::Tls13;
    for is_first in [true, false] {
        let mut session = log_in(&connector, &server).await?;
        let agreed = session.encryption().await?.map(|agreed| (agreed.version, agreed.cipher.contains("CHACHA20")));
        ensure!(agreed == Some((way.version, has_chacha)), "{agreed:?}");
        let transcript = session.transcript().await?;
        let is_reported = transcript.iter().any(|line| line.contains("connecting once more"));
        ensure!(is_reported == (is_first && !has_chacha), "{transcript:#?}");
        for _ in 0..3 {
            let outcome = put(&mut session).await?;
            ensure!(outcome.encrypted && outcome.resumed, "{outcome:?}");
        }
        session.quit().await?;
    }
    Ok(())
}

#[trial(on = ways(), covers("set-tls-ciphers"))]
async fn fast_suites_alone_are_refused(way: Way) -> Result<()> {
    let server = start(way)?;
    let settings = way.settings(client::settings())?;
    let with = |ciphers| {
        let tls = TlsSettings { ciphers, ..settings.tls.clone() };
        ftp_host::Settings { tls, ..settings.clone() }
    };
    let has_chacha = way.kind == Kind::Vsftpd && way.version == TlsVersion::Tls13;
    let fast = log_in_with(Component::Portable, &server, with(TlsCiphers::FastOnly)).await;
    ensure!(fast.is_ok() == has_chacha, "{:?}", fast.err());
    let mut session = log_in_with(Component::Portable, &server, with(TlsCiphers::All)).await?;
    let transcript = session.transcript().await?;
    ensure!(!transcript.iter().any(|line| line.contains("connecting once more")), "{transcript:#?}");
    session.quit().await?;
    Ok(())
}

/// Each of the four servers takes the fast suites, whichever it prefers, at the first attempt: those with ChaCha20, and where
/// the host has the cryptography those with AES.
#[trial(on = cases(Kind::ALL.into_iter().flat_map(Way::all).filter(|way| way.is_encrypted())))]
async fn fast_suites_are_taken_by_all(way: Way) -> Result<()> {
    let server = Server::start(way.kind, way.options())?;
    for component in [Component::Portable, Component::Default] {
        let cipher = if component.host().cryptography() == Cryptography::Host { "AES" } else { "CHACHA20" };
        let mut session = log_in_with(component, &server, way.settings(client::settings())?).await?;
        let agreed = session.encryption().await?.map(|agreed| (agreed.version, agreed.cipher.contains(cipher)));
        ensure!(agreed == Some((way.version, true)), "{agreed:?}");
        let transcript = session.transcript().await?;
        ensure!(!transcript.iter().any(|line| line.contains("connecting once more")), "{transcript:#?}");
        for _ in 0..3 {
            let outcome = put(&mut session).await?;
            ensure!(outcome.encrypted && outcome.resumed == way.resumes(), "{outcome:?}");
        }
        session.quit().await?;
    }
    Ok(())
}

/// The version is the newest that the server has, although its fast suites are in the older one only.
#[trial(needs = Kind::ProFtpd.installed_with_tls())]
async fn version_is_the_newest_one_without_fast_suites() -> Result<()> {
    let way = Way { kind: Kind::ProFtpd, security: Security::Explicit, version: TlsVersion::Tls13 };
    let server = start(way)?;
    let settings = way.settings(client::settings())?;
    let tls = TlsSettings { versions: TlsVersion::Tls12..=TlsVersion::Tls13, ..settings.tls };
    let settings = ftp_host::Settings { tls, ..settings };
    let mut session = log_in_with(Component::Portable, &server, settings).await?;
    let agreed = session.encryption().await?.map(|agreed| (agreed.version, agreed.cipher.contains("AES")));
    ensure!(agreed == Some((TlsVersion::Tls13, true)), "{agreed:?}");
    session.quit().await?;
    Ok(())
}

async fn log_in(connector: &ftp_host::Connector, server: &Server) -> Result<Session> {
    let address = server.address();
    let mut session = connector.connect(&address.ip().to_string(), Some(address.port())).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

async fn log_in_with(component: Component, server: &Server, settings: ftp_host::Settings) -> Result<Session> {
    Ok(component.scope(client::login_with(server.address(), settings)).await?)
}

async fn put(session: &mut Session) -> Result<Outcome> {
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(b"contents").await?;
    Ok(upload.finish().await?)
}
