//! How data connections and transfers begin with servers that have their own way of it.

mod support;

use ftp_client::{Error, FailureKind, RefusalKind, Representation::*};
use ftp_testkit::{SERVER, Script, Unmade, script};
use support::*;

fn begun() -> Script {
    script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok"
    )
}

fn epsv(reply: &str) -> Script {
    script!(begun(); "C: EPSV   S: {reply}")
}

fn pasv(script: Script) -> Script {
    script!(script; "C: PASV   S: 227 Entering (192,0,2,1,19,137)")
}

fn fence(script: Script) -> Script {
    script!(script; "C: NOOP   S: 200 ok")
}

/// A file of three bytes.
fn come(script: Script) -> Script {
    script!(script;
        "C: RETR a   S: 150 go\r\n226 done
         D> all   D! close"
    )
}

async fn fetched(session: &mut Client) -> Result<u64, Error> {
    let mut download = session.retrieve("a", Image, 0).await?;
    read_all(&mut download).await?;
    Ok(download.finish(session).await?.bytes)
}

/// Ports that were connected to for data, all at the server's own address.
fn ports(session: &Client) -> Vec<u16> {
    let dialled = session.network().dialled();
    assert!(dialled.iter().all(|(address, _)| address.ip() == SERVER));
    dialled.iter().skip(1).map(|(address, _)| address.port()).collect()
}

#[test]
fn pasv_follows_whatever_is_no_good_reply_to_epsv_and_is_remembered() {
    let odd = ["200 yes", "202 superfluous", "250 odd", "314 more", "227 nothing"];
    let plain = ["402 no", "425 no", "451 no", "500 what?", "501 no", "522 no", "229 nothing", "229 (|||0|)"];
    for (reply, is_odd) in odd.map(|reply| (reply, true)).into_iter().chain(plain.map(|reply| (reply, false))) {
        let script = if is_odd { fence(epsv(reply)) } else { epsv(reply) };
        let script = come(pasv(come(pasv(script))));
        play(script, async |session| {
            assert_eq!(fetched(session).await, Ok(3), "{reply}");
            assert_eq!(fetched(session).await, Ok(3), "{reply}");
            assert_eq!(ports(session), [5001, 5001]);
        });
    }
}

#[test]
fn closed_session_is_no_reason_for_pasv() {
    play(epsv("421 bye"), async |session| {
        assert!(
            matches!(fetched(session).await, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 421)
        );
        assert!(!session.is_open());
    });
}

#[test]
fn reply_of_pasv_to_epsv_is_its_port() {
    let script = come(fence(epsv("227 Entering (10,0,0,7,19,138)")));
    play(come(pasv(script)), async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        assert_eq!(fetched(session).await, Ok(3));
        assert_eq!(ports(session), [5002, 5001]);
    });
}

#[test]
fn reply_of_epsv_to_pasv_is_out_of_step() {
    let script = fence(script!(epsv("500 what?"); "C: PASV   S: 229 (|||5001|)"));
    play(script, async |session| {
        assert!(matches!(fetched(session).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
    });
}

#[test]
fn port_that_the_host_denies_is_followed_by_pasv() {
    let script = come(pasv(script!(epsv("229 (|||1|)"); "! make_no_data(Unmade::Denied)")));
    play(come(pasv(script)), async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        assert_eq!(fetched(session).await, Ok(3));
        assert_eq!(ports(session), [1, 5001, 5001]);
    });
}

#[test]
fn refusal_of_epsv_counts_where_pasv_is_not_known_either() {
    let script = script!(epsv("425 no port is free"); "C: PASV   S: 502 not here");
    play(fence(script), async |session| {
        assert!(
            matches!(fetched(session).await, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 425)
        );
        session.noop().await.unwrap();
    });
}

#[test]
fn addresses_of_pasv_are_read_as_servers_write_them() {
    for reply in [
        "227 Entering Passive Mode (192, 0, 2, 1, 19, 137)",
        "227 Entering Passive Mode 192,0,2,1,19,137",
        "227-Entering Passive Mode (192,0,2,1,19,137)\r\n227 End",
        "227-Here it is\r\n Entering Passive Mode (192,0,2,1,19,137)\r\n227 End",
    ] {
        let script = script!(epsv("500 what?"); "C: PASV   S: {reply}");
        play(come(script), async |session| {
            assert_eq!(fetched(session).await, Ok(3), "{reply}");
            assert_eq!(ports(session), [5001]);
        });
    }
}

#[test]
fn transfer_that_is_announced_twice_is_one() {
    let script = script!(image(hello()); "C: RETR a   S: 150 go\r\n150 going\r\n226 done");
    let script = script!(passive(script!(script; "D> all   D! close"));
        "C: STOR a   S: 150 go\r\n125 going\r\n226 done"
    );
    play(sized(script!(script; "! take_data()"), "a", 3), async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        let mut upload = session.store("a", Image, 0).await.unwrap();
        upload.write(b"all").await.unwrap();
        upload.finish(session).await.unwrap();
    });
}

#[test]
fn transfer_that_is_not_announced_is_one_where_the_data_came() {
    for code in [226, 250] {
        let script = script!(image(hello()); "C: RETR a   S: {code} done");
        let script = fence(fence(script!(script; "D> all   D! close")));
        play(script, async |session| {
            assert_eq!(fetched(session).await, Ok(3));
            session.noop().await.unwrap();
        });
    }
    let script = fence(fence(script!(image(hello());
        "C: RETR a   S: 226 done
         D! close"
    )));
    play(script, async |session| {
        assert!(
            matches!(fetched(session).await, Err(Error::Refused { kind: RefusalKind::Unexpected, reply }) if reply.code == 226)
        );
        session.noop().await.unwrap();
    });
    // The sentinel comes before the next command.
    let script = fence(fence(script!(image(hello());
        "C: RETR a   S: 226 done
         D! stall"
    )));
    play(script, async |session| {
        assert!(matches!(fetched(session).await, Err(Error::Timeout(_))));
        session.noop().await.unwrap();
    });
}

#[test]
fn late_verdict_is_not_the_one_of_the_next_transfer() {
    for (verdict, is_good) in [("226 done", true), ("426 cut", false)] {
        let script = script!(image(hello()); "C: RETR a   S: 226 of the one before");
        let script = script!(script; "C: NOOP   S: 150 go\r\n{verdict}\r\n200 ok");
        play(fence(script!(script; "D> all   D! close")), async |session| {
            let result = fetched(session).await;
            assert_eq!(result.is_ok(), is_good, "{result:?}");
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn upload_that_is_not_announced_has_to_have_its_size() {
    for (size, is_good) in [("213 3", true), ("502 what?", false)] {
        let script = fence(script!(image(hello());
            "C: STOR a   S: 226 done
             ! take_data()"
        ));
        play(fence(script!(script; "C: SIZE a   S: {size}")), async |session| {
            let mut upload = session.store("a", Image, 0).await.unwrap();
            upload.write(b"all").await.unwrap();
            let result = upload.finish(session).await;
            assert_eq!(result.is_ok(), is_good, "{result:?}");
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn reset_after_all_bytes_is_an_end_where_the_size_is_known() {
    let known = |script: Script| passive(sized(script!(script; "C: TYPE I   S: 200 ok"), "a", 3));
    let announced = || script!(image(hello()); "C: RETR a   S: 150 go (3 bytes)\r\n226 done");
    let asked = || script!(known(hello()); "C: RETR a   S: 150 go\r\n226 done");
    for (script, is_asked) in [(announced(), false), (asked(), true)] {
        play(fence(script!(script; "D> all   D! reset")), async |session| {
            if is_asked {
                session.size("a").await.unwrap();
            }
            assert_eq!(fetched(session).await, Ok(3));
            session.noop().await.unwrap();
        });
    }
    let unknown = script!(image(hello()); "C: RETR a   S: 150 go\r\n226 done");
    play(script!(unknown; "D> all   D! reset"), async |session| {
        assert!(matches!(fetched(session).await, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })));
    });
}

#[test]
fn download_of_fewer_bytes_than_the_size_that_was_asked_for_is_incomplete() {
    for (again, expected) in [("213 5", "incomplete"), ("213 3", "3"), ("502 no", "incomplete")] {
        let script = passive(sized(
            script!(
                "S: 220 ready
             C: TYPE I   S: 200 ok"
            ),
            "a",
            5,
        ));
        let script = script!(come(script); "C: SIZE a   S: {again}");
        play(fence(script), async |session| {
            session.size("a").await.unwrap();
            let result = fetched(session).await.map_or_else(|error| error.to_string(), |bytes| bytes.to_string());
            assert!(result.starts_with(expected), "{again}: {result}");
            session.noop().await.unwrap();
        });
    }
}

/// Pure-FTPd ends a transfer that failed with a line of 150.
#[test]
fn transfer_whose_last_word_is_another_announcement_has_failed() {
    let script = script!(image(hello()); "C: RETR a   S: 150 go\r\n150 0.002 seconds");
    play(fence(script!(script; "D> al   D! close")), async |session| {
        assert!(
            matches!(fetched(session).await, Err(Error::Refused { kind: RefusalKind::Unexpected, reply }) if reply.code == 150)
        );
    });
}
