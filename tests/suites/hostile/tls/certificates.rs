//! Which servers are trusted. Each refusal comes before a user or a password is sent, and says why.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, TlsSettings, TlsVersion, Trust};
use ftp_tests::certificates::{self, Leaf, possible};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script, Tls, script};
use ftp_tests::trial;

use super::{VERSIONS, assert_tls, explicit, tls};

/// The words for each bad certificate.
const BAD: [(Leaf, &str); 5] = [
    (Leaf::Expired, "expired"),
    (Leaf::NotYetValid, "not valid yet"),
    (Leaf::WrongName, "another name"),
    (Leaf::Untrusted, "unknown issuer"),
    (Leaf::WeakKey, "weak key: RSA of 1024 bits, where 2048 are the least"),
];

#[trial(needs = possible())]
async fn good_one_is_accepted() -> Result<()> {
    accepted(Leaf::Server, tls()?.trust).await
}

#[trial(needs = possible())]
async fn rsa_one_is_accepted() -> Result<()> {
    accepted(Leaf::ServerRsa, Trust::Roots(certificates::rsa_authority()?.to_owned())).await
}

#[trial(needs = possible(), covers("set-trust"))]
async fn bad_ones_are_refused_for_their_own_reasons() -> Result<()> {
    for (leaf, telling) in BAD {
        refused(Tls::showing(leaf), tls()?.trust, telling).await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn one_from_an_authority_with_a_weak_key_is_refused_for_that() -> Result<()> {
    refused(Tls::showing(Leaf::WeakAuthority), tls()?.trust, "authority of the server's certificate has a weak key")
        .await
}

#[trial(needs = possible())]
async fn one_without_its_key_is_refused_whatever_is_trusted() -> Result<()> {
    let pin = Trust::Pinned(certificates::server(Leaf::Server)?.sha256.to_vec());
    for trust in [tls()?.trust, pin, Trust::DangerouslyAnything] {
        refused(Tls { impostor: true, ..Tls::default() }, trust, "signature").await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn self_signed_one_is_accepted_as_a_root() -> Result<()> {
    for leaf in [Leaf::SelfSigned, Leaf::SelfSignedAuthority] {
        accepted(leaf, itself(leaf)?).await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn self_signed_one_is_refused_without() -> Result<()> {
    refused(Tls::showing(Leaf::SelfSigned), tls()?.trust, "unknown issuer").await
}

#[trial(needs = possible())]
async fn self_signed_one_for_another_name_is_refused_as_a_root_too() -> Result<()> {
    let leaf = Leaf::SelfSignedWrongName;
    refused(Tls::showing(leaf), itself(leaf)?, "another name").await
}

#[trial(needs = possible())]
async fn self_signed_one_that_has_expired_is_refused_as_a_root_too() -> Result<()> {
    let leaf = Leaf::SelfSignedExpired;
    refused(Tls::showing(leaf), itself(leaf)?, "expired").await
}

#[trial(needs = possible())]
async fn bad_server_certificate_is_no_better_as_a_root() -> Result<()> {
    for (leaf, telling) in BAD {
        // That nobody knows the issuer no longer matters then.
        if leaf != Leaf::Untrusted {
            refused(Tls::showing(leaf), itself(leaf)?, telling).await?;
        }
    }
    accepted(Leaf::Untrusted, itself(Leaf::Untrusted)?).await
}

#[trial(needs = possible())]
async fn pinned_one_is_accepted_whatever_it_says() -> Result<()> {
    for leaf in [Leaf::Server, Leaf::Expired, Leaf::NotYetValid, Leaf::WrongName, Leaf::SelfSigned, Leaf::Untrusted] {
        accepted(leaf, Trust::Pinned(certificates::server(leaf)?.sha256.to_vec())).await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("set-trust"))]
async fn pinned_one_is_the_only_one() -> Result<()> {
    let other = certificates::server(Leaf::SelfSigned)?.sha256.to_vec();
    refused(Tls::default(), Trust::Pinned(other), "pinned").await
}

#[trial(needs = possible())]
async fn pinned_one_with_a_weak_key_is_refused() -> Result<()> {
    let leaf = Leaf::WeakKey;
    refused(Tls::showing(leaf), Trust::Pinned(certificates::server(leaf)?.sha256.to_vec()), "weak key").await
}

#[trial(needs = possible())]
async fn anything_is_anything_but_a_weak_key() -> Result<()> {
    for leaf in [Leaf::Server, Leaf::Expired, Leaf::NotYetValid, Leaf::WrongName, Leaf::SelfSigned, Leaf::Untrusted] {
        accepted(leaf, Trust::DangerouslyAnything).await?;
    }
    refused(Tls::showing(Leaf::WeakKey), Trust::DangerouslyAnything, "weak key").await
}

#[trial(needs = possible())]
async fn public_roots_do_not_know_ours() -> Result<()> {
    refused(Tls::default(), Trust::PublicRoots, "unknown issuer").await
}

#[trial(needs = possible())]
async fn public_roots_and_ours_do() -> Result<()> {
    accepted(Leaf::Server, Trust::PublicRootsAnd(certificates::authority()?.to_owned())).await
}

#[trial(needs = possible())]
async fn roots_that_are_none_are_an_invalid_argument() -> Result<()> {
    let broken = certificates::authority()?.replace("MII", "!!!");
    let key = certificates::server(Leaf::Server)?.key.clone();
    for pem in [String::new(), "garbage".to_owned(), broken, key, empty_certificate()] {
        for trust in [Trust::Roots(pem.clone()), Trust::PublicRootsAnd(pem.clone())] {
            assert_invalid(TlsSettings { trust, ..tls()? }).await;
        }
    }
    Ok(())
}

/// PEM without anything in it.
fn empty_certificate() -> String {
    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".to_owned()
}

#[trial(needs = possible())]
async fn pin_of_another_length_is_an_invalid_argument() -> Result<()> {
    for length in [0, 20, 31, 33, 64] {
        assert_invalid(TlsSettings { trust: Trust::Pinned(vec![1; length]), ..tls()? }).await;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn server_name_that_is_none_is_an_invalid_argument() -> Result<()> {
    for name in ["", "two words", "a..b", "line\r\nend"] {
        assert_invalid(TlsSettings { server_name: Some(name.to_owned()), ..tls()? }).await;
    }
    Ok(())
}

async fn assert_invalid(tls: TlsSettings) {
    let described = format!("{tls:?}");
    match client::connector(explicit(tls)).await {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. })) => {}
        Err(other) => panic!("{other:?}: {described}"),
        Ok(_) => panic!("accepted: {described}"),
    }
}

/// Trust in what the server itself shows.
fn itself(leaf: Leaf) -> Result<Trust> {
    Ok(Trust::Roots(certificates::server(leaf)?.leaf.clone()))
}

/// With this trust the server is trusted, in either version of TLS.
async fn accepted(leaf: Leaf, trust: Trust) -> Result<()> {
    for version in VERSIONS {
        Script::secured_login()
            .with_tls(Tls::showing(leaf))
            .play(async |peer| {
                client::login_with(peer.address(), explicit(trusting(&trust, version))).await?;
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// With this trust the server is not trusted, in either version of TLS.
async fn refused(server: Tls, trust: Trust, telling: &str) -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::greeting().with_tls(server.clone());
            "C: AUTH TLS*   S: 234 go
             ! fail_tls()"
        )
        .play(async |peer| {
            assert_tls(client::login_with(peer.address(), explicit(trusting(&trust, version))).await, telling);
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

fn trusting(trust: &Trust, version: TlsVersion) -> TlsSettings {
    TlsSettings { trust: trust.clone(), versions: version..=version, ..TlsSettings::default() }
}
