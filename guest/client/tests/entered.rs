//! Listings of paths that some servers misread: the session goes there, and returns.

mod support;

use ftp_client::{Error, FailureKind, ListOptions, Listed, ListingCommand, ListingEnd, ListingWay, RefusalKind, Reply};
use ftp_testkit::{Script, script};
use support::*;

const FEATURES: &str = "211-F\r\n MLST\r\n211 End\r\n";

fn featured() -> Script {
    script!(
        "S: 220 ready
         C: FEAT   S> {FEATURES}"
    )
}

fn without_mlsd() -> Script {
    script!(
        "S: 220 ready
         C: FEAT   S: 211 none"
    )
}

fn at_home(script: Script) -> Script {
    script!(script; "C: PWD   S: 257 \"/home\" is where you are")
}

fn entered(script: Script, path: &str) -> Script {
    script!(at_home(script); "C: CWD {path}   S: 250 ok")
}

fn left(script: Script) -> Script {
    script!(script; "C: CWD /home   S: 250 ok")
}

fn mlsd(script: Script, line: &str, data: &str) -> Script {
    script!(passive(script);
        "C: {line}   S: 150 go\r\n226 done
         D> {data}   D! close"
    )
}

fn list(script: Script, line: &str, data: &str) -> Script {
    let script = passive(script!(script; "C: TYPE A   S: 200 ok"));
    script!(script;
        "C: {line}   S: 150 go\r\n226 done
         D> {data}   D! close"
    )
}

fn noop(script: Script) -> Script {
    script!(script; "C: NOOP   S: 200 ok")
}

fn code<T>(result: &Result<T, Error>) -> Option<u16> {
    match result {
        Err(
            Error::Refused { kind: RefusalKind::Permanent, reply: Reply { code, .. } }
            | Error::Refused { kind: RefusalKind::Transient, reply: Reply { code, .. } },
        ) => Some(*code),
        _ => None,
    }
}

const ENTERED: ListOptions = ListOptions { way: ListingWay::Entered, all: false };

#[test]
fn path_that_may_be_misread_is_entered_and_left_again() {
    for path in ["[ temp ]", "e*x", "a b", "a?b", "{a}", "-l", "/x/-l", "/x/~a", "a\\b"] {
        let script = left(mlsd(entered(featured(), path), "MLSD", "type=file; a\r\n"));
        let script = left(mlsd(entered(script, path), "MLSD", ""));
        play(script, async |session| {
            assert_eq!(session.entries(Some(path)).await.unwrap().len(), 1, "{path}");
            assert!(session.entries(Some(path)).await.unwrap().is_empty());
        });
    }
    let script = left(list(entered(without_mlsd(), "-l"), "LIST", "-rw-r--r-- 1 u g 5 Jun 15 10:18 a\r\n"));
    play(script, async |session| assert_eq!(session.entries(Some("-l")).await.unwrap().len(), 1));
}

#[test]
fn other_paths_are_listed_by_argument_as_they_were() {
    for path in ["d", "/d/e", "a-b", ".d", "/", "caf\u{e9}"] {
        let script = mlsd(featured(), &format!("MLSD {path}"), "");
        play(script, async |session| assert!(session.entries(Some(path)).await.unwrap().is_empty(), "{path}"));
    }
}

#[test]
fn directory_that_cannot_be_entered_is_listed_by_its_path() {
    let script = script!(at_home(featured()); "C: CWD a b   S: 550 no right to enter");
    play(mlsd(script, "MLSD a b", "type=file; a\r\n"), async |session| {
        let listing = session.list(Some("a b"), ENTERED).await.unwrap();
        assert_eq!((listing.listed.len(), listing.way), (1, ListingWay::Argument));
    });
}

#[test]
fn what_can_be_neither_entered_nor_listed_is_not_there() {
    let refused = || script!(at_home(without_mlsd()); "C: CWD a b   S: 550 no such directory");
    let empty = list(refused(), "LIST a b", "");
    let refused_late = passive(script!(refused(); "C: TYPE A   S: 200 ok"));
    let refused_late = script!(refused_late;
        "C: LIST a b   S: 150 go\r\n450 gone
         D! close"
    );
    let refused = script!(passive(script!(refused(); "C: TYPE A   S: 200 ok"));
        "C: LIST a b   S: 450 no files"
    );
    for script in [empty, refused_late, script!(refused; "D! close")] {
        play(noop(script.clone()), async |session| {
            assert_eq!(code(&session.entries(Some("a b")).await), Some(550));
            session.noop().await.unwrap();
        });
    }
    let refusal = script!(at_home(featured()); "C: CWD a b   S: 550 no such directory");
    let refusal = script!(passive(refusal);
        "C: MLSD a b   S: 501 what
         D! close"
    );
    play(noop(refusal), async |session| {
        assert_eq!(code(&session.entries(Some("a b")).await), Some(550));
        session.noop().await.unwrap();
    });
    let empty = list(script!(at_home(without_mlsd()); "C: CWD a b   S: 550 no such directory"), "LIST a b", "");
    play(noop(empty), async |session| {
        let mut stream = session.open_entries(Some("a b")).await.unwrap();
        assert!(stream.read(9).await.unwrap().is_empty());
        assert_eq!(code(&stream.finish(session).await), Some(550));
        session.noop().await.unwrap();
    });
}

#[test]
fn session_that_cannot_return_is_closed_with_its_reason() {
    let there = || script!(mlsd(entered(featured(), "a b"), "MLSD", "type=file; a\r\n"); "C: CWD /home");
    let superfluous = script!(there();
        "S: 202 superfluous
         C: NOOP   S: 200 ok"
    );
    for script in [script!(there(); "S: 550 gone"), script!(there(); "S: 450 later"), superfluous] {
        play(script, async |session| {
            let result = session.entries(Some("a b")).await;
            assert!(
                matches!(&result, Err(Error::Failed { kind: FailureKind::Closed, text: why, .. }) if why.contains("/home")),
                "{result:?}"
            );
            assert!(!session.is_open());
            assert_eq!(session.noop().await, Err(Error::closed()));
        });
    }
    play(script!(there(); "S: 550 gone"), async |session| {
        let mut stream = session.open_entries(Some("a b")).await.unwrap();
        while !stream.read(9).await.unwrap().is_empty() {}
        assert!(matches!(stream.finish(session).await, Err(Error::Failed { kind: FailureKind::Closed, .. })));
        assert!(!session.is_open());
    });
}

#[test]
fn way_back_that_is_relative_is_looked_at() {
    let there = || {
        mlsd(
            script!(featured();
                "C: PWD   S: 257 \"pub\"
                 C: CWD a b   S: 250 ok"
            ),
            "MLSD",
            "",
        )
    };
    let back = |path: &str| {
        script!(there();
            "C: CWD pub   S: 250 ok
             C: PWD   S: 257 \"{path}\""
        )
    };
    play(back("pub"), async |session| assert!(session.entries(Some("a b")).await.unwrap().is_empty()));
    play(back("pub/a b/pub"), async |session| {
        assert!(matches!(session.entries(Some("a b")).await, Err(Error::Failed { kind: FailureKind::Closed, .. })));
    });
}

#[test]
fn nothing_is_entered_where_pwd_is_of_no_use() {
    for answer in ["550 no", "502 what?", "257 /home", "257", "257 \"\"", "250 \"/home\"", "257 \"/a\rb\""] {
        let script = script!(featured(); "C: PWD   S: {answer}");
        let script = if answer.starts_with("250") { noop(script) } else { script };
        play(noop(script), async |session| {
            let result = session.entries(Some("a b")).await;
            assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Unsupported, .. })), "{answer} {result:?}");
            session.noop().await.unwrap();
        });
    }
    // A path that begins with a slash needs no way back.
    let script = mlsd(script!(featured(); "C: CWD /a b   S: 250 ok"), "MLSD", "");
    play(script, async |session| assert!(session.list(Some("/a b"), ENTERED).await.is_ok()));
}

#[test]
fn stream_returns_when_it_is_finished_dropped_or_aborted() {
    let there = || entered(featured(), "a b");
    let finished = left(mlsd(there(), "MLSD", "type=file; a\r\n"));
    play(noop(finished), async |session| {
        let mut stream = session.open_entries(Some("a b")).await.unwrap();
        while !stream.read(9).await.unwrap().is_empty() {}
        stream.finish(session).await.unwrap();
        session.noop().await.unwrap();
    });
    let open = || {
        script!(passive(there());
            "C: MLSD   S: 150 go
             D> type=file; a\r\n   D! stall"
        )
    };
    let dropped = script!(open();
        "S: 426 left
         C: NOOP   S: 200 fence"
    );
    play(noop(left(dropped)), async |session| {
        drop(session.open_entries(Some("a b")).await.unwrap());
        session.noop().await.unwrap();
    });
    let aborted = script!(open();
        "C: ABOR   S: 426 cut
         C: NOOP   S: 226 aborted\r\n200 fence"
    );
    play(noop(left(aborted)), async |session| {
        let stream = session.open_entries(Some("a b")).await.unwrap();
        stream.abort(session).await.unwrap();
        session.noop().await.unwrap();
    });
}

#[test]
fn listing_that_fails_there_returns_too() {
    let refused = script!(passive(entered(featured(), "a b")); "C: MLSD   S: 425 no data connection");
    let refused = script!(refused; "D! close");
    for open in [false, true] {
        play(noop(left(refused.clone())), async |session| {
            let refusal = match open {
                true => code(&session.open_entries(Some("a b")).await.map(|_| ())),
                false => code(&session.entries(Some("a b")).await),
            };
            assert_eq!(refusal, Some(425));
            session.noop().await.unwrap();
        });
    }
    let endless = script!(passive(entered(featured(), "a b")); "C: MLSD   S: 150 go\r\n426 left");
    let endless = script!(endless.send_data("x".repeat(1 << 20)); "D! close   C: NOOP   S: 200 fence");
    play(noop(left(endless)), async |session| {
        assert!(matches!(session.entries(Some("a b")).await, Err(Error::LimitExceeded(_))));
        session.noop().await.unwrap();
    });
}

#[test]
fn session_stays_in_a_directory_that_is_entered_by_an_absolute_path() {
    let script = mlsd(script!(featured(); "C: CWD /d   S: 250 ok"), "MLSD", "type=file; a\r\n");
    let script = mlsd(script!(script; "C: CWD /e   S: 250 ok"), "MLSD", "");
    play(noop(script), async |session| {
        assert_eq!(session.list(Some("/d"), ENTERED).await.unwrap().way, ListingWay::Entered);
        assert!(session.list(Some("/e"), ENTERED).await.unwrap().listed.is_empty());
        session.noop().await.unwrap();
    });
    let script = noop(left(mlsd(entered(featured(), "d"), "MLSD", "")));
    play(script, async |session| {
        session.list(Some("d"), ENTERED).await.unwrap();
        session.noop().await.unwrap();
    });
    let script = mlsd(featured(), "MLSD", "");
    play(script, async |session| assert_eq!(session.list(None, ENTERED).await.unwrap().way, ListingWay::Argument));
}

#[test]
fn listing_reports_what_it_came_from_and_whether_it_is_whole() {
    for (data, has_line_end) in [
        ("", true),
        ("type=file; a\r\n", true),
        ("type=file; a\n", true),
        ("type=file; a\r\ntype=file; b", false),
        ("type=file; a\r\ntype=file; b\r", false),
        ("type=fi", false),
    ] {
        let listing = play(mlsd(featured(), "MLSD", data), async |session| {
            session.list(None, ListOptions::default()).await.unwrap()
        });
        assert_eq!(listing.has_line_end, has_line_end, "{data:?}");
        assert_eq!(listing.is_whole(), has_line_end);
        assert_eq!((listing.command, listing.end), (ListingCommand::Mlsd, ListingEnd::Clear));
        assert_eq!(listing.no_files, None);
        assert!(!listing.shows_hidden());
    }
    let lines = "-rw-r--r-- 1 u g 5 Jun 15 10:18 .htaccess\r\ndrwxr-xr-x 1 u g 5 Jun 15 10:18 ..\r\n";
    for (lines, hidden) in [(lines, true), (lines.trim_start_matches(|c| c != '\n').trim_start(), false)] {
        let listing = play(list(without_mlsd(), "LIST", lines), async |session| {
            session.list(None, ListOptions::default()).await.unwrap()
        });
        assert_eq!((listing.command, listing.shows_hidden()), (ListingCommand::List, hidden));
    }
}

#[test]
fn list_is_asked_for_hidden_names_and_mlsd_needs_not_be() {
    let all = ListOptions { all: true, ..ListOptions::default() };
    let script = list(without_mlsd(), "LIST -a", "");
    let script = script!(passive(script);
        "C: LIST -a /d   S: 150 go\r\n226 done
         D! close"
    );
    play(script, async |session| {
        session.list(None, all).await.unwrap();
        session.list(Some("/d"), all).await.unwrap();
    });
    play(mlsd(featured(), "MLSD /d", ""), async |session| session.list(Some("/d"), all).await.unwrap());
}

#[test]
fn refusal_because_there_are_no_files_is_an_empty_listing_that_says_so() {
    for text in ["450 No files found", "550 No members found.", "550 No data sets found.", "550 Directory is empty"] {
        let early = script!(passive(featured());
            "C: MLSD d   S: {text}
             D! close"
        );
        let late = script!(passive(featured()); "C: MLSD d   S: 150 go\r\n{text}");
        for script in [early, script!(late; "D! close")] {
            play(noop(script.clone()), async |session| {
                let listing = session.list(Some("d"), ListOptions::default()).await.unwrap();
                assert!(listing.listed.is_empty());
                assert!(listing.no_files.as_ref().is_some_and(|reply| text.starts_with(&reply.code.to_string())));
                assert!(!listing.is_whole());
                session.noop().await.unwrap();
            });
            play(script.clone(), async |session| assert!(session.entries(Some("d")).await.unwrap().is_empty()));
            play(noop(script), async |session| {
                let mut stream = session.open_entries(Some("d")).await.unwrap();
                assert!(stream.read(9).await.unwrap().is_empty());
                stream.finish(session).await.unwrap();
                session.noop().await.unwrap();
            });
        }
        let script = script!(passive(script!(without_mlsd(); "C: TYPE A   S: 200 ok")); "C: LIST d");
        let script = script!(script;
            "S: {text}
             D! close"
        );
        play(script, async |session| assert!(session.entries(Some("d")).await.unwrap().is_empty()));
    }
    // Not after a member, and not for a directory that is not there.
    let script = script!(passive(featured()); "C: MLSD d   S: 150 go\r\n450 No files found");
    play(script!(script; "D> type=file; a\r\n   D! close"), async |session| {
        assert_eq!(code(&session.entries(Some("d")).await), Some(450));
    });
}

#[test]
fn returns_at_the_end_of_a_line_are_no_part_of_a_name() {
    let lines = "type=file;size=1; a\r\r\ntype=file; b\r\r\r\n";
    let listed = play(mlsd(featured(), "MLSD", lines), async |session| session.entries(None).await.unwrap());
    let names: Vec<_> = listed
        .iter()
        .map(|listed| match listed {
            Listed::Entry(entry) => entry.name.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["a", "b"]);
    let script = script!(ascii(hello());
        "C: NLST   S: 150 go\r\n226 done
         D> a\r\r\n   D! close"
    );
    play(script, async |session| assert_eq!(session.names(None).await.unwrap(), ["a"]));
    let script = script!(
        "S: 220 ready
         C: STAT .   S: 213-Status\r\n-rw-r--r-- 1 u g 5 Jun 15 10:18 a\r\r\n213 End"
    );
    let listed = play(script, async |session| session.entries_by_status(None).await.unwrap());
    assert!(matches!(&listed[0], Listed::Entry(entry) if entry.name == "a"));
}
