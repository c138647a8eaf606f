//! Replies that are none, never end, or come at the wrong time.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Limit, RefusalKind};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::suite::variants;
use ftp_tests::trial;

/// What may not come where a reply is due.
const MALFORMED: [(&str, &str); 7] = [
    ("code_000", "000 nothing\r\n"),
    ("code_099", "099 too small\r\n"),
    ("code_600", "600 too large\r\n"),
    ("code_999", "999 too large\r\n"),
    ("no_code", "hello\r\n"),
    ("code_of_two_digits", "20 short\r\n"),
    ("code_of_four_digits", "2000 long\r\n"),
];

#[trial(on = variants(MALFORMED))]
async fn malformed_is_protocol(reply: &'static str) -> Result<()> {
    script!(Script::logged_in(); "C: NOOP*   S> {reply}")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let broken = session.noop().await;
            assert!(
                matches!(broken, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. }))),
                "{broken:?}"
            );
            let after = session.noop().await;
            assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn unclosed_quote_in_257_is_unexpected() -> Result<()> {
    script!(
        Script::logged_in();
        "C: PWD*   S: 257 \"/home
         C: NOOP*   S: 200 still here"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let unclosed = session.current_directory().await;
        assert!(
            matches!(unclosed, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Unexpected, .. }))),
            "{unclosed:?}"
        );
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial]
async fn nul_and_other_control_bytes_are_text() -> Result<()> {
    script!(
        "S: 220 a\0b\x1b[31mc\x7f
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.welcome().await?.lines, ["a\0b\u{1b}[31mc\u{7f}"]);
        assert_eq!(session.noop().await?.lines, ["in step"]);
        Ok(())
    })
    .await
}

#[trial]
async fn lone_cr_does_not_end_a_line() -> Result<()> {
    script!(
        "S: 220 one\r221 still one
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_eq!(session.welcome().await?.lines, ["one\r221 still one"]);
        assert_eq!(session.noop().await?.lines, ["in step"]);
        Ok(())
    })
    .await
}

#[trial]
async fn reply_split_into_single_bytes_is_one_reply() -> Result<()> {
    Script::logged_in()
        .expect("NOOP")
        .drip("200-one\r\n two\r\n200 three\r\n", std::time::Duration::from_millis(1))
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let reply = session.noop().await?;
            assert_eq!(reply.code, 200);
            assert_eq!(reply.lines.len(), 3, "{reply:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn two_replies_at_once_never_put_the_session_out_of_step() -> Result<()> {
    script!(
        Script::logged_in();
        "C: NOOP*   S: 200 first\r\n250 one too many
         C: NOOP*   S: 200 in step
         C: SYST*   S: 215 UNIX"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(session.noop().await?.lines, ["first"]);
        assert_eq!(session.system().await?, "UNIX");
        Ok(())
    })
    .await
}

#[trial]
async fn late_reply_never_puts_the_session_out_of_step() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S: 226 done
         C: PWD*   S: 226 done once more\r\n257 \"/\"
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(client::get(&mut session, "file").await?, b"contents");
        let next = session.current_directory().await;
        assert!(matches!(next, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. }))), "{next:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn unasked_421_is_what_the_next_call_gives() -> Result<()> {
    script!(
        Script::logged_in();
        "C: NOOP*   S: 200 fine\r\n421 shutting down
         S! stall"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        session.noop().await?;
        assert_eq!(client::refusal(session.noop().await), 421);
        let after = session.noop().await;
        assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn endless_greeting_lines_are_limit_exceeded() -> Result<()> {
    endless_greeting("220-come in\r\n", Limit::ReplySize).await
}

#[trial]
async fn endless_greeting_line_is_limit_exceeded() -> Result<()> {
    endless_greeting("220 come in", Limit::ReplyLine).await
}

async fn endless_greeting(flood: &str, limit: Limit) -> Result<()> {
    Script::silent()
        .flood(flood.repeat(1000))
        .play(async |peer| {
            match client::connect(peer.address()).await {
                Err(Error::Ftp(FtpError::LimitExceeded(exceeded))) => assert_eq!(exceeded, limit),
                Err(other) => panic!("{other:?}"),
                Ok(_) => panic!("connected"),
            }
            Ok(())
        })
        .await
}

#[trial]
async fn endless_reply_lines_are_limit_exceeded() -> Result<()> {
    endless_reply("214-more help\r\n", Limit::ReplySize).await
}

#[trial(covers("connect"))]
async fn endless_reply_line_is_limit_exceeded() -> Result<()> {
    endless_reply("214-more help ", Limit::ReplyLine).await
}

async fn endless_reply(flood: &str, limit: Limit) -> Result<()> {
    script!(
        Script::logged_in();
        "C: HELP*
         ! flood(flood.repeat(1000))"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let before = session.memory();
        match session.help(None).await {
            Err(Error::Ftp(FtpError::LimitExceeded(exceeded))) => assert_eq!(exceeded, limit),
            other => panic!("{other:?}"),
        }
        assert!(session.memory() <= before + (16 << 20), "{before} bytes became {}", session.memory());
        let after = session.noop().await;
        assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn greeting_of_another_protocol_is_protocol() -> Result<()> {
    script!("S: SSH-2.0-OpenSSH_9.2p1")
        .play(async |peer| match client::connect(peer.address()).await {
            Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. })) => Ok(()),
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("connected"),
        })
        .await
}

#[trial]
async fn quit_reads_its_own_reply() -> Result<()> {
    script!(Script::logged_in(); "C: QUIT*   S: 221-you moved\r\n a lot of bytes\r\n221 goodbye")
        .play(async |peer| {
            let session = client::login(peer.address()).await?;
            let reply = session.quit().await?;
            assert_eq!(reply.code, 221);
            assert_eq!(reply.lines.last().map(String::as_str), Some("goodbye"));
            Ok(())
        })
        .await
}
