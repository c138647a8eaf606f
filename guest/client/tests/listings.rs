//! Listings, against a server that plays a script.

mod support;

use ftp_client::scripted::{Data, End};
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
    let script = hello().expect("FEAT").say("502 no\r\n").expect("TYPE A").say("200 ok\r\n");
    let script = passive(script).expect("LIST ./-d").say("150 go\r\n226 done\r\n");
    let lines = "total 1\r\n-rw-r--r--   1 u g 5 Jun 15 10:18 a  b\nlrwxrwxrwx 1 u g 3 Jun 15  2005 l -> a";
    let script = script.data(Data::sends(lines, End::Close));
    let entries = play(script, async |session| session.entries(Some("-d")).await.unwrap());
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

    let script = hello().expect("FEAT").say("500 no\r\n").expect("TYPE I").say("200 ok\r\n");
    let script = script.expect("SIZE d/a").say("213 4\r\n").expect("MDTM d/a").say("550 no\r\n");
    let entry = play(script, async |session| session.entry("d/a").await.unwrap());
    assert_eq!((entry.name.as_str(), entry.size, entry.modified), ("a", Some(4), None));
}
