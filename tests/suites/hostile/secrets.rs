//! Passwords and accounts stay where they belong, even when the server repeats them.

use anyhow::Result;
use ftp_host::{Error, Session};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

const PASSWORD: &str = "hunter2-the-password";
const ACCOUNT: &str = "hunter2-the-account";

#[trial]
async fn password_is_not_in_the_transcript() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS {PASSWORD}*   S: 332 account?
         C: ACCT {ACCOUNT}*   S: 230 come in"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        session.login("user", PASSWORD, Some(ACCOUNT)).await?;
        let transcript = transcript_without_secrets(&mut session).await?;
        assert!(transcript.iter().any(|line| line.starts_with("> PASS")), "{transcript:?}");
        assert!(transcript.iter().any(|line| line.starts_with("> ACCT")), "{transcript:?}");
        Ok(())
    })
    .await
}

#[trial(covers("transcript"))]
async fn password_that_the_server_repeats_is_nowhere() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S: 530 {PASSWORD} is wrong"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_silent(session.login("user", PASSWORD, None).await);
        transcript_without_secrets(&mut session).await?;
        Ok(())
    })
    .await
}

#[trial]
async fn account_that_the_server_repeats_is_nowhere() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 332 account?
         C: ACCT*   S: 530 {ACCOUNT} is unknown"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_silent(session.login("user", PASSWORD, Some(ACCOUNT)).await);
        transcript_without_secrets(&mut session).await?;
        Ok(())
    })
    .await
}

#[trial]
async fn password_is_not_in_the_error_when_the_line_is_cut() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S! reset"
    )
    .play(async |peer| {
        let mut session = client::connect(peer.address()).await?;
        assert_silent(session.login("user", PASSWORD, None).await);
        transcript_without_secrets(&mut session).await?;
        Ok(())
    })
    .await
}

#[trial]
async fn password_that_cannot_be_sent_is_not_in_the_error() -> Result<()> {
    Script::greeting()
        .play(async |peer| {
            let mut session = client::connect(peer.address()).await?;
            assert_silent(session.login("user", &format!("{PASSWORD}\r\nDELE precious"), None).await);
            transcript_without_secrets(&mut session).await?;
            Ok(())
        })
        .await
}

/// It failed, and says nothing about the secrets.
fn assert_silent<T>(result: Result<T, Error>) {
    let Err(error) = result else {
        panic!("the login was not refused");
    };
    for text in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

async fn transcript_without_secrets(session: &mut Session) -> Result<Vec<String>> {
    let transcript = session.transcript().await?;
    assert!(!transcript.is_empty());
    assert!(!transcript.concat().contains("hunter2"), "{transcript:?}");
    Ok(transcript)
}
