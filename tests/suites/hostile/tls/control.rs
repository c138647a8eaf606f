//! The way into TLS, and TLS on the control connection.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Protection, Representation, Settings, TlsVersion};
use ftp_tests::certificates::possible;
use ftp_tests::client::{self, get, put};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

use super::{
    VERSIONS, assert_closed, assert_insecure, assert_protocol, assert_tls, explicit, implicit, in_step, login, only,
    tls,
};

#[trial(needs = possible())]
async fn reply_behind_the_one_to_auth_is_not_carried_over() -> Result<()> {
    script!(Script::greeting().strict(); "C: AUTH TLS*   S: 234 go\r\n230 you are in")
        .play(async |peer| {
            assert_protocol(client::login_with(peer.address(), explicit(tls()?)).await);
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn half_a_reply_behind_the_one_to_auth_is_not_carried_over() -> Result<()> {
    Script::greeting()
        .strict()
        .expect("AUTH TLS")
        .say("234 go\r\n230-you are ")
        .play(async |peer| {
            assert_protocol(client::login_with(peer.address(), explicit(tls()?)).await);
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn reply_behind_the_one_to_auth_closes_a_session_that_was_plain() -> Result<()> {
    script!(Script::greeting().strict(); "C: AUTH TLS*   S: 234 go\r\n230 you are in")
        .play(async |peer| {
            let settings = Settings { tls: tls()?, ..client::settings() };
            let mut session = client::connect_with(peer.address(), settings).await?;
            assert_protocol(session.start_tls().await);
            assert_closed(&mut session).await;
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn blank_bytes_behind_the_reply_to_auth_close() -> Result<()> {
    for blank in ["\r\n", "\n", "\0"] {
        script!(Script::greeting().strict(); "C: AUTH TLS*   S> 234 go\r\n{blank}")
            .play(async |peer| {
                assert_protocol(client::login_with(peer.address(), explicit(tls()?)).await);
                assert_eq!(peer.commands(), ["AUTH TLS"]);
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn reply_to_auth_that_came_with_the_greeting_closes() -> Result<()> {
    for early in ["234 go\r\n", "\r\n", "\0", "234"] {
        script!(
            Script::silent().strict();
            "S> 220 ready\r\n{early}
             S! stall"
        )
        .play(async |peer| {
            assert_protocol(client::login_with(peer.address(), explicit(tls()?)).await);
            assert!(peer.commands().is_empty());
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn what_was_asked_in_the_clear_is_not_answered_inside_tls() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*
         C: EPSV*   S: 150 here it comes
         D> contents   D! close
         S: 226 done
         S: 229 listening (|||<port>|)
         C: AUTH TLS*   S: 234 go
         ! start_tls()
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*
         C: EPSV*   S: 550 not there
         S: 229 listening (|||<port>|)"
    )
    .play(async |peer| {
        let settings = Settings { tls: tls()?, pipelining: true, ..client::settings() };
        let mut session = client::login_with(peer.address(), settings).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        session.start_tls().await?;
        assert_eq!(client::refusal(get(&mut session, "file").await), 550);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn reply_in_the_clear_instead_of_the_handshake_is_not_read() -> Result<()> {
    script!(
        Script::greeting().strict();
        "C: AUTH TLS*   S: 234 go
         ! see_hello()
         S: 230 you are in
         S! stall"
    )
    .play(async |peer| {
        assert_tls(client::login_with(peer.address(), explicit(tls()?)).await, "");
        assert_eq!(peer.commands(), ["AUTH TLS"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible(), covers("set-security"))]
async fn auth_refused_sends_no_user() -> Result<()> {
    for refusal in ["500 what?", "502 not here", "530 log in first", "534 not with you", "431 not now"] {
        script!(Script::greeting().strict(); "C: AUTH TLS*   S: {refusal}")
            .play(async |peer| {
                assert_insecure(client::login_with(peer.address(), explicit(tls()?)).await);
                assert_eq!(peer.commands(), ["AUTH TLS"]);
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn auth_refused_with_504_is_tried_once_under_its_other_name() -> Result<()> {
    script!(
        Script::greeting().strict();
        "C: AUTH TLS*   S: 504 not that one
         C: AUTH TLS-C*   S: 504 nor that one"
    )
    .play(async |peer| {
        assert_insecure(client::login_with(peer.address(), explicit(tls()?)).await);
        assert_eq!(peer.commands(), ["AUTH TLS", "AUTH TLS-C"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn auth_under_its_other_name_is_as_good() -> Result<()> {
    script!(
        "S: 220 ready
         C: AUTH TLS*   S: 504 not that one
         C: AUTH TLS-C*   S: 234 go
         ! start_tls()
         C: USER*   S: 331 password?
         C: PASS*   S: 230 welcome"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert!(session.encryption().await?.is_some());
        assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS", "AUTH TLS-C"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible(), covers("start-tls"))]
async fn auth_answered_by_200_or_334_is_decided_by_the_handshake() -> Result<()> {
    for reply in ["200 fine", "334 go on"] {
        script!(
            "S: 220 ready
             C: AUTH TLS*   S: {reply}
             ! start_tls()
             C: USER*   S: 331 password?
             C: PASS*   S: 230 welcome"
        )
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert!(session.encryption().await?.is_some());
            assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
        script!(
            Script::greeting().strict();
            "C: AUTH TLS*   S: {reply}
             ! see_hello()
             S: 500 what?
             S! stall"
        )
        .play(async |peer| {
            assert_tls(client::login_with(peer.address(), explicit(tls()?)).await, "");
            assert_eq!(peer.commands(), ["AUTH TLS"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn auth_answered_by_any_other_positive_reply_is_no_tls() -> Result<()> {
    for reply in ["250 fine", "300 more", "230 you are in", "232 trusted"] {
        script!(Script::greeting().strict(); "C: AUTH TLS*   S: {reply}")
            .play(async |peer| {
                match client::login_with(peer.address(), explicit(tls()?)).await {
                    Err(Error::Ftp(FtpError::Failed {
                        kind: FailureKind::Insecure | FailureKind::Protocol, ..
                    })) => {}
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
async fn auth_refused_leaves_a_plain_session_in_step() -> Result<()> {
    script!(
        "S: 220 ready
         C: AUTH TLS*   S: 500 what?
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let settings = Settings { tls: tls()?, ..client::settings() };
        let mut session = client::connect_with(peer.address(), settings).await?;
        assert_insecure(session.start_tls().await);
        assert_eq!(session.encryption().await?, None);
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn greeting_230_is_insecure_before_anything_is_sent() -> Result<()> {
    script!(Script::silent().strict(); "S: 230 you are in already")
        .play(async |peer| {
            assert_insecure(client::login_with(peer.address(), explicit(tls()?)).await);
            assert!(peer.commands().is_empty());
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn greeting_in_the_clear_on_an_implicit_port_is_not_read() -> Result<()> {
    Script::greeting()
        .stall()
        .play(async |peer| {
            // It depends on which comes first, the greeting or the end of the first flight.
            match client::login_with(peer.address(), implicit(tls()?)).await {
                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol | FailureKind::Tls, .. })) => {}
                Err(other) => panic!("{other:?}"),
                Ok(_) => panic!("logged in"),
            }
            assert!(peer.commands().is_empty());
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn nothing_but_auth_is_sent_in_the_clear() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> contents
         ! end_data()
         S: 226 done
         C: QUIT*   S: 221 goodbye"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        session.quit().await?;
        assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn pbsz_refused_transfers_where_prot_is_not_refused() -> Result<()> {
    for refusal in ["500 what?", "503 not now", "536 no"] {
        script!(
            Script::secured_login();
            "C: PBSZ 0*   S: {refusal}
             C: PROT P*   S: 200 private
             C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 here it comes
             ! secure_data()
             D> contents
             ! end_data()
             S: 226 done"
        )
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert_eq!(get(&mut session, "file").await?, b"contents");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn pbsz_refused_and_prot_refused_transfers_nothing() -> Result<()> {
    for (size, level) in [("500 what?", Some("500 what?")), ("530 log in", Some("534 no")), ("450 later", None)] {
        let script = script!(Script::secured_login().strict(); "C: PBSZ 0*   S: {size}");
        let script = if let Some(level) = level { script!(script; "C: PROT P*   S: {level}") } else { script };
        script!(script; "C: NOOP*   S: 200 in step")
            .play(async |peer| {
                let mut session = login(peer).await?;
                assert_insecure(session.retrieve("file", Representation::Image, 0).await);
                in_step(&mut session).await
            })
            .await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("set-security"))]
async fn prot_refused_transfers_nothing() -> Result<()> {
    for refusal in ["504 not that", "534 not with you", "536 no", "431 not now"] {
        script!(
            Script::secured_login().strict();
            "C: PBSZ 0*   S: 200 fine
             C: PROT P*   S: {refusal}
             C: NOOP*   S: 200 in step"
        )
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert_insecure(put(&mut session, "file", b"secret").await);
            in_step(&mut session).await?;
            let commands = ["AUTH TLS", "USER user", "PASS 12345", "PBSZ 0", "PROT P", "NOOP"];
            assert_eq!(peer.commands(), commands);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn prot_refused_is_not_taken_for_agreed_later() -> Result<()> {
    let refuses = |script: Script| {
        script!(
            script;
            "C: PBSZ 0*   S: 200 fine
             C: PROT P*   S: 534 not with you"
        )
    };
    let script = refuses(refuses(refuses(Script::secured_login().strict())));
    script
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert_insecure(session.listing(None).await);
            assert_insecure(session.protect_data(Protection::Private).await);
            assert_insecure(get(&mut session, "file").await);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn end_of_the_line_without_close_notify_is_connection_lost() -> Result<()> {
    script!(
        Script::secured_login();
        "C: PWD*   S> 257 \"/home
         S! close"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        let directory = session.current_directory().await;
        assert!(
            matches!(directory, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. }))),
            "{directory:?}"
        );
        assert_closed(&mut session).await;
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn keys_that_change_are_followed() -> Result<()> {
    script!(
        Script::secured_login();
        "C: NOOP*
         ! change_keys(3)
         S: 200 with a new key
         ! change_keys(1)
         C: NOOP*   S: 200 with another one"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), explicit(only(TlsVersion::Tls13)?)).await?;
        in_step(&mut session).await?;
        in_step(&mut session).await
    })
    .await
}

#[trial(needs = possible())]
async fn keys_that_change_without_an_end_are_tls() -> Result<()> {
    script!(
        Script::secured_login();
        "C: NOOP*
         ! change_keys(1000)
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), explicit(only(TlsVersion::Tls13)?)).await?;
        assert_tls(session.noop().await, "key");
        assert_closed(&mut session).await;
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn quit_ends_with_close_notify() -> Result<()> {
    for version in VERSIONS {
        script!(
            Script::secured_login();
            "C: QUIT*   S: 221 goodbye
             ! see_tls_end()"
        )
        .play(async |peer| {
            let session = client::login_with(peer.address(), explicit(only(version)?)).await?;
            session.quit().await?;
            Ok(())
        })
        .await?;
    }
    Ok(())
}
