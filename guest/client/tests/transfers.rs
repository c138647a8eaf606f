//! Downloads, uploads and their data connections, against a server that plays a script.

mod support;

use ftp_client::{
    Error, FailureKind, Phase, PutCommand, RefusalKind, Representation::*, Session, Settings, Unverified, Verification,
};
use ftp_testkit::{End, Scripted, script};
use std::time::Duration;
use support::*;

#[test]
fn retrieve_reads_everything_and_then_the_verdict() {
    let script = script!(image(hello());
        "C: RETR a b   S: 150 Opening (11 bytes)
         S: 226 done"
    );
    play(script!(script; "D> hello world   D! close"), async |session| {
        let mut download = session.retrieve("a b", Image, 0).await.unwrap();
        assert_eq!(download.expected_size(), Some(11));
        assert!(matches!(session.noop().await, Err(Error::Failed { kind: FailureKind::Busy, .. })));
        assert_eq!(read_all(&mut download).await.unwrap(), b"hello world");
        let outcome = download.finish(session).await.unwrap();
        assert_eq!((outcome.bytes, outcome.reply.code), (11, 226));
    });
}

#[test]
fn read_of_no_bytes_at_the_most_gives_one() {
    for (representation, script) in [(Image, image(hello())), (Ascii, ascii(hello()))] {
        let script = script!(script;
            "C: RETR a   S: 150 go\r\n226 done
             D> ab   D! close"
        );
        play(script, async |session| {
            let mut download = session.retrieve("a", representation, 0).await.unwrap();
            let mut bytes = Vec::new();
            while download.read(&mut bytes, 0).await.unwrap() > 0 {}
            assert_eq!(bytes, b"ab");
            download.finish(session).await.unwrap();
        });
    }
}

#[test]
fn type_is_sent_once_and_replies_may_come_in_any_pieces() {
    let script = script!(image(hello()); "C: RETR a   S: 150 go\r\n226 done");
    let script = script!(passive(script);
        "C: RETR b   S: 125 go
         S: 250 done"
    )
    .in_pieces_of(1);
    let script = script!(script;
        "D> A   D! close
         D> B   D! close"
    );
    play(script, async |session| {
        for (name, expected) in [("a", b"A"), ("b", b"B")] {
            let mut download = session.retrieve(name, Image, 0).await.unwrap();
            assert_eq!(read_all(&mut download).await.unwrap(), expected);
            download.finish(session).await.unwrap();
        }
    });
}

#[test]
fn offset_is_sent_right_before_the_command() {
    let script = script!(image(hello());
        "C: REST 5   S: 350 ok
         C: RETR a   S: 150 (11 bytes)\r\n226 ok"
    );
    let bytes = play(script!(script; "D>  world   D! close"), async |session| {
        let mut download = session.retrieve("a", Image, 5).await.unwrap();
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap().bytes
    });
    assert_eq!(bytes, 6);
}

#[test]
fn refused_offset_and_missing_file_leave_the_session_usable() {
    let script = script!(image(hello()); "C: REST 5   S: 502 no");
    let script = script!(passive(script);
        "C: RETR a   S: 550 missing
         C: NOOP   S: 200 ok"
    );
    let script = script!(script;
        "D! stall
         D! stall"
    );
    play(script, async |session| {
        let refused = session.retrieve("a", Image, 5).await.err();
        assert!(matches!(refused, Some(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 502));
        let missing = session.retrieve("a", Image, 0).await.err();
        assert!(matches!(missing, Some(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 550));
        session.noop().await.unwrap();
    });
}

#[test]
fn size_that_differs_from_the_announced_one_is_no_success() {
    for (size, is_cut) in [("4", false), ("12", true), ("9223372036854775808", false)] {
        let script = script!(image(hello()); "C: RETR a   S: 150 ({size} bytes)\r\n226 done");
        let script = script!(script;
            "C: NOOP   S: 200 ok
             D> hello   D! close"
        );
        play(script, async |session| {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            read_all(&mut download).await.unwrap();
            let error = download.finish(session).await.unwrap_err();
            assert!(
                matches!(error, Error::Failed { kind: FailureKind::Incomplete | FailureKind::Integrity, .. }),
                "{error:?}"
            );
            assert_eq!(matches!(error, Error::Failed { kind: FailureKind::Incomplete, .. }), is_cut, "{error:?}");
            session.noop().await.unwrap();
        });
    }
}

/// The server sends `hello`; SIZE said something before, the announcement says something, and SIZE something in the end.
#[test]
fn size_counts_more_than_the_number_in_an_announcement() {
    for (before, announced, now, is_whole) in [
        (1000, "x (5 bytes)", Some("213 1000"), false),
        (1000, "x (5 bytes)", Some("550 gone"), false),
        (1000, "x (5 bytes)", Some("213 5"), true),
        (3, "x (5 bytes)", Some("213 5"), true),
        (5, "x (1000 bytes)", None, false),
        (5, "x", None, true),
        (1000, "x", Some("213 1000"), false),
    ] {
        let script = sized(
            script!(
                "S: 220 ready
             C: TYPE I   S: 200 ok"
            ),
            "x",
            before,
        );
        let script = script!(passive(script); "C: RETR x   S: 150 {announced}\r\n226 done");
        let script = match now {
            Some(reply) => script!(script; "C: SIZE x   S: {reply}"),
            None => script,
        };
        play(script!(script; "D> hello   D! close"), async |session| {
            session.size("x").await.unwrap();
            let mut download = session.retrieve("x", Image, 0).await.unwrap();
            read_all(&mut download).await.unwrap();
            let result = download.finish(session).await;
            assert_eq!(result.is_ok(), is_whole, "{before}, {announced}, {now:?}: {result:?}");
            assert!(
                is_whole || matches!(result, Err(Error::Failed { kind: FailureKind::Incomplete, .. })),
                "{result:?}"
            );
        });
    }
}

#[test]
fn size_is_not_compared_where_that_is_turned_off() {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok"
    );
    let script = script!(passive(sized(script, "x", 1000)); "C: RETR x   S: 150 go\r\n226 done");
    let settings = Settings { verify_size: false, ..settings() };
    play_with(settings, script!(script; "D> hello   D! close"), async |session| {
        session.size("x").await.unwrap();
        let mut download = session.retrieve("x", Image, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        let outcome = download.finish(session).await.unwrap();
        assert_eq!(outcome.verified, Verification::NotVerified(Unverified::TurnedOff));
    });
}

#[test]
fn number_in_the_name_of_a_file_is_not_announced() {
    let script = script!(image(hello()); "C: RETR x (3 bytes)   S: 150 Opening x (3 bytes)\r\n226 done");
    play(script!(script; "D> hello   D! close"), async |session| {
        let mut download = session.retrieve("x (3 bytes)", Image, 0).await.unwrap();
        assert_eq!(download.expected_size(), None);
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap();
    });
}

#[test]
fn reset_in_the_middle_is_no_success_whatever_the_verdict() {
    for (verdict, transient) in [("226 done", false), ("426 broken", true)] {
        let script = script!(image(hello());
            "C: RETR a   S: 150 go
             S: {verdict}"
        );
        play(script!(script; "D> half   D! reset"), async |session| {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            assert!(matches!(
                read_all(&mut download).await,
                Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })
            ));
            let result = download.finish(session).await;
            assert_eq!(
                matches!(result, Err(Error::Refused { kind: RefusalKind::Transient, .. })),
                transient,
                "{result:?}"
            );
            assert_eq!(
                matches!(result, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })),
                !transient,
                "{result:?}"
            );
        });
    }
}

#[test]
fn stalled_data_is_a_timeout_of_data() {
    let script = script!(image(hello());
        "C: RETR a   S: 150 go
         S: 426 gone"
    );
    play(script!(script; "D> half   D! stall"), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await, Err(Error::Timeout(Phase::Data)));
        assert!(matches!(download.finish(session).await, Err(Error::Refused { kind: RefusalKind::Transient, .. })));
    });
}

#[test]
fn missing_verdict_is_a_timeout_of_the_reply() {
    let script = script!(image(hello()); "C: RETR a   S: 150 go");
    play(script!(script; "D> all   D! close"), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        assert_eq!(download.finish(session).await, Err(Error::Timeout(Phase::Reply)));
        assert_eq!(session.noop().await, Err(Error::closed()));
    });
}

#[test]
fn dropped_download_is_settled_by_the_next_call() {
    let script = script!(image(hello());
        "C: RETR a   S: 150 go
         S: 426 you left"
    );
    let script = script!(script;
        "C: NOOP   S: 226 stray\r\n200 fence
         C: PWD   S: 257 \"/\""
    );
    play(script!(script; "D> a lot of data   D! stall"), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 4).await.unwrap();
        let open = session.network().open_sockets();
        drop(download);
        assert_eq!(session.network().open_sockets(), open - 1);
        assert_eq!(session.current_directory().await.unwrap(), "/");
    });
}

#[test]
fn finish_before_the_end_is_refused_and_settled() {
    let script = script!(image(hello());
        "C: RETR a   S: 150 go
         S: 426 you left"
    );
    let script = script!(script;
        "C: NOOP   S: 200 fence
         C: NOOP   S: 200 ok"
    );
    play(script!(script; "D> a lot of data   D! stall"), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 4).await.unwrap();
        assert!(matches!(
            download.finish(session).await,
            Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })
        ));
        session.noop().await.unwrap();
    });
}

#[test]
fn abort_takes_every_order_of_replies() {
    for (replies, last) in [
        ("426 cut\r\n226 aborted\r\n200 fence\r\n", 226),
        ("226 done\r\n225 nothing to abort\r\n200 fence\r\n", 225),
        ("226 aborted\r\n426 cut\r\n200 fence\r\n", 426),
        ("225 alone\r\n200 fence\r\n", 225),
        ("226 done\r\n502 no ABOR here\r\n200 fence\r\n", 502),
    ] {
        let (first, rest) = replies.split_at(replies.find('\n').unwrap() + 1);
        let script = script!(image(hello());
            "C: RETR a   S: 150 go
             C: ABOR   S> {first}"
        );
        let script = script!(script;
            "C: NOOP   S> {rest}
             C: PWD   S: 257 \"/\""
        );
        play(script!(script; "D> a lot of data   D! stall"), async |session| {
            let download = session.retrieve("a", Image, 0).await.unwrap();
            assert_eq!(download.abort(session).await.unwrap().code, last, "{replies:?}");
            assert_eq!(session.current_directory().await.unwrap(), "/");
        });
    }
}

#[test]
fn transfer_that_outlives_its_session_is_closed() {
    let script = script!(image(hello());
        "C: RETR a   S: 150 go
         D> data   D! stall"
    );
    let network = Scripted::new(script);
    network.run(async {
        let connected = Session::connect(network.clone(), settings(), "ftp.example.com", 21);
        let mut session = connected.await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        drop(session);
        assert_eq!(download.read(&mut Vec::new(), 4).await, Err(Error::closed()));
        assert_eq!(network.open_sockets(), 0);
    });
}

#[test]
fn transfer_of_another_session_cannot_be_finished() {
    let first = Scripted::new(script!(image(hello());
        "C: RETR a   S: 150 go
         D! close"
    ));
    let download = first.run(async {
        let connected = Session::connect(first.clone(), settings(), "ftp.example.com", 21);
        connected.await.unwrap().retrieve("a", Image, 0).await.unwrap()
    });
    play(hello(), async |session| {
        assert!(matches!(
            download.finish(session).await,
            Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })
        ));
    });
}

#[test]
fn store_sends_everything_and_then_reads_the_verdict() {
    let script = script!(image(hello());
        "C: STOR a   S: 150 go
         S: 226 done
         ! take_data()"
    );
    let script = sized(script, "a", 200_000);
    let sent = play(script, async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        upload.write(&[7; 200_000]).await.unwrap();
        assert_eq!(upload.finish(session).await.unwrap().bytes, 200_000);
        session.network().received()
    });
    assert_eq!(sent, [vec![7; 200_000]]);
}

#[test]
fn full_disk_is_told_by_finish() {
    let script = script!(image(hello());
        "C: STOR a   S: 150 go
         S: 552 disk full"
    );
    play(script!(script; "! take_only(10, End::Reset)"), async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        assert!(matches!(upload.write(&[0; 100]).await, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })));
        assert!(
            matches!(upload.finish(session).await, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 552)
        );
    });
}

#[test]
fn server_that_stops_reading_is_a_timeout_of_data() {
    let script = script!(image(hello()); "C: STOR a   S: 150 go");
    play(script!(script; "! take_only(10, End::Stall)"), async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        assert_eq!(upload.write(&[0; 100]).await, Err(Error::Timeout(Phase::Data)));
    });
}

#[test]
fn unique_name_is_the_one_that_the_server_tells() {
    for (agreed, verdict) in [("150 FILE: new.1", "226 done"), ("125 go", "226 done (unique file name: new.1)")] {
        let script = script!(image(hello());
            "C: STOU   S: {agreed}
             S: {verdict}"
        );
        let name = play(script!(sized(script, "new.1", 0); "! take_data()"), async |session| {
            let upload = session.store_unique(Image).await.unwrap();
            upload.finish(session).await.unwrap().name
        });
        assert_eq!(name.as_deref(), Some("new.1"));
    }
    for (line, name) in [("STOR a", None), ("stou a", Some("new.1"))] {
        let script = script!(image(hello());
            "C: {line}   S: 150 FILE: new.1\r\n226 done
             ! take_data()"
        );
        let outcome = play(script, async |session| {
            let upload = session.send(PutCommand::new(line).unwrap(), Image, 0).await.unwrap();
            upload.finish(session).await.unwrap()
        });
        assert_eq!(outcome.name.as_deref(), name, "{line}");
    }
}

#[test]
fn ascii_has_line_feeds_here_and_crlf_on_the_wire() {
    let script = script!(ascii(hello()); "C: RETR a   S: 150 go\r\n226 done");
    let script = script!(passive(script);
        "C: STOR a   S: 150 go
         S: 226 done"
    );
    let script = script!(script;
        "D> a\r\nb\rc\r\nlast   D! close
         ! take_data()"
    );
    let data = play(script, async |session| {
        let mut download = session.retrieve("a", Ascii, 0).await.unwrap();
        let text = read_all(&mut download).await.unwrap();
        assert_eq!(text, b"a\nb\rc\nlast");
        download.finish(session).await.unwrap();
        let mut upload = session.store("a", Ascii, 0).await.unwrap();
        upload.write(&text).await.unwrap();
        upload.finish(session).await.unwrap();
        session.network().received()
    });
    assert_eq!(data[1], b"a\r\nb\rc\r\nlast");
}

#[test]
fn passive_address_of_another_host_is_ignored_and_noted() {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: EPSV   S: 500 what?"
    );
    let script = script!(script;
        "C: PASV   S: 227 Entering (10,0,0,1,19,136)
         C: RETR a"
    );
    let script = script!(script;
        "S: 150 go\r\n226 ok
         C: PASV   S: 227 =192,0,2,1,19,136
         C: RETR a"
    );
    let transcript = play(script!(script; "S: 150 go\r\n226 ok   D! close   D! close"), async |session| {
        for _ in 0..2 {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            read_all(&mut download).await.unwrap();
            download.finish(session).await.unwrap();
        }
        session.transcript()
    });
    let notes: Vec<_> = transcript.iter().filter(|line| line.starts_with('*')).collect();
    assert_eq!(notes, ["* PASV names 10.0.0.1; it is 192.0.2.1 that is meant"]);
}

#[test]
fn passive_reply_without_a_port_is_a_violation() {
    for reply in ["227 nothing", "227 (192,0,2,1,0,0)", "227 (192,0,2,1,4,256)", "200 5000"] {
        let script = script!(
            "S: 220 ready
             C: TYPE I   S: 200 ok
             C: EPSV   S: 229 (|||0|)"
        );
        let script = script!(script; "C: PASV   S: {reply}");
        let script = if reply.starts_with("200") { script!(script; "C: NOOP   S: 200 ok") } else { script };
        let error = play(script, async |session| session.retrieve("a", Image, 0).await.err());
        assert!(matches!(error, Some(Error::Failed { kind: FailureKind::Protocol, .. })), "{reply}");
    }
}

#[test]
fn upload_of_which_a_write_was_dropped_is_no_success() {
    let script = script!(image(hello());
        "C: STOR a   S: 150 go\r\n226 done
         ! take_only(3, End::Stall)"
    );
    play(script, async |session| {
        let network = session.network().clone();
        let mut upload = session.store("a", Image, 0).await.unwrap();
        let writing = upload.write(b"hello");
        ftp_client::timeout(&network, Duration::from_secs(1), Phase::Total, writing).await.unwrap_err();
        assert!(matches!(upload.write(b" world").await, Err(Error::Failed { kind: FailureKind::Other, .. })));
        assert!(matches!(upload.finish(session).await, Err(Error::Failed { kind: FailureKind::Other, .. })));
        assert!(session.is_open());
    });
}
