//! The way out of TLS on the control connection (CCC).

use std::time::Duration;

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Phase, Protection, Settings};
use ftp_tests::certificates::possible;
use ftp_tests::client::{self, get};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

use super::{assert_closed, assert_insecure, assert_protocol, assert_timeout, explicit, in_step, login, tls};

/// Long enough for a handshake on a busy machine, short enough to see it run out.
const BRIEF: Duration = Duration::from_secs(2);

#[trial(needs = possible())]
async fn ccc_goes_on_in_the_clear_and_data_stays_protected() -> Result<()> {
    script!(
        Script::protected();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> before
         ! end_data()
         S: 226 done
         C: CCC*   S: 200 as you like
         ! leave_tls()
         C: NOOP*   S: 200 in step
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> after
         ! end_data()
         S: 226 done
         C: QUIT*   S: 221 goodbye"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_eq!(get(&mut session, "file").await?, b"before");
        session.clear_command_channel().await?;
        assert_eq!(session.encryption().await?, None);
        in_step(&mut session).await?;
        assert_eq!(get(&mut session, "file").await?, b"after");
        session.quit().await?;
        assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS", "NOOP", "EPSV", "RETR file", "QUIT"]);
        assert_eq!(peer.handshakes().len(), 3);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn ccc_refused_stays_inside_tls() -> Result<()> {
    script!(
        Script::protected();
        "C: CCC*   S: 534 not with you
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        assert_eq!(client::refusal(session.clear_command_channel().await), 534);
        in_step(&mut session).await?;
        assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible(), covers("clear-command-channel", "protect-data"))]
async fn login_after_ccc_is_not_sent() -> Result<()> {
    script!(
        Script::protected();
        "C: CCC*   S: 200 as you like
         ! leave_tls()
         C: REIN*   S: 220 anew
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        session.protect_data(Protection::Private).await?;
        session.clear_command_channel().await?;
        assert_insecure(session.login("user", "12345", None).await);
        session.reinitialize().await?;
        assert_insecure(session.login("user", "12345", None).await);
        in_step(&mut session).await?;
        assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS", "REIN", "NOOP"]);
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn ccc_before_login_is_not_sent() -> Result<()> {
    script!(Script::secured().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::connect_with(peer.address(), explicit(tls()?)).await?;
            let cleared = session.clear_command_channel().await;
            assert!(
                matches!(cleared, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
                "{cleared:?}"
            );
            in_step(&mut session).await
        })
        .await
}

#[trial(needs = possible())]
async fn ccc_outside_tls_is_not_sent() -> Result<()> {
    script!(Script::logged_in().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let cleared = session.clear_command_channel().await;
            assert!(
                matches!(cleared, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
                "{cleared:?}"
            );
            in_step(&mut session).await
        })
        .await
}

#[trial(needs = possible(), covers("clear-command-channel"))]
async fn ccc_with_a_reply_behind_its_own_inside_tls_closes() -> Result<()> {
    let script = script!(
        Script::protected();
        "C: CCC*   S: 200 as you like\r\n200 and this
         S! stall"
    );
    ccc_closes(script).await
}

#[trial(needs = possible(), covers("clear-command-channel"))]
async fn ccc_with_blank_bytes_or_half_a_reply_behind_its_own_closes() -> Result<()> {
    for more in ["\r\n", "\n", "\0", "200-and ", "2"] {
        ccc_closes(script!(
            Script::protected();
            "C: CCC*   S> 200 as you like\r\n{more}
             S! stall"
        ))
        .await?;
        ccc_closes(Script::protected().on("CCC", "200 as you like").leave_tls_and_say(more)).await?;
    }
    Ok(())
}

#[trial(needs = possible(), covers("clear-command-channel"))]
async fn ccc_with_a_reply_that_came_before_it_is_not_sent() -> Result<()> {
    for early in ["200 as you like\r\n", "\r\n", "\0", "200"] {
        script!(
            Script::secured_login();
            "C: PBSZ 0*   S: 200 fine
             C: PROT P*   S> 200 private\r\n{early}
             S! stall"
        )
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert_protocol(session.clear_command_channel().await);
            assert_closed(&mut session).await;
            assert_eq!(peer.commands(), ["AUTH TLS", "USER user", "PASS 12345", "PBSZ 0", "PROT P"]);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn ccc_answered_by_another_positive_reply_closes() -> Result<()> {
    for reply in ["250 fine", "230 in", "234 go", "300 more", "120 wait"] {
        ccc_closes(script!(
            Script::protected();
            "C: CCC*   S: {reply}
             S! stall"
        ))
        .await?;
    }
    Ok(())
}

#[trial(needs = possible())]
async fn ccc_with_a_reply_in_a_record_of_its_own_closes() -> Result<()> {
    ccc_closes(script!(
        Script::protected();
        "C: CCC*   S: 200 as you like
         S: 200 and this
         S! stall"
    ))
    .await
}

#[trial(needs = possible())]
async fn ccc_with_a_reply_in_the_clear_behind_close_notify_closes() -> Result<()> {
    ccc_closes(Script::protected().on("CCC", "200 as you like").leave_tls_and_say("200 and this\r\n")).await
}

async fn ccc_closes(script: Script) -> Result<()> {
    script
        .play(async |peer| {
            let mut session = login(peer).await?;
            assert_protocol(session.clear_command_channel().await);
            assert_closed(&mut session).await;
            assert_eq!(peer.commands(), ["AUTH TLS", "USER user", "PASS 12345", "PBSZ 0", "PROT P", "CCC"]);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn ccc_with_a_reply_in_the_clear_instead_of_close_notify_closes() -> Result<()> {
    Script::protected()
        .on("CCC", "200 as you like")
        .say_in_the_clear("200 and this\r\n")
        .stall()
        .play(async |peer| {
            let mut session = login(peer).await?;
            // It is no record of TLS, nor does it belong there.
            match session.clear_command_channel().await {
                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol | FailureKind::Tls, .. })) => {}
                other => panic!("{other:?}"),
            }
            assert_closed(&mut session).await;
            assert_eq!(peer.commands(), ["AUTH TLS", "USER user", "PASS 12345", "PBSZ 0", "PROT P", "CCC"]);
            Ok(())
        })
        .await
}

#[trial(needs = possible())]
async fn ccc_without_close_notify_but_an_end_closes() -> Result<()> {
    script!(
        Script::protected();
        "C: CCC*   S: 200 as you like
         S! close"
    )
    .play(async |peer| {
        let mut session = login(peer).await?;
        match session.clear_command_channel().await {
            Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol | FailureKind::ConnectionLost, .. })) => {}
            other => panic!("{other:?}"),
        }
        assert_closed(&mut session).await;
        Ok(())
    })
    .await
}

#[trial(needs = possible())]
async fn ccc_without_an_answer_is_a_timeout() -> Result<()> {
    script!(
        Script::protected();
        "C: CCC*   S: 200 as you like
         S! stall"
    )
    .play(async |peer| {
        let settings = Settings { connect_timeout: Some(BRIEF), ..explicit(tls()?) };
        let mut session = client::login_with(peer.address(), settings).await?;
        assert_timeout(session.clear_command_channel().await, Phase::Handshake);
        assert_closed(&mut session).await;
        Ok(())
    })
    .await
}
