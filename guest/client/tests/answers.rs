//! Odd answers to what only helps: they mean that the server does not report it, and the work goes on without.

mod support;

use ftp_client::{Error, Kind, Listed, RefusalKind, Timestamp, WorkingDirectory};
use ftp_protocol::time::parse_time_val;
use ftp_testkit::{Script, script};
use support::*;

fn noop(script: Script) -> Script {
    script!(script; "C: NOOP   S: 200 ok")
}

/// An answer; where its code is odd for the command a `NOOP` shows that no other follows.
fn says(script: Script, answer: &str) -> Script {
    let script = script!(script; "S: {answer}");
    if answer.starts_with('2') { noop(script) } else { script }
}

fn listed(script: Script, line: &str) -> Script {
    let lines = "-rw-r--r-- 1 u g 5 Jun 15 10:18 a\r\n";
    script!(passive(script);
        "C: {line}   S: 150 go\r\n226 done
         D> {lines}   D! close"
    )
}

fn refused(script: Script, line: &str, answer: &str) -> Script {
    script!(says(script!(passive(script); "C: {line}"), answer); "D! close")
}

fn featured() -> Script {
    script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n MLST\r\n211 End"
    )
}

fn unfeatured() -> Script {
    script!(
        "S: 220 ready
         C: FEAT   S: 211 none"
    )
}

fn type_a(script: Script) -> Script {
    script!(script; "C: TYPE A   S: 200 ok")
}

fn type_i(script: Script) -> Script {
    script!(script; "C: TYPE I   S: 200 ok")
}

fn is_a(listed: &[Listed]) -> bool {
    matches!(listed, [Listed::Entry(entry)] if entry.name == "a")
}

#[test]
fn features_that_are_not_reported_say_nothing_about_mlsd() {
    for answer in ["202 what", "200 ok", "402 what", "450 later", "500 what", "501 what", "502 what", "530 no"] {
        let script = says(
            script!(
                "S: 220 ready
             C: FEAT"
            ),
            answer,
        );
        let with = script!(passive(script.clone()); "C: MLSD   S: 150 go\r\n226 done");
        let with = script!(with; "D> type=file; a\r\n   D! close");
        play(with, async |session| {
            assert!(session.features().await.unwrap().is_empty(), "{answer}");
            assert_eq!(session.reported_features().await, Ok(None));
            assert!(is_a(&session.entries(None).await.unwrap()));
        });
        // Once.
        let without = listed(listed(type_a(refused(script, "MLSD", "500 what")), "LIST"), "LIST");
        play(without, async |session| {
            assert!(is_a(&session.entries(None).await.unwrap()));
            assert!(is_a(&session.entries(None).await.unwrap()));
        });
    }
    // Features without it do say something.
    play(listed(type_a(unfeatured()), "LIST"), async |session| {
        assert!(is_a(&session.entries(None).await.unwrap()));
        assert_eq!(session.reported_features().await, Ok(Some(vec![])));
    });
}

#[test]
fn mlsd_that_is_refused_in_any_way_is_followed_by_list() {
    for (answer, forgotten) in [
        ("500 what", true),
        ("501 what", true),
        ("502 what", true),
        ("504 what", true),
        ("202 what", true),
        ("402 what", true),
        ("550 what", false),
        ("450 busy", false),
        ("451 oh", false),
    ] {
        // Of the working directory.
        let script = listed(type_a(refused(featured(), "MLSD", answer)), "LIST");
        let script = if forgotten { script } else { refused(script, "MLSD", answer) };
        play(listed(script, "LIST"), async |session| {
            assert!(is_a(&session.entries(None).await.unwrap()), "{answer}");
            assert!(is_a(&session.entries(None).await.unwrap()), "{answer}");
        });
    }
}

#[test]
fn path_that_mlsd_refuses_is_entered_for_list() {
    for answer in ["501 no", "550 no", "450 no", "451 no"] {
        let there = |script: Script| {
            let script = script!(refused(script, "MLSD d", answer); "C: PWD   S: 257 \"/home\"");
            script!(script; "C: CWD d   S: 250 ok")
        };
        let back = |script: Script| script!(listed(script, "LIST"); "C: CWD /home   S: 250 ok");
        play(back(there(back(type_a(there(featured()))))), async |session| {
            assert!(is_a(&session.entries(Some("d")).await.unwrap()), "{answer}");
            assert!(is_a(&session.entries(Some("d")).await.unwrap()), "{answer}");
        });
    }
}

#[test]
fn directory_that_mlsd_refuses_and_that_is_empty_or_cannot_be_entered_is_not_there() {
    let refusal = || refused(featured(), "MLSD d", "550 no such directory");
    let there = || {
        let script = script!(refusal();
            "C: PWD   S: 257 \"/home\"
             C: CWD d   S: 250 ok"
        );
        script!(passive(type_a(script)); "C: LIST")
    };
    let back = |script: Script| {
        script!(script;
            "C: CWD /home   S: 250 ok
             D! close"
        )
    };
    for script in [
        script!(refusal();
            "C: PWD   S: 257 \"/home\"
             C: CWD d   S: 550 no"
        ),
        script!(refusal(); "C: PWD   S: 502 what"),
        back(script!(there(); "S: 150 go\r\n226 done")),
        back(script!(there(); "S: 150 go\r\n450 gone")),
        back(script!(there(); "S: 450 gone")),
    ] {
        play(noop(script), async |session| {
            let result = session.entries(Some("d")).await;
            assert!(
                matches!(&result, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 550),
                "{result:?}"
            );
            session.noop().await.unwrap();
        });
    }
    // A caller who wants it by argument gets it so, and nothing moves.
    let script = script!(passive(type_a(refusal())); "C: LIST d   S: 150 go\r\n226 done");
    play(noop(script!(script; "D! close")), async |session| {
        let result = session.list(Some("d"), ftp_client::ListOptions::default()).await;
        assert!(
            matches!(&result, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 550),
            "{result:?}"
        );
        session.noop().await.unwrap();
    });
}

#[test]
fn failure_of_the_data_connection_is_no_refusal_of_mlsd() {
    for answer in ["425 no", "426 no", "522 no", "530 no", "534 no"] {
        play(noop(refused(featured(), "MLSD", answer)), async |session| {
            let result = session.entries(None).await;
            assert!(
                matches!(&result, Err(Error::Refused { kind: RefusalKind::Permanent | RefusalKind::Transient, .. })),
                "{answer} {result:?}"
            );
            session.noop().await.unwrap();
        });
    }
}

/// An answer. A 202 is odd for these commands: a `NOOP` shows that no other follows.
fn answered(asked: Script, answer: &str) -> Script {
    if answer.starts_with("202") { says(asked, answer) } else { script!(asked; "S: {answer}") }
}

#[test]
fn what_is_no_size_and_no_time_is_an_error_of_the_call() {
    for answer in [
        "213 -1",
        "213 -2147483648",
        "213 size of x is 21",
        "213 File status",
        "213 20240615101800",
        "213",
        "202 what",
        "202 5",
        "402 what",
        "501 what",
    ] {
        let asked = script!(type_i(hello()); "C: SIZE x");
        play(noop(answered(asked, answer)), async |session| {
            assert!(session.size("x").await.is_err(), "{answer}");
            session.noop().await.unwrap();
        });
    }
    for answer in
        ["213 20180001224742", "213 Sat Jun 15 10:18:00 2024", "213 -1", "213", "202 what", "402 what", "501 no"]
    {
        let asked = script!(
            "S: 220 ready
             C: MDTM x"
        );
        play(noop(answered(asked, answer)), async |session| {
            assert!(session.modified("x").await.is_err(), "{answer}");
            session.noop().await.unwrap();
        });
    }
    for answer in ["202 what", "402 what", "501 what", "502 what"] {
        play(
            noop(says(
                script!(
                    "S: 220 ready
             C: SYST"
                ),
                answer,
            )),
            async |session| {
                assert!(session.system().await.is_err(), "{answer}");
                session.noop().await.unwrap();
            },
        );
    }
}

fn no_directory(script: Script) -> Script {
    script!(script;
        "C: PWD   S: 257 \"/\"
         C: CWD x   S: 550 no directory"
    )
}

fn directory(script: Script, path: &str) -> Script {
    let script = script!(script;
        "C: PWD   S: 257 \"/home\"
         C: CWD {path}   S: 250 ok"
    );
    script!(script; "C: CWD /home   S: 250 ok")
}

#[test]
fn mlst_that_is_refused_in_any_way_is_followed_by_size_and_time() {
    for (answer, forgotten) in
        [("500 what", true), ("202 what", true), ("402 what", true), ("501 what", true), ("250 End", false)]
    {
        let asked = |script: Script| match answer {
            "250 End" => script!(script; "C: MLST x   S: 250 End"),
            answer => says(script!(script; "C: MLST x"), answer),
        };
        let by_size = |script: Script| {
            no_directory(script!(script;
                "C: SIZE x   S: 213 5
                 C: MDTM x   S: 213 20240615101800"
            ))
        };
        let script = by_size(type_i(asked(featured())));
        play(by_size(if forgotten { script } else { asked(script) }), async |session| {
            for _ in 0..2 {
                let entry = session.entry("x").await.unwrap();
                assert_eq!((entry.name.as_str(), entry.kind, entry.size), ("x", Kind::File, Some(5)), "{answer}");
                assert!(entry.modified.is_some());
            }
        });
    }
    for answer in ["550 no such file", "450 busy"] {
        play(script!(featured(); "C: MLST x   S: {answer}"), async |session| {
            assert!(
                matches!(
                    session.entry("x").await,
                    Err(Error::Refused { kind: RefusalKind::Permanent | RefusalKind::Transient, .. })
                ),
                "{answer}"
            );
        });
    }
}

#[test]
fn entry_of_a_file_whose_size_is_not_reported_is_there_without_it() {
    let script = script!(type_i(unfeatured()); "C: SIZE x   S: 213 File status");
    let script = no_directory(script!(script; "C: MDTM x   S: 213 20240615101800"));
    let entry = play(script, async |session| session.entry("x").await.unwrap());
    assert_eq!((entry.kind, entry.size), (Kind::File, None));
}

#[test]
fn size_of_a_directory_does_not_make_it_a_file() {
    let script = script!(type_i(unfeatured());
        "C: SIZE d   S: 213 4096
         C: MDTM d   S: 550 no"
    );
    let entry = play(directory(script, "d"), async |session| session.entry("d").await.unwrap());
    assert_eq!((entry.kind, entry.size), (Kind::Directory, None));
    // Where nothing can be entered nobody knows.
    let script = script!(type_i(unfeatured());
        "C: SIZE d   S: 213 4096
         C: MDTM d   S: 550 no"
    );
    let entry = play(script!(script; "C: PWD   S: 502 what"), async |session| session.entry("d").await.unwrap());
    assert_eq!(entry.kind, Kind::Other);
}

#[test]
fn entry_of_a_directory_without_mlst() {
    let script = script!(type_i(unfeatured()); "C: SIZE /a/d   S: 550 not a file");
    let entry = play(directory(script, "/a/d"), async |session| session.entry("/a/d").await.unwrap());
    assert_eq!((entry.name.as_str(), entry.kind, entry.size), ("d", Kind::Directory, None));
    let script = no_directory(script!(type_i(unfeatured()); "C: SIZE x   S: 550 no such file"));
    let result = play(script, async |session| session.entry("x").await);
    assert!(
        matches!(result, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.lines == ["no such file"])
    );
}

#[test]
fn entry_of_the_login_directory_and_of_the_root() {
    // The server names what it was asked for, or `.`, or nothing.
    for (path, told, name) in [
        (".", ".", "."),
        ("", ".", "."),
        ("/", "/", "/"),
        ("/", ".", "/"),
        ("/a", ".", "a"),
        (".", "", "."),
        ("..", "..", "."),
    ] {
        let script = featured().expect_line(format!("MLST {path}").trim_end());
        let script = script!(script; "S: 250-Begin\r\n type=cdir;modify=20240615101800; {told}\r\n250 End");
        let entry = play(script, async |session| session.entry(path).await.unwrap());
        assert_eq!((entry.name.as_str(), entry.kind), (name, Kind::Directory), "{path} {told}");
    }
    for path in [".", ""] {
        let script = script!(unfeatured(); "C: CWD .   S: 250 ok");
        let entry = play(script, async |session| session.entry(path).await.unwrap());
        assert_eq!((entry.name.as_str(), entry.kind, entry.size), (".", Kind::Directory, None));
    }
    let entry = play(directory(unfeatured(), "/"), async |session| session.entry("/").await.unwrap());
    assert_eq!((entry.name.as_str(), entry.kind), ("/", Kind::Directory));
}

#[test]
fn what_is_acknowledged_as_superfluous_was_not_done() {
    for line in ["CWD d", "DELE d", "RMD d", "CDUP"] {
        play(
            noop(says(
                script!(
                    "S: 220 ready
             C: {line}"
                ),
                "202 superfluous at this site",
            )),
            async |session| {
                let result = match line {
                    "CWD d" => session.change_directory("d").await,
                    "DELE d" => session.delete("d").await,
                    "RMD d" => session.remove_directory("d").await,
                    _ => session.change_directory("..").await,
                };
                assert!(
                    matches!(result, Err(Error::Refused { kind: RefusalKind::Unexpected, reply }) if reply.code == 202),
                    "{line}"
                );
                session.noop().await.unwrap();
            },
        );
    }
}

#[test]
fn time_that_is_acknowledged_as_superfluous_was_not_set() {
    let time = parse_time_val(b"20240615101800").unwrap();
    let set = async |session: &mut Client, time: &Timestamp| session.set_modified("f", time).await;
    for answer in ["202 what", "402 what", "502 what"] {
        let script = script!(unfeatured(); "C: MFMT 20240615101800 f   S: {answer}");
        let script = script!(script; "C: MDTM 20240615101800 f   S: 213 ok");
        play(script, async |session| assert_eq!(set(session, &time).await.unwrap().code, 213, "{answer}"));
    }
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n MFMT\r\n211 End
         C: MFMT 20240615101800 f"
    );
    play(noop(script!(script; "S: 202 what")), async |session| {
        assert!(matches!(set(session, &time).await, Err(Error::Refused { kind: RefusalKind::Unexpected, .. })));
        session.noop().await.unwrap();
    });
}

#[test]
fn pwd_without_a_path_in_quotes_ends_no_session() {
    for (answer, shown) in [
        ("257 /home/me is current directory", Some("/home/me")),
        ("257 /home", Some("/home")),
        ("257 \"", None),
        ("257 \"\"", None),
        ("257", None),
        ("250 \"/home\"", None),
    ] {
        let asked = |script: Script| match answer {
            "250 \"/home\"" => says(script!(script; "C: PWD"), answer),
            answer => script!(script; "C: PWD   S: {answer}"),
        };
        play(noop(asked(asked(hello()))), async |session| {
            assert!(
                matches!(session.current_directory().await, Err(Error::Refused { kind: RefusalKind::Unexpected, .. })),
                "{answer}"
            );
            let shown = shown.map(|path| WorkingDirectory::Unquoted(path.into()));
            assert_eq!(session.working_directory().await.ok(), shown, "{answer}");
            session.noop().await.unwrap();
        });
    }
    for answer in ["550 no", "502 what", "450 later"] {
        play(
            noop(script!(
                "S: 220 ready
             C: PWD   S: {answer}"
            )),
            async |session| {
                assert!(matches!(
                    session.current_directory().await,
                    Err(Error::Refused { kind: RefusalKind::Permanent | RefusalKind::Transient, .. })
                ));
                session.noop().await.unwrap();
            },
        );
    }
    play(
        script!(
            "S: 220 ready
         C: PWD   S: 257 \"/a\" ok"
        ),
        async |session| {
            assert_eq!(session.working_directory().await, Ok(WorkingDirectory::Quoted("/a".into())));
        },
    );
}
