//! Files that are fetched in several attempts, from servers that change them, cut them or refuse.

use std::io::Cursor;
use std::time::Duration;

use anyhow::Result;
use ftp_host::{Arrived, Error, FailureKind, FtpError, Phase, RefusalKind, Remote, Retry, Settings};
use ftp_tests::client;
use ftp_tests::script::{Ending, Peer, Play as _, Script, script};
use ftp_tests::trial;

/// What comes before a transfer of a file like this.
fn session(size: &str, time: &str) -> Script {
    script!(
        Script::logged_in();
        "C: SIZE file*   S: {size}
         C: MDTM file*   S: {time}"
    )
}

const SIZE: &str = "213 16";
const TIME: &str = "213 20240615101800";
const OTHER_TIME: &str = "213 20240615101801";
const UNKNOWN: &str = "550 not known";

/// A first attempt, of which six bytes come.
fn cut() -> Script {
    script!(
        session(SIZE, TIME);
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> 012345   D! close"
    )
}

fn quick(attempts: u32) -> Retry {
    Retry { attempts, wait: Duration::from_millis(1), ..Retry::default() }
}

/// What came of it, and the bytes that did.
async fn fetch_with(peer: &Peer, settings: Settings, retry: Retry) -> Result<(Result<Arrived, Error>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let connector = client::connector(settings).await?;
    let result = connector.fetch(remote(peer), 0, &mut bytes, retry).await;
    Ok((result, bytes))
}

async fn fetch(peer: &Peer, attempts: u32) -> Result<(Result<Arrived, Error>, Vec<u8>)> {
    fetch_with(peer, client::settings(), quick(attempts)).await
}

fn remote(peer: &Peer) -> Remote<'static> {
    let (port, user, password) = (Some(peer.address().port()), "user", "12345");
    Remote { host: "127.0.0.1", port, user, password, account: None, path: "file" }
}

#[trial(covers("fetch"))]
async fn file_is_gone_on_with_where_it_was_cut() -> Result<()> {
    let rest = script!(
        session(SIZE, TIME);
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: REST 6*   S: 350 from there
         C: RETR file*   S: 150 here it comes
         D> 6789abcdef   D! close
         S: 226 done
         C: SIZE file*   S: {SIZE}
         C: MDTM file*   S: {TIME}
         C: QUIT*   S: 221 goodbye"
    );
    cut()
        .then(Ending::Reset, rest)
        .play(async |peer| {
            let (arrived, bytes) = fetch(peer, 1).await?;
            let arrived = arrived?;
            assert_eq!(bytes, b"0123456789abcdef");
            assert_eq!((arrived.bytes, arrived.attempts, arrived.size), (16, 2, Some(16)));
            assert_eq!(arrived.modified.map(|time| time.seconds), Some(1_718_446_680));
            Ok(())
        })
        .await
}

#[trial]
async fn file_of_which_only_the_verdict_was_lost_is_not_asked_for_again() -> Result<()> {
    let again = script!(
        session(SIZE, TIME);
        "C: SIZE file*   S: {SIZE}
         C: MDTM file*   S: {TIME}
         C: QUIT*   S: 221 goodbye"
    );
    script!(
        session(SIZE, TIME);
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> 0123456789abcdef   D! close"
    )
    .then(Ending::Close, again)
    .play(async |peer| {
        let (arrived, bytes) = fetch(peer, 1).await?;
        assert_eq!((arrived?.attempts, bytes), (2, b"0123456789abcdef".to_vec()));
        Ok(())
    })
    .await
}

#[trial(covers("fetch"))]
async fn file_that_changes_between_two_attempts_is_integrity() -> Result<()> {
    for (size, time) in [("213 17", TIME), (SIZE, OTHER_TIME), (UNKNOWN, TIME), (SIZE, UNKNOWN)] {
        cut()
            .then(Ending::Close, session(size, time))
            .play(async |peer| {
                let (result, bytes) = fetch(peer, 5).await?;
                assert!(
                    matches!(result, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. }))),
                    "{result:?}"
                );
                assert_eq!(bytes, b"012345");
                Ok(())
            })
            .await?;
    }
    Ok(())
}

#[trial]
async fn file_that_changes_under_way_is_integrity() -> Result<()> {
    script!(
        session(SIZE, TIME);
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> 0123456789abcdef   D! close
         S: 226 done
         C: SIZE file*   S: {SIZE}
         C: MDTM file*   S: {OTHER_TIME}"
    )
    .play(async |peer| {
        let (result, _) = fetch(peer, 5).await?;
        assert!(matches!(result, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. }))), "{result:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn file_without_size_and_time_is_not_gone_on_with() -> Result<()> {
    script!(
        session(UNKNOWN, UNKNOWN);
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> 012345   D! close
         S! close"
    )
    .play(async |peer| {
        let (result, bytes) = fetch(peer, 5).await?;
        assert!(
            matches!(result, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. }))),
            "{result:?}"
        );
        assert_eq!(bytes, b"012345");
        Ok(())
    })
    .await
}

#[trial(covers("fetch"))]
async fn file_that_ends_early_is_one_more_attempt_and_then_incomplete() -> Result<()> {
    let short = || {
        script!(
            session(SIZE, TIME);
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR file*   S: 150 here it comes
             D> 012345   D! close
             S: 226 done
             C: SIZE file*   S: {SIZE}"
        )
    };
    short()
        .play(async |peer| {
            let (result, _) = fetch(peer, 0).await?;
            assert!(
                matches!(result, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. }))),
                "{result:?}"
            );
            Ok(())
        })
        .await?;
    // It begins again, and compares what the stream has.
    let rest = script!(
        session(SIZE, TIME);
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 here it comes
         D> 0123456789abcdef   D! close
         S: 226 done
         C: SIZE file*   S: {SIZE}
         C: MDTM file*   S: {TIME}
         C: QUIT*   S: 221 goodbye"
    );
    short()
        .then(Ending::Close, rest)
        .play(async |peer| {
            let (result, bytes) = fetch(peer, 1).await?;
            assert_eq!((result?.attempts, bytes), (2, b"0123456789abcdef".to_vec()));
            Ok(())
        })
        .await
}

/// Nobody would take a fourth connection.
#[trial(covers("fetch"))]
async fn server_that_refuses_for_ever_is_given_up() -> Result<()> {
    let refuses = || script!("S: 421 too many users");
    refuses()
        .then(Ending::Close, refuses())
        .then(Ending::Close, refuses())
        .play(async |peer| {
            let (result, bytes) = fetch(peer, 2).await?;
            assert!(matches!(&result, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Transient, reply })) if reply.code == 421), "{result:?}");
            assert!(bytes.is_empty());
            Ok(())
        })
        .await
}

#[trial]
async fn wrong_password_is_not_tried_again() -> Result<()> {
    script!(
        "S: 220 ready
         C: USER*   S: 331 password?
         C: PASS*   S: 530 no"
    )
        .play(async |peer| {
            let (result, _) = fetch(peer, 5).await?;
            assert!(matches!(&result, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Permanent, reply })) if reply.code == 530), "{result:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn local_failure_is_not_tried_again() -> Result<()> {
    const LARGE: usize = 1 << 20;
    session(&format!("213 {LARGE}"), TIME)
        .open_data("RETR file")
        .flood_data("0123456789")
        .play(async |peer| {
            let mut room = [0; 100];
            let mut writer = Cursor::new(&mut room[..]);
            let connector = client::connector(client::settings()).await?;
            let result = connector.fetch(remote(peer), 0, &mut writer, quick(5)).await;
            assert!(matches!(result, Err(Error::Local(_))), "{result:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn waits_count_for_the_limit_of_the_call() -> Result<()> {
    script!("S: 421 too many users")
        .play(async |peer| {
            let settings = Settings { total_timeout: Some(client::SHORT), ..client::settings() };
            let retry = Retry { wait: Duration::from_secs(3600), longest_wait: Duration::MAX, ..Retry::default() };
            let (result, _) = fetch_with(peer, settings, retry).await?;
            assert!(matches!(result, Err(Error::Ftp(FtpError::Timeout(Phase::Total)))), "{result:?}");
            Ok(())
        })
        .await
}

#[trial]
async fn local_stream_that_stalls_counts_for_the_limit_of_the_call() -> Result<()> {
    session("213 1048576", TIME)
        .open_data("RETR file")
        .flood_data("0123456789")
        .play(async |peer| {
            let (mut writer, _unread) = tokio::io::duplex(1000);
            let settings = Settings { total_timeout: Some(client::SHORT), ..client::settings() };
            let connector = client::connector(settings).await?;
            let result = connector.fetch(remote(peer), 0, &mut writer, quick(5)).await;
            assert!(matches!(result, Err(Error::Ftp(FtpError::Timeout(Phase::Total)))), "{result:?}");
            Ok(())
        })
        .await
}
