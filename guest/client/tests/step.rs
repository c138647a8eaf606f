//! Which reply belongs to which command, against a server that sends some twice, late, or with odd codes.

mod support;

use ftp_client::scripted::{Data, End, Script, Scripted};
use ftp_client::{Error, Protection, Reply, Representation::Image, Security, Session, Settings};
use ftp_protocol::codes::{Fit, fit};
use support::*;

fn logged_in() -> Script {
    hello().expect("USER u").say("331 ?\r\n").expect("PASS p").say("230 in\r\n")
}

fn noop(script: Script) -> Script {
    script.expect("NOOP").say("200 ok\r\n")
}

/// Log in, do the work, and check that the script was played to its end.
fn play_in<T>(script: Script, work: impl AsyncFnOnce(&mut Client) -> T) -> T {
    play(script, async |session| {
        session.login("u", "p", None).await.unwrap();
        work(session).await
    })
}

fn code<T>(result: Result<T, Error>) -> u16 {
    match result {
        Err(Error::Permanent(reply) | Error::Transient(reply) | Error::Unexpected(reply)) => reply.code,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("a success"),
    }
}

async fn fetch(session: &mut Client, name: &str) -> Result<u64, Error> {
    let mut download = session.retrieve(name, Image, 0).await?;
    read_all(&mut download).await?;
    Ok(download.finish(session).await?.bytes)
}

// Codes that cannot be those of the command

#[test]
fn late_second_230_is_not_the_answer_to_dele() {
    let script = logged_in().expect("DELE f").say("230 in\r\n550 no\r\n");
    play_in(script, async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Protocol(_))));
        assert_eq!(session.noop().await, Err(Error::Closed));
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
            play_in(logged_in().expect(line).say(format!("{owned} done\r\n250 done\r\n")), async |session| {
                let result = call(session, line).await;
                assert!(matches!(result, Err(Error::Protocol(_))), "{owned} to {line}: {result:?}");
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
            let script = logged_in().expect(line).say(format!("{answer}\r\n550 refused\r\n"));
            let script = if fit == Fit::Odd { noop(script) } else { script };
            play_in(script, async |session| match (fit, call(session, line).await) {
                (Fit::Odd, Err(Error::Permanent(reply))) => assert_eq!(reply.code, 550),
                (Fit::Never, Err(Error::Protocol(_))) => {}
                (_, result) => panic!("{before} before {line}: {result:?}"),
            });
        }
    }
}

#[test]
fn code_of_another_command_is_no_verdict_of_a_transfer() {
    for verdict in ["230 in", "257 \"/\"", "213 5", "225 aborted", "350 more", "202 superfluous"] {
        let script = image(logged_in()).expect("STOR f").say("150 go\r\n").say(format!("{verdict}\r\n552 full\r\n"));
        play_in(script.data(Data::takes()), async |session| {
            let mut upload = session.store("f", Image, 0).await.unwrap();
            upload.write(b"hello").await.unwrap();
            let result = upload.finish(session).await;
            assert!(matches!(result, Err(Error::Protocol(_))), "{verdict}: {result:?}");
            assert!(!session.is_open());
        });
    }
}

// Odd codes

#[test]
fn odd_reply_counts_once_a_noop_has_its_own() {
    for line in ["DELE f", "RMD f", "CWD f"] {
        for odd in [200, 211, 257] {
            let script = noop(logged_in().expect(line).say(format!("{odd} done\r\n")));
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
        play_in(noop(logged_in().expect(line).say("202 superfluous\r\n")), async |session| {
            assert_eq!(code(call(session, line).await), 202, "{line}");
            assert!(session.is_open());
        });
    }
}

#[test]
fn reply_behind_an_odd_one_is_the_one_that_counts() {
    for (later, expected) in [("550 no", 550), ("450 busy", 450), ("250 gone", 0)] {
        let script = noop(logged_in().expect("DELE f").say(format!("257 \"/\"\r\n{later}\r\n")));
        play_in(noop(script), async |session| {
            let result = session.delete("f").await;
            assert_eq!(if expected == 0 { result.map_or(1, |_| 0) } else { code(result) }, expected);
            session.noop().await.unwrap();
        });
    }
    for later in ["213 5", "226 done", "150 go\r\n250 done"] {
        let script = noop(logged_in().expect("DELE f").say(format!("257 \"/\"\r\n{later}\r\n")));
        play_in(script, async |session| {
            assert!(matches!(session.delete("f").await, Err(Error::Protocol(_))), "{later}");
        });
    }
}

#[test]
fn server_that_never_answers_the_noop_is_out_of_step() {
    let script = logged_in().expect("DELE f").say("200 done\r\n").expect("NOOP").say("250 a\r\n".repeat(4));
    play_in(script, async |session| assert!(matches!(session.delete("f").await, Err(Error::Protocol(_)))));
}

#[test]
fn usual_replies_cost_nothing() {
    let script = COMMANDS
        .into_iter()
        .fold(logged_in(), |script, (line, answer)| script.expect(line).say(format!("{answer}\r\n")));
    play_in(script, async |session| {
        for (line, _) in COMMANDS {
            call(session, line).await.unwrap();
        }
    });
}

#[test]
fn rnfr_may_be_answered_by_250() {
    for odd in [250, 200, 300] {
        let script = noop(logged_in().expect("RNFR a").say(format!("{odd} and now\r\n")));
        play_in(script.expect("RNTO b").say("250 moved\r\n"), async |session| {
            assert_eq!(session.rename("a", "b").await.unwrap().code, 250, "{odd}");
        });
    }
    let script = noop(logged_in().expect("RNFR a").say("250 late\r\n550 no\r\n"));
    play_in(script, async |session| assert_eq!(code(session.rename("a", "b").await), 550));
}

#[test]
fn type_may_be_answered_by_226_before_the_first_transfer() {
    let script = noop(logged_in().expect("TYPE I").say("226 ok\r\n")).expect("SIZE f").say("213 5\r\n");
    play_in(script, async |session| assert_eq!(session.size("f").await, Ok(5)));

    let script = image(logged_in()).expect("RETR f").say("150 go\r\n226 done\r\n").data(Data::sends("x", End::Close));
    play_in(script.expect("TYPE A").say("226 late\r\n200 ok\r\n"), async |session| {
        assert_eq!(fetch(session, "f").await, Ok(1));
        assert!(matches!(session.names(None).await, Err(Error::Protocol(_))));
    });
}

// Replies that nobody asked for

#[test]
fn replies_that_are_there_before_a_command_are_dropped() {
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS p").say("230 in\r\n230 in\r\n");
    let script = noop(script).expect("DELE f").say("550 no\r\n").expect("DELE g").say("250 gone\r\n");
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
        let script = script.expect(&format!("RETR {name}")).say(format!("150 go\r\n{verdict}\r\n"));
        script.data(Data::sends("xyz", End::Close))
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
    let script = logged_in().say("250 early\r\n").expect("NOOP").say("250 late\r\n200 ok\r\n");
    play_in(script.expect("DELE f").say("550 no\r\n"), async |session| {
        assert_eq!(code(session.delete("f").await), 550)
    });
}

#[test]
fn two_late_200s_are_no_sentinel_where_pwd_was_answered() {
    let script = logged_in().expect("PWD").say("257 \"/\"\r\n200 late\r\n");
    let script = script.expect("PWD").say("200 late\r\n257 \"/\"\r\n").expect("SITE CHMOD 644 f").say("550 no\r\n");
    play_in(script, async |session| {
        session.current_directory().await.unwrap();
        assert_eq!(code(session.set_permissions("f", 0o644).await), 550);
    });
}

#[test]
fn pwd_that_is_refused_as_a_sentinel_is_followed_by_noop() {
    let script = logged_in().expect("PWD").say("257 \"/\"\r\n200 late\r\n").expect("PWD").say("550 gone\r\n");
    let script = noop(script).expect("DELE f").say("550 no\r\n").expect("DELE g").say("250 done\r\n200 late\r\n");
    let script = noop(script).expect("DELE h").say("250 done\r\n");
    play_in(script, async |session| {
        session.current_directory().await.unwrap();
        assert_eq!(code(session.delete("f").await), 550);
        session.delete("g").await.unwrap();
        session.delete("h").await.unwrap();
    });
}

#[test]
fn noop_that_is_refused_before_the_login_is_a_sentinel_too() {
    let script = hello().say("220 ready\r\n").expect("NOOP").say("530 log in\r\n");
    let script = script.expect("USER u").say("331 ?\r\n331 ?\r\n").expect("PASS p").say("230 in\r\n");
    play_in(noop(script).expect("DELE f").say("250 gone\r\n"), async |session| session.delete("f").await).unwrap();
}

#[test]
fn more_than_four_replies_that_nobody_asked_for_end_the_session() {
    let once = |script: Script| noop(script).expect("DELE f").say("250 gone\r\n");
    let script = (0..4).fold(logged_in(), |script, _| once(script.say("200 and this\r\n")));
    play_in(script.say("200 and this\r\n"), async |session| {
        for _ in 0..4 {
            session.delete("f").await.unwrap();
        }
        assert!(matches!(session.delete("f").await, Err(Error::Protocol(_))));
        assert!(!session.is_open());
    });
    let script = logged_in().say("200 and this\r\n".repeat(5));
    play_in(script, async |session| assert!(matches!(session.delete("f").await, Err(Error::Protocol(_)))));
}

#[test]
fn unasked_421_is_never_dropped() {
    play_in(logged_in().say("226 done\r\n421 idle\r\n"), async |session| {
        assert_eq!(code(session.delete("f").await), 421);
        assert!(!session.is_open());
    });
}

#[test]
fn part_of_a_reply_that_nobody_asked_for_ends_the_session() {
    for part in ["25", "250-so\r\n", "250 done"] {
        play_in(logged_in().say(part), async |session| {
            assert!(matches!(session.delete("f").await, Err(Error::Protocol(_))), "{part:?}");
        });
    }
}

#[test]
fn nothing_is_dropped_while_a_reply_is_owed() {
    let script = image(logged_in()).expect("RETR a").expect("EPSV").say("150 go\r\n226 done\r\n229 (|||5001|)\r\n");
    let script = script.expect("RETR b").expect("EPSV").say("150 go\r\n226 done\r\n229 (|||5002|)\r\n");
    let script = script.data(Data::sends("x", End::Close)).data(Data::sends("x", End::Close));
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
        let script = logged_in().expect("DELE f").say(format!("550 no such file\r\n{blank}"));
        play_in(script.expect("DELE g").say(format!("{blank}250 gone\r\n")), async |session| {
            assert_eq!(code(session.delete("f").await), 550);
            session.delete("g").await.unwrap();
        });
    }
    let script = logged_in().expect("DELE f").say("\r\n".repeat(1000));
    play_in(script, async |session| assert!(matches!(session.delete("f").await, Err(Error::Protocol(_)))));
}

#[test]
fn line_with_another_code_in_a_reply_is_text() {
    let welcome = "230-Welcome\r\n550 users have logged in today\r\n230 Go on\r\n";
    let script = hello().expect("USER u").say(welcome);
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
        play_in(logged_in().expect("QUIT").say(format!("{replies}\r\n")), async |session| {
            let result: Result<Reply, Error> = session.end().await;
            match refused {
                Some(refused) => assert_eq!(code(result), refused, "{replies}"),
                None => drop(result.unwrap()),
            }
            assert_eq!(session.noop().await, Err(Error::Closed), "{replies}");
        });
    }
}

// Where TLS begins

fn connect_explicitly(script: Script) -> Error {
    let network = Scripted::new(script);
    let settings = Settings { security: Security::Explicit, ..settings() };
    let session = network.run(Session::connect(network.clone(), settings, "ftp.example.com", 21));
    // No byte was sent but what the script expects, not even one of a handshake.
    network.finished();
    session.err().unwrap()
}

#[test]
fn bytes_with_the_greeting_are_no_answer_to_auth() {
    for early in ["234 go\r\n", "\r\n", "\n", "\0", "234", "2", "421 busy\r\n", "220 ready\r\n"] {
        let together = connect_explicitly(Script::new().say(format!("220 ready\r\n{early}")));
        let apart = connect_explicitly(hello().say(early));
        assert!(
            matches!((&together, &apart), (Error::Protocol(_), Error::Protocol(_))),
            "{early:?}: {together} {apart}"
        );
    }
}

#[test]
fn bytes_behind_the_answer_to_auth_end_the_session() {
    for more in ["\r\n", "\n", "\0", "230 in\r\n", "230-you are ", "2", "234 go\r\n"] {
        let auth = || hello().expect("AUTH TLS");
        let together = connect_explicitly(auth().say(format!("234 go\r\n{more}")));
        let apart = connect_explicitly(auth().say("234 go\r\n").say(more));
        assert!(
            matches!((&together, &apart), (Error::Protocol(_), Error::Protocol(_))),
            "{more:?}: {together} {apart}"
        );
    }
}

#[test]
fn bytes_before_the_answer_to_auth_end_the_session() {
    for early in ["\r\n", "\n", "\0"] {
        let error = connect_explicitly(hello().expect("AUTH TLS").say(format!("{early}234 go\r\n")));
        assert!(matches!(error, Error::Protocol(_)), "{early:?}: {error}");
    }
    let error = connect_explicitly(hello().expect("AUTH TLS").say("504 no\r\n\r\n"));
    assert!(matches!(error, Error::Protocol(_)), "{error}");
}

#[test]
fn session_that_was_plain_takes_no_bytes_that_came_before_auth() {
    for early in ["234 go\r\n", "\r\n", "\0", "234"] {
        play(hello().say(early), async |session| {
            assert!(matches!(session.start_tls().await, Err(Error::Protocol(_))), "{early:?}");
            assert!(!session.is_open());
        });
    }
}

#[test]
fn auth_that_is_refused_leaves_a_plain_session_as_it_was() {
    let script = hello().expect("AUTH TLS").say("502 no\r\n\r\n").expect("DELE f").say("250 gone\r\n");
    play(script, async |session| {
        assert!(matches!(session.start_tls().await, Err(Error::Insecure(_))));
        session.delete("f").await.unwrap();
    });
}

#[test]
fn auth_that_is_neither_agreed_nor_refused_ends_the_session() {
    for reply in ["250 fine", "120 wait", "300 more"] {
        play(hello().expect("AUTH TLS").say(format!("{reply}\r\n")), async |session| {
            assert!(matches!(session.start_tls().await, Err(Error::Insecure(_))), "{reply}");
            assert!(!session.is_open());
        });
    }
}

#[test]
fn pbsz_that_is_refused_is_followed_by_prot_p_and_by_nothing_else() {
    for refusal in ["500 ?", "503 no", "536 no"] {
        let refused = || hello().expect("PBSZ 0").say(format!("{refusal}\r\n"));
        let protect = async |session: &mut Client| session.protect_data(Protection::Private).await;
        assert!(play(refused().expect("PROT P").say("200 private\r\n"), protect).is_ok(), "{refusal}");
        for reply in ["534 no", "431 no", "300 more"] {
            let result = play(refused().expect("PROT P").say(format!("{reply}\r\n")), protect);
            assert!(matches!(result, Err(Error::Insecure(_))), "{refusal}, {reply}: {result:?}");
        }
        let clear = play(refused(), async |session| session.protect_data(Protection::Clear).await);
        assert!(matches!(clear, Err(Error::Insecure(_))), "{refusal}: {clear:?}");
    }
    let busy = play(hello().expect("PBSZ 0").say("450 later\r\n"), async |session| {
        session.protect_data(Protection::Private).await
    });
    assert!(matches!(busy, Err(Error::Insecure(_))), "{busy:?}");
}

// Logging in

#[test]
fn user_answered_by_503_is_logged_in_where_the_greeting_was_230() {
    let user = |script: Script| script.expect("USER u").say("503 you are in already\r\n");
    let login = async |session: &mut Client| session.login("u", "p", None).await.map(drop);
    assert_eq!(play(user(Script::new().say("230 you are in\r\n")), login), Ok(()));
    assert_eq!(code(play(user(hello()), login)), 503);
    let again = user(Script::new().say("230 you are in\r\n").expect("REIN").say("220 anew\r\n"));
    let result = play(again, async |session| {
        session.reinitialize().await?;
        session.login("u", "p", None).await
    });
    assert_eq!(code(result), 503);
    let error = connect_explicitly(Script::new().say("230 you are in\r\n"));
    assert!(matches!(error, Error::Insecure(_)), "{error}");
}

#[test]
fn account_that_is_asked_for_is_told_by_332_of_the_login_alone() {
    let script = hello().expect("USER u").say("332 account?\r\n");
    assert_eq!(code(play(script, async |session| session.login("u", "p", None).await)), 332);
    play_in(logged_in().expect("DELE f").say("332 account?\r\n"), async |session| {
        assert!(matches!(session.delete("f").await, Err(Error::Protocol(_))));
    });
}
