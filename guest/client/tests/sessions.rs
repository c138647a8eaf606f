//! Connecting, logging in and plain commands, against a server that plays a script.

mod support;

use ftp_client::{
    Cause, DataMode, Error, FailureKind, GetCommand, Limit, Network, Phase, Precision, Protection, RefusalKind,
    Representation, ResolveCause, Session, Settings, Timestamp,
};
use ftp_testkit::{SERVER, Script, Scripted, script};
use std::time::Duration;
use support::*;

#[test]
fn greeting_of_several_lines() {
    assert_eq!(connect(script!("S: 220-one\r\n220-two\r\n220 three")).unwrap(), "one|two|three");
}

#[test]
fn greeting_120_is_followed_by_220() {
    assert_eq!(
        connect(script!(
            "S: 120 soon
         S: 220 now"
        ))
        .unwrap(),
        "now"
    );
}

#[test]
fn greeting_421_is_transient() {
    assert!(
        matches!(connect(script!("S: 421 full")), Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 421)
    );
}

#[test]
fn greeting_530_is_permanent() {
    assert!(
        matches!(connect(script!("S: 530 no")), Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 530)
    );
}

#[test]
fn silent_server_is_a_timeout_of_the_reply() {
    assert_eq!(connect(Script::silent()), Err(Error::Timeout(Phase::Reply)));
}

#[test]
fn server_that_closes_before_the_greeting_is_lost() {
    assert!(matches!(connect(script!("S! close")), Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })));
}

#[test]
fn name_without_addresses_is_unresolvable() {
    let error = connect(Script::silent().addresses([])).err().unwrap();
    assert_eq!(error.failure(), Some(FailureKind::NameUnresolvable));
    assert_eq!(error.cause(), Some(&Cause::Resolve(ResolveCause::NoAddress)));
}

#[test]
fn name_without_addresses_of_the_local_kind_is_unresolvable() {
    let network = Scripted::new(Script::silent().addresses(["192.0.2.1".parse().unwrap()]));
    let settings = Settings { local_address: Some("2001:db8::1".parse().unwrap()), ..settings() };
    let error = network.run(Session::connect(network.clone(), settings, "ftp.example.com", 21)).err().unwrap();
    assert_eq!(error.failure(), Some(FailureKind::NameUnresolvable));
    assert_eq!(error.cause(), Some(&Cause::Resolve(ResolveCause::NoAddress)));
}

#[test]
fn address_that_never_answers_is_a_timeout_of_connecting() {
    assert_eq!(connect(Script::silent().unreachable([SERVER])), Err(Error::Timeout(Phase::Connect)));
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
    let network = Scripted::new(Script::silent());
    for host in ["", "a\r\nb", "a b"] {
        let result = network.run(Session::connect(network.clone(), settings(), host, 21));
        assert!(matches!(result, Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })), "{host:?}");
    }
}

#[test]
fn whole_call_has_a_limit_too() {
    let limited = Settings { total_timeout: Some(Duration::from_secs(5)), ..settings() };
    let results = play_with(
        limited,
        script!(
            "S: 220 ready
             C: NOOP"
        ),
        async |session| (session.noop().await, session.noop().await),
    );
    assert_eq!(results, (Err(Error::Timeout(Phase::Total)), Err(Error::closed())));
}

#[test]
fn login_asks_only_what_the_server_asks() {
    let login = async |session: &mut Client| session.login("u", "secret", Some("books")).await.map(|reply| reply.code);
    assert_eq!(
        play(
            script!(
                "S: 220 ready
         C: USER u   S: 230 in"
            ),
            login
        ),
        Ok(230)
    );
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS secret   S: 230 in"
    );
    assert_eq!(play(script, login), Ok(230));
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS secret   S: 332 ?"
    );
    assert_eq!(play(script!(script; "C: ACCT books   S: 202 ok"), login), Ok(202));
    let script = script!(
        "S: 220 ready
         C: USER u   S: 332 ?
         C: ACCT books   S: 230 in"
    );
    assert_eq!(play(script, login), Ok(230));
}

#[test]
fn account_asked_for_and_not_given_is_unexpected() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS p   S: 332 account?"
    );
    let result = play(script, async |session| session.login("u", "p", None).await);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Unexpected, reply }) if reply.code == 332));
}

#[test]
fn anonymous_login_has_its_usual_password() {
    let script = script!(
        "S: 220 ready
         C: USER anonymous   S: 331 ?
         C: PASS anonymous@   S: 230 in"
    );
    play(script, async |session| session.login("", "", None).await).unwrap();
}

#[test]
fn empty_password_is_sent_as_one() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS\x20   S: 230 in"
    );
    play(script, async |session| session.login("u", "", None).await).unwrap();
}

#[test]
fn refused_login_leaves_the_session_usable() {
    let refused = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS wrong   S: 530 no"
    );
    let script = script!(refused;
        "C: USER u   S: 331 ?
         C: PASS right   S: 230 in"
    );
    play(script, async |session| {
        assert!(matches!(
            session.login("u", "wrong", None).await,
            Err(Error::Refused { kind: RefusalKind::Permanent, .. })
        ));
        session.login("u", "right", None).await.unwrap();
    });
}

#[test]
fn secrets_are_in_no_transcript_and_in_no_error() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS hunter2   S: 332-hunter2\r\n332 ?"
    );
    let script = script!(script; "C: ACCT ledger   S: 530 your ledger is no account");
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
                assert!(
                    matches!(result, Some(Error::Failed { kind: FailureKind::InvalidArgument, .. })),
                    "{index} {bad:?}: {result:?}"
                );
            }
        }
    });
}

#[test]
fn directories_and_names() {
    let script = script!(
        "S: 220 ready
         C: PWD   S: 257 \"/a \"\"b\"\"\" is current
         C: CWD -x y   S: 250 ok
         C: CDUP   S: 200 ok
         C: MKD new   S: 257 \"/a/new\" created
         C: MKD bare   S: 257 done
         C: RMD new   S: 250 ok
         C: RNFR a   S: 350 ?
         C: RNTO b   S: 250 ok"
    );
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
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: SIZE a   S: 213 17"
    );
    let script = script!(script; "C: SIZE b   S: 213 9223372036854775808");
    play(script, async |session| {
        assert_eq!(session.size("a").await.unwrap(), 17);
        assert_eq!(session.size("b").await.unwrap(), 1 << 63);
    });
}

#[test]
fn replies_that_tell_nothing_are_unexpected_and_the_session_goes_on() {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: SIZE a   S: 213 many"
    );
    let script = script!(script;
        "C: MDTM a   S: 213 yesterday
         C: PWD   S: 257 \"/unclosed"
    );
    play(script, async |session| {
        let results =
            [session.size("a").await.err(), session.modified("a").await.err(), session.current_directory().await.err()];
        for result in results {
            assert!(matches!(result, Some(Error::Refused { kind: RefusalKind::Unexpected, .. })), "{result:?}");
        }
        assert!(session.is_open());
    });
}

#[test]
fn replies_that_make_no_sense_close_the_session() {
    let replies = ["000 zero\r\n", "999 nines\r\n", "226 left over from a transfer\r\n"];
    for reply in replies {
        play(
            script!(
                "S: 220 ready
             C: PWD   S> {reply}"
            ),
            async |session| {
                assert!(
                    matches!(session.current_directory().await, Err(Error::Failed { kind: FailureKind::Protocol, .. })),
                    "{reply:?}"
                );
                assert_eq!(session.noop().await, Err(Error::closed()));
            },
        );
    }
}

#[test]
fn server_that_refuses_feat_has_no_features() {
    for code in [450, 500, 501, 502, 503, 504, 530, 550] {
        let features = play(
            script!(
                "S: 220 ready
             C: FEAT   S: {code} no"
            ),
            async |session| {
                session.features().await.unwrap();
                session.features().await
            },
        );
        assert_eq!(features, Ok(vec![]), "{code}");
    }
    let features = play(
        script!(
            "S: 220 ready
         C: FEAT   S: 421 bye"
        ),
        async |session| session.features().await,
    );
    assert!(matches!(features, Err(Error::Refused { kind: RefusalKind::Transient, .. })), "{features:?}");
}

#[test]
fn idle_421_is_told_by_the_next_call() {
    play(
        script!(
            "S: 220 ready
         S: 421 idle too long"
        ),
        async |session| {
            assert!(
                matches!(session.noop().await, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 421)
            );
            assert_eq!(session.noop().await, Err(Error::closed()));
            assert_eq!(session.transcript().last().unwrap(), "< 421 idle too long");
        },
    );
}

#[test]
fn endless_replies_reach_a_limit() {
    for (bytes, limit) in [("220-x\r\n".repeat(1 << 18), Limit::ReplySize), ("2".repeat(1 << 17), Limit::ReplyLine)] {
        let result = connect(script!("S> 220-{bytes}"));
        assert_eq!(result, Err(Error::LimitExceeded(limit)));
    }
}

#[test]
fn reply_that_comes_a_byte_a_minute_is_a_timeout() {
    // Every byte comes at once here, and no end ever does.
    assert_eq!(connect(script!("S> 220 ").in_pieces_of(1)), Err(Error::Timeout(Phase::Reply)));
}

#[test]
fn plain_commands_do_not_change_how_the_two_sides_talk() {
    let script = script!(
        "S: 220 ready
         C: MODE S   S: 200 ok
         C: XYZZY a   S: 500 what?"
    );
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
            assert!(
                matches!(session.command(line).await, Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })),
                "{line}"
            );
        }
        assert_eq!(session.command("MODE S").await.unwrap().code, 200);
        assert_eq!(session.command("XYZZY a").await.unwrap().code, 500);
    });
}

#[test]
fn plain_commands_that_may_change_the_features_have_them_asked_for_again() {
    let known = |script: Script| script!(script; "C: FEAT   S: 211-F\r\n HASH SHA-1*;MD5\r\n211 End");
    let hashed = |script: Script| {
        let script = script!(script;
            "C: OPTS HASH SHA-1   S: 200 ok
             C: HASH f"
        );
        script.say(format!("213 SHA-1 0-0 {} f\r\n", "0".repeat(40)))
    };
    for command in ["OPTS HASH MD5", "HOST example.com", "clnt me"] {
        let script = hashed(script!(known(hello()); "C: TYPE I   S: 200 ok"));
        let script = hashed(known(script!(script; "C: {command}   S: 200 ok")));
        play(script, async |session| {
            session.checksum("f", None).await.unwrap();
            session.command(command).await.unwrap();
            session.checksum("f", None).await.unwrap();
        });
    }
}

#[test]
fn dropping_a_call_closes_the_session() {
    play(
        script!(
            "S: 220 ready
         C: NOOP"
        ),
        async |session| {
            let network = session.network().clone();
            let limited = ftp_client::timeout(&network, Duration::from_secs(1), Phase::Total, session.noop()).await;
            assert_eq!(limited, Err(Error::Timeout(Phase::Total)));
            assert_eq!(network.open_sockets(), 0);
            assert_eq!(session.noop().await, Err(Error::closed()));
            assert_eq!(session.set_data_mode(DataMode::Passive), Err(Error::closed()));
        },
    );
}

#[test]
fn reinitialize_takes_no_protection_away() {
    let script = script!(
        "S: 220 ready
         C: PBSZ 0   S: 200 ok
         C: PROT P   S: 200 ok"
    );
    let script = script!(image(script!(script; "C: REIN   S: 220 again")); "C: RETR f   S: 150 go");
    let script = script!(script;
        "D> in the clear   D! close
         S: 226 done"
    );
    let result = play(script, async |session| {
        session.protect_data(Protection::Private).await?;
        session.reinitialize().await?;
        session.retrieve("f", Representation::Image, 0).await.map(drop)
    });
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Tls, .. })), "{result:?}");
}

#[test]
fn file_is_missing_for_an_mdtm_that_only_tells_times_when_it_is_missing() {
    let time = Timestamp { seconds: 1_718_446_680, nanoseconds: 0, precision: Precision::Second, utc: true };
    for (mfmt, asked, expected) in
        [("500 ?", Some("213 20010203040506"), None), ("500 ?", Some("550 no"), Some(550)), ("553 no", None, Some(553))]
    {
        let script = script!(
            "S: 220 ready
             C: FEAT   S: 500 ?
             C: MFMT 20240615101800 f   S: {mfmt}"
        );
        let script = script!(script; "C: MDTM 20240615101800 f   S: 550 no such file");
        let mut script = script!(script; "C: SITE UTIME f 20240615101800 20240615101800 20240615101800 UTC   S: 500 ?");
        if let Some(reply) = asked {
            script = script!(script; "C: MDTM f   S: {reply}");
        }
        let error = play(script, async |session| session.set_modified("f", &time).await).unwrap_err();
        let code = match &error {
            Error::Refused { kind: RefusalKind::Permanent, reply } => Some(reply.code),
            Error::Failed { kind: FailureKind::Unsupported, .. } => None,
            _ => panic!("{error:?}"),
        };
        assert_eq!(code, expected, "{mfmt}");
    }
}

#[test]
fn time_that_mdtm_tells_is_not_taken_for_one_that_it_has_set() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 500 ?
         C: MFMT 20240615101800 f   S: 500 ?"
    );
    let script = script!(script; "C: MDTM 20240615101800 f   S: 213 20010203040506");
    let script = script!(script; "C: SITE UTIME f 20240615101800 20240615101800 20240615101800 UTC   S: 500 ?");
    let time = Timestamp { seconds: 1_718_446_680, nanoseconds: 0, precision: Precision::Second, utc: true };
    let result = play(script, async |session| session.set_modified("f", &time).await);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Unsupported, .. })), "{result:?}");
}
