//! What few servers have, and how it may go wrong.

use anyhow::Result;
use ftp_host::{Algorithm, Error, FailureKind, FtpError, RefusalKind, Representation, Settings};
use ftp_tests::client::{self, get, refusal};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

/// MD5 of `contents`.
const MD5: &str = "98bf7d8c15784f0a3d63204441e1e2aa";

/// A server that knows MD5.
const XMD5: &str = "211-these\r\n XMD5\r\n211 end";

fn verifying() -> Settings {
    Settings { verify_checksums: true, ..client::settings() }
}

#[trial(covers("set-verify-checksums"))]
async fn wrong_checksum_of_a_download_is_integrity() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: FEAT*   S: {XMD5}
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> c0ntents   D! close
         S: 226 done
         C: XMD5 file*   S: 250 {MD5}
         C: NOOP*   S: 200 here"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), verifying()).await?;
            let got = get(&mut session, "file").await;
            assert!(matches!(got, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. }))), "{got:?}");
            session.noop().await?;
            Ok(())
        })
        .await
}

#[trial]
async fn right_checksum_of_a_download_is_told() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: FEAT*   S: {XMD5}
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S: 226 done
         C: XMD5 file*   S: 250 {MD5.to_uppercase()}"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), verifying()).await?;
            let mut download = session.retrieve("file", Representation::Image, 0).await?;
            while download.read().await?.is_some() {}
            let checksum = download.finish().await?.checksum.expect("they were compared");
            assert_eq!((checksum.algorithm, checksum.value.as_str()), (Algorithm::Md5, MD5));
            Ok(())
        })
        .await
}

#[trial]
async fn wrong_checksum_of_an_upload_is_integrity() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: FEAT*   S: {XMD5}
         C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR file*   S: 150 go
         D< c0ntents
         S: 226 done
         C: XMD5 file*   S: 250 {MD5}"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), verifying()).await?;
            let put = client::put(&mut session, "file", b"c0ntents").await;
            assert!(matches!(put, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. }))), "{put:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn refused_checksum_is_no_success() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: FEAT*   S: {XMD5}
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S: 226 done
         C: XMD5 file*   S: 552 too large for that
         C: NOOP*   S: 200 here"
    );
    script
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), verifying()).await?;
            assert_eq!(refusal(get(&mut session, "file").await), 552);
            session.noop().await?;
            Ok(())
        })
        .await
}

#[trial]
async fn checksum_that_is_none_is_unexpected() -> Result<()> {
    for reply in ["250 done", "250 98bf7d8c15784f0a3d63204441e1e2a", "250", "213 SHA-1 0-8 0 file"] {
        let script = script!(
            Script::logged_in();
            "C: FEAT*   S: {XMD5}
             C: XMD5 file*   S: {reply}
             C: NOOP*   S: 200 here"
        );
        script
            .play(async |peer| {
                let mut session = client::login(peer.address()).await?;
                let checksum = session.checksum("file", None).await;
                assert!(
                    matches!(checksum, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Unexpected, .. }))),
                    "{checksum:?}"
                );
                session.noop().await?;
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn part_of_a_file_is_not_verified() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: REST 4*   S: 350 go on
         C: RETR*   S: 150 go
         D> ents   D! close
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), verifying()).await?;
        let mut download = session.retrieve("file", Representation::Image, 4).await?;
        while download.read().await?.is_some() {}
        assert_eq!(download.finish().await?.checksum, None);
        Ok(())
    })
    .await
}

#[trial(covers("available-space"))]
async fn free_space_is_told() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: AVBL*   S: 213 1048576
         C: AVBL a b*   S: 213 42 bytes"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert_eq!(session.available_space(None).await?, 1_048_576);
            assert_eq!(session.available_space(Some("a b")).await?, 42);
            Ok(())
        })
        .await
}

#[trial]
async fn free_space_that_is_no_number_is_unexpected() -> Result<()> {
    for reply in ["213 plenty", "213 -1", "213 99999999999999999999", "213"] {
        script!(Script::logged_in(); "C: AVBL*   S: {reply}")
            .play(async |peer| {
                let space = client::login(peer.address()).await?.available_space(None).await;
                assert!(
                    matches!(space, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Unexpected, .. }))),
                    "{space:?}"
                );
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// 2020-01-02 03:04:05 UTC.
const MOMENT: ftp_host::Timestamp =
    ftp_host::Timestamp { seconds: 1_577_934_245, nanoseconds: 0, precision: ftp_host::Precision::Second, utc: true };

#[trial]
async fn server_that_sets_no_times_is_unsupported() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: MFMT*   S: 500 what?
         C: MDTM*   S: 501 what?
         C: SITE UTIME*   S: 504 what?"
    );
    script
        .play(async |peer| {
            let set = client::login(peer.address()).await?.set_modified("file", MOMENT).await;
            assert!(matches!(set, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))), "{set:?}");
            Ok(())
        })
        .await
}

#[trial(covers("set-modified"))]
async fn time_is_set_by_site_utime() -> Result<()> {
    const UTIME: &str = "SITE UTIME a file 20200102030405 20200102030405 20200102030405 UTC";
    let script = script!(
        Script::logged_in();
        "C: MFMT 20200102030405 a file*   S: 502 what?
         C: MDTM 20200102030405 a file*   S: 550 no such file
         C: {UTIME}*   S: 200 set
         C: {UTIME}*   S: 200 set"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            session.set_modified("a file", MOMENT).await?;
            session.set_modified("a file", MOMENT).await?;
            Ok(())
        })
        .await
}

#[trial(covers("combine"))]
async fn parts_are_combined() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: COMB \"whole\" \"part 1\" \"part 2\"*   S: 250 combined"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            session.combine(&["part 1".into(), "part 2".into()], "whole").await?;
            Ok(())
        })
        .await
}

#[trial]
async fn names_that_would_be_others_are_not_sent() -> Result<()> {
    let script = script!(Script::logged_in(); "C: NOOP*   S: 200 here");
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let refused = [
                session.combine(&[], "whole").await,
                session.combine(&["a\" \"b".into()], "whole").await,
                session.make_symbolic_link("a b", "c").await,
                session.make_symbolic_link("a", "b\r\nDELE c").await,
                session.select_host("a\nQUIT").await,
                session.name_client("a\r").await,
            ];
            for refused in refused {
                assert!(
                    matches!(refused, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
                    "{refused:?}"
                );
            }
            session.noop().await?;
            Ok(())
        })
        .await
}

#[trial(covers("name-client", "select-language", "select-utf8"))]
async fn language_client_and_utf8_are_told() -> Result<()> {
    let script = script!(
        Script::logged_in().strict();
        "C: CLNT ftp-tests 1.0*   S: 200 hello
         C: OPTS UTF8 ON*   S: 200 on
         C: LANG fr*   S: 200 voila
         C: LANG*   S: 200 as before"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            session.name_client("ftp-tests 1.0").await?;
            session.select_utf8(true).await?;
            session.select_language(Some("fr")).await?;
            session.select_language(None).await?;
            assert_eq!(peer.commands().last().map(String::as_str), Some("LANG"));
            Ok(())
        })
        .await
}

#[trial(covers("set-data-mode"))]
async fn server_that_wants_pret_gets_it() -> Result<()> {
    const REFUSED: &str = "500 You need to use a client supporting PRET to use PASV";
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: {REFUSED}
         C: PASV*   S: {REFUSED}
         C: PRET RETR file*   S: 200 planned
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> contents   D! close
         S: 226 done
         C: PRET RETR file*   S: 200 planned
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> contents   D! close
         S: 226 done"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            assert_eq!(get(&mut session, "file").await?, b"contents");
            Ok(())
        })
        .await
}

#[trial]
async fn server_that_refuses_pret_is_refused() -> Result<()> {
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: 500 PRET first
         C: PASV*   S: 500 PRET first
         C: PRET RETR file*   S: 550 no such file
         C: NOOP*   S: 200 here"
    );
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert_eq!(refusal(get(&mut session, "file").await), 550);
            session.noop().await?;
            Ok(())
        })
        .await
}

#[trial]
async fn other_permissions_than_there_are_are_not_sent() -> Result<()> {
    let script = script!(Script::logged_in(); "C: SITE CHMOD 4755 a file*   S: 200 set");
    script
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let set = session.set_permissions("a file", 0o10000).await;
            assert!(
                matches!(set, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
                "{set:?}"
            );
            session.set_permissions("a file", 0o4755).await?;
            Ok(())
        })
        .await
}
