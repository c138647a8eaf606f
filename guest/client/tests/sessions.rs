//! Connecting, logging in and plain commands, against a server that plays a script.

mod support;

use ftp_client::scripted::{Data, End, SERVER, Script, Scripted};
use ftp_client::{
    DataMode, Error, GetCommand, Limit, Network, Phase, Precision, Protection, Representation, Session, Settings,
    Timestamp,
};
use std::time::Duration;
use support::*;

#[test]
fn greeting_of_several_lines() {
    assert_eq!(connect(Script::new().say("220-one\r\n220-two\r\n220 three\r\n")).unwrap(), "one|two|three");
}

#[test]
fn greeting_120_is_followed_by_220() {
    assert_eq!(connect(Script::new().say("120 soon\r\n").say("220 now\r\n")).unwrap(), "now");
}

#[test]
fn greeting_421_is_transient() {
    assert!(matches!(connect(Script::new().say("421 full\r\n")), Err(Error::Transient(reply)) if reply.code == 421));
}

#[test]
fn greeting_530_is_permanent() {
    assert!(matches!(connect(Script::new().say("530 no\r\n")), Err(Error::Permanent(reply)) if reply.code == 530));
}

#[test]
fn silent_server_is_a_timeout_of_the_reply() {
    assert_eq!(connect(Script::new()), Err(Error::Timeout(Phase::Reply)));
}

#[test]
fn server_that_closes_before_the_greeting_is_lost() {
    assert!(matches!(connect(Script::new().end(End::Close)), Err(Error::ConnectionLost(_))));
}

#[test]
fn name_without_addresses_is_unresolvable() {
    assert!(matches!(connect(Script::new().addresses([])), Err(Error::NameUnresolvable(_))));
}

#[test]
fn address_that_never_answers_is_a_timeout_of_connecting() {
    assert_eq!(connect(Script::new().unreachable([SERVER])), Err(Error::Timeout(Phase::Connect)));
}

#[test]
fn next_address_is_tried_beside_one_that_does_not_answer() {
    let silent = "2001:db8::1".parse().unwrap();
    let network = Scripted::new(hello().addresses([silent, SERVER]).unreachable([silent]));
    network.run(Session::connect(network.clone(), settings(), "ftp.example.com", 21)).unwrap();
    assert_eq!(network.now(), Duration::from_millis(250));
}

#[test]
fn host_that_is_none_is_refused() {
    let network = Scripted::new(Script::new());
    for host in ["", "a\r\nb", "a b"] {
        let result = network.run(Session::connect(network.clone(), settings(), host, 21));
        assert!(matches!(result, Err(Error::InvalidArgument(_))), "{host:?}");
    }
}

#[test]
fn whole_call_has_a_limit_too() {
    let limited = Settings { total_timeout: Some(Duration::from_secs(5)), ..settings() };
    let results =
        play_with(limited, hello().expect("NOOP"), async |session| (session.noop().await, session.noop().await));
    assert_eq!(results, (Err(Error::Timeout(Phase::Total)), Err(Error::Closed)));
}

#[test]
fn login_asks_only_what_the_server_asks() {
    let login = async |session: &mut Client| session.login("u", "secret", Some("books")).await.map(|reply| reply.code);
    assert_eq!(play(hello().expect("USER u").say("230 in\r\n"), login), Ok(230));
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS secret").say("230 in\r\n");
    assert_eq!(play(script, login), Ok(230));
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS secret").say("332 ?\r\n");
    assert_eq!(play(script.expect("ACCT books").say("202 ok\r\n"), login), Ok(202));
    let script = hello().expect("USER u").say("332 ?\r\n").expect("ACCT books").say("230 in\r\n");
    assert_eq!(play(script, login), Ok(230));
}

#[test]
fn account_asked_for_and_not_given_is_unexpected() {
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS p").say("332 account?\r\n");
    let result = play(script, async |session| session.login("u", "p", None).await);
    assert!(matches!(result, Err(Error::Unexpected(reply)) if reply.code == 332));
}

#[test]
fn anonymous_login_has_its_usual_password() {
    let script = hello().expect("USER anonymous").say("331 ?\r\n").expect("PASS anonymous@").say("230 in\r\n");
    play(script, async |session| session.login("", "", None).await).unwrap();
}

#[test]
fn empty_password_is_sent_as_one() {
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS ").say("230 in\r\n");
    play(script, async |session| session.login("u", "", None).await).unwrap();
}

#[test]
fn refused_login_leaves_the_session_usable() {
    let refused = hello().expect("USER u").say("331 ?\r\n").expect("PASS wrong").say("530 no\r\n");
    let script = refused.expect("USER u").say("331 ?\r\n").expect("PASS right").say("230 in\r\n");
    play(script, async |session| {
        assert!(matches!(session.login("u", "wrong", None).await, Err(Error::Permanent(_))));
        session.login("u", "right", None).await.unwrap();
    });
}

#[test]
fn secrets_are_in_no_transcript_and_in_no_error() {
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS hunter2").say("332-hunter2\r\n332 ?\r\n");
    let script = script.expect("ACCT ledger").say("530 your ledger is no account\r\n");
    let shown = play(script, async |session| {
        let error = session.login("u", "hunter2", Some("ledger")).await.unwrap_err();
        format!("{error} {error:?} {:?}", session.transcript())
    });
    assert!(shown.contains("PASS ****") && shown.contains("ACCT ****"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("ledger"), "{shown}");
}

#[test]
fn line_ends_in_any_argument_send_nothing() {
    play(hello(), async |session| {
        for bad in ["a\rb", "a\nb", "a\0b", "a\r\nDELE b"] {
            let results = [
                session.login(bad, "p", None).await.err(),
                session.login("u", bad, None).await.err(),
                session.login("u", "p", Some(bad)).await.err(),
                session.delete(bad).await.err(),
                session.rename("a", bad).await.err(),
                session.size(bad).await.err(),
                session.entry(bad).await.err(),
                session.entries(Some(bad)).await.err(),
                session.command(bad).await.err(),
                session.site(bad).await.err(),
                session.retrieve(bad, Representation::Image, 0).await.err(),
                session.store(bad, Representation::Image, 0).await.err(),
                GetCommand::new(bad).err(),
                session.names(Some(bad)).await.err(),
            ];
            for (index, result) in results.into_iter().enumerate() {
                assert!(matches!(result, Some(Error::InvalidArgument(_))), "{index} {bad:?}: {result:?}");
            }
        }
    });
}

#[test]
fn directories_and_names() {
    let script = hello()
        .expect("PWD")
        .say("257 \"/a \"\"b\"\"\" is current\r\n")
        .expect("CWD -x y")
        .say("250 ok\r\n")
        .expect("CDUP")
        .say("200 ok\r\n")
        .expect("MKD new")
        .say("257 \"/a/new\" created\r\n")
        .expect("MKD bare")
        .say("257 done\r\n")
        .expect("RMD new")
        .say("250 ok\r\n")
        .expect("RNFR a")
        .say("350 ?\r\n")
        .expect("RNTO b")
        .say("250 ok\r\n");
    play(script, async |session| {
        assert_eq!(session.current_directory().await.unwrap(), "/a \"b\"");
        session.change_directory("-x y").await.unwrap();
        session.change_directory("..").await.unwrap();
        assert_eq!(session.make_directory("new").await.unwrap(), "/a/new");
        assert_eq!(session.make_directory("bare").await.unwrap(), "bare");
        session.remove_directory("new").await.unwrap();
        session.rename("a", "b").await.unwrap();
    });
}

#[test]
fn size_is_that_of_the_image() {
    let script = hello().expect("TYPE I").say("200 ok\r\n").expect("SIZE a").say("213 17\r\n");
    let script = script.expect("SIZE b").say("213 9223372036854775808\r\n");
    play(script, async |session| {
        assert_eq!(session.size("a").await.unwrap(), 17);
        assert_eq!(session.size("b").await.unwrap(), 1 << 63);
    });
}

#[test]
fn replies_that_tell_nothing_are_unexpected_and_the_session_goes_on() {
    let script = hello().expect("TYPE I").say("200 ok\r\n").expect("SIZE a").say("213 many\r\n");
    let script = script.expect("MDTM a").say("213 yesterday\r\n").expect("PWD").say("257 \"/unclosed\r\n");
    play(script, async |session| {
        let results =
            [session.size("a").await.err(), session.modified("a").await.err(), session.current_directory().await.err()];
        for result in results {
            assert!(matches!(result, Some(Error::Unexpected(_))), "{result:?}");
        }
        assert!(session.is_open());
    });
}

#[test]
fn replies_that_make_no_sense_close_the_session() {
    let replies = ["000 zero\r\n", "999 nines\r\n", "226 left over from a transfer\r\n"];
    for reply in replies {
        play(hello().expect("PWD").say(reply), async |session| {
            assert!(matches!(session.current_directory().await, Err(Error::Protocol(_))), "{reply:?}");
            assert_eq!(session.noop().await, Err(Error::Closed));
        });
    }
}

#[test]
fn server_that_refuses_feat_has_no_features() {
    for code in [450, 500, 501, 502, 503, 504, 530, 550] {
        let features = play(hello().expect("FEAT").say(format!("{code} no\r\n")), async |session| {
            session.features().await.unwrap();
            session.features().await
        });
        assert_eq!(features, Ok(vec![]), "{code}");
    }
    let features = play(hello().expect("FEAT").say("421 bye\r\n"), async |session| session.features().await);
    assert!(matches!(features, Err(Error::Transient(_))), "{features:?}");
}

#[test]
fn idle_421_is_told_by_the_next_call() {
    play(hello().say("421 idle too long\r\n"), async |session| {
        assert!(matches!(session.noop().await, Err(Error::Transient(reply)) if reply.code == 421));
        assert_eq!(session.noop().await, Err(Error::Closed));
        assert_eq!(session.transcript().last().unwrap(), "< 421 idle too long");
    });
}

#[test]
fn endless_replies_reach_a_limit() {
    for (bytes, limit) in [("220-x\r\n".repeat(1 << 18), Limit::ReplySize), ("2".repeat(1 << 17), Limit::ReplyLine)] {
        let result = connect(Script::new().say(format!("220-{bytes}")));
        assert_eq!(result, Err(Error::LimitExceeded(limit)));
    }
}

#[test]
fn reply_that_comes_a_byte_a_minute_is_a_timeout() {
    // Every byte comes at once here, and no end ever does.
    assert_eq!(connect(Script::new().say("220 ").in_pieces_of(1)), Err(Error::Timeout(Phase::Reply)));
}

#[test]
fn plain_commands_do_not_change_how_the_two_sides_talk() {
    let script = hello().expect("MODE S").say("200 ok\r\n").expect("XYZZY a").say("500 what?\r\n");
    play(script, async |session| {
        for line in [
            "retr a",
            "PASV",
            "Port 1,2,3,4,5,6",
            "USER u",
            "QUIT",
            "ABOR",
            "REST 5",
            "MODE B",
            "STRU R",
            "CPSV",
            "sscn ON",
        ] {
            assert!(matches!(session.command(line).await, Err(Error::InvalidArgument(_))), "{line}");
        }
        assert_eq!(session.command("MODE S").await.unwrap().code, 200);
        assert_eq!(session.command("XYZZY a").await.unwrap().code, 500);
    });
}

#[test]
fn plain_commands_that_may_change_the_features_have_them_asked_for_again() {
    let known = |script: Script| script.expect("FEAT").say("211-F\r\n HASH SHA-1*;MD5\r\n211 End\r\n");
    let hashed = |script: Script| {
        let script = script.expect("OPTS HASH SHA-1").say("200 ok\r\n").expect("HASH f");
        script.say(format!("213 SHA-1 0-0 {} f\r\n", "0".repeat(40)))
    };
    for command in ["OPTS HASH MD5", "HOST example.com", "clnt me"] {
        let script = hashed(known(hello()).expect("TYPE I").say("200 ok\r\n"));
        let script = hashed(known(script.expect(command).say("200 ok\r\n")));
        play(script, async |session| {
            session.checksum("f", None).await.unwrap();
            session.command(command).await.unwrap();
            session.checksum("f", None).await.unwrap();
        });
    }
}

#[test]
fn dropping_a_call_closes_the_session() {
    play(hello().expect("NOOP"), async |session| {
        let network = session.network().clone();
        let limited = ftp_client::timeout(&network, Duration::from_secs(1), Phase::Total, session.noop()).await;
        assert_eq!(limited, Err(Error::Timeout(Phase::Total)));
        assert_eq!(network.open_sockets(), 0);
        assert_eq!(session.noop().await, Err(Error::Closed));
        assert_eq!(session.set_data_mode(DataMode::Passive), Err(Error::Closed));
    });
}

#[test]
fn reinitialize_takes_no_protection_away() {
    let script = hello().expect("PBSZ 0").say("200 ok\r\n").expect("PROT P").say("200 ok\r\n");
    let script = image(script.expect("REIN").say("220 again\r\n")).expect("RETR f").say("150 go\r\n");
    let script = script.data(Data::sends("in the clear", End::Close)).say("226 done\r\n");
    let result = play(script, async |session| {
        session.protect_data(Protection::Private).await?;
        session.reinitialize().await?;
        session.retrieve("f", Representation::Image, 0).await.map(drop)
    });
    assert!(matches!(result, Err(Error::Tls(_))), "{result:?}");
}

#[test]
fn file_is_missing_for_an_mdtm_that_only_tells_times_when_it_is_missing() {
    let time = Timestamp { seconds: 1_718_446_680, nanoseconds: 0, precision: Precision::Second, utc: true };
    for (mfmt, asked, expected) in
        [("500 ?", Some("213 20010203040506"), None), ("500 ?", Some("550 no"), Some(550)), ("553 no", None, Some(553))]
    {
        let script = hello().expect("FEAT").say("500 ?\r\n").expect("MFMT 20240615101800 f").say(format!("{mfmt}\r\n"));
        let script = script.expect("MDTM 20240615101800 f").say("550 no such file\r\n");
        let mut script =
            script.expect("SITE UTIME f 20240615101800 20240615101800 20240615101800 UTC").say("500 ?\r\n");
        if let Some(reply) = asked {
            script = script.expect("MDTM f").say(format!("{reply}\r\n"));
        }
        let error = play(script, async |session| session.set_modified("f", &time).await).unwrap_err();
        let code = match &error {
            Error::Permanent(reply) => Some(reply.code),
            Error::Unsupported(_) => None,
            _ => panic!("{error:?}"),
        };
        assert_eq!(code, expected, "{mfmt}");
    }
}

#[test]
fn time_that_mdtm_tells_is_not_taken_for_one_that_it_has_set() {
    let script = hello().expect("FEAT").say("500 ?\r\n").expect("MFMT 20240615101800 f").say("500 ?\r\n");
    let script = script.expect("MDTM 20240615101800 f").say("213 20010203040506\r\n");
    let script = script.expect("SITE UTIME f 20240615101800 20240615101800 20240615101800 UTC").say("500 ?\r\n");
    let time = Timestamp { seconds: 1_718_446_680, nanoseconds: 0, precision: Precision::Second, utc: true };
    let result = play(script, async |session| session.set_modified("f", &time).await);
    assert!(matches!(result, Err(Error::Unsupported(_))), "{result:?}");
}
