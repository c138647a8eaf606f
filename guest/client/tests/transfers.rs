//! Downloads, uploads and their data connections, against a server that plays a script.

mod support;

use ftp_client::scripted::{CLIENT, Data, End, Script, Scripted};
use ftp_client::{
    Active, DataMode, Error, Network, NotVerified, Phase, PutCommand, Representation::*, Session, Settings, Verified,
};
use std::time::Duration;
use support::*;

#[test]
fn retrieve_reads_everything_and_then_the_verdict() {
    let script = image(hello()).expect("RETR a b").say("150 Opening (11 bytes)\r\n").say("226 done\r\n");
    play(script.data(Data::sends("hello world", End::Close)), async |session| {
        let mut download = session.retrieve("a b", Image, 0).await.unwrap();
        assert_eq!(download.expected_size(), Some(11));
        assert!(matches!(session.noop().await, Err(Error::Busy)));
        assert_eq!(read_all(&mut download).await.unwrap(), b"hello world");
        let outcome = download.finish(session).await.unwrap();
        assert_eq!((outcome.bytes, outcome.reply.code), (11, 226));
    });
}

#[test]
fn read_of_no_bytes_at_the_most_gives_one() {
    for (representation, script) in [(Image, image(hello())), (Ascii, ascii(hello()))] {
        let script = script.expect("RETR a").say("150 go\r\n226 done\r\n").data(Data::sends("ab", End::Close));
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
    let script = image(hello()).expect("RETR a").say("150 go\r\n226 done\r\n");
    let script = passive(script).expect("RETR b").say("125 go\r\n").say("250 done\r\n").in_pieces_of(1);
    let script = script.data(Data::sends("A", End::Close)).data(Data::sends("B", End::Close));
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
    let script = image(hello()).expect("REST 5").say("350 ok\r\n").expect("RETR a").say("150 (11 bytes)\r\n226 ok\r\n");
    let bytes = play(script.data(Data::sends(" world", End::Close)), async |session| {
        let mut download = session.retrieve("a", Image, 5).await.unwrap();
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap().bytes
    });
    assert_eq!(bytes, 6);
}

#[test]
fn refused_offset_and_missing_file_leave_the_session_usable() {
    let script = image(hello()).expect("REST 5").say("502 no\r\n");
    let script = passive(script).expect("RETR a").say("550 missing\r\n").expect("NOOP").say("200 ok\r\n");
    let script = script.data(Data::sends("", End::Stall)).data(Data::sends("", End::Stall));
    play(script, async |session| {
        let refused = session.retrieve("a", Image, 5).await.err();
        assert!(matches!(refused, Some(Error::Permanent(reply)) if reply.code == 502));
        let missing = session.retrieve("a", Image, 0).await.err();
        assert!(matches!(missing, Some(Error::Permanent(reply)) if reply.code == 550));
        session.noop().await.unwrap();
    });
}

#[test]
fn size_that_differs_from_the_announced_one_is_no_success() {
    for (size, is_cut) in [("4", false), ("12", true), ("9223372036854775808", false)] {
        let script = image(hello()).expect("RETR a").say(format!("150 ({size} bytes)\r\n226 done\r\n"));
        let script = script.expect("NOOP").say("200 ok\r\n").data(Data::sends("hello", End::Close));
        play(script, async |session| {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            read_all(&mut download).await.unwrap();
            let error = download.finish(session).await.unwrap_err();
            assert!(matches!(error, Error::Incomplete(_) | Error::Integrity(_)), "{error:?}");
            assert_eq!(matches!(error, Error::Incomplete(_)), is_cut, "{error:?}");
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
        let script = sized(hello().expect("TYPE I").say("200 ok\r\n"), "x", before);
        let script = passive(script).expect("RETR x").say(format!("150 {announced}\r\n226 done\r\n"));
        let script = match now {
            Some(reply) => script.expect("SIZE x").say(format!("{reply}\r\n")),
            None => script,
        };
        play(script.data(Data::sends("hello", End::Close)), async |session| {
            session.size("x").await.unwrap();
            let mut download = session.retrieve("x", Image, 0).await.unwrap();
            read_all(&mut download).await.unwrap();
            let result = download.finish(session).await;
            assert_eq!(result.is_ok(), is_whole, "{before}, {announced}, {now:?}: {result:?}");
            assert!(is_whole || matches!(result, Err(Error::Incomplete(_))), "{result:?}");
        });
    }
}

#[test]
fn size_is_not_compared_where_that_is_turned_off() {
    let script = hello().expect("TYPE I").say("200 ok\r\n");
    let script = passive(sized(script, "x", 1000)).expect("RETR x").say("150 go\r\n226 done\r\n");
    let settings = Settings { verify_size: false, ..settings() };
    play_with(settings, script.data(Data::sends("hello", End::Close)), async |session| {
        session.size("x").await.unwrap();
        let mut download = session.retrieve("x", Image, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        let outcome = download.finish(session).await.unwrap();
        assert_eq!(outcome.verified, Verified::No(NotVerified::TurnedOff));
    });
}

#[test]
fn number_in_the_name_of_a_file_is_not_announced() {
    let script = image(hello()).expect("RETR x (3 bytes)").say("150 Opening x (3 bytes)\r\n226 done\r\n");
    play(script.data(Data::sends("hello", End::Close)), async |session| {
        let mut download = session.retrieve("x (3 bytes)", Image, 0).await.unwrap();
        assert_eq!(download.expected_size(), None);
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap();
    });
}

#[test]
fn reset_in_the_middle_is_no_success_whatever_the_verdict() {
    for (verdict, transient) in [("226 done", false), ("426 broken", true)] {
        let script = image(hello()).expect("RETR a").say("150 go\r\n").say(format!("{verdict}\r\n"));
        play(script.data(Data::sends("half", End::Reset)), async |session| {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            assert!(matches!(read_all(&mut download).await, Err(Error::ConnectionLost(_))));
            let result = download.finish(session).await;
            assert_eq!(matches!(result, Err(Error::Transient(_))), transient, "{result:?}");
            assert_eq!(matches!(result, Err(Error::ConnectionLost(_))), !transient, "{result:?}");
        });
    }
}

#[test]
fn stalled_data_is_a_timeout_of_data() {
    let script = image(hello()).expect("RETR a").say("150 go\r\n").say("426 gone\r\n");
    play(script.data(Data::sends("half", End::Stall)), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await, Err(Error::Timeout(Phase::Data)));
        assert!(matches!(download.finish(session).await, Err(Error::Transient(_))));
    });
}

#[test]
fn missing_verdict_is_a_timeout_of_the_reply() {
    let script = image(hello()).expect("RETR a").say("150 go\r\n");
    play(script.data(Data::sends("all", End::Close)), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        assert_eq!(download.finish(session).await, Err(Error::Timeout(Phase::Reply)));
        assert_eq!(session.noop().await, Err(Error::Closed));
    });
}

#[test]
fn dropped_download_is_settled_by_the_next_call() {
    let script = image(hello()).expect("RETR a").say("150 go\r\n").say("426 you left\r\n");
    let script = script.expect("NOOP").say("226 stray\r\n200 fence\r\n").expect("PWD").say("257 \"/\"\r\n");
    play(script.data(Data::sends("a lot of data", End::Stall)), async |session| {
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
    let script = image(hello()).expect("RETR a").say("150 go\r\n").say("426 you left\r\n");
    let script = script.expect("NOOP").say("200 fence\r\n").expect("NOOP").say("200 ok\r\n");
    play(script.data(Data::sends("a lot of data", End::Stall)), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 4).await.unwrap();
        assert!(matches!(download.finish(session).await, Err(Error::InvalidArgument(_))));
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
        let script = image(hello()).expect("RETR a").say("150 go\r\n").expect("ABOR").say(first);
        let script = script.expect("NOOP").say(rest).expect("PWD").say("257 \"/\"\r\n");
        play(script.data(Data::sends("a lot of data", End::Stall)), async |session| {
            let download = session.retrieve("a", Image, 0).await.unwrap();
            assert_eq!(download.abort(session).await.unwrap().code, last, "{replies:?}");
            assert_eq!(session.current_directory().await.unwrap(), "/");
        });
    }
}

fn pipelining() -> Settings {
    Settings { pipelining: true, ..settings() }
}

/// A file, together with which the next data connection is asked for; `replies` come to both.
fn ahead(script: Script, replies: &str) -> Script {
    script.expect("RETR a").expect("EPSV").say(replies)
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
        let script = script.expect("NOOP").say("200 ok\r\n");
        let script = ahead(script, "150 go\r\n226 done\r\n229 (|||5003|)\r\n").in_pieces_of(piece);
        let script = (0..3).fold(script, |script, _| script.data(Data::sends("all", End::Close)));
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
    let script = ahead(script, "150 go\r\n226 done\r\n").say("229 (|||5002|)\r\n").expect("NOOP").say("200 ok\r\n");
    let script = script.data(Data::sends("", End::Stall)).data(Data::sends("all", End::Close));
    play_with(pipelining(), script, async |session| {
        assert!(matches!(fetched(session).await, Err(Error::Permanent(reply)) if reply.code == 550));
        assert_eq!(fetched(session).await, Ok(3));
        session.noop().await.unwrap();
    });
}

#[test]
fn port_that_was_asked_for_ahead_and_is_gone_is_asked_for_again() {
    for answer in ["229 (|||5001|)\r\n", "425 no\r\n", "229 nothing\r\n"] {
        let script = ahead(image(hello()), "150 go\r\n226 done\r\n").say(answer);
        let script = ahead(passive(script), "150 go\r\n226 done\r\n").say("229 (|||5002|)\r\n");
        let mut script = script.data(Data::sends("all", End::Close));
        if answer.contains("5001") {
            script = script.data(Data::refused());
        }
        play_with(pipelining(), script.data(Data::sends("all", End::Close)), async |session| {
            assert_eq!(fetched(session).await, Ok(3));
            assert_eq!(fetched(session).await, Ok(3));
        });
    }
}

#[test]
fn old_port_is_not_used() {
    let script = ahead(image(hello()), "150 go\r\n226 done\r\n229 (|||5001|)\r\n");
    let script = ahead(passive(script), "150 go\r\n226 done\r\n229 (|||5002|)\r\n");
    let script = script.data(Data::sends("all", End::Close)).data(Data::sends("all", End::Close));
    play_with(pipelining(), script, async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        session.network().sleep(Duration::from_secs(5)).await;
        assert_eq!(fetched(session).await, Ok(3));
    });
}

#[test]
fn server_that_answers_out_of_order_is_found_out() {
    for replies in ["229 (|||5001|)\r\n150 go\r\n", "150 go\r\n229 (|||5001|)\r\n"] {
        let script = ahead(image(hello()), replies).data(Data::sends("half", End::Close));
        play_with(pipelining(), script, async |session| {
            assert!(matches!(fetched(session).await, Err(Error::Protocol(_))));
            assert!(!session.is_open());
        });
    }
}

#[test]
fn answer_that_never_comes_is_a_timeout_of_the_reply() {
    let script = ahead(image(hello()), "150 go\r\n226 done\r\n").data(Data::sends("all", End::Close));
    play_with(pipelining(), script, async |session| {
        assert_eq!(fetched(session).await, Ok(3));
        assert!(matches!(session.noop().await, Err(Error::Timeout(Phase::Reply))));
    });
}

#[test]
fn abort_passes_over_what_was_asked_ahead() {
    let script = ahead(image(hello()), "150 go\r\n").expect("ABOR").say("426 cut\r\n229 (|||5001|)\r\n225 aborted\r\n");
    let script = script.expect("NOOP").say("200 fence\r\n").expect("PWD").say("257 \"/\"\r\n");
    play_with(pipelining(), script.data(Data::sends("a lot of data", End::Stall)), async |session| {
        let download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(download.abort(session).await.unwrap().code, 225);
        assert_eq!(session.current_directory().await.unwrap(), "/");
    });
}

#[test]
fn dropped_download_leaves_what_was_asked_ahead() {
    let script = ahead(image(hello()), "150 go\r\n").say("426 you left\r\n229 (|||5001|)\r\n");
    let script = script.expect("NOOP").say("200 fence\r\n").expect("PWD").say("257 \"/\"\r\n");
    play_with(pipelining(), script.data(Data::sends("a lot of data", End::Stall)), async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        download.read(&mut Vec::new(), 4).await.unwrap();
        drop(download);
        assert_eq!(session.current_directory().await.unwrap(), "/");
    });
}

#[test]
fn nothing_is_asked_ahead_beside_noops() {
    let script = image(hello()).expect("RETR a").say("150 go\r\n226 done\r\n");
    let settings = Settings { keepalive: Some(Duration::from_secs(1)), ..pipelining() };
    play_with(settings, script.data(Data::sends("all", End::Close)), async |session| {
        assert_eq!(fetched(session).await, Ok(3));
    });
}

#[test]
fn transfer_that_outlives_its_session_is_closed() {
    let script = image(hello()).expect("RETR a").say("150 go\r\n").data(Data::sends("data", End::Stall));
    let network = Scripted::new(script);
    network.run(async {
        let connected = Session::connect(network.clone(), settings(), "ftp.example.com", 21);
        let mut session = connected.await.unwrap();
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        drop(session);
        assert_eq!(download.read(&mut Vec::new(), 4).await, Err(Error::Closed));
        assert_eq!(network.open_sockets(), 0);
    });
}

#[test]
fn transfer_of_another_session_cannot_be_finished() {
    let first = Scripted::new(image(hello()).expect("RETR a").say("150 go\r\n").data(Data::sends("", End::Close)));
    let download = first.run(async {
        let connected = Session::connect(first.clone(), settings(), "ftp.example.com", 21);
        connected.await.unwrap().retrieve("a", Image, 0).await.unwrap()
    });
    play(hello(), async |session| {
        assert!(matches!(download.finish(session).await, Err(Error::InvalidArgument(_))));
    });
}

#[test]
fn store_sends_everything_and_then_reads_the_verdict() {
    let script = image(hello()).expect("STOR a").say("150 go\r\n").say("226 done\r\n").data(Data::takes());
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
    let script = image(hello()).expect("STOR a").say("150 go\r\n").say("552 disk full\r\n");
    play(script.data(Data::takes_only(10, End::Reset)), async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        assert!(matches!(upload.write(&[0; 100]).await, Err(Error::ConnectionLost(_))));
        assert!(matches!(upload.finish(session).await, Err(Error::Permanent(reply)) if reply.code == 552));
    });
}

#[test]
fn server_that_stops_reading_is_a_timeout_of_data() {
    let script = image(hello()).expect("STOR a").say("150 go\r\n");
    play(script.data(Data::takes_only(10, End::Stall)), async |session| {
        let mut upload = session.store("a", Image, 0).await.unwrap();
        assert_eq!(upload.write(&[0; 100]).await, Err(Error::Timeout(Phase::Data)));
    });
}

#[test]
fn unique_name_is_the_one_that_the_server_tells() {
    for (agreed, verdict) in [("150 FILE: new.1", "226 done"), ("125 go", "226 done (unique file name: new.1)")] {
        let script = image(hello()).expect("STOU").say(format!("{agreed}\r\n")).say(format!("{verdict}\r\n"));
        let name = play(sized(script, "new.1", 0).data(Data::takes()), async |session| {
            let upload = session.store_unique(Image).await.unwrap();
            upload.finish(session).await.unwrap().name
        });
        assert_eq!(name.as_deref(), Some("new.1"));
    }
    for (line, name) in [("STOR a", None), ("stou a", Some("new.1"))] {
        let script = image(hello()).expect(line).say("150 FILE: new.1\r\n226 done\r\n").data(Data::takes());
        let outcome = play(script, async |session| {
            let upload = session.send(PutCommand::new(line).unwrap(), Image, 0).await.unwrap();
            upload.finish(session).await.unwrap()
        });
        assert_eq!(outcome.name.as_deref(), name, "{line}");
    }
}

#[test]
fn ascii_has_line_feeds_here_and_crlf_on_the_wire() {
    let script = ascii(hello()).expect("RETR a").say("150 go\r\n226 done\r\n");
    let script = passive(script).expect("STOR a").say("150 go\r\n").say("226 done\r\n");
    let script = script.data(Data::sends("a\r\nb\rc\r\nlast", End::Close)).data(Data::takes());
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
    let script = hello().expect("TYPE I").say("200 ok\r\n").expect("EPSV").say("500 what?\r\n");
    let script = script.expect("PASV").say("227 Entering (10,0,0,1,19,136)\r\n").expect("RETR a");
    let script = script.say("150 go\r\n226 ok\r\n").expect("PASV").say("227 =192,0,2,1,19,136\r\n").expect("RETR a");
    let data = || Data::sends("", End::Close);
    let transcript = play(script.say("150 go\r\n226 ok\r\n").data(data()).data(data()), async |session| {
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
        let script = hello().expect("TYPE I").say("200 ok\r\n").expect("EPSV").say("229 (|||0|)\r\n");
        let script = script.expect("PASV").say(format!("{reply}\r\n"));
        let script = if reply.starts_with("200") { script.expect("NOOP").say("200 ok\r\n") } else { script };
        let error = play(script, async |session| session.retrieve("a", Image, 0).await.err());
        assert!(matches!(error, Some(Error::Protocol(_))), "{reply}");
    }
}

#[test]
fn upload_of_which_a_write_was_dropped_is_no_success() {
    let script = image(hello()).expect("STOR a").say("150 go\r\n226 done\r\n").data(Data::takes_only(3, End::Stall));
    play(script, async |session| {
        let network = session.network().clone();
        let mut upload = session.store("a", Image, 0).await.unwrap();
        let writing = upload.write(b"hello");
        ftp_client::timeout(&network, Duration::from_secs(1), Phase::Total, writing).await.unwrap_err();
        assert!(matches!(upload.write(b" world").await, Err(Error::Other(_))));
        assert!(matches!(upload.finish(session).await, Err(Error::Other(_))));
        assert!(session.is_open());
    });
}

fn active(active: Active) -> Settings {
    Settings { data_mode: DataMode::Active(active), ..settings() }
}

#[test]
fn active_mode_listens_before_it_asks_and_refuses_strangers() {
    let script = hello().expect("TYPE I").say("200 ok\r\n").expect("PORT 192,0,2,99,195,80").say("200 ok\r\n");
    let script = script.expect("RETR a").say("150 go\r\n226 done\r\n");
    let script = script.data(Data::sends("evil", End::Close).from(CLIENT)).data(Data::sends("good", End::Close));
    play_with(active(Active::default()), script, async |session| {
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap(), b"good");
        download.finish(session).await.unwrap();
        assert!(session.transcript().contains(&"* refused a data connection from 192.0.2.99".into()));
    });
}

#[test]
fn active_mode_announces_what_it_is_told() {
    let announced = Some("2001:db8::7".parse().unwrap());
    let script = hello().expect("TYPE I").say("200 ok\r\n").expect("EPRT |2|2001:db8::7|6000|").say("500 no\r\n");
    play_with(active(Active { ports: Some((6000, 6010)), announced }), script, async |session| {
        assert!(matches!(session.retrieve("a", Image, 0).await, Err(Error::Permanent(_))));
    });
}

#[test]
fn server_that_cannot_connect_says_so_before_the_limit() {
    let script = hello().expect("TYPE I").say("200 ok\r\n").expect("PORT 192,0,2,99,195,80").say("200 ok\r\n");
    let script = script.expect("RETR a").say("150 go\r\n").say("425 cannot connect\r\n");
    play_with(active(Active::default()), script.expect("NOOP").say("200 ok\r\n"), async |session| {
        let error = session.retrieve("a", Image, 0).await.err();
        assert!(matches!(error, Some(Error::Transient(reply)) if reply.code == 425));
        assert_eq!(session.network().now(), Duration::ZERO);
        session.noop().await.unwrap();
    });
}

#[test]
fn server_that_never_connects_is_a_timeout_of_the_data_connection() {
    for reply_timeout in [10, 20, 60] {
        let script = hello().expect("TYPE I").say("200 ok\r\n").expect("PORT 192,0,2,99,195,80").say("200 ok\r\n");
        let script = script.expect("RETR a").say("150 go\r\n").expect("ABOR").say("425 cannot connect\r\n226 ok\r\n");
        let script = script.expect("NOOP").say("200 ok\r\n").expect("NOOP").say("200 ok\r\n");
        let [connect_timeout, reply_timeout] = [20, reply_timeout].map(Duration::from_secs);
        let limited = Settings { connect_timeout, reply_timeout, ..active(Active::default()) };
        play_with(limited, script, async |session| {
            assert!(matches!(session.retrieve("a", Image, 0).await, Err(Error::Timeout(Phase::DataConnection))));
            assert_eq!(session.network().now(), connect_timeout);
            assert_eq!(session.network().open_sockets(), 1, "the listening socket is left open");
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn ports_that_cannot_be_listened_on_are_refused() {
    play(hello(), async |session| {
        for ports in [(0, 5), (6, 5)] {
            let mode = DataMode::Active(Active { ports: Some(ports), announced: None });
            assert!(matches!(session.set_data_mode(mode), Err(Error::InvalidArgument(_))));
        }
    });
}
