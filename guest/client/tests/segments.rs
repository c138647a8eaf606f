//! Downloads by several sessions, each with a server of its own that plays a script.

mod support;

use ftp_client::engine::*;
use ftp_client::scripted::{Data, End, Script, Scripted};
use ftp_client::{Error, Session};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use support::*;

const CONTENTS: &[u8] = b"0123456789abcdef";
const OLD: &str = "213 20240615101800";
const NEW: &str = "213 20240615101801";

/// What came, piece by piece.
#[derive(Default)]
struct Pieces(RefCell<Vec<(u64, Vec<u8>)>>);

impl WriteAt for Pieces {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        self.0.borrow_mut().push((offset, bytes.to_vec()));
        Ok(())
    }
}

impl Pieces {
    /// The file, if no byte is missing and none came twice.
    fn joined(&self) -> Vec<u8> {
        let mut pieces = self.0.borrow().clone();
        pieces.sort();
        let mut file = Vec::new();
        for (offset, bytes) in pieces {
            assert_eq!(offset, file.len() as u64, "a gap, or twice the same");
            file.extend(bytes);
        }
        file
    }
}

fn versioned(script: Script, size: &str, time: &str) -> Script {
    script.expect("SIZE f").say(format!("{size}\r\n")).expect("MDTM f").say(format!("{time}\r\n"))
}

/// The first session, up to the first byte.
fn first(size: &str) -> Script {
    versioned(hello().expect("TYPE I").say("200 ok\r\n"), size, OLD)
}

fn image_from(script: Script, offset: usize) -> Script {
    match offset {
        0 => passive(script),
        offset => passive(script).expect(&format!("REST {offset}")).say("350 ok\r\n"),
    }
}

/// A range that is left before the end of the file.
fn part(script: Script, offset: usize) -> Script {
    let script = image_from(script, offset).expect("RETR f").say("150 go\r\n");
    let script = script.expect("ABOR").say("426 left\r\n226 ok\r\n").expect("NOOP").say("200 ok\r\n");
    script.data(Data::sends(&CONTENTS[offset..], End::Close))
}

/// The range at the end.
fn tail(script: Script, offset: usize) -> Script {
    let script = image_from(script, offset).expect("RETR f").say("150 go\r\n226 done\r\n");
    script.data(Data::sends(&CONTENTS[offset..], End::Close))
}

fn other(offset: usize, play: fn(Script, usize) -> Script) -> Script {
    play(hello().expect("TYPE I").say("200 ok\r\n"), offset)
}

fn bye(script: Script) -> Script {
    script.expect("QUIT").say("221 bye\r\n")
}

fn segments(sessions: usize) -> Segments {
    Segments { sessions, smallest: 4, resume: None }
}

/// Download from a first session that plays `first`, and as many others as there are scripts.
fn run(
    first: Script,
    others: Vec<Script>,
    sink: &impl WriteAt<Error = Error>,
    options: &Segments,
) -> Result<Fetched, Failed> {
    let networks: Vec<_> = others.into_iter().map(Scripted::new).collect();
    let opened = Cell::new(0);
    let result = play(first, async |session| {
        let open = async || {
            let network = networks.get(opened.replace(opened.get() + 1)).cloned();
            let network = network.ok_or(Error::ConnectionRefused("no more".into()))?;
            Session::connect(network, settings(), "ftp.example.com", 21).await
        };
        download_once(session, open, "f", sink, options).await
    });
    for network in networks {
        network.finished();
        assert_eq!(network.open_sockets(), 0, "a socket is left open");
    }
    result
}

fn refused_with(result: &Fetched) -> Vec<u16> {
    let code = |error: &Error| match error {
        Error::Transient(reply) | Error::Permanent(reply) => reply.code,
        _ => 0,
    };
    result.refused.iter().map(code).collect()
}

#[test]
fn each_session_brings_its_range_and_nothing_else() {
    let sink = Pieces::default();
    let script = bye(part(first("213 16"), 0));
    // The session that has read to the end of the file is the one that is asked in the end.
    let others = vec![bye(other(4, part)), bye(other(8, part)), versioned(other(12, tail), "213 16", OLD)];
    let fetched = run(script, others, &sink, &segments(4)).unwrap();
    assert_eq!((sink.joined(), fetched.bytes, fetched.sessions), (CONTENTS.to_vec(), 16, 4));
    assert_eq!(fetched.refused, []);
    assert_eq!(fetched.version.size, Some(16));
}

#[test]
fn small_file_needs_one_session() {
    let sink = Pieces::default();
    let script = versioned(tail(first("213 16"), 0), "213 16", OLD);
    let fetched = run(script, vec![], &sink, &Segments::default()).unwrap();
    assert_eq!((sink.joined(), fetched.sessions), (CONTENTS.to_vec(), 1));
}

#[test]
fn empty_file_is_looked_at() {
    let script = passive(first("213 0")).expect("RETR f").say("150 go\r\n226 done\r\n");
    let script = versioned(script.data(Data::sends("", End::Close)), "213 0", OLD);
    let fetched = run(script, vec![], &Pieces::default(), &segments(4)).unwrap();
    assert_eq!((fetched.bytes, fetched.sessions), (0, 1));
}

#[test]
fn sessions_that_cannot_be_opened_are_done_without() {
    let sink = Pieces::default();
    let script = bye(part(first("213 16"), 0));
    let full = || Script::new().say("421 too many connections\r\n").end(End::Close);
    let others = vec![full(), versioned(other(8, tail), "213 16", OLD), full()];
    let fetched = run(script, others, &sink, &segments(4)).unwrap();
    assert_eq!((sink.joined(), fetched.sessions), (CONTENTS.to_vec(), 2));
    assert_eq!(refused_with(&fetched), [421, 421]);
}

#[test]
fn first_session_reads_on_where_rest_is_refused() {
    let sink = Pieces::default();
    let script = versioned(tail(first("213 16"), 0), "213 16", OLD);
    let refusing = |offset: usize| {
        let script = passive(hello().expect("TYPE I").say("200 ok\r\n")).expect(&format!("REST {offset}"));
        bye(script.say("502 no\r\n").data(Data::sends("", End::Stall)))
    };
    let fetched = run(script, vec![refusing(5), refusing(10)], &sink, &segments(3)).unwrap();
    assert_eq!((sink.joined(), fetched.sessions), (CONTENTS.to_vec(), 1));
    assert_eq!(refused_with(&fetched), [502, 502]);
}

#[test]
fn session_before_reads_on_where_one_range_cannot_be_begun() {
    let sink = Pieces::default();
    let script = bye(part(first("213 16"), 0));
    let refusing = image_from(hello().expect("TYPE I").say("200 ok\r\n"), 10).expect("RETR f");
    let refusing = bye(refusing.say("450 busy\r\n").data(Data::sends("", End::Stall)));
    let fetched = run(script, vec![versioned(other(5, tail), "213 16", OLD), refusing], &sink, &segments(3)).unwrap();
    assert_eq!((sink.joined(), fetched.sessions), (CONTENTS.to_vec(), 2));
}

#[test]
fn one_session_does_it_where_the_size_is_not_known() {
    let sink = Pieces::default();
    let fetched = run(tail(first("550 no idea"), 0), vec![], &sink, &segments(4)).unwrap();
    assert_eq!((sink.joined(), fetched.bytes, fetched.version.size), (CONTENTS.to_vec(), 16, None));
}

#[test]
fn range_that_ends_early_is_no_success() {
    let script = image_from(first("213 16"), 0).expect("RETR f").say("150 go\r\n226 done\r\n");
    let script = script.data(Data::sends("0123", End::Close)).expect("SIZE f").say("213 16\r\n");
    let failed = run(script, vec![], &Pieces::default(), &segments(1)).unwrap_err();
    assert!(matches!(failed.error, Error::Incomplete(_)), "{:?}", failed.error);
    assert_eq!(failed.resume.done, [], "bytes in the middle may be missing");
}

#[test]
fn session_that_was_left_in_the_middle_is_not_asked_again() {
    // It closes the connection, as some servers do when a transfer is aborted.
    let gone = || {
        let script = image_from(first("213 16"), 0).expect("RETR f").say("150 go\r\n").expect("ABOR");
        script.data(Data::sends(CONTENTS, End::Close)).end(End::Close)
    };
    let sink = Pieces::default();
    let others = vec![versioned(other(8, tail), "213 16", OLD)];
    let fetched = run(gone(), others, &sink, &segments(2)).unwrap();
    assert_eq!((sink.joined(), fetched.sessions), (CONTENTS.to_vec(), 2));

    // Without an answer to ABOR, the next range is one for a new session.
    let sink = Pieces::default();
    let version = play(first("213 16"), async |session| FileVersion {
        size: Some(session.size("f").await.unwrap()),
        modified: Some(session.modified("f").await.unwrap()),
    });
    let silent = image_from(first("213 16"), 0).expect("RETR f").say("150 go\r\n").expect("ABOR");
    let silent = silent.data(Data::sends(CONTENTS, End::Close));
    let done = vec![Range { start: 4, end: 8 }];
    let options = Segments { resume: Some(Resume { version, done }), ..segments(1) };
    let fetched = run(silent, vec![versioned(other(8, tail), "213 16", OLD)], &sink, &options).unwrap();
    assert_eq!(fetched.bytes, 12);
}

#[test]
fn file_that_goes_on_is_no_success() {
    let script = image_from(first("213 10"), 0).expect("RETR f").say("150 go\r\n");
    let failed =
        run(script.data(Data::sends(CONTENTS, End::Close)), vec![], &Pieces::default(), &segments(1)).unwrap_err();
    assert!(matches!(failed.error, Error::Integrity(_)), "{:?}", failed.error);
}

#[test]
fn file_that_changes_meanwhile_is_no_success_and_nothing_of_it_is_of_use() {
    for (size, time) in [("213 16", NEW), ("213 17", OLD)] {
        let script = versioned(tail(first("213 16"), 0), size, time);
        let failed = run(script, vec![], &Pieces::default(), &segments(1)).unwrap_err();
        assert!(matches!(failed.error, Error::Integrity(_)), "{:?}", failed.error);
        assert_eq!(failed.resume, Resume::default());
    }
}

#[test]
fn failure_tells_what_is_there_and_the_next_attempt_gets_the_rest() {
    let sink = Pieces::default();
    let script = image_from(first("213 16"), 0).expect("RETR f").say("150 go\r\n");
    let script = script.data(Data::sends(&CONTENTS[..3], End::Stall));
    let broken = image_from(hello().expect("TYPE I").say("200 ok\r\n"), 8).expect("RETR f").say("150 go\r\n");
    let broken = broken.data(Data::sends(&CONTENTS[8..13], End::Reset));
    let failed = run(script, vec![broken], &sink, &segments(2)).unwrap_err();
    assert!(matches!(failed.error, Error::ConnectionLost(_)), "{:?}", failed.error);
    assert_eq!(failed.resume.done, [0..3, 8..13]);

    let script = bye(part(first("213 16"), 3));
    let options = Segments { resume: Some(failed.resume), ..segments(1) };
    let fetched = run(script, vec![versioned(other(13, tail), "213 16", OLD)], &sink, &options).unwrap();
    assert_eq!((sink.joined(), fetched.bytes), (CONTENTS.to_vec(), 8));
}

#[test]
fn another_file_is_not_gone_on_with() {
    let version = FileVersion { size: Some(15), modified: None };
    let resume = Some(Resume { version, done: vec![Range { start: 0, end: 4 }] });
    let failed = run(first("213 16"), vec![], &Pieces::default(), &Segments { resume, ..segments(1) }).unwrap_err();
    assert!(matches!(failed.error, Error::Integrity(_)), "{:?}", failed.error);
    assert_eq!(failed.resume, Resume::default());
}

#[test]
fn ranges_that_are_none_are_refused() {
    let script = || first("213 16").expect("NOOP").say("200 ok\r\n");
    for done in
        [vec![0..4, 2..8], vec![8..12, 0..4], vec![Range { start: 0, end: 17 }], vec![Range { start: 4, end: 2 }]]
    {
        let version = play(first("213 16"), async |session| FileVersion {
            size: Some(session.size("f").await.unwrap()),
            modified: Some(session.modified("f").await.unwrap()),
        });
        let options = Segments { resume: Some(Resume { version, done }), ..segments(1) };
        let error = play(script(), async |session| {
            let open = async || Err(Error::Closed);
            let failed = download_once(session, open, "f", &Pieces::default(), &options).await.unwrap_err();
            session.noop().await.unwrap();
            failed.error
        });
        assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
    }
}

#[test]
fn sink_that_fails_ends_it() {
    struct Full;
    impl WriteAt for Full {
        type Error = Error;

        async fn write_at(&self, _: u64, _: &[u8]) -> Result<(), Error> {
            Err(Error::Other("no space".into()))
        }
    }
    let script = image_from(first("213 16"), 0).expect("RETR f").say("150 go\r\n");
    let failed = run(script.data(Data::sends(CONTENTS, End::Close)), vec![], &Full, &segments(1)).unwrap_err();
    assert_eq!((failed.error, failed.resume.done), (Error::Other("no space".into()), vec![]));
}

#[test]
fn size_beyond_all_bounds_costs_nothing() {
    let script = image_from(first("213 9223372036854775808"), 0).expect("RETR f").say("150 go\r\n226 done\r\n");
    let script = script.data(Data::sends(CONTENTS, End::Close));
    let script = script.expect("SIZE f").say("213 9223372036854775808\r\n");
    let failed = run(script, vec![], &Pieces::default(), &segments(usize::MAX)).unwrap_err();
    assert!(matches!(failed.error, Error::Integrity(_)), "{:?}", failed.error);
    assert_eq!(failed.resume.done, []);
}
