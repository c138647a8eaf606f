//! Data connections that are asked for ahead, against a server that plays a script.

mod support;

use ftp_client::{Error, FailureKind, Network, Phase, RefusalKind, Representation::*, Settings};
use ftp_testkit::{Script, Unmade, script};
use std::time::Duration;
use support::*;

fn pipelining() -> Settings {
    Settings { pipelining: true, ..settings() }
}

/// A file, together with which the next data connection is asked for; `replies` come to both.
fn ahead(script: Script, replies: &str) -> Script {
    script!(script;
        "C: RETR a
         C: EPSV   S> {replies}"
    )
}

async fn fetched(session: &mut Client) -> Result<u64, Error> {
    let mut download = session.retrieve("a", Image, 0).await?;
    read_all(&mut download).await?;
    Ok(download.finish(session).await?.bytes)
}

#[test]
fn data_connection_that_was_asked_for_ahead_is_used_for_the_next_transfer() {
    for piece in [1, 7, usize::MAX] {
        let script = ahead(image(hello()), "150 go\r\n226 done\r\n229 (|||5001|)\r\n");
        let script = ahead(script, "150 go\r\n226 done\r\n229 (|||5002|)\r\n");
        let script = script!(script; "C: NOOP   S: 200 ok");
        let script = ahead(script, "150 go\r\n226 done\r\n229 (|||5003|)\r\n").in_pieces_of(piece);
        let script = (0..3).fold(script, |script, _| script!(script; "D> all   D! close"));
        play_with(pipelining(), script, async |session| {
            assert_eq!(fetched(session).await, Ok(3));
            assert_eq!(fetched(session).await, Ok(3));
            session.noop().await.unwrap();
            assert_eq!(fetched(session).await, Ok(3));
            let ports: Vec<u16> = session.network().dialled().iter().map(|(address, _)| address.port()).collect();
            assert_eq!(ports, [21, 5000, 5001, 5002]);
        });
    }
}

#[test]
fn refused_transfer_keeps_its_data_connection_ahead_apart() {
    let script = ahead(image(hello()), "550 missing\r\n229 (|||5001|)\r\n");
    let script = script!(ahead(script, "150 go\r\n226 done\r\n");
        "S: 229 (|||5002|)
         C: NOOP   S: 200 ok"
    );
    let script = script!(script;
        "D! stall
         D> all   D! close"
    );
    play_with(pipelining(), script, async |session| {
        assert!(
            matches!(fetched(session).await, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 550)
        );
        assert_eq!(fetched(session).await, Ok(3));
        session.noop().await.unwrap();
    });
}

#[test]
fn port_that_was_asked_for_ahead_and_is_gone_is_asked_for_again() {
    for answer in ["229 (|||5001|)\r\n", "425 no\r\n", "229 nothing\r\n"] {
        let script = script!(ahead(image(hello()), "150 go\r\n226 done\r\n"); "S> {answer}");
        let script = script!(ahead(passive(script), "150 go\r\n226 done\r\n"); "S: 229 (|||5002|)");
        let mut script = script!(script; "D> all   D! close");
        if answer.contains("5001") {
            script = script!(script; "! make_no_data(Unmade::Refused)");
        }
        play_with(pipelining(), script!(script; "D> all   D! close"), async |session| {
            assert_eq!(fetched(session).await, Ok(3));
            assert_eq!(fetched(session).await, Ok(3));
        });
    }
}

#[test]
fn old_port_is_not_used() {
    let script = ahead(image(hello()), "150 go\r\n226 done\r\n229 (|||5001|)\r\n");
    let script = ahead(passive(script), "150 go\r\n226 done\r\n229 (|||5002|)\r\n");
    let script = script!(script;
        "D> all   D! close
         D> all   D! close"
    );
    play_with(pipelining(), script, async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        session.network().sleep(Duration::from_secs(5)).await;
        assert_eq!(fetched(session).await, Ok(3));
    });
}

#[test]
fn server_that_answers_out_of_order_is_found_out() {
    for replies in ["229 (|||5001|)\r\n150 go\r\n", "150 go\r\n229 (|||5001|)\r\n"] {
        let script = script!(ahead(image(hello()), replies); "D> half   D! close");
        play_with(pipelining(), script, async |session| {
            assert!(matches!(fetched(session).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
            assert!(!session.is_open());
        });
    }
}

#[test]
fn answer_that_never_comes_is_a_timeout_of_the_reply() {
    let script = script!(ahead(image(hello()), "150 go\r\n226 done\r\n"); "D> all   D! close");
    play_with(pipelining(), script, async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        assert!(matches!(session.noop().await, Err(Error::Timeout(Phase::Reply))));
    });
}

#[test]
fn abort_passes_over_what_was_asked_ahead() {
    let script = script!(ahead(image(hello()), "150 go\r\n");
        "C: ABOR   S: 426 cut\r\n229 (|||5001|)\r\n225 aborted"
    );
    let script = script!(script;
        "C: NOOP   S: 200 fence
         C: PWD   S: 257 \"/\""
    );
    play_with(pipelining(), script!(script; "D> a lot of data   D! stall"), async |session| {
        let download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(download.abort(session).await.unwrap().code, 225);
        assert_eq!(session.current_directory().await.unwrap(), "/");
    });
}

#[test]
fn dropped_download_leaves_what_was_asked_ahead() {
    let script = script!(ahead(image(hello()), "150 go\r\n"); "S: 426 you left\r\n229 (|||5001|)");
    let script = script!(script;
        "C: NOOP   S: 200 fence
         C: PWD   S: 257 \"/\""
    );
    play_with(pipelining(), script!(script; "D> a lot of data   D! stall"), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 4).await.unwrap();
        drop(download);
        assert_eq!(session.current_directory().await.unwrap(), "/");
    });
}

#[test]
fn nothing_is_asked_ahead_beside_noops() {
    let script = script!(image(hello()); "C: RETR a   S: 150 go\r\n226 done");
    let settings = Settings { keepalive: Some(Duration::from_secs(1)), ..pipelining() };
    play_with(settings, script!(script; "D> all   D! close"), async |session| {
        assert_eq!(fetched(session).await, Ok(3));
    });
}
