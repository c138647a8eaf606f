//! Listings, against a server that plays a script.

mod support;

use ftp_client::{Encoding, Error, FailureKind, Kind, Limit, Listed, RefusalKind, Settings};
use ftp_testkit::{Script, script};
use support::*;

#[test]
fn entries_come_from_mlsd_where_the_server_has_it() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211-Features\r\n MLST type*;size*;\r\n211 End"
    );
    let script = script!(passive(script); "C: MLSD d   S: 150 go\r\n226 done");
    let lines = "type=cdir; .\r\ntype=pdir; ..\r\ntype=file;size=3; a b\r\ntype=dir; d\r\nnonsense\r\n";
    let script = script!(script; "D> {lines}   D! close");
    let entries = play(script, async |session| session.entries(Some("d")).await.unwrap());
    assert_eq!(entries.len(), 3);
    assert!(matches!(&entries[0], Listed::Entry(entry) if entry.name == "a b" && entry.size == Some(3)));
    assert!(matches!(&entries[1], Listed::Entry(entry) if entry.kind == Kind::Directory));
    assert!(matches!(&entries[2], Listed::Unparsed(line) if line == "nonsense"));
}

#[test]
fn entries_come_from_list_elsewhere() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211 none
         C: TYPE A   S: 200 ok"
    );
    let script = script!(passive(script); "C: LIST d   S: 150 go\r\n226 done");
    let lines = "total 1\r\n-rw-r--r--   1 u g 5 Jun 15 10:18 a  b\nlrwxrwxrwx 1 u g 3 Jun 15  2005 l -> a";
    let script = script!(script; "D> {lines}   D! close");
    let entries = play(script, async |session| session.entries(Some("d")).await.unwrap());
    assert!(matches!(&entries[0], Listed::Entry(entry) if entry.name == "a  b" && entry.size == Some(5)));
    assert!(matches!(&entries[1], Listed::Entry(entry) if entry.link_target.as_deref() == Some("a")));
}

#[test]
fn mlsd_that_is_named_but_unknown_is_not_tried_again() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n MLST\r\n211 End"
    );
    let script = script!(passive(script);
        "C: MLSD   S: 500 what?
         C: TYPE A   S: 200 ok"
    );
    let script = script!(passive(script); "C: LIST   S: 150 go\r\n226 done");
    let script = script!(passive(script); "C: LIST   S: 150 go\r\n226 done");
    play(script!(script; "D! close   D! close   D! close"), async |session| {
        assert!(session.entries(None).await.unwrap().is_empty());
        assert!(session.entries(None).await.unwrap().is_empty());
    });
}

#[test]
fn no_files_is_an_empty_list_and_a_missing_directory_is_not() {
    for (reply, empty) in [("550 No files found.", true), ("450 No such file or directory", false)] {
        let script = script!(ascii(hello()); "C: NLST   S: {reply}");
        let script = script!(script; "D! stall");
        let result = play(script, async |session| session.names(None).await);
        assert_eq!(result.is_ok_and(|names| names.is_empty()), empty, "{reply}");
    }
}

#[test]
fn listing_that_is_refused_at_its_end_is_an_error() {
    let script = script!(ascii(hello()); "C: LIST nosuch   S: 150 go\r\n450 no such directory");
    let script = script!(script; "D! close");
    let result = play(script, async |session| session.listing(Some("nosuch")).await);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 450));
}

#[test]
fn directory_that_could_not_be_opened_is_no_empty_one() {
    let script = script!(ascii(hello());
        "C: LIST secret   S: 150 go\r\n226 Transfer done (but failed to open directory)."
    );
    let script = script!(script;
        "C: NOOP   S: 200 ok
         D! close"
    );
    play(script, async |session| {
        let result = session.listing(Some("secret")).await;
        assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Unexpected, reply }) if reply.code == 226));
        session.noop().await.unwrap();
    });
}

#[test]
fn listing_beyond_a_limit_leaves_the_session_usable() {
    let endless_line = "x".repeat(1 << 20);
    let endless_lines = "x\r\n".repeat(3 << 20);
    for (data, limit) in [(endless_line, Limit::ListingLine), (endless_lines, Limit::ListingSize)] {
        let script = script!(ascii(hello()); "C: NLST   S: 150 go\r\n426 left");
        let script = script!(script;
            "C: NOOP   S: 200 fence
             C: NOOP   S: 200 ok"
        );
        play(script!(script; "D> {data}   D! close"), async |session| {
            assert_eq!(session.names(None).await, Err(Error::LimitExceeded(limit)));
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn lines_that_mean_nothing_reach_the_limit_too() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n MLST\r\n211 End"
    );
    let script = script!(passive(script); "C: MLSD   S: 150 go");
    let line = format!("type=cdir;x={}; .\r\n", "a".repeat(8000));
    let script = script!(script; "D> {line.repeat(9000)}   D! close");
    let result = play(script, async |session| session.entries(None).await);
    assert_eq!(result, Err(Error::LimitExceeded(Limit::ListingSize)));
}

#[test]
fn names_round_trip_in_either_encoding() {
    for (encoding, wire) in [(Encoding::Utf8, &b"caf\xc3\xa9 \xff.txt"[..]), (Encoding::Latin1, b"caf\xe9 \xff.txt")] {
        let script = script!(ascii(hello()); "C: NLST   S: 150 go\r\n226 done");
        let script = script!(script;
            b"D> {wire}   D! close
             C: STRU \xff\xf2F   S: 504 what"
        );
        let script = script!(script.expect_line([b"DELE ", wire].concat()); "S: 250 ok");
        play_with(Settings { encoding, ..settings() }, script, async |session| {
            let names = session.names(None).await.unwrap();
            assert!(names[0].starts_with("café "), "{names:?}");
            session.delete(&names[0]).await.unwrap();
        });
    }
}

#[test]
fn entry_comes_from_mlst_or_from_size_and_time() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211-F\r\n MLST\r\n211 End
         C: MLST /d/a"
    );
    let script = script!(script; "S: 250-Start\r\n type=file;size=4; /d/a\r\n250 End");
    let entry = play(script, async |session| session.entry("/d/a").await.unwrap());
    assert_eq!((entry.name.as_str(), entry.size), ("a", Some(4)));

    for time in ["550 no", "213 yesterday"] {
        let script = script!(
            "S: 220 ready
             C: FEAT   S: 211 none
             C: TYPE I   S: 200 ok"
        );
        let script = script!(script;
            "C: SIZE d/a   S: 213 4
             C: MDTM d/a   S: {time}"
        );
        let script = script!(script;
            "C: PWD   S: 257 \"/\"
             C: CWD d/a   S: 550 no directory"
        );
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
        let script = script!(
            "S: 220 ready
             C: FEAT   S: 211-F\r\n MLST\r\n211 End
             C: MLST /a;b=c"
        );
        let entry = play(script!(script; "S: {reply}"), async |session| session.entry("/a;b=c").await.unwrap());
        assert_eq!((entry.name.as_str(), entry.size), ("a;b=c", Some(4)), "{reply}");
    }
}

fn mlsd(script: Script) -> Script {
    script!(passive(script!(script; "C: FEAT   S: 211-F\r\n MLST\r\n211 End")); "C: MLSD   S: 150 go")
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
    let script = script!(mlsd(hello());
        "S: 226 done
         D> {lines}   D! close"
    );
    play(script, async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        assert_eq!(names(&stream.read(2).await.unwrap()), ["a", "b"]);
        assert_eq!(session.noop().await, Err(Error::busy()));
        assert_eq!(names(&stream.read(0).await.unwrap()), ["c"]);
        assert!(stream.read(2).await.unwrap().is_empty());
        assert!(stream.read(2).await.unwrap().is_empty());
        stream.finish(session).await.unwrap();
    });
}

#[test]
fn stream_comes_from_list_elsewhere_with_what_waits_for_its_columns() {
    let script = script!(
        "S: 220 ready
         C: FEAT   S: 211 none
         C: TYPE A   S: 200 ok"
    );
    let script = script!(passive(script); "C: LIST d   S: 150 go\r\n226 done");
    let lines = "Directory U:[D]\r\n\r\nLONG.TXT;1\r\n  4/15  24-FEB-2003 13:17:24\r\nOTHER.TXT;1";
    play(script!(script; "D> {lines}   D! close"), async |session| {
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
    let script = script!(mlsd(hello());
        "S: 226 done
         D> {line.repeat(500)}   D! close"
    );
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
    let script = script!(mlsd(hello());
        "S: 426 the disk is gone
         D> type=file; a\r\n   D! close"
    );
    play(script, async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        while !stream.read(9).await.unwrap().is_empty() {}
        let end = stream.finish(session).await;
        assert!(matches!(end, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 426));
    });
}

#[test]
fn stream_is_left_aborted_or_finished_too_early_and_the_session_goes_on() {
    let left = || {
        script!(mlsd(hello());
            "S: 426 left
             C: NOOP   S: 200 fence"
        )
    };
    let then = |script: Script| script!(script; "C: NOOP   S: 200 ok   D> type=file; a\r\n   D! stall");
    play(then(left()), async |session| {
        let mut stream = session.open_entries(None).await.unwrap();
        assert_eq!(names(&stream.read(9).await.unwrap()), ["a"]);
        drop(stream);
        session.noop().await.unwrap();
    });
    play(then(left()), async |session| {
        let stream = session.open_entries(None).await.unwrap();
        assert!(matches!(stream.finish(session).await, Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })));
        session.noop().await.unwrap();
    });
    let aborted = script!(mlsd(hello());
        "C: ABOR   S: 426 cut
         C: NOOP   S: 226 aborted\r\n200 fence"
    );
    play(then(aborted), async |session| {
        let stream = session.open_entries(None).await.unwrap();
        assert_eq!(stream.abort(session).await.unwrap().code, 226);
        session.noop().await.unwrap();
    });
}

#[test]
fn line_beyond_the_limit_ends_a_stream_after_what_came_before_it() {
    let lines = format!("type=file; a\r\n{}", "x".repeat(1 << 20));
    let script = script!(mlsd(hello());
        "S: 426 left
         C: NOOP   S: 200 fence"
    );
    let script = script!(script;
        "C: NOOP   S: 200 ok
         D> {lines}   D! close"
    );
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
        let script = script!(mlsd(hello());
            "S: 226 done
             D> {line}   D! close"
        );
        let result = play(
            if is_taken {
                script
            } else {
                script!(script;
                    "C: NOOP   S: 200 fence
                     C: NOOP   S: 200 ok"
                )
            },
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
    let script = script!(
        "S: 220 ready
             C: STAT d   S: 213-Status follows:\r\ntotal 4\r\n -rw-r--r-- 1 u g 5 Jun 15 10:18 a"
    );
    let script = script!(script;
        "S: drwxr-xr-x 2 u g 5 Jun 15  2005 .\r\n06-15-24  10:18AM  <DIR>  b\r\nhello\r\n213 End"
    );
    let script = script!(script;
        "C: STAT .   S: 212 nothing here
         C: STAT ./-x   S: 450 no such file"
    );
    let script = script!(script;
        "C: STAT e   S: 200 what?
         C: NOOP   S: 200 ok"
    );
    play(script, async |session| {
        let listed = session.entries_by_status(Some("d")).await.unwrap();
        assert_eq!(names(&listed), ["a", "b", "hello"]);
        assert!(session.entries_by_status(None).await.unwrap().is_empty());
        assert!(matches!(
            session.entries_by_status(Some("-x")).await,
            Err(Error::Refused { kind: RefusalKind::Transient, .. })
        ));
        assert!(matches!(
            session.entries_by_status(Some("e")).await,
            Err(Error::Refused { kind: RefusalKind::Unexpected, .. })
        ));
        assert!(matches!(
            session.entries_by_status(Some("a\r\nDELE b")).await,
            Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })
        ));
    });
}
