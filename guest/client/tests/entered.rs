//! Listings of paths that some servers misread: the session goes there, and returns.

mod support;

use ftp_client::scripted::{Data, End, Script};
use ftp_client::{Error, ListOptions, Listed, ListingCommand, ListingEnd, ListingWay, Reply};
use support::*;

const FEATURES: &str = "211-F\r\n MLST\r\n211 End\r\n";

fn featured() -> Script {
    hello().expect("FEAT").say(FEATURES)
}

fn without_mlsd() -> Script {
    hello().expect("FEAT").say("211 none\r\n")
}

fn at_home(script: Script) -> Script {
    script.expect("PWD").say("257 \"/home\" is where you are\r\n")
}

fn entered(script: Script, path: &str) -> Script {
    at_home(script).expect(&format!("CWD {path}")).say("250 ok\r\n")
}

fn left(script: Script) -> Script {
    script.expect("CWD /home").say("250 ok\r\n")
}

fn mlsd(script: Script, line: &str, data: &str) -> Script {
    passive(script).expect(line).say("150 go\r\n226 done\r\n").data(Data::sends(data, End::Close))
}

fn list(script: Script, line: &str, data: &str) -> Script {
    let script = passive(script.expect("TYPE A").say("200 ok\r\n"));
    script.expect(line).say("150 go\r\n226 done\r\n").data(Data::sends(data, End::Close))
}

fn noop(script: Script) -> Script {
    script.expect("NOOP").say("200 ok\r\n")
}

fn code<T>(result: &Result<T, Error>) -> Option<u16> {
    match result {
        Err(Error::Permanent(Reply { code, .. }) | Error::Transient(Reply { code, .. })) => Some(*code),
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
    let script = at_home(featured()).expect("CWD a b").say("550 no right to enter\r\n");
    play(mlsd(script, "MLSD a b", "type=file; a\r\n"), async |session| {
        let listing = session.list(Some("a b"), ENTERED).await.unwrap();
        assert_eq!((listing.listed.len(), listing.way), (1, ListingWay::Argument));
    });
}

#[test]
fn what_can_be_neither_entered_nor_listed_is_not_there() {
    let refused = || at_home(without_mlsd()).expect("CWD a b").say("550 no such directory\r\n");
    let empty = list(refused(), "LIST a b", "");
    let refused_late = passive(refused().expect("TYPE A").say("200 ok\r\n"));
    let refused_late = refused_late.expect("LIST a b").say("150 go\r\n450 gone\r\n").data(Data::sends("", End::Close));
    let refused = passive(refused().expect("TYPE A").say("200 ok\r\n")).expect("LIST a b").say("450 no files\r\n");
    for script in [empty, refused_late, refused.data(Data::sends("", End::Close))] {
        play(noop(script.clone()), async |session| {
            assert_eq!(code(&session.entries(Some("a b")).await), Some(550));
            session.noop().await.unwrap();
        });
    }
    let refusal = at_home(featured()).expect("CWD a b").say("550 no such directory\r\n");
    let refusal = passive(refusal).expect("MLSD a b").say("501 what\r\n").data(Data::sends("", End::Close));
    play(noop(refusal), async |session| {
        assert_eq!(code(&session.entries(Some("a b")).await), Some(550));
        session.noop().await.unwrap();
    });
    let empty = list(at_home(without_mlsd()).expect("CWD a b").say("550 no such directory\r\n"), "LIST a b", "");
    play(noop(empty), async |session| {
        let mut stream = session.open_entries(Some("a b")).await.unwrap();
        assert!(stream.read(9).await.unwrap().is_empty());
        assert_eq!(code(&stream.finish(session).await), Some(550));
        session.noop().await.unwrap();
    });
}

#[test]
fn session_that_cannot_return_is_closed_with_its_reason() {
    let there = || mlsd(entered(featured(), "a b"), "MLSD", "type=file; a\r\n").expect("CWD /home");
    let superfluous = there().say("202 superfluous\r\n").expect("NOOP").say("200 ok\r\n");
    for script in [there().say("550 gone\r\n"), there().say("450 later\r\n"), superfluous] {
        play(script, async |session| {
            let result = session.entries(Some("a b")).await;
            assert!(matches!(&result, Err(Error::NoWayBack(why)) if why.contains("/home")), "{result:?}");
            assert!(!session.is_open());
            assert_eq!(session.noop().await, Err(Error::Closed));
        });
    }
    play(there().say("550 gone\r\n"), async |session| {
        let mut stream = session.open_entries(Some("a b")).await.unwrap();
        while !stream.read(9).await.unwrap().is_empty() {}
        assert!(matches!(stream.finish(session).await, Err(Error::NoWayBack(_))));
        assert!(!session.is_open());
    });
}

#[test]
fn way_back_that_is_relative_is_looked_at() {
    let there =
        || mlsd(featured().expect("PWD").say("257 \"pub\"\r\n").expect("CWD a b").say("250 ok\r\n"), "MLSD", "");
    let back =
        |path: &str| there().expect("CWD pub").say("250 ok\r\n").expect("PWD").say(format!("257 \"{path}\"\r\n"));
    play(back("pub"), async |session| assert!(session.entries(Some("a b")).await.unwrap().is_empty()));
    play(back("pub/a b/pub"), async |session| {
        assert!(matches!(session.entries(Some("a b")).await, Err(Error::NoWayBack(_))));
    });
}

#[test]
fn nothing_is_entered_where_pwd_is_of_no_use() {
    for answer in ["550 no", "502 what?", "257 /home", "257", "257 \"\"", "250 \"/home\"", "257 \"/a\rb\""] {
        let script = featured().expect("PWD").say(format!("{answer}\r\n"));
        let script = if answer.starts_with("250") { noop(script) } else { script };
        play(noop(script), async |session| {
            let result = session.entries(Some("a b")).await;
            assert!(matches!(result, Err(Error::Unsupported(_))), "{answer} {result:?}");
            session.noop().await.unwrap();
        });
    }
    // A path that begins with a slash needs no way back.
    let script = mlsd(featured().expect("CWD /a b").say("250 ok\r\n"), "MLSD", "");
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
    let open = || passive(there()).expect("MLSD").say("150 go\r\n").data(Data::sends("type=file; a\r\n", End::Stall));
    let dropped = open().say("426 left\r\n").expect("NOOP").say("200 fence\r\n");
    play(noop(left(dropped)), async |session| {
        drop(session.open_entries(Some("a b")).await.unwrap());
        session.noop().await.unwrap();
    });
    let aborted = open().expect("ABOR").say("426 cut\r\n").expect("NOOP").say("226 aborted\r\n200 fence\r\n");
    play(noop(left(aborted)), async |session| {
        let stream = session.open_entries(Some("a b")).await.unwrap();
        stream.abort(session).await.unwrap();
        session.noop().await.unwrap();
    });
}

#[test]
fn listing_that_fails_there_returns_too() {
    let refused = passive(entered(featured(), "a b")).expect("MLSD").say("425 no data connection\r\n");
    let refused = refused.data(Data::sends("", End::Close));
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
    let endless = passive(entered(featured(), "a b")).expect("MLSD").say("150 go\r\n426 left\r\n");
    let endless = endless.data(Data::sends("x".repeat(1 << 20), End::Close)).expect("NOOP").say("200 fence\r\n");
    play(noop(left(endless)), async |session| {
        assert!(matches!(session.entries(Some("a b")).await, Err(Error::LimitExceeded(_))));
        session.noop().await.unwrap();
    });
}

#[test]
fn session_stays_in_a_directory_that_is_entered_by_an_absolute_path() {
    let script = mlsd(featured().expect("CWD /d").say("250 ok\r\n"), "MLSD", "type=file; a\r\n");
    let script = mlsd(script.expect("CWD /e").say("250 ok\r\n"), "MLSD", "");
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
    let script = passive(script).expect("LIST -a /d").say("150 go\r\n226 done\r\n").data(Data::sends("", End::Close));
    play(script, async |session| {
        session.list(None, all).await.unwrap();
        session.list(Some("/d"), all).await.unwrap();
    });
    play(mlsd(featured(), "MLSD /d", ""), async |session| session.list(Some("/d"), all).await.unwrap());
}

#[test]
fn refusal_because_there_are_no_files_is_an_empty_listing_that_says_so() {
    for text in ["450 No files found", "550 No members found.", "550 No data sets found.", "550 Directory is empty"] {
        let early = passive(featured()).expect("MLSD d").say(format!("{text}\r\n")).data(Data::sends("", End::Close));
        let late = passive(featured()).expect("MLSD d").say(format!("150 go\r\n{text}\r\n"));
        for script in [early, late.data(Data::sends("", End::Close))] {
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
        let script = passive(without_mlsd().expect("TYPE A").say("200 ok\r\n")).expect("LIST d");
        let script = script.say(format!("{text}\r\n")).data(Data::sends("", End::Close));
        play(script, async |session| assert!(session.entries(Some("d")).await.unwrap().is_empty()));
    }
    // Not after a member, and not for a directory that is not there.
    let script = passive(featured()).expect("MLSD d").say("150 go\r\n450 No files found\r\n");
    play(script.data(Data::sends("type=file; a\r\n", End::Close)), async |session| {
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
    let script = ascii(hello()).expect("NLST").say("150 go\r\n226 done\r\n").data(Data::sends("a\r\r\n", End::Close));
    play(script, async |session| assert_eq!(session.names(None).await.unwrap(), ["a"]));
    let script = hello().expect("STAT .").say("213-Status\r\n-rw-r--r-- 1 u g 5 Jun 15 10:18 a\r\r\n213 End\r\n");
    let listed = play(script, async |session| session.entries_by_status(None).await.unwrap());
    assert!(matches!(&listed[0], Listed::Entry(entry) if entry.name == "a"));
}
