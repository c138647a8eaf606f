//! The many ways in which a server lets someone in, or does not.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, RefusalKind};
use ftp_tests::certificates::possible;
use ftp_tests::client::{self, get, refusal};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

use crate::tls::{explicit, tls};

#[trial(covers("welcome"))]
async fn greeting_120_then_220() -> Result<()> {
    script!("S: 120 ready in a moment\r\n220 ready")
        .play(async |peer| {
            let mut session = client::connect(peer.address()).await?;
            assert_eq!(session.welcome().await?.lines, ["ready"]);
            Ok(())
        })
        .await
}

#[trial(covers("welcome"))]
async fn greeting_421_is_transient() -> Result<()> {
    script!("S: 421 too many users")
        .play(async |peer| {
            match client::connect(peer.address()).await {
                Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Transient, reply })) => {
                    assert_eq!((reply.code, &reply.lines[..]), (421, &["too many users".to_string()][..]))
                }
                Err(other) => panic!("{other:?}"),
                Ok(_) => panic!("connected"),
            }
            Ok(())
        })
        .await
}

#[trial]
async fn greeting_5yz_is_permanent() -> Result<()> {
    script!("S: 530 not you")
        .play(async |peer| {
            assert_eq!(refusal(client::connect(peer.address()).await), 530);
            Ok(())
        })
        .await
}

#[trial]
async fn greeting_that_is_the_reply_to_a_command_is_protocol() -> Result<()> {
    for reply in ["331 and the password?", "226 done", "234 go"] {
        script!("S: {reply}")
            .play(async |peer| {
                match client::connect(peer.address()).await {
                    Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. })) => {}
                    Err(other) => panic!("{other:?}"),
                    Ok(_) => panic!("connected"),
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn greeting_then_nothing_but_the_end_is_connection_lost() -> Result<()> {
    script!(
        "S: 220-welcome
         S! close"
    )
    .play(async |peer| match client::connect(peer.address()).await {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. })) => Ok(()),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("connected"),
    })
    .await
}

#[trial(covers("login"))]
async fn user_alone_is_enough() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER friend*   S: 230 come in"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.login("friend", "password", Some("account")).await?.code, 230);
        Ok(())
    })
    .await
}

#[trial(covers("login"))]
async fn account_is_sent_when_asked_for_after_the_password() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER user*   S: 331 password?
         C: PASS password*   S: 332 account?
         C: ACCT account*   S: 230 come in"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.login("user", "password", Some("account")).await?.code, 230);
        Ok(())
    })
    .await
}

#[trial]
async fn account_is_sent_when_asked_for_instead_of_the_password() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER user*   S: 332 account?
         C: ACCT account*   S: 230 come in"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.login("user", "password", Some("account")).await?.code, 230);
        Ok(())
    })
    .await
}

#[trial]
async fn account_that_is_not_given_is_unexpected_332() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S: 332 account?
         C: NOOP*   S: 200 still here"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        match session.login("user", "password", None).await {
            Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Unexpected, reply })) => {
                assert_eq!(reply.code, 332)
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial]
async fn account_that_is_superfluous_is_fine() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S: 332 account?
         C: ACCT*   S: 202 no need for that here"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.login("user", "password", Some("account")).await?.code, 202);
        Ok(())
    })
    .await
}

#[trial]
async fn account_that_nobody_asked_for_is_not_sent() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S: 230 come in
         C: NOOP*   S: 200 no account came"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        session.login("user", "password", Some("account")).await?;
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial]
async fn user_refused_is_permanent() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 530 not you
         C: NOOP*   S: 200 still here"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(refusal(session.login("user", "password", None).await), 530);
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial]
async fn password_refused_for_now_is_transient() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S: 430 not now
         C: NOOP*   S: 200 still here"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(refusal(session.login("user", "password", None).await), 430);
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial(covers("login"))]
async fn anonymous_sends_its_password() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER anonymous*   S: 331 mail address?
         C: PASS someone@example.org*   S: 230 come in"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.login("anonymous", "someone@example.org", None).await?.code, 230);
        Ok(())
    })
    .await
}

#[trial]
async fn password_may_hold_spaces_and_be_empty() -> Result<()> {
    Script::greeting()
        .on("USER user", "331 password?")
        .on("PASS  a b ", "530 no")
        .on("USER user", "331 password?")
        .on("PASS", "230 come in")
        .play(async |peer| {
            let mut session = client::connect(peer.address()).await?;
            assert_eq!(refusal(session.login("user", " a b ", None).await), 530);
            assert_eq!(session.login("user", "", None).await?.code, 230);
            Ok(())
        })
        .await
}

/// In the clear a server refuses `PBSZ` and `PROT`.
#[trial(needs = possible())]
async fn ccc_before_the_first_transfer_protects_data_before() -> Result<()> {
    script!(
        Script::protected();
        "C: CCC*   S: 200 as you like
         ! leave_tls()
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         ! secure_data()
         D> contents
         ! end_data()
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login_with(peer.address(), explicit(tls()?)).await?;
        session.clear_command_channel().await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        assert_eq!(peer.commands_in_the_clear(), ["AUTH TLS", "TYPE I", "EPSV", "RETR file"]);
        Ok(())
    })
    .await
}
