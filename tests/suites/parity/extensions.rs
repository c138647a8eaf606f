//! What only some servers have, on one that has it.

use anyhow::Result;
use ftp_host::{
    Algorithm, Error, FailureKind, FtpError, Outcome, Precision, Representation, Session, Settings, Timestamp,
};
use ftp_tests::client;
use ftp_tests::servers::{Kind, Options, Server};
use ftp_tests::trial;
use sha2::{Digest as _, Sha256};

const CONTENTS: &[u8] = b"123456789";

/// The check values of CRC-32 and the others for these contents.
const CHECKSUMS: [(Algorithm, &str); 4] = [
    (Algorithm::Crc32, "cbf43926"),
    (Algorithm::Md5, "25f9e794323b453885f5181f1b624d0b"),
    (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
    (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
];

/// ProFTPD with the modules that have it.
fn proftpd() -> Result<Server> {
    let extra =
        ["LoadModule mod_digest.c", "DigestAlgorithms crc32 md5 sha1 sha256 sha512", "LoadModule mod_site_misc.c"];
    let options = Options { extra: extra.map(ToString::to_string).to_vec(), ..Options::default() };
    Server::start(Kind::ProFtpd, options)
}

fn verifying() -> Settings {
    Settings { verify_checksums: true, ..client::settings() }
}

#[trial(needs = Kind::ProFtpd.installed(), covers("checksum"))]
async fn checksums_are_those_of_the_file() -> Result<()> {
    let server = proftpd()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    for (algorithm, value) in CHECKSUMS {
        let checksum = session.checksum("file", Some(algorithm)).await?;
        assert_eq!((checksum.algorithm, checksum.value.as_str()), (algorithm, value));
    }
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed())]
async fn checksum_of_a_name_with_spaces() -> Result<()> {
    let server = proftpd()?;
    std::fs::write(server.root().join("a file"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    for (algorithm, value) in CHECKSUMS {
        assert_eq!(session.checksum("a file", Some(algorithm)).await?.value, value);
    }
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed())]
async fn checksum_of_a_missing_file_is_refused() -> Result<()> {
    let server = proftpd()?;
    let mut session = client::login(server.address()).await?;
    assert_eq!(client::refusal(session.checksum("missing", None).await), 550);
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed())]
async fn best_checksum_is_taken_by_default() -> Result<()> {
    let server = proftpd()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    assert_eq!(session.checksum("file", None).await?.algorithm, Algorithm::Sha256);
    Ok(())
}

fn assert_verified(outcome: &Outcome, contents: &[u8]) {
    let checksum = outcome.checksum.as_ref().expect("both sides have compared");
    assert_eq!(checksum.algorithm, Algorithm::Sha256);
    let digest: String = Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(checksum.value, digest);
}

#[trial(needs = Kind::ProFtpd.installed(), covers("set-verify-checksums"))]
async fn download_is_verified() -> Result<()> {
    let server = proftpd()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let mut session = client::login_with(server.address(), verifying()).await?;
    let mut download = session.retrieve("file", Representation::Image, 0).await?;
    while download.read().await?.is_some() {}
    assert_verified(&download.finish().await?, CONTENTS);
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed(), covers("set-verify-checksums"))]
async fn upload_is_verified() -> Result<()> {
    let server = proftpd()?;
    let mut session = client::login_with(server.address(), verifying()).await?;
    assert_verified(&upload(&mut session).await?, CONTENTS);
    Ok(())
}

async fn upload(session: &mut Session) -> Result<Outcome, Error> {
    let mut upload = session.store("file", Representation::Image, 0).await?;
    upload.write(CONTENTS).await?;
    upload.finish().await
}

#[trial(needs = Kind::ProFtpd.installed(), covers("make-symbolic-link"))]
async fn symbolic_link_is_made() -> Result<()> {
    let server = proftpd()?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    session.make_symbolic_link("file", "link").await?;
    assert!(server.root().join("link").is_symlink());
    assert_eq!(client::get(&mut session, "link").await?, CONTENTS);
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed(), covers("select-host"))]
async fn host_before_login() -> Result<()> {
    let server = Server::start(Kind::ProFtpd, Options::default())?;
    let mut session = client::connect(server.address()).await?;
    assert_eq!(client::refusal(session.select_host("ftp.example.org").await), 504);
    assert_eq!(session.select_host("127.0.0.1").await?.code, 220);
    session.login("user", "12345", None).await?;
    assert_eq!(client::refusal(session.select_host("127.0.0.1").await), 503);
    Ok(())
}

/// It knows the languages of the locales that the system has, and its own, as long as no user is shut in a directory.
#[trial(needs = Kind::ProFtpd.installed(), covers("select-language"))]
async fn language_is_selected() -> Result<()> {
    let options = Options { extra: vec!["LangEngine on".into()], ..Options::default() };
    let server = Server::start(Kind::ProFtpd, options)?;
    let mut session = client::connect(server.address()).await?;
    assert!(session.features().await?.iter().any(|feature| feature.starts_with("LANG ")));
    assert_eq!(session.select_language(None).await?.code, 200);
    assert_eq!(client::refusal(session.select_language(Some("x-klingon")).await), 504);
    Ok(())
}

#[trial(needs = Kind::ProFtpd.installed(), covers("name-client"))]
async fn client_is_named() -> Result<()> {
    let server = proftpd()?;
    let mut session = client::login(server.address()).await?;
    assert!(session.features().await?.iter().any(|feature| feature == "CLNT"));
    assert_eq!(session.name_client("ftp-tests 1.0").await?.code, 200);
    Ok(())
}

/// A name in UTF-8 is the same bytes in either state.
#[trial(needs = Kind::ProFtpd.installed(), covers("select-utf8"))]
async fn utf8_is_switched_off_and_on() -> Result<()> {
    let server = proftpd()?;
    std::fs::write(server.root().join("größe"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    for on in [false, true] {
        assert_eq!(session.select_utf8(on).await?.code, 200);
        assert_eq!(session.size("größe").await?, CONTENTS.len() as u64);
    }
    Ok(())
}

#[trial(needs = Kind::Vsftpd.installed())]
async fn server_without_checksums_has_none() -> Result<()> {
    let server = Server::start(Kind::Vsftpd, Options::default())?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    for algorithm in [None, Some(Algorithm::Md5)] {
        let checksum = session.checksum("file", algorithm).await;
        assert!(
            matches!(checksum, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))),
            "{checksum:?}"
        );
    }
    Ok(())
}

#[trial(needs = Kind::Vsftpd.installed())]
async fn transfer_is_not_verified_without_checksums() -> Result<()> {
    let server = Server::start(Kind::Vsftpd, Options::default())?;
    let mut session = client::login_with(server.address(), verifying()).await?;
    assert_eq!(upload(&mut session).await?.checksum, None);
    Ok(())
}

#[trial(needs = Kind::Vsftpd.installed(), covers("set-modified"))]
async fn time_is_set_by_mdtm() -> Result<()> {
    let server = Server::start(Kind::Vsftpd, Options::default())?;
    std::fs::write(server.root().join("file"), CONTENTS)?;
    let mut session = client::login(server.address()).await?;
    let time = Timestamp { seconds: 1_577_934_245, nanoseconds: 0, precision: Precision::Second, utc: true };
    session.set_modified("file", time).await?;
    assert_eq!(session.modified("file").await?.seconds, time.seconds);
    session.transcript().await?;
    session.set_modified("file", time).await?;
    let said = session.transcript().await?;
    assert_eq!(said[0], "> MDTM 20200102030405 file", "the way that worked is remembered: {said:?}");
    Ok(())
}
