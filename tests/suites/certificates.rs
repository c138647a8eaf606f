//! The certificates that servers and clients show in the other suites: the good ones are good, the bad ones bad.

use std::process::{Command, ExitCode};

use anyhow::Result;
use ftp_tests::certificates::{self, Certificate, ClientKey, Leaf, authority, client, rsa_authority, server};
use ftp_tests::root;
use ftp_tests::{suite, trial};

fn main() -> ExitCode {
    suite::run()
}

#[trial(needs = certificates::possible())]
async fn good_ones_are_accepted() -> Result<()> {
    assert!(accepted(server(Leaf::Server)?, authority()?)?);
    assert!(accepted(server(Leaf::ServerRsa)?, rsa_authority()?)?);
    Ok(())
}

#[trial(needs = certificates::possible())]
async fn bad_ones_are_refused() -> Result<()> {
    use Leaf::{Expired, NotYetValid, SelfSigned, Untrusted, WeakKey, WrongName};
    for leaf in [Expired, NotYetValid, SelfSigned, Untrusted, WeakKey, WrongName] {
        assert!(!accepted(server(leaf)?, authority()?)?, "{leaf:?}");
    }
    Ok(())
}

#[trial(needs = certificates::possible())]
async fn clients_have_keys_in_all_their_forms() -> Result<()> {
    let form = |key| anyhow::Ok(client(key)?.traditional_key.as_ref().and_then(|key| key.lines().next()));
    assert_eq!(form(ClientKey::EcdsaP256)?, Some("-----BEGIN EC PRIVATE KEY-----"));
    assert_eq!(form(ClientKey::EcdsaP384)?, Some("-----BEGIN EC PRIVATE KEY-----"));
    assert_eq!(form(ClientKey::Rsa2048)?, Some("-----BEGIN RSA PRIVATE KEY-----"));
    assert_eq!(form(ClientKey::Ed25519)?, None);
    Ok(())
}

/// Whether `openssl verify` accepts this certificate as one for `localhost`.
fn accepted(certificate: &Certificate, authority: &str) -> Result<bool> {
    let directory = root::temporary()?;
    let (trusted, leaf) = (directory.path().join("authority"), directory.path().join("leaf"));
    std::fs::write(&trusted, authority)?;
    std::fs::write(&leaf, &certificate.leaf)?;
    let output = Command::new("openssl")
        .args(["verify", "-auth_level", "2", "-verify_hostname", "localhost", "-x509_strict", "-CAfile"])
        .args([trusted, leaf])
        .output()?;
    Ok(output.status.success())
}
