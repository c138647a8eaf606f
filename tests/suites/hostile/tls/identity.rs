//! What the client shows about itself, and what it never shows.

use anyhow::{Context as _, Result};
use ftp_host::{Error, FailureKind, FtpError, Identity, TlsSettings};
use ftp_tests::certificates::{Certificate, ClientKey, client as made, possible};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script, Tls, script};
use ftp_tests::trial;

use super::{VERSIONS, explicit, only, tls};

const PASSWORD: &str = "hunter2-the-password";

#[trial(needs = possible(), covers("set-identity"))]
async fn key_of_each_kind_and_form_is_accepted() -> Result<()> {
    for kind in [ClientKey::EcdsaP256, ClientKey::EcdsaP384, ClientKey::Ed25519] {
        let certificate = made(kind)?;
        for key in [Some(&certificate.key), certificate.traditional_key.as_ref()].into_iter().flatten() {
            for version in VERSIONS {
                script!(
                    Script::protected().with_tls(asking());
                    "C: EPSV*   S: 229 listening (|||<port>|)
                     C: RETR*   S: 150 here it comes
                     ! secure_data()
                     D> contents
                     ! end_data()
                     S: 226 done"
                )
                .play(async |peer| {
                    let tls = TlsSettings { identity: Some(identity(certificate, key)), ..only(version)? };
                    let mut session = client::login_with(peer.address(), explicit(tls)).await?;
                    assert_eq!(client::get(&mut session, "file").await?, b"contents");
                    Ok(())
                })
                .await
                .with_context(|| format!("{kind:?}, {version:?}, {:?}", key.lines().next()))?;
            }
        }
    }
    Ok(())
}

#[trial(needs = possible())]
async fn server_that_does_not_ask_sees_none() -> Result<()> {
    let certificate = made(ClientKey::EcdsaP256)?;
    Script::secured_login()
        .play(async |peer| {
            let tls = TlsSettings { identity: Some(identity(certificate, &certificate.key)), ..tls()? };
            client::login_with(peer.address(), explicit(tls)).await?;
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn server_that_asks_lets_nobody_in_without() -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::greeting().with_tls(asking());
            "C: AUTH TLS*   S: 234 go
             ! fail_tls()"
        )
        .play(async |peer| {
            match client::login_with(peer.address(), explicit(only(version)?)).await {
                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls | FailureKind::ConnectionLost, .. })) => {}
                Err(other) => panic!("{other:?}"),
                Ok(_) => panic!("logged in"),
            }
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn rsa_key_is_an_invalid_argument_that_says_so() -> Result<()> {
    let certificate = made(ClientKey::Rsa2048)?;
    for key in [Some(&certificate.key), certificate.traditional_key.as_ref()].into_iter().flatten() {
        let text = invalid(identity(certificate, key)).await?;
        assert!(text.contains("RSA") && text.contains("build"), "{text}");
    }
    Ok(())
}

#[trial(needs = possible())]
async fn identity_that_is_none_is_an_invalid_argument() -> Result<()> {
    let certificate = made(ClientKey::EcdsaP256)?;
    let (chain, key) = (&certificate.chain, &certificate.key);
    let broken = key.replace("MI", "!!");
    for (chain, key) in
        [("", key.as_str()), ("garbage", key), (key, key), (chain, ""), (chain, chain), (chain, &broken)]
    {
        invalid(Identity { certificates: chain.to_owned(), private_key: key.into() }).await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn key_of_another_certificate_is_an_invalid_argument() -> Result<()> {
    let (certificate, key) = (made(ClientKey::EcdsaP256)?, &made(ClientKey::EcdsaP384)?.key);
    let tls = TlsSettings { identity: Some(identity(certificate, key)), ..tls()? };
    // Nobody is connected to.
    Script::deaf()
        .play(async |peer| match client::connect_with(peer.address(), explicit(tls)).await {
            Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. })) => Ok(()),
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted"),
        })
        .await
}

#[trial(needs = possible())]
async fn key_is_shown_nowhere() -> Result<()> {
    for kind in [ClientKey::EcdsaP256, ClientKey::EcdsaP384, ClientKey::Ed25519] {
        let certificate = made(kind)?;
        let settings = explicit(TlsSettings { identity: Some(identity(certificate, &certificate.key)), ..tls()? });
        assert_without(&certificate.key, &format!("{settings:?}{settings:#?}"));
        let transcript = Script::secured_login()
            .with_tls(asking())
            .play(async |peer| {
                let mut session = client::login_with(peer.address(), settings).await?;
                Ok(session.transcript().await?)
            })
            .await?;
        assert!(!transcript.is_empty());
        assert_without(&certificate.key, &transcript.concat());
    }
    let certificate = made(ClientKey::Rsa2048)?;
    let keys = [&certificate.key, certificate.traditional_key.as_ref().context("RSA keys have an older form")?];
    for key in keys.into_iter().chain([&made(ClientKey::EcdsaP256)?.key]) {
        // Whole, cut short, and where a certificate should be.
        let half = key[..key.len() / 2].to_owned();
        for bad in [
            Identity { certificates: key.clone(), private_key: key.clone().into() },
            Identity { certificates: certificate.chain.clone(), private_key: half.into() },
        ] {
            assert_without(key, &invalid(bad).await?);
        }
    }
    Ok(())
}

#[trial(needs = possible())]
async fn password_inside_tls_is_not_in_the_transcript() -> Result<()> {
    script!(
        Script::secured();
        "C: USER*   S: 331 password?
         C: PASS {PASSWORD}*   S: 230 {PASSWORD} is right"
    )
    .play(async |peer| {
        let mut session = client::connect_with(peer.address(), explicit(tls()?)).await?;
        session.login("user", PASSWORD, None).await?;
        let transcript = session.transcript().await?;
        assert!(transcript.iter().any(|line| line == "> PASS ****"), "{transcript:?}");
        assert!(!transcript.concat().contains("hunter2"), "{transcript:?}");
        Ok(())
    })
    .await
}

/// A server that wants to know who comes.
fn asking() -> Tls {
    Tls { asks: true, ..Tls::default() }
}

fn identity(certificate: &Certificate, key: &str) -> Identity {
    Identity { certificates: certificate.chain.clone(), private_key: key.into() }
}

/// Why this is not accepted.
async fn invalid(identity: Identity) -> Result<String> {
    match client::connector(explicit(TlsSettings { identity: Some(identity), ..tls()? })).await {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, text, .. })) => Ok(text),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

/// No line of the key is in the text.
#[track_caller]
fn assert_without(key: &str, text: &str) {
    for line in key.lines().filter(|line| !line.starts_with('-') && line.len() >= 16) {
        assert!(!text.contains(line), "{text}");
    }
}
