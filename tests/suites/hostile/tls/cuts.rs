//! Data that ends without `close_notify`, and with it.

use anyhow::Result;
use ftp_host::{DataEnd, Error, FailureKind, FtpError, Protection, RefusalKind, Representation, TlsSettings};
use ftp_tests::certificates::possible;
use ftp_tests::client::{self, get};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

use super::{VERSIONS, assert_tls, explicit, in_step, login, only, tls};

/// All of the contents, and their size.
const WHOLE: (&str, &str) = ("150 here it comes (8 bytes)", "contents");

#[trial(needs = possible(), covers("set-data-end"))]
async fn cut_in_the_middle_of_the_announced_size_is_an_error() -> Result<()> {
    let announced = "150 here it comes (1000 bytes)";
    for got in cut_download(DataEnd::Strict, announced, "226 done").await? {
        assert!(
            matches!(got, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Tls | FailureKind::Incomplete, .. }))),
            "{got:?}"
        );
    }
    for policy in [DataEnd::Verified, DataEnd::Lenient] {
        for got in cut_download(policy, announced, "226 done").await? {
            assert!(
                matches!(got, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. }))),
                "{policy:?}: {got:?}"
            );
        }
    }
    Ok(())
}

#[trial(needs = possible())]
async fn cut_at_the_announced_size_is_an_error_where_strict() -> Result<()> {
    for got in cut_download(DataEnd::Strict, WHOLE.0, "226 done").await? {
        assert_tls(got, "close_notify");
    }
    for policy in [DataEnd::Verified, DataEnd::Lenient] {
        for got in cut_download(policy, WHOLE.0, "226 done").await? {
            assert_eq!(got?, WHOLE.1.as_bytes(), "{policy:?}");
        }
    }
    Ok(())
}

#[trial(needs = possible())]
async fn cut_at_an_unknown_size_is_an_error_unless_lenient() -> Result<()> {
    for policy in [DataEnd::Strict, DataEnd::Verified] {
        for got in cut_download(policy, "150 here it comes", "226 done").await? {
            assert_tls(got, "close_notify");
        }
    }
    for got in cut_download(DataEnd::Lenient, "150 here it comes", "226 done").await? {
        assert_eq!(got?, WHOLE.1.as_bytes());
    }
    Ok(())
}

#[trial(needs = possible())]
async fn cut_with_a_426_is_transient() -> Result<()> {
    for policy in [DataEnd::Strict, DataEnd::Verified, DataEnd::Lenient] {
        for announced in [WHOLE.0, "150 here it comes", "150 here it comes (1000 bytes)"] {
            for got in cut_download(policy, announced, "426 gave up").await? {
                assert!(
                    matches!(&got, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Transient, reply })) if reply.code == 426),
                    "{policy:?}: {got:?}"
                );
            }
        }
    }
    Ok(())
}

/// What downloads give whose data ends without `close_notify`, one in each version of TLS.
async fn cut_download(data_end: DataEnd, announced: &str, verdict: &str) -> Result<Vec<Result<Vec<u8>, Error>>> {
    let mut all = Vec::new();
    for version in VERSIONS {
        let got = script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: {announced}
             ! secure_data()
             D> {WHOLE.1}   D! close
             S: {verdict}
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let settings = explicit(TlsSettings { data_end, ..only(version)? });
            let mut session = client::login_with(peer.address(), settings).await?;
            let got = get(&mut session, "file").await;
            in_step(&mut session).await?;
            Ok(got)
        })
        .await?;
        all.push(got);
    }
    Ok(all)
}

#[trial(needs = possible())]
async fn cut_behind_an_offset_at_what_may_be_the_whole_size_is_an_error_unless_lenient() -> Result<()> {
    const OFFSET: u64 = 12;
    for (data_end, good) in [(DataEnd::Strict, false), (DataEnd::Verified, false), (DataEnd::Lenient, true)] {
        // The announced size may be that of the file, or of what is left of it.
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: REST 12*   S: 350 from there
             C: RETR*   S: 150 here it comes (20 bytes)
             ! secure_data()
             D> {WHOLE.1}   D! close
             S: 226 done"
        )
        .play(async |peer| {
            let settings = explicit(TlsSettings { data_end, ..tls()? });
            let mut session = client::login_with(peer.address(), settings).await?;
            let download = session.retrieve("file", Representation::Image, OFFSET).await?;
            match (client::read_all(download).await, good) {
                (Ok(contents), true) => assert_eq!(contents, WHOLE.1.as_bytes()),
                (got, false) => assert_tls(got, "close_notify"),
                (got, true) => panic!("{got:?}"),
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn cut_after_ccc_is_an_error_unless_lenient() -> Result<()> {
    for (data_end, good) in [(DataEnd::Strict, false), (DataEnd::Verified, false), (DataEnd::Lenient, true)] {
        script!(
            Script::protected();
            "C: CCC*   S: 200 as you like
             ! leave_tls()
             C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: {WHOLE.0}
             ! secure_data()
             D> {WHOLE.1}   D! close
             S: 226 done"
        )
        .play(async |peer| {
            let settings = explicit(TlsSettings { data_end, ..tls()? });
            let mut session = client::login_with(peer.address(), settings).await?;
            session.protect_data(Protection::Private).await?;
            session.clear_command_channel().await?;
            match (get(&mut session, "file").await, good) {
                (Ok(contents), true) => assert_eq!(contents, WHOLE.1.as_bytes()),
                (got, false) => assert_tls(got, "close_notify"),
                (got, true) => panic!("{got:?}"),
            }
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("set-data-end"))]
async fn cut_listing_is_an_error_unless_lenient() -> Result<()> {
    for (data_end, good) in [(DataEnd::Strict, false), (DataEnd::Verified, false), (DataEnd::Lenient, true)] {
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: LIST*   S: 150 here it comes
             ! secure_data()
             D> -rw-r--r-- 1 user group 8 Jan  1 2020 file\r\n   D! close
             S: 226 done
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let settings = explicit(TlsSettings { data_end, ..tls()? });
            let mut session = client::login_with(peer.address(), settings).await?;
            match (session.listing(None).await, good) {
                (Ok(lines), true) => assert_eq!(lines.len(), 1),
                (listed, false) => assert_tls(listed, "close_notify"),
                (listed, true) => panic!("{listed:?}"),
            }
            in_step(&mut session).await
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("set-data-end"))]
async fn end_with_close_notify_is_good_for_all() -> Result<()> {
    for data_end in [DataEnd::Strict, DataEnd::Verified, DataEnd::Lenient] {
        for version in VERSIONS {
            script!(
                Script::protected();
                "C: EPSV*   S: 229 listening (|||<port>|)
                 C: RETR*   S: 150 here it comes
                 ! secure_data()
                 D> contents
                 ! end_data()
                 S: 226 done"
            )
            .play(async |peer| {
                let settings = explicit(TlsSettings { data_end, ..only(version)? });
                let mut session = client::login_with(peer.address(), settings).await?;
                assert_eq!(get(&mut session, "file").await?, b"contents");
                Ok(())
            })
            .await?;
        }
    }
    Ok(())
}

#[trial(needs = possible())]
async fn end_with_close_notify_short_of_the_announced_size_is_incomplete() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes (1000 bytes)
         ! secure_data()
         D> contents
         ! end_data()
         S: 226 done
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        let got = get(&mut session, "file").await;
        assert!(matches!(got, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. }))), "{got:?}");
        in_step(&mut session).await
    })
    .await
}
