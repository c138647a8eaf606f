//! Data connections inside TLS: who is at the other end, and whether all of it came.

use std::time::Duration;

use anyhow::Result;
use ftp_host::{DataEnd, Error, FailureKind, FtpError, Phase, Representation, Settings, TlsSettings, Trust};
use ftp_tests::certificates::{Leaf, authority, possible, rsa_authority};
use ftp_tests::client::{self, get, put};
use ftp_tests::script::{Play as _, Script, Tls, script};
use ftp_tests::trial;

use super::{VERSIONS, assert_insecure, assert_timeout, assert_tls, explicit, in_step, login, only, tls};

/// Long enough for a handshake on a busy machine, short enough to see it run out.
const BRIEF: Duration = Duration::from_secs(2);

#[trial(needs = possible(), covers("set-require-resumption"))]
async fn data_connection_resumes_the_session() -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! secure_data()
             D> contents
             ! end_data()
             S: 226 done
             C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! secure_data()
             D> contents
             ! end_data()
             S: 226 done"
        )
        .play(async |peer| {
            let settings = explicit(TlsSettings { require_resumption: true, ..only(version)? });
            let mut session = client::login_with(peer.address(), settings).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            assert_eq!(get(&mut session, "file").await?, b"contents");
            let resumed: Vec<bool> = peer.handshakes().iter().map(|handshake| handshake.resumed).collect();
            assert_eq!(resumed, [false, true, true]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("set-require-resumption"))]
async fn handshake_begins_before_the_reply() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*
         ! see_data_hello()
         S: 550 not there
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_eq!(client::refusal(get(&mut session, "file").await), 550);
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn refused_transfers_use_up_no_session() -> Result<()> {
    const REFUSALS: usize = 20;
    for version in VERSIONS {
        let refused = |script: Script, _| {
            script!(
                script;
                "C: EPSV*   S: 229 listening (|||<port>|)
                 C: RETR*   S: 550 not there"
            )
        };
        (0..REFUSALS)
            .fold(Script::protected(), refused)
            .secure_download("RETR", "contents")
            .play(async |peer| {
                let settings = explicit(TlsSettings { require_resumption: true, ..only(version)? });
                let mut session = client::login_with(peer.address(), settings).await?;
                for _ in 0..REFUSALS {
                    assert_eq!(client::refusal(get(&mut session, "file").await), 550);
                }
                assert_eq!(get(&mut session, "file").await?, b"contents");
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn data_in_the_clear_after_prot_p_is_not_read() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! see_data_hello()
         D> in the clear   D! close
         S: 226 done
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_tls(session.retrieve("file", Representation::Image, 0).await, "");
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn upload_is_not_sent_to_a_server_without_tls() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 here it comes
         ! see_data_hello()
         D> no TLS here
         S: 426 what was that?
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_tls(session.store("file", Representation::Image, 0).await, "");
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn certificate_for_another_name_is_refused() -> Result<()> {
    refused(Leaf::WrongName, "another name").await
}

#[trial(needs = possible())]
async fn untrusted_certificate_is_refused() -> Result<()> {
    refused(Leaf::Untrusted, "unknown issuer").await
}

async fn refused(leaf: Leaf, telling: &str) -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! fail_data_as(Tls::showing(leaf))
             S: 425 no data connection
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
            assert_tls(session.retrieve("file", Representation::Image, 0).await, telling);
            in_step(&mut session).await
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn other_trusted_server_is_no_resumption() -> Result<()> {
    // After a transfer that failed here, a NOOP of the client's own shows that no reply is left.
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! fail_data_as(Tls::showing(Leaf::ServerRsa))
         S: 425 no data connection
         C: NOOP*   S: 200 nothing is left
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let settings = explicit(TlsSettings { require_resumption: true, ..both_authorities()? });
        let mut session = client::login_with(peer.address(), settings).await?;
        assert_insecure(session.retrieve("file", Representation::Image, 0).await);
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn other_trusted_server_is_told_from_the_own_one() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data_as(Tls::showing(Leaf::ServerRsa))
         D> contents
         ! end_data()
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), explicit(both_authorities()?)).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        while download.read().await?.is_some() {}
        let outcome = download.finish().await?;
        assert!(outcome.encrypted && !outcome.resumed, "{outcome:?}");
        Ok(())
    })
    .await
}

fn both_authorities() -> Result<TlsSettings> {
    Ok(TlsSettings { trust: Trust::Roots(format!("{}{}", authority()?, rsa_authority()?)), ..tls()? })
}

#[trial(needs = possible(), covers("set-require-resumption"))]
async fn missing_resumption_is_insecure_where_it_is_required() -> Result<()> {
    let forgetful = Tls { resumes: false, ..Tls::default() };
    script!(
        Script::protected().with_tls(forgetful.clone());
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! fail_data_as(forgetful)
         S: 425 no data connection
         C: NOOP*   S: 200 nothing is left
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let settings = explicit(TlsSettings { require_resumption: true, ..tls()? });
        let mut session = client::login_with(peer.address(), settings).await?;
        assert_insecure(session.retrieve("file", Representation::Image, 0).await);
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn silent_data_handshake_is_a_timeout() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! see_data_hello()
         ! see_data_closed()
         S: 426 gone
         C: NOOP*   S: 200 nothing is left
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let settings = Settings { connect_timeout: Some(BRIEF), ..explicit(tls()?) };
        let mut session = client::login_with(peer.address(), settings).await?;
        assert_timeout(session.retrieve("file", Representation::Image, 0).await, Phase::Handshake);
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn garbage_for_a_data_handshake_is_tls() -> Result<()> {
    for garbage in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[0; 1000], &[0x16, 3, 3, 0xff, 0xff, 2], &[0x17; 70_000]]
    {
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! see_data_hello()
             D> {garbage}   D! close
             S: 226 done
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert_tls(session.retrieve("file", Representation::Image, 0).await, "");
            in_step(&mut session).await
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn upload_ends_with_close_notify() -> Result<()> {
    for version in VERSIONS {
        // Inside TLS an end without it would be an error.
        script!(
            Script::protected();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: STOR*   S: 150 here it comes
             ! secure_data()
             D< contents
             S: 226 done
             C: SIZE file*   S: 213 8"
        )
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
            put(&mut session, "file", b"contents").await?;
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn reset_data_connection_is_no_end() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> contents   D! reset
         S: 226 done
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let settings = explicit(TlsSettings { data_end: DataEnd::Lenient, ..tls()? });
        let mut session = client::login_with(peer.address(), settings).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        // What was sent before may arrive or not.
        let error = loop {
            match download.read().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a reset is no end"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. })), "{error:?}");
        let finished = download.finish().await;
        assert!(
            matches!(finished, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. }))),
            "{finished:?}"
        );
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible(), covers("set-require-resumption"))]
async fn refusal_522_without_resumption_speaks_of_it() -> Result<()> {
    download_without_resumption("522 use the session of the control connection").await
}

#[trial(needs = possible())]
async fn refusal_425_without_resumption_speaks_of_it() -> Result<()> {
    download_without_resumption("425 no data connection").await
}

async fn download_without_resumption(verdict: &str) -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::protected().with_tls(Tls { resumes: false, ..Tls::default() });
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! secure_data()
             ! end_data()
             S: {verdict}
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
            assert_tls(get(&mut session, "file").await, "resum");
            in_step(&mut session).await
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn upload_refused_without_resumption_speaks_of_it() -> Result<()> {
    script!(
        Script::protected().with_tls(Tls { resumes: false, ..Tls::default() });
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 here it comes
         ! secure_data()
         ! end_data()
         S: 522 use the session of the control connection
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_tls(put(&mut session, "file", b"contents").await, "resum");
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn refusal_425_of_a_resumed_connection_is_just_that() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         ! end_data()
         S: 425 no data connection
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_eq!(client::refusal(get(&mut session, "file").await), 425);
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn bytes_behind_close_notify_are_not_data() -> Result<()> {
    for version in VERSIONS {
        Script::protected()
            .open_data("RETR")
            .secure_data()
            .send_data("contents")
            .clear_data_and_say("and more, in the clear")
            .close_data()
            .reply("226 done")
            .on("NOOP", "200 in step")
            .play(async |peer| {
                let mut session = client::login_with(peer.address(), explicit(only(version)?)).await?;
                assert_eq!(get(&mut session, "file").await?, b"contents");
                in_step(&mut session).await
            })
            .await?;
    }
    Ok(())
}
