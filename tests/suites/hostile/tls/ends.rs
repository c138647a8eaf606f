//! Data connections inside TLS that end otherwise than TLS has it, where a size shows whether all of it came; and those
//! that begin before the server agrees.

use anyhow::Result;
use ftp_host::{DataEnd, Protection, TlsSettings};
use ftp_tests::certificates::possible;
use ftp_tests::client::{self, get, put};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

use super::{VERSIONS, assert_tls, explicit, in_step, only, tls};

#[trial(needs = possible())]
async fn cut_at_the_size_that_was_asked_for_is_an_end_where_verified() -> Result<()> {
    for (data_end, good) in [(DataEnd::Strict, false), (DataEnd::Verified, true)] {
        script!(
            Script::protected();
            "C: SIZE file*   S: 213 8
             C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! secure_data()
             D> contents   D! close
             S: 226 done
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let settings = explicit(TlsSettings { data_end, ..tls()? });
            let mut session = client::login_with(peer.address(), settings).await?;
            session.protect_data(Protection::Private).await?;
            session.size("file").await?;
            match (get(&mut session, "file").await, good) {
                (Ok(contents), true) => assert_eq!(contents, b"contents"),
                (got, false) => assert_tls(got, "close_notify"),
                (got, true) => panic!("{got:?}"),
            }
            in_step(&mut session).await
        })
        .await?;
    }
    Ok(())
}

/// Nothing but the size shows that all bytes arrived.
#[trial(needs = possible(), covers("set-verify-size"))]
async fn upload_whose_end_is_not_that_of_tls_has_to_have_its_size() -> Result<()> {
    for (data_end, size, expected) in [
        (DataEnd::Strict, "213 8", "TLS failed"),
        (DataEnd::Verified, "213 8", ""),
        (DataEnd::Verified, "213 7", "incomplete"),
        (DataEnd::Verified, "502 what?", "cannot be verified"),
        (DataEnd::Lenient, "213 7", "incomplete"),
        (DataEnd::Lenient, "502 what?", ""),
    ] {
        for version in VERSIONS {
            let script = Script::protected().open_data("STOR").secure_data().expect_data("contents").close_data();
            let script = script.reply("226 done");
            let script = if data_end == DataEnd::Strict {
                script
            } else {
                script!(
                    script;
                    "C: SIZE file*   S: {size}"
                )
            };
            script!(script; "C: NOOP*   S: 200 in step")
                .play(async |peer| {
                    let settings = explicit(TlsSettings { data_end, ..only(version)? });
                    let mut session = client::login_with(peer.address(), settings).await?;
                    match put(&mut session, "file", b"contents").await {
                        Ok(()) => assert_eq!(expected, "", "{data_end:?}, {size}"),
                        Err(error) => {
                            let text = error.to_string();
                            assert!(!expected.is_empty() && text.starts_with(expected), "{data_end:?}, {size}: {text}");
                        }
                    }
                    in_step(&mut session).await
                })
                .await?;
        }
    }
    Ok(())
}

/// Some servers agree only once the data connection is inside TLS.
#[trial(needs = possible())]
async fn handshake_is_over_before_the_reply() -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*
             ! secure_data()
             S: 150 here it comes
             D> contents
             ! end_data()
             S: 226 done
             C: EPSV*   S: 229 listening (|||<port>|)
             C: STOR*
             ! secure_data()
             S: 150 go on
             D< contents
             S: 226 done
             C: SIZE file*   S: 213 8"
        )
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            put(&mut session, "file", b"contents").await?;
            Ok(())
        })
        .await?;
    }
    Ok(())
}
