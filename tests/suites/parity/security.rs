//! TLS one step at a time, as CPython's `FTP_TLS` has it: `auth`, `prot_p`, `prot_c`, `ccc`.

use anyhow::{Context as _, Result};
use ftp_host::{
    Error, FailureKind, FtpError, Identity, Outcome, Protection, Representation, Session, Settings, TlsSettings,
    TlsVersion, Trust,
};
use ftp_tests::certificates::{self, ClientKey, Leaf, authority};
use ftp_tests::client::{self, refusal};
use ftp_tests::servers::{Kind, Options, Security, Server};
use ftp_tests::suite::Case;
use ftp_tests::trial;

fn with_tls(kinds: impl IntoIterator<Item = Kind>) -> Vec<Case<Kind>> {
    kinds.into_iter().map(|kind| Case::new(kind.name(), kind.installed_with_tls(), move || Ok(kind))).collect()
}

#[trial(on = with_tls(Kind::ALL), covers("protect-data", "start-tls"))]
async fn data_is_private_and_clear_in_turn(kind: Kind) -> Result<()> {
    let (_server, mut session) = secured(kind).await?;
    // Until it is asked for, there is no protection.
    assert!(!put(&mut session).await?.encrypted);
    session.protect_data(Protection::Private).await?;
    assert!(put(&mut session).await?.encrypted);
    session.protect_data(Protection::Clear).await?;
    assert!(!put(&mut session).await?.encrypted);
    session.quit().await?;
    Ok(())
}

#[trial(on = with_tls(Kind::ALL), covers("clear-command-channel", "encryption", "protect-data"))]
async fn command_channel_is_cleared(kind: Kind) -> Result<()> {
    let (_server, mut session) = secured(kind).await?;
    session.protect_data(Protection::Private).await?;
    let cleared = session.clear_command_channel().await;
    if SPEAK_CCC.contains(&kind) {
        cleared?;
        assert_eq!(session.encryption().await?, None);
    } else {
        assert!([500, 502, 534].contains(&refusal(cleared)));
        assert!(session.encryption().await?.is_some());
    }
    assert_eq!(session.noop().await?.code, 200);
    // More of them than the server has sent tickets.
    for _ in 0..5 {
        let outcome = put(&mut session).await?;
        assert!(outcome.encrypted && outcome.resumed == (kind != Kind::PureFtpd));
    }
    session.quit().await?;
    Ok(())
}

#[trial(on = with_tls(Kind::ALL), covers("set-trust"))]
async fn bad_ones_are_refused(kind: Kind) -> Result<()> {
    let bad = [
        (Leaf::WrongName, "another name"),
        (Leaf::Expired, "expired"),
        (Leaf::SelfSigned, "unknown issuer"),
        (Leaf::Untrusted, "unknown issuer"),
    ];
    for (certificate, telling) in bad {
        let server = showing(kind, certificate)?;
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let tls = TlsSettings { versions: version..=version, ..trusting(authority()?) };
            match client::connect_with(server.address(), explicit(tls)).await {
                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls, text, .. })) => {
                    assert!(text.contains(telling), "{certificate:?}: {text}")
                }
                Err(error) => panic!("{certificate:?}: {error:?}"),
                Ok(_) => panic!("{certificate:?} is accepted"),
            }
        }
    }
    Ok(())
}

#[trial(on = with_tls(Kind::ALL), covers("set-trust"))]
async fn self_signed_one_is_a_root(kind: Kind) -> Result<()> {
    for certificate in [Leaf::SelfSigned, Leaf::SelfSignedAuthority] {
        let server = showing(kind, certificate)?;
        let tls = trusting(&certificates::server(certificate)?.leaf);
        let mut session = client::login_with(server.address(), explicit(tls)).await?;
        assert!(put(&mut session).await?.encrypted);
        session.quit().await?;
    }
    Ok(())
}

#[trial(on = with_tls(ASK_FOR_CERTIFICATES), covers("set-identity"))]
async fn client_shows_its_own(kind: Kind) -> Result<()> {
    let client_authority = Some(authority()?.to_owned());
    let server = Server::start(kind, Options { security: Security::Explicit, client_authority, ..Options::default() })?;
    for key in [ClientKey::EcdsaP256, ClientKey::EcdsaP384, ClientKey::Ed25519] {
        let made = certificates::client(key)?;
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let identity = Identity { certificates: made.chain.clone(), private_key: made.key.clone().into() };
            let tls = TlsSettings { identity: Some(identity), versions: version..=version, ..trusting(authority()?) };
            let session = client::login_with(server.address(), explicit(tls)).await;
            if kind == Kind::Vsftpd && key == ClientKey::EcdsaP384 && version == TlsVersion::Tls12 {
                // It knows P-256 alone, and in TLS 1.2 that goes for keys of certificates too.
                assert!(matches!(session, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls, .. }))));
                continue;
            }
            let mut session = session.with_context(|| format!("{key:?}, {version:?}"))?;
            assert!(put(&mut session).await?.encrypted, "{key:?}, {version:?}");
            session.quit().await?;
        }
    }
    assert!(client::login_with(server.address(), explicit(trusting(authority()?))).await.is_err());
    Ok(())
}

#[trial(needs = Kind::Vsftpd.installed_with_tls(), covers("set-require-resumption"))]
async fn resumption_is_not_required() -> Result<()> {
    let options = Options { security: Security::Explicit, require_reuse: false, ..Options::default() };
    let server = Server::start(Kind::Vsftpd, options)?;
    let mut session = client::login_with(server.address(), explicit(trusting(authority()?))).await?;
    for _ in 0..5 {
        let outcome = put(&mut session).await?;
        assert!(outcome.encrypted && outcome.resumed);
    }
    session.quit().await?;
    Ok(())
}

fn showing(kind: Kind, certificate: Leaf) -> Result<Server> {
    Server::start(kind, Options { security: Security::Explicit, certificate, ..Options::default() })
}

fn trusting(roots: &str) -> TlsSettings {
    TlsSettings { trust: Trust::Roots(roots.to_owned()), ..TlsSettings::default() }
}

fn explicit(tls: TlsSettings) -> Settings {
    Settings { security: ftp_host::Security::Explicit, tls, ..client::settings() }
}

/// Servers that can ask a client for a certificate.
const ASK_FOR_CERTIFICATES: [Kind; 3] = [Kind::PyFtpd, Kind::Vsftpd, Kind::ProFtpd];

/// Servers that let the control connection leave TLS.
const SPEAK_CCC: [Kind; 2] = [Kind::ProFtpd, Kind::PureFtpd];

/// A session that began in the clear, and is inside TLS and logged in.
async fn secured(kind: Kind) -> Result<(Server, Session)> {
    let server = Server::start(kind, Options { security: Security::Explicit, ..Options::default() })?;
    let settings = Settings { tls: trusting(authority()?), ..client::settings() };
    let mut session = client::connect_with(server.address(), settings).await?;
    assert_eq!(session.encryption().await?, None);
    session.start_tls().await?;
    let agreed = session.encryption().await?.context("TLS was started")?;
    assert!(!agreed.resumed);
    session.login("user", "12345", None).await?;
    Ok((server, session))
}

async fn put(session: &mut Session) -> Result<Outcome> {
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(b"contents").await?;
    Ok(upload.finish().await?)
}
