//! Which reply belongs to which command, against a server that sends some twice, late, or with odd codes.

mod support;

use ftp_client::{Error, FailureKind, RefusalKind, Reply, Representation::Image, Settings};
use ftp_protocol::codes::{Fit, fit};
use ftp_testkit::{Script, script};
use support::*;

fn logged_in() -> Script {
    script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS p   S: 230 in"
    )
}

fn noop(script: Script) -> Script {
    script!(script; "C: NOOP   S: 200 ok")
}

/// Log in, do the work, and check that the script was played to its end.
fn play_in<T>(script: Script, work: impl AsyncFnOnce(&mut Client) -> T) -> T {
    play(script, async |session| {
        session.login("u", "p", None).await.unwrap();
        work(session).await
    })
}

async fn fetch(session: &mut Client, name: &str) -> Result<u64, Error> {
    let mut download = session.retrieve(name, Image, 0).await?;
    read_all(&mut download).await?;
    Ok(download.finish(session).await?.bytes)
}

// Codes that cannot be those of the command

#[test]
fn late_second_230_is_not_the_answer_to_dele() {
    let script = script!(logged_in(); "C: DELE f   S: 230 in\r\n550 no");
    play_in(script, async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
        assert_eq!(session.noop().await, Err(Error::closed()));
    });
}

/// What a command says, what answers it, and how it is called.
const COMMANDS: [(&str, &str); 14] = [
    ("DELE f", "250 gone"),
    ("RMD f", "250 gone"),
    ("MKD f", "257 \"/f\" made"),
    ("CWD f", "250 moved"),
    ("CDUP", "200 moved"),
    ("PWD", "257 \"/\""),
    ("SYST", "215 UNIX"),
    ("STAT", "211 fine"),
    ("NOOP", "200 ok"),
    ("SITE CHMOD 600 f", "200 changed"),
    ("MDTM f", "213 20200101000000"),
    ("HELP", "214 no"),
    ("ALLO 5", "202 superfluous"),
    ("MODE S", "200 ok"),
];

async fn call(session: &mut Client, line: &str) -> Result<(), Error> {
    match line {
        "DELE f" => session.delete("f").await.map(drop),
        "RMD f" => session.remove_directory("f").await.map(drop),
        "MKD f" => session.make_directory("f").await.map(drop),
        "CWD f" => session.change_directory("f").await.map(drop),
        "CDUP" => session.change_directory("..").await.map(drop),
        "PWD" => session.current_directory().await.map(drop),
        "SYST" => session.system().await.map(drop),
        "STAT" => session.status(None).await.map(drop),
        "NOOP" => session.noop().await.map(drop),
        "SITE CHMOD 600 f" => session.site("CHMOD 600 f").await.map(drop),
        "MDTM f" => session.modified("f").await.map(drop),
        "HELP" => session.help(None).await.map(drop),
        "ALLO 5" => session.allocate(5).await.map(drop),
        _ => session.set_transfer_mode(ftp_client::TransferMode::Stream).await.map(drop),
    }
}

fn verb(line: &str) -> &str {
    line.split(' ').next().unwrap_or(line)
}

#[test]
fn code_of_another_command_ends_the_session() {
    for (line, _) in COMMANDS {
        for owned in [220, 221, 225, 226, 227, 229, 230, 231, 232, 233, 234, 331, 332, 350] {
            if fit(verb(line), owned) != Fit::Never {
                continue;
            }
            play_in(script!(logged_in(); "C: {line}   S: {owned} done\r\n250 done"), async |session| {
                let result = call(session, line).await;
                assert!(
                    matches!(result, Err(Error::Failed { kind: FailureKind::Protocol, .. })),
                    "{owned} to {line}: {result:?}"
                );
                assert!(!session.is_open());
            });
        }
    }
}

/// Each command is answered twice, the second time late: behind the next one, which is refused.
#[test]
fn answer_to_the_command_before_is_never_a_success() {
    let table = COMMANDS.into_iter().chain([("USER u", "331 ?"), ("PASS p", "230 in"), ("QUIT", "221 bye")]);
    for (before, answer) in table {
        for line in ["DELE f", "RMD f", "MKD f", "CWD f", "PWD", "SYST", "STAT", "MDTM f"] {
            let code: u16 = answer[..3].parse().unwrap();
            let fit = fit(verb(line), code);
            if fit == Fit::Answers {
                // Nothing tells one from the other.
                continue;
            }
            let script = script!(logged_in(); "C: {line}   S: {answer}\r\n550 refused");
            let script = if fit == Fit::Odd { noop(script) } else { script };
            play_in(script, async |session| match (fit, call(session, line).await) {
                (Fit::Odd, Err(Error::Refused { kind: RefusalKind::Permanent, reply })) => assert_eq!(reply.code, 550),
                (Fit::Never, Err(Error::Failed { kind: FailureKind::Protocol, .. })) => {}
                (_, result) => panic!("{before} before {line}: {result:?}"),
            });
        }
    }
}

#[test]
fn code_of_another_command_is_no_verdict_of_a_transfer() {
    for verdict in ["230 in", "257 \"/\"", "213 5", "225 aborted", "350 more", "202 superfluous"] {
        let script = script!(image(logged_in());
            "C: STOR f   S: 150 go
             S: {verdict}\r\n552 full"
        );
        play_in(script!(script; "! take_data()"), async |session| {
            let mut upload = session.store("f", Image, 0).await.unwrap();
            upload.write(b"hello").await.unwrap();
            let result = upload.finish(session).await;
            assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Protocol, .. })), "{verdict}: {result:?}");
            assert!(!session.is_open());
        });
    }
}

// Odd codes

#[test]
fn odd_reply_counts_once_a_noop_has_its_own() {
    for line in ["DELE f", "RMD f", "CWD f"] {
        for odd in [200, 211, 257] {
            let script = noop(script!(logged_in(); "C: {line}   S: {odd} done"));
            play_in(noop(script), async |session| {
                assert_eq!(call(session, line).await, Ok(()), "{odd} to {line}");
                session.noop().await.unwrap();
            });
        }
    }
}

#[test]
fn superfluous_is_no_success_of_what_changes_files() {
    for line in ["DELE f", "RMD f", "MKD f", "CWD f"] {
        play_in(noop(script!(logged_in(); "C: {line}   S: 202 superfluous")), async |session| {
            assert_eq!(code(call(session, line).await), 202, "{line}");
            assert!(session.is_open());
        });
    }
}

#[test]
fn reply_behind_an_odd_one_is_the_one_that_counts() {
    for (later, expected) in [("550 no", 550), ("450 busy", 450), ("250 gone", 0)] {
        let script = noop(script!(logged_in(); "C: DELE f   S: 257 \"/\"\r\n{later}"));
        play_in(noop(script), async |session| {
            let result = session.delete("f").await;
            assert_eq!(if expected == 0 { result.map_or(1, |_| 0) } else { code(result) }, expected);
            session.noop().await.unwrap();
        });
    }
    for later in ["213 5", "226 done", "150 go\r\n250 done"] {
        let script = noop(script!(logged_in(); "C: DELE f   S: 257 \"/\"\r\n{later}"));
        play_in(script, async |session| {
            assert!(
                matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })),
                "{later}"
            );
        });
    }
}

#[test]
fn server_that_never_answers_the_noop_is_out_of_step() {
    let script = script!(logged_in();
        "C: DELE f   S: 200 done
         C: NOOP"
    )
    .say("250 a\r\n".repeat(4));
    play_in(script, async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })))
    });
}

#[test]
fn usual_replies_cost_nothing() {
    let script =
        COMMANDS.into_iter().fold(logged_in(), |script, (line, answer)| script!(script; "C: {line}   S: {answer}"));
    play_in(script, async |session| {
        for (line, _) in COMMANDS {
            call(session, line).await.unwrap();
        }
    });
}

#[test]
fn rnfr_may_be_answered_by_250() {
    for odd in [250, 200, 300] {
        let script = noop(script!(logged_in(); "C: RNFR a   S: {odd} and now"));
        play_in(script!(script; "C: RNTO b   S: 250 moved"), async |session| {
            assert_eq!(session.rename("a", "b").await.unwrap().code, 250, "{odd}");
        });
    }
    let script = noop(script!(logged_in(); "C: RNFR a   S: 250 late\r\n550 no"));
    play_in(script, async |session| assert_eq!(code(session.rename("a", "b").await), 550));
}

#[test]
fn type_may_be_answered_by_226_before_the_first_transfer() {
    let script = script!(noop(script!(logged_in(); "C: TYPE I   S: 226 ok")); "C: SIZE f   S: 213 5");
    play_in(script, async |session| assert_eq!(session.size("f").await, Ok(5)));

    let script = script!(image(logged_in());
        "C: RETR f   S: 150 go\r\n226 done
         D> x   D! close"
    );
    play_in(script!(script; "C: TYPE A   S: 226 late\r\n200 ok"), async |session| {
        assert_eq!(fetch(session, "f").await, Ok(1));
        assert!(matches!(session.names(None).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
    });
}

// Replies that nobody asked for

#[test]
fn replies_that_are_there_before_a_command_are_dropped() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS p   S: 230 in\r\n230 in"
    );
    let script = script!(noop(script);
        "C: DELE f   S: 550 no
         C: DELE g   S: 250 gone"
    );
    play_in(script, async |session| {
        assert_eq!(code(session.delete("f").await), 550);
        session.delete("g").await.unwrap();
        let transcript = session.transcript();
        let dropped = transcript.iter().position(|line| line.starts_with("* nobody asked for")).unwrap();
        assert_eq!(transcript[dropped - 1], "< 230 in");
    });
}

#[test]
fn second_verdict_does_not_keep_the_next_file_from_coming() {
    let transfer = |script: Script, name: &str, verdict: &str| {
        let script = script!(script; "C: RETR {name}   S: 150 go\r\n{verdict}");
        script!(script; "D> xyz   D! close")
    };
    let script = transfer(image(logged_in()), "a", "226 done\r\n226 done");
    let script = transfer(passive(noop(script)), "b", "226 done");
    play_in(script, async |session| {
        assert_eq!(fetch(session, "a").await, Ok(3));
        assert_eq!(fetch(session, "b").await, Ok(3));
    });
}

#[test]
fn replies_up_to_that_of_the_noop_belong_to_nobody() {
    let script = script!(logged_in();
        "S: 250 early
         C: NOOP   S: 250 late\r\n200 ok"
    );
    play_in(script!(script; "C: DELE f   S: 550 no"), async |session| assert_eq!(code(session.delete("f").await), 550));
}

#[test]
fn two_late_200s_are_no_sentinel_where_pwd_was_answered() {
    let script = script!(logged_in(); "C: PWD   S: 257 \"/\"\r\n200 late");
    let script = script!(script;
        "C: PWD   S: 200 late\r\n257 \"/\"
         C: SITE CHMOD 644 f   S: 550 no"
    );
    play_in(script, async |session| {
        session.current_directory().await.unwrap();
        assert_eq!(code(session.set_permissions("f", 0o644).await), 550);
    });
}

#[test]
fn pwd_that_is_refused_as_a_sentinel_is_followed_by_noop() {
    let script = script!(logged_in();
        "C: PWD   S: 257 \"/\"\r\n200 late
         C: PWD   S: 550 gone"
    );
    let script = script!(noop(script);
        "C: DELE f   S: 550 no
         C: DELE g   S: 250 done\r\n200 late"
    );
    let script = script!(noop(script); "C: DELE h   S: 250 done");
    play_in(script, async |session| {
        session.current_directory().await.unwrap();
        assert_eq!(code(session.delete("f").await), 550);
        session.delete("g").await.unwrap();
        session.delete("h").await.unwrap();
    });
}

#[test]
fn noop_that_is_refused_before_the_login_is_a_sentinel_too() {
    let script = script!(
        "S: 220 ready
         S: 220 ready
         C: NOOP   S: 530 log in"
    );
    let script = script!(script;
        "C: USER u   S: 331 ?\r\n331 ?
         C: PASS p   S: 230 in"
    );
    play_in(script!(noop(script); "C: DELE f   S: 250 gone"), async |session| session.delete("f").await).unwrap();
}

#[test]
fn more_than_four_replies_that_nobody_asked_for_end_the_session() {
    let once = |script: Script| script!(noop(script); "C: DELE f   S: 250 gone");
    let script = (0..4).fold(logged_in(), |script, _| once(script!(script; "S: 200 and this")));
    play_in(script!(script; "S: 200 and this"), async |session| {
        for _ in 0..4 {
            session.delete("f").await.unwrap();
        }
        assert!(matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
        assert!(!session.is_open());
    });
    let script = logged_in().say("200 and this\r\n".repeat(5));
    play_in(script, async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })))
    });
}

#[test]
fn unasked_421_is_never_dropped() {
    play_in(script!(logged_in(); "S: 226 done\r\n421 idle"), async |session| {
        assert_eq!(code(session.delete("f").await), 421);
        assert!(!session.is_open());
    });
}

#[test]
fn part_of_a_reply_that_nobody_asked_for_ends_the_session() {
    for part in ["25", "250-so\r\n", "250 done"] {
        play_in(script!(logged_in(); "S> {part}"), async |session| {
            assert!(
                matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })),
                "{part:?}"
            );
        });
    }
}

#[test]
fn nothing_is_dropped_while_a_reply_is_owed() {
    let script = script!(image(logged_in());
        "C: RETR a
         C: EPSV   S: 150 go\r\n226 done\r\n229 (|||5001|)"
    );
    let script = script!(script;
        "C: RETR b
         C: EPSV   S: 150 go\r\n226 done\r\n229 (|||5002|)"
    );
    let script = script!(script;
        "D> x   D! close
         D> x   D! close"
    );
    play_with(Settings { pipelining: true, ..settings() }, script, async |session| {
        session.login("u", "p", None).await.unwrap();
        assert_eq!(fetch(session, "a").await, Ok(1));
        assert_eq!(fetch(session, "b").await, Ok(1));
        assert!(!session.transcript().iter().any(|line| line.contains("dropped")));
    });
}

#[test]
fn blank_lines_and_nuls_between_replies_mean_nothing() {
    for blank in ["\r\n", "\n", "\0", "\r\n\0\0\r\n"] {
        let script = script!(logged_in(); "C: DELE f   S> 550 no such file\r\n{blank}");
        play_in(script!(script; "C: DELE g   S: {blank}250 gone"), async |session| {
            assert_eq!(code(session.delete("f").await), 550);
            session.delete("g").await.unwrap();
        });
    }
    let script = script!(logged_in(); "C: DELE f").say("\r\n".repeat(1000));
    play_in(script, async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })))
    });
}

#[test]
fn line_with_another_code_in_a_reply_is_text() {
    let welcome = "230-Welcome\r\n550 users have logged in today\r\n230 Go on\r\n";
    let script = script!(
        "S: 220 ready
         C: USER u   S> {welcome}"
    );
    let reply = play(script, async |session| session.login("u", "p", None).await).unwrap();
    assert_eq!(reply.lines, ["Welcome", "550 users have logged in today", "Go on"]);
}

// The end

#[test]
fn refusal_of_quit_is_an_error() {
    for (replies, refused) in [
        ("550 no", Some(550)),
        ("500 what?", Some(500)),
        ("230 in\r\n550 no", Some(550)),
        ("221 bye", None),
        ("226 done\r\n221 bye", None),
        ("250 bye", None),
    ] {
        play_in(script!(logged_in(); "C: QUIT   S: {replies}"), async |session| {
            let result: Result<Reply, Error> = session.end().await;
            match refused {
                Some(refused) => assert_eq!(code(result), refused, "{replies}"),
                None => drop(result.unwrap()),
            }
            assert_eq!(session.noop().await, Err(Error::closed()), "{replies}");
        });
    }
}

// Where TLS begins

#[test]
fn account_that_is_asked_for_is_told_by_332_of_the_login_alone() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 332 account?"
    );
    assert_eq!(code(play(script, async |session| session.login("u", "p", None).await)), 332);
    play_in(script!(logged_in(); "C: DELE f   S: 332 account?"), async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Failed { kind: FailureKind::Protocol, .. })));
    });
}
