//! Listings, against a server that plays a script.

mod support;

use ftp_client::scripted::{Data, End, Script};
use ftp_client::{Encoding, Error, Kind, Limit, Listed, Settings};
use support::*;

#[test]
fn entries_come_from_mlsd_where_the_server_has_it() {
    let script = hello().expect("FEAT").say("211-Features\r\n MLST type*;size*;\r\n211 End\r\n");
    let script = passive(script).expect("MLSD d").say("150 go\r\n226 done\r\n");
    let lines = "type=cdir; .\r\ntype=pdir; ..\r\ntype=file;size=3; a b\r\ntype=dir; d\r\nnonsense\r\n";
    let script = script.data(Data::sends(lines, End::Close));
    let entries = play(script, async |session| session.entries(Some("d")).await.unwrap());
    assert_eq!(entries.len(), 3);
    assert!(matches!(&entries[0], Listed::Entry(entry) if entry.name == "a b" && entry.size == Some(3)));
    assert!(matches!(&entries[1], Listed::Entry(entry) if entry.kind == Kind::Directory));
    assert!(matches!(&entries[2], Listed::Unparsed(line) if line == "nonsense"));
}

#[test]
fn entries_come_from_list_elsewhere() {
    let script = hello().expect("FEAT").say("211 none\r\n").expect("TYPE A").say("200 ok\r\n");
    let script = passive(script).expect("LIST d").say("150 go\r\n226 done\r\n");
    let lines = "total 1\r\n-rw-r--r--   1 u g 5 Jun 15 10:18 a  b\nlrwxrwxrwx 1 u g 3 Jun 15  2005 l -> a";
    let script = script.data(Data::sends(lines, End::Close));
    let entries = play(script, async |session| session.entries(Some("d")).await.unwrap());
    assert!(matches!(&entries[0], Listed::Entry(entry) if entry.name == "a  b" && entry.size == Some(5)));
    assert!(matches!(&entries[1], Listed::Entry(entry) if entry.link_target.as_deref() == Some("a")));
}

#[test]
fn mlsd_that_is_named_but_unknown_is_not_tried_again() {
    let script = hello().expect("FEAT").say("211-F\r\n MLST\r\n211 End\r\n");
    let script = passive(script).expect("MLSD").say("500 what?\r\n").expect("TYPE A").say("200 ok\r\n");
    let script = passive(script).expect("LIST").say("150 go\r\n226 done\r\n");
    let script = passive(script).expect("LIST").say("150 go\r\n226 done\r\n");
    let data = || Data::sends("", End::Close);
    play(script.data(data()).data(data()).data(data()), async |session| {
        assert!(session.entries(None).await.unwrap().is_empty());
        assert!(session.entries(None).await.unwrap().is_empty());
    });
}

#[test]
fn no_files_is_an_empty_list_and_a_missing_directory_is_not() {
    for (reply, empty) in [("550 No files found.", true), ("450 No such file or directory", false)] {
        let script = ascii(hello()).expect("NLST").say(format!("{reply}\r\n"));
        let script = script.data(Data::sends("", End::Stall));
        let result = play(script, async |session| session.names(None).await);
        assert_eq!(result.is_ok_and(|names| names.is_empty()), empty, "{reply}");
    }
}

#[test]
fn listing_that_is_refused_at_its_end_is_an_error() {
    let script = ascii(hello()).expect("LIST nosuch").say("150 go\r\n450 no such directory\r\n");
    let script = script.data(Data::sends("", End::Close));
    let result = play(script, async |session| session.listing(Some("nosuch")).await);
    assert!(matches!(result, Err(Error::Transient(reply)) if reply.code == 450));
}

#[test]
fn directory_that_could_not_be_opened_is_no_empty_one() {
    let script =
        ascii(hello()).expect("LIST secret").say("150 go\r\n226 Transfer done (but failed to open directory).\r\n");
    let script = script.expect("NOOP").say("200 ok\r\n").data(Data::sends("", End::Close));
    play(script, async |session| {
        let result = session.listing(Some("secret")).await;
        assert!(matches!(result, Err(Error::Unexpected(reply)) if reply.code == 226));
        session.noop().await.unwrap();
    });
}

#[test]
fn listing_beyond_a_limit_leaves_the_session_usable() {
    let endless_line = "x".repeat(1 << 20);
    let endless_lines = "x\r\n".repeat(3 << 20);
    for (data, limit) in [(endless_line, Limit::ListingLine), (endless_lines, Limit::ListingSize)] {
        let script = ascii(hello()).expect("NLST").say("150 go\r\n426 left\r\n");
        let script = script.expect("NOOP").say("200 fence\r\n").expect("NOOP").say("200 ok\r\n");
        play(script.data(Data::sends(data, End::Close)), async |session| {
            assert_eq!(session.names(None).await, Err(Error::LimitExceeded(limit)));
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn lines_that_mean_nothing_reach_the_limit_too() {
    let script = hello().expect("FEAT").say("211-F\r\n MLST\r\n211 End\r\n");
    let script = passive(script).expect("MLSD").say("150 go\r\n");
    let line = format!("type=cdir;x={}; .\r\n", "a".repeat(8000));
    let script = script.data(Data::sends(line.repeat(9000), End::Close));
    let result = play(script, async |session| session.entries(None).await);
    assert_eq!(result, Err(Error::LimitExceeded(Limit::ListingSize)));
}

#[test]
fn names_round_trip_in_either_encoding() {
    for (encoding, wire) in [(Encoding::Utf8, &b"caf\xc3\xa9 \xff.txt"[..]), (Encoding::Latin1, b"caf\xe9 \xff.txt")] {
        let script = ascii(hello()).expect("NLST").say("150 go\r\n226 done\r\n");
        let script = script.data(Data::sends(wire, End::Close)).expect_bytes(b"STRU \xff\xf2F").say("504 what\r\n");
        let script = script.expect_bytes(&[b"DELE ", wire].concat()).say("250 ok\r\n");
        play_with(Settings { encoding, ..settings() }, script, async |session| {
            let names = session.names(None).await.unwrap();
            assert!(names[0].starts_with("café "), "{names:?}");
            session.delete(&names[0]).await.unwrap();
        });
    }
}

#[test]
fn entry_comes_from_mlst_or_from_size_and_time() {
    let script = hello().expect("FEAT").say("211-F\r\n MLST\r\n211 End\r\n").expect("MLST /d/a");
    let script = script.say("250-Start\r\n type=file;size=4; /d/a\r\n250 End\r\n");
    let entry = play(script, async |session| session.entry("/d/a").await.unwrap());
    assert_eq!((entry.name.as_str(), entry.size), ("a", Some(4)));

    for time in ["550 no", "213 yesterday"] {
        let script = hello().expect("FEAT").say("211 none\r\n").expect("TYPE I").say("200 ok\r\n");
        let script = script.expect("SIZE d/a").say("213 4\r\n").expect("MDTM d/a").say(format!("{time}\r\n"));
        let script = script.expect("PWD").say("257 \"/\"\r\n").expect("CWD d/a").say("550 no directory\r\n");
        let entry = play(script, async |session| session.entry("d/a").await.unwrap());
        assert_eq!((entry.name.as_str(), entry.size, entry.modified), ("a", Some(4), None));
    }
}

#[test]
fn names_that_look_like_facts_are_no_entry() {
    let facts = " type=file;size=4; /a;b=c";
    for reply in [
        format!("250-Listing \"/a;b=c\":\r\n{facts}\r\n250 End"),
        format!("250-a=b; c\r\n{facts}\r\n250 a=b; c"),
        format!("250-a=b; c\r\n250-{facts}\r\n250 End"),
        format!("250{facts}"),
    ] {
        let script = hello().expect("FEAT").say("211-F\r\n MLST\r\n211 End\r\n").expect("MLST /a;b=c");
        let entry = play(script.say(format!("{reply}\r\n")), async |session| session.entry("/a;b=c").await.unwrap());
        assert_eq!((entry.name.as_str(), entry.size), ("a;b=c", Some(4)), "{reply}");
    }
}

fn mlsd(script: Script) -> Script {
    passive(script.expect("FEAT").say("211-F\r\n MLST\r\n211 End\r\n")).expect("MLSD").say("150 go\r\n")
}

fn names(listed: &[Listed]) -> Vec<String> {
    let name = |listed| match listed {
        Listed::Entry(entry) => entry.name,
        Listed::Unparsed(line) => line,
        Listed::Skipped => panic!("nothing was told"),
    };
    listed.iter().cloned().map(name).collect()
}

#[test]
fn stream_gives_portions_and_the_verdict() {
    let lines = "type=cdir; .\r\ntype=file; a\r\ntype=file; b\r\ntype=file; c\r\n";
    let script = mlsd(hello()).say("226 done\r\n").data(Data::sends(lines, End::Close));
    play(script, async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        assert_eq!(names(&stream.read(2).await.unwrap()), ["a", "b"]);
        assert_eq!(session.noop().await, Err(Error::Busy));
        assert_eq!(names(&stream.read(0).await.unwrap()), ["c"]);
        assert!(stream.read(2).await.unwrap().is_empty());
        assert!(stream.read(2).await.unwrap().is_empty());
        stream.finish(session).await.unwrap();
    });
}

#[test]
fn stream_comes_from_list_elsewhere_with_what_waits_for_its_columns() {
    let script = hello().expect("FEAT").say("211 none\r\n").expect("TYPE A").say("200 ok\r\n");
    let script = passive(script).expect("LIST d").say("150 go\r\n226 done\r\n");
    let lines = "Directory U:[D]\r\n\r\nLONG.TXT;1\r\n  4/15  24-FEB-2003 13:17:24\r\nOTHER.TXT;1";
    play(script.data(Data::sends(lines, End::Close)), async |session| {
        let mut stream = session.open_entries(Some("d")).await.unwrap();
        let mut listed = Vec::new();
        while let portion @ [_, ..] = stream.read(1).await.unwrap().as_slice() {
            listed.extend_from_slice(portion);
        }
        assert_eq!(names(&listed), ["LONG.TXT;1", "OTHER.TXT;1"]);
        assert!(matches!(listed[1], Listed::Unparsed(_)));
        stream.finish(session).await.unwrap();
    });
}

#[test]
fn portion_is_bounded_in_bytes() {
    let line = format!("type=file;x={}; a\r\n", "a".repeat(8000));
    let script = mlsd(hello()).say("226 done\r\n").data(Data::sends(line.repeat(500), End::Close));
    play(script, async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        let mut count = 0;
        loop {
            let portion = stream.read(usize::MAX).await.unwrap();
            assert!(portion.len() < 40, "{} entries of 8 KB", portion.len());
            if portion.is_empty() {
                break;
            }
            count += portion.len();
        }
        assert_eq!(count, 500);
        stream.finish(session).await.unwrap();
    });
}

#[test]
fn stream_that_is_refused_at_its_end_is_an_error() {
    let script = mlsd(hello()).say("426 the disk is gone\r\n").data(Data::sends("type=file; a\r\n", End::Close));
    play(script, async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        while !stream.read(9).await.unwrap().is_empty() {}
        let end = stream.finish(session).await;
        assert!(matches!(end, Err(Error::Transient(reply)) if reply.code == 426));
    });
}

#[test]
fn stream_is_left_aborted_or_finished_too_early_and_the_session_goes_on() {
    let left = || mlsd(hello()).say("426 left\r\n").expect("NOOP").say("200 fence\r\n");
    let data = || Data::sends("type=file; a\r\n", End::Stall);
    let then = |script: Script| script.expect("NOOP").say("200 ok\r\n").data(data());
    play(then(left()), async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        assert_eq!(names(&stream.read(9).await.unwrap()), ["a"]);
        drop(stream);
        session.noop().await.unwrap();
    });
    play(then(left()), async |session| {
        let stream = session.open_entries(None).await.unwrap();
        assert!(matches!(stream.finish(session).await, Err(Error::InvalidArgument(_))));
        session.noop().await.unwrap();
    });
    let aborted = mlsd(hello()).expect("ABOR").say("426 cut\r\n").expect("NOOP").say("226 aborted\r\n200 fence\r\n");
    play(then(aborted), async |session| {
        let stream = session.open_entries(None).await.unwrap();
        assert_eq!(stream.abort(session).await.unwrap().code, 226);
        session.noop().await.unwrap();
    });
}

#[test]
fn line_beyond_the_limit_ends_a_stream_after_what_came_before_it() {
    let lines = format!("type=file; a\r\n{}", "x".repeat(1 << 20));
    let script = mlsd(hello()).say("426 left\r\n").expect("NOOP").say("200 fence\r\n");
    let script = script.expect("NOOP").say("200 ok\r\n").data(Data::sends(lines, End::Close));
    play(script, async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        assert_eq!(names(&stream.read(9).await.unwrap()), ["a"]);
        let limit = Error::LimitExceeded(Limit::ListingLine);
        assert_eq!(stream.read(9).await, Err(limit.clone()));
        assert_eq!(stream.read(9).await, Err(limit.clone()));
        assert_eq!(stream.finish(session).await, Err(limit));
        session.noop().await.unwrap();
    });
}

#[test]
fn line_of_exactly_the_limit_is_taken() {
    for (end, is_taken) in [("", true), ("x", false)] {
        let line = format!("{}{end}\r\n", "x".repeat(16 << 10));
        let script = mlsd(hello()).say("226 done\r\n").data(Data::sends(line, End::Close));
        let result = play(
            if is_taken { script } else { script.expect("NOOP").say("200 fence\r\n").expect("NOOP").say("200 ok\r\n") },
            async |session| {
                let result = session.entries(None).await;
                if !is_taken {
                    session.noop().await.unwrap();
                }
                result
            },
        );
        assert_eq!(result.is_ok(), is_taken);
    }
}

#[test]
fn status_is_a_listing() {
    let script =
        hello().expect("STAT d").say("213-Status follows:\r\ntotal 4\r\n -rw-r--r-- 1 u g 5 Jun 15 10:18 a\r\n");
    let script = script.say("drwxr-xr-x 2 u g 5 Jun 15  2005 .\r\n06-15-24  10:18AM  <DIR>  b\r\nhello\r\n213 End\r\n");
    let script = script.expect("STAT .").say("212 nothing here\r\n").expect("STAT ./-x").say("450 no such file\r\n");
    let script = script.expect("STAT e").say("200 what?\r\n").expect("NOOP").say("200 ok\r\n");
    play(script, async |session| {
        let listed = session.entries_by_status(Some("d")).await.unwrap();
        assert_eq!(names(&listed), ["a", "b", "hello"]);
        assert!(session.entries_by_status(None).await.unwrap().is_empty());
        assert!(matches!(session.entries_by_status(Some("-x")).await, Err(Error::Transient(_))));
        assert!(matches!(session.entries_by_status(Some("e")).await, Err(Error::Unexpected(_))));
        assert!(matches!(session.entries_by_status(Some("a\r\nDELE b")).await, Err(Error::InvalidArgument(_))));
    });
}
