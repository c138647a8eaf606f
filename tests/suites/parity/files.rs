//! Files as wholes: rename, delete, size, time, mode.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Precision, Timestamp};
use ftp_tests::client::{put, refusal};
use ftp_tests::trial;

use crate::row::{EMBEDDED, Site};

/// 2020-01-02 03:04:05 UTC.
const MOMENT: u64 = 1_577_934_245;

#[trial(covers("rename"))]
async fn rename_a_file(site: Site) -> Result<()> {
    site.place("old", b"contents")?;
    site.login().await?.rename("old", "new").await?;
    assert_eq!(site.contents("new")?, b"contents");
    assert!(!site.root().join("old").exists());
    Ok(())
}

#[trial]
async fn rename_a_missing_file_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.rename("missing", "new").await), 550);
    Ok(())
}

#[trial(covers("delete"))]
async fn delete_a_file(site: Site) -> Result<()> {
    site.place("file", b"")?;
    site.login().await?.delete("file").await?;
    assert!(!site.root().join("file").exists());
    Ok(())
}

#[trial]
async fn delete_a_missing_file_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.delete("missing").await), 550);
    Ok(())
}

#[trial]
async fn size_of_a_file(site: Site) -> Result<()> {
    site.place("file", &[0; 12_345])?;
    assert_eq!(site.login().await?.size("file").await?, 12_345);
    Ok(())
}

#[trial]
async fn size_of_a_missing_file_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.size("missing").await), 550);
    Ok(())
}

#[trial(covers("size"))]
async fn size_is_in_image_after_an_ascii_transfer(site: Site) -> Result<()> {
    site.place("file", b"one\ntwo\n")?;
    let mut session = site.login().await?;
    session.names(None).await?;
    assert_eq!(session.size("file").await?, 8);
    Ok(())
}

#[trial(covers("modified"))]
async fn modification_time_of_a_file(site: Site) -> Result<()> {
    site.place("file", b"")?;
    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(MOMENT);
    std::fs::File::options().write(true).open(site.root().join("file"))?.set_modified(moment)?;
    let modified = site.login().await?.modified("file").await?;
    assert_eq!(modified.seconds, MOMENT as i64);
    assert_eq!(modified.precision, Precision::Second);
    assert!(modified.utc);
    Ok(())
}

#[trial]
async fn modification_time_of_a_missing_file_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.modified("missing").await), 550);
    Ok(())
}

#[trial(except(EMBEDDED, "MFMT"), covers("set-modified"))]
async fn modification_time_is_set(site: Site) -> Result<()> {
    site.place("a file", b"")?;
    let mut session = site.login().await?;
    session.set_modified("a file", moment()).await?;
    assert_eq!(session.modified("a file").await?.seconds, MOMENT as i64);
    Ok(())
}

#[trial]
async fn modification_time_of_a_missing_file_is_not_set(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.set_modified("missing", moment()).await), 550);
    session.noop().await?;
    Ok(())
}

#[trial]
async fn modification_time_in_no_zone_is_not_sent(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    session.transcript().await?;
    let set = session.set_modified("file", Timestamp { utc: false, ..moment() }).await;
    assert!(matches!(set, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))), "{set:?}");
    assert_eq!(session.transcript().await?, [""; 0]);
    Ok(())
}

fn moment() -> Timestamp {
    Timestamp { seconds: MOMENT as i64, nanoseconds: 0, precision: Precision::Second, utc: true }
}

#[trial(except(EMBEDDED, "SITE CHMOD"), covers("set-permissions"))]
async fn mode_is_set(site: Site) -> Result<()> {
    site.place("a file", b"")?;
    site.login().await?.set_permissions("a file", 0o640).await?;
    let mode = site.root().join("a file").metadata()?.permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    Ok(())
}

#[trial(covers("allocate"))]
async fn size_of_an_upload_is_announced(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert!([200, 202].contains(&session.allocate(12_345).await?.code));
    put(&mut session, "file", b"contents").await?;
    Ok(())
}

#[trial(covers("mount"))]
async fn mount_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert!([500, 502, 550].contains(&refusal(session.mount("/").await)));
    session.noop().await?;
    Ok(())
}
