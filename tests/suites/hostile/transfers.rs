//! Transfers that end wrongly, out of order, or with other bytes than were announced.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, RefusalKind, Representation, Session, Unverified, Verification};
use ftp_tests::client::{self, get, put, read_all, refusal};
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

#[trial(covers("finish"))]
async fn verdict_before_the_data() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         S: 226 done already
         D> contents   D! close
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        in_step(&mut session).await
    })
    .await
}

#[trial]
async fn verdict_without_a_preliminary_reply_counts_where_the_data_came() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 226 done already
         D> contents   D! close
         C: NOOP*   S: 200 nothing is left
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(get(&mut session, "file").await?, b"contents");
        in_step(&mut session).await
    })
    .await
}

#[trial]
async fn verdict_without_a_preliminary_reply_and_without_data_is_unexpected() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 226 done already
         D! close
         C: NOOP*   S: 200 nothing is left
         C: NOOP*   S: 200 in step"
    )
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let got = get(&mut session, "file").await;
            assert!(matches!(&got, Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Unexpected, reply })) if reply.code == 226), "{got:?}");
            in_step(&mut session).await
        })
        .await
}

#[trial]
async fn verdict_missing_and_the_line_cut() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S! close"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let got = get(&mut session, "file").await;
        assert!(matches!(got, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. }))), "{got:?}");
        Ok(())
    })
    .await
}

#[trial(covers("finish"))]
async fn verdict_426_after_all_data_is_transient() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S: 426 could not read the rest
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(refusal(get(&mut session, "file").await), 426);
        in_step(&mut session).await
    })
    .await
}

#[trial]
async fn verdict_451_of_an_upload_is_transient() -> Result<()> {
    upload_with_verdict("451 local error", 451).await
}

#[trial(covers("store"))]
async fn verdict_552_of_an_upload_is_permanent() -> Result<()> {
    upload_with_verdict("552 the disk is full", 552).await
}

async fn upload_with_verdict(verdict: &str, code: u16) -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 here it comes
         D< contents
         S: {verdict}
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(refusal(put(&mut session, "file", b"contents").await), code);
        in_step(&mut session).await
    })
    .await
}

#[trial]
async fn data_reset_in_the_middle_gives_the_servers_reason() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> the beginning   D! reset
         S: 451 the disk has gone
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        while let Ok(Some(_)) = download.read().await {}
        assert_eq!(refusal(download.finish().await), 451);
        in_step(&mut session).await
    })
    .await
}

#[trial]
async fn data_cut_short_with_a_226_is_incomplete() -> Result<()> {
    let error = announced("150 opening for file (100 bytes)", "short").await?;
    assert!(matches!(error, Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. })), "{error:?}");
    Ok(())
}

#[trial]
async fn announced_size_that_is_too_small_is_integrity() -> Result<()> {
    integrity("150 opening for file (3 bytes)", "too long").await
}

#[trial]
async fn more_data_after_the_announced_size_is_integrity() -> Result<()> {
    integrity("150 opening for file (8 bytes)", "contents and more").await
}

#[trial(covers("expected-size"))]
async fn announced_size_of_2_to_the_63_is_integrity_and_no_memory() -> Result<()> {
    integrity("150 opening for file (9223372036854775808 bytes)", "short").await
}

async fn integrity(preliminary: &str, data: &str) -> Result<()> {
    let error = announced(preliminary, data).await?;
    assert!(matches!(error, Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. })), "{error:?}");
    Ok(())
}

#[trial(covers("set-verify-size"))]
async fn upload_cut_short_with_a_226_is_incomplete() -> Result<()> {
    stored("213 4", "200 in step")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let stored = put(&mut session, "file", b"contents").await;
            assert!(
                matches!(stored, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. }))),
                "{stored:?}"
            );
            in_step(&mut session).await
        })
        .await
}

#[trial(covers("set-verify-size"))]
async fn upload_whose_size_agrees_is_verified() -> Result<()> {
    let unknown = Verification::NotVerified(Unverified::NoSize);
    for (size, verified) in [("213 8", Verification::Size), ("502 what?", unknown)] {
        stored(size, "200 in step")
            .play(async |peer| {
                let mut session = client::login(peer.address()).await?;
                let mut upload = session.store("file", Representation::Image, 0).await?;
                upload.write(b"contents").await?;
                let outcome = upload.finish().await?;
                assert_eq!(outcome.verified, verified);
                in_step(&mut session).await
            })
            .await?;
    }
    Ok(())
}

#[trial(covers("set-verify-size"))]
async fn size_that_is_a_time_closes_the_session() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 here it comes
         D< contents
         S: 226 done
         C: SIZE file*   S: 213 20240615101800"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let stored = put(&mut session, "file", b"contents").await;
        assert!(matches!(stored, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. }))), "{stored:?}");
        assert!(matches!(session.noop().await, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))));
        Ok(())
    })
    .await
}

fn stored(size: &str, noop: &str) -> Script {
    let script = script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 here it comes
         D< contents
         S: 226 done"
    );
    script!(
        script;
        "C: SIZE file*   S: {size}
         C: NOOP*   S: {noop}"
    )
}

/// Whether the reset is seen before the verdict is a matter of time: the size decides in either case.
#[trial(covers("set-verify-size"))]
async fn upload_reset_at_its_end_has_to_have_its_size() -> Result<()> {
    for (size, is_whole) in [("213 8", true), ("213 7", false)] {
        Script::logged_in()
            .open_data("STOR")
            .expect_data("contents")
            .reset_data()
            .reply("226 done")
            .on("SIZE file", size)
            .on("NOOP", "200 in step")
            .play(async |peer| {
                let mut session = client::login(peer.address()).await?;
                let stored = put(&mut session, "file", b"contents").await;
                match is_whole {
                    true => assert!(stored.is_ok(), "{stored:?}"),
                    false => assert!(
                        matches!(stored, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. }))),
                        "{stored:?}"
                    ),
                }
                in_step(&mut session).await
            })
            .await?;
    }
    Ok(())
}

/// The server says how much will come, and sends something else.
async fn announced(preliminary: &str, data: &str) -> Result<Error> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: {preliminary}
         D> {data}   D! close
         S: 226 done
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let before = session.memory();
        let download = session.retrieve("file", Representation::Image, 0).await?;
        let error = read_all(download).await.expect_err("it is not what was announced");
        assert!(session.memory() <= before + (1 << 20), "{before} bytes became {}", session.memory());
        in_step(&mut session).await?;
        Ok(error)
    })
    .await
}

#[trial]
async fn size_of_2_to_the_63_is_just_a_number() -> Result<()> {
    script!(
        Script::logged_in();
        "C: SIZE*   S: 213 9223372036854775808
         C: SIZE*   S: 213 18446744073709551616"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(session.size("file").await?, 1 << 63);
        let beyond = session.size("file").await;
        assert!(
            matches!(
                beyond,
                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. })
                    | Error::Ftp(FtpError::Refused { kind: RefusalKind::Unexpected, .. }))
            ),
            "{beyond:?}"
        );
        Ok(())
    })
    .await
}

#[trial]
async fn restart_that_is_refused_leaves_the_session_in_step() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: REST 5*   S: 502 not here
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(refusal(session.retrieve("file", Representation::Image, 5).await), 502);
        in_step(&mut session).await
    })
    .await
}

#[trial(covers("abort"))]
async fn abort_answered_by_426_and_226() -> Result<()> {
    aborted("426 transfer aborted\r\n226 abort done\r\n").await
}

#[trial(covers("abort"))]
async fn abort_answered_by_225_alone() -> Result<()> {
    aborted("225 nothing to abort\r\n").await
}

#[trial]
async fn abort_answered_by_226_alone() -> Result<()> {
    aborted("226 transfer complete\r\n").await
}

async fn aborted(answer: &str) -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> the beginning
         C: ABOR*   S> {answer}
         C: NOOP*   S: 200 in step
         C: PWD*   S: 257 \"/\""
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        download.read().await?;
        let reply = download.abort().await?;
        assert!([225, 226, 426].contains(&reply.code), "{reply:?}");
        assert_eq!(session.current_directory().await?, "/");
        Ok(())
    })
    .await
}

/// The second reply to ABOR comes when the next command is already on its way.
#[trial(covers("abort"))]
async fn abort_answered_late() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> the beginning
         C: ABOR*   S: 426 transfer aborted
         C: NOOP*   S: 226 abort done\r\n200 in step
         C: PWD*   S: 257 \"/\""
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        download.read().await?;
        download.abort().await?;
        assert_eq!(session.current_directory().await?, "/");
        Ok(())
    })
    .await
}

#[trial]
async fn dropped_download_answered_late() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> the beginning
         ! see_data_closed()
         S: 426 you went away
         C: NOOP*   S: 226 as you wish\r\n200 in step
         C: PWD*   S: 257 \"/\""
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let mut download = session.retrieve("file", Representation::Image, 0).await?;
        download.read().await?;
        drop(download);
        assert_eq!(session.current_directory().await?, "/");
        Ok(())
    })
    .await
}

#[trial(covers("names"))]
async fn no_files_450_is_an_empty_list() -> Result<()> {
    no_files("450 No files found").await
}

#[trial]
async fn no_files_550_is_an_empty_list() -> Result<()> {
    no_files("550 No files found.").await
}

async fn no_files(refusal: &str) -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: NLST*   S: {refusal}
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert!(session.names(None).await?.is_empty());
        in_step(&mut session).await
    })
    .await
}

#[trial]
async fn refusal_550_for_another_reason_is_permanent() -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: NLST*   S: 550 Permission denied.
         C: NOOP*   S: 200 in step"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert_eq!(refusal(session.names(None).await), 550);
        in_step(&mut session).await
    })
    .await
}

#[trial(covers("store-unique"))]
async fn unique_name_in_the_150_reply() -> Result<()> {
    unique_name("150 FILE: ftpd.x7", "226 Transfer complete.", "ftpd.x7").await
}

#[trial]
async fn unique_name_in_the_226_reply() -> Result<()> {
    unique_name("150 opening", "226 Transfer complete (unique file name:ftpd.x7).", "ftpd.x7").await
}

async fn unique_name(preliminary: &str, verdict: &str, name: &str) -> Result<()> {
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: STOU*   S: {preliminary}
         D< contents
         S: {verdict}
         C: SIZE {name}*   S: 213 8"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let mut upload = session.store_unique(Representation::Image).await?;
        upload.write(b"contents").await?;
        assert_eq!(upload.finish().await?.name.as_deref(), Some(name));
        Ok(())
    })
    .await
}

async fn in_step(session: &mut Session) -> Result<()> {
    assert_eq!(session.noop().await?.lines, ["in step"]);
    Ok(())
}
