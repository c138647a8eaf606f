//! Downloads by several sessions, each with a server of its own that plays a script.

mod support;

use ftp_client::engine::*;
use ftp_client::{Error, FailureKind, RefusalKind, Session};
use ftp_testkit::{Script, Scripted, script};
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
    script!(script;
        "C: SIZE f   S: {size}
         C: MDTM f   S: {time}"
    )
}

/// The first session, up to the first byte.
fn first(size: &str) -> Script {
    versioned(
        script!(
            "S: 220 ready
         C: TYPE I   S: 200 ok"
        ),
        size,
        OLD,
    )
}

fn image_from(script: Script, offset: usize) -> Script {
    match offset {
        0 => passive(script),
        offset => script!(passive(script); "C: REST {offset}   S: 350 ok"),
    }
}

/// A range that is left before the end of the file.
fn part(script: Script, offset: usize) -> Script {
    let script = script!(image_from(script, offset); "C: RETR f   S: 150 go");
    let script = script!(script;
        "C: ABOR   S: 426 left\r\n226 ok
         C: NOOP   S: 200 ok"
    );
    script!(script; "D> {&CONTENTS[offset..]}   D! close")
}

/// The range at the end.
fn tail(script: Script, offset: usize) -> Script {
    let script = script!(image_from(script, offset); "C: RETR f   S: 150 go\r\n226 done");
    script!(script; "D> {&CONTENTS[offset..]}   D! close")
}

fn other(offset: usize, play: fn(Script, usize) -> Script) -> Script {
    play(
        script!(
            "S: 220 ready
         C: TYPE I   S: 200 ok"
        ),
        offset,
    )
}

fn bye(script: Script) -> Script {
    script!(script; "C: QUIT   S: 221 bye")
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
            let network = network.ok_or(Error::connection_refused("no more"))?;
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
        Error::Refused { kind: RefusalKind::Transient | RefusalKind::Permanent, reply } => reply.code,
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
    let script = script!(passive(first("213 0")); "C: RETR f   S: 150 go\r\n226 done");
    let script = versioned(script!(script; "D! close"), "213 0", OLD);
    let fetched = run(script, vec![], &Pieces::default(), &segments(4)).unwrap();
    assert_eq!((fetched.bytes, fetched.sessions), (0, 1));
}

#[test]
fn sessions_that_cannot_be_opened_are_done_without() {
    let sink = Pieces::default();
    let script = bye(part(first("213 16"), 0));
    let full = || {
        script!(
            "S: 421 too many connections
         S! close"
        )
    };
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
        let script = script!(passive(script!(
            "S: 220 ready
             C: TYPE I   S: 200 ok"
        ));
            "C: REST {offset}"
        );
        bye(script!(script;
            "S: 502 no
             D! stall"
        ))
    };
    let fetched = run(script, vec![refusing(5), refusing(10)], &sink, &segments(3)).unwrap();
    assert_eq!((sink.joined(), fetched.sessions), (CONTENTS.to_vec(), 1));
    assert_eq!(refused_with(&fetched), [502, 502]);
}

#[test]
fn session_before_reads_on_where_one_range_cannot_be_begun() {
    let sink = Pieces::default();
    let script = bye(part(first("213 16"), 0));
    let refusing = script!(image_from(script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok"
    ), 10);
        "C: RETR f"
    );
    let refusing = bye(script!(refusing;
        "S: 450 busy
         D! stall"
    ));
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
    let script = script!(image_from(first("213 16"), 0); "C: RETR f   S: 150 go\r\n226 done");
    let script = script!(script;
        "D> 0123   D! close
         C: SIZE f   S: 213 16"
    );
    let failed = run(script, vec![], &Pieces::default(), &segments(1)).unwrap_err();
    assert!(matches!(failed.error, Error::Failed { kind: FailureKind::Incomplete, .. }), "{:?}", failed.error);
    assert_eq!(failed.resume.done, [], "bytes in the middle may be missing");
}

#[test]
fn session_that_was_left_in_the_middle_is_not_asked_again() {
    // It closes the connection, as some servers do when a transfer is aborted.
    let gone = || {
        let script = script!(image_from(first("213 16"), 0);
            "C: RETR f   S: 150 go
             C: ABOR"
        );
        script!(script;
            "D> {CONTENTS}   D! close
             S! close"
        )
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
    let silent = script!(image_from(first("213 16"), 0);
        "C: RETR f   S: 150 go
         C: ABOR"
    );
    let silent = script!(silent; "D> {CONTENTS}   D! close");
    let done = vec![Range { start: 4, end: 8 }];
    let options = Segments { resume: Some(Resume { version, done }), ..segments(1) };
    let fetched = run(silent, vec![versioned(other(8, tail), "213 16", OLD)], &sink, &options).unwrap();
    assert_eq!(fetched.bytes, 12);
}

#[test]
fn file_that_goes_on_is_no_success() {
    let script = script!(image_from(first("213 10"), 0); "C: RETR f   S: 150 go");
    let failed =
        run(script!(script; "D> {CONTENTS}   D! close"), vec![], &Pieces::default(), &segments(1)).unwrap_err();
    assert!(matches!(failed.error, Error::Failed { kind: FailureKind::Integrity, .. }), "{:?}", failed.error);
}

#[test]
fn file_that_changes_meanwhile_is_no_success_and_nothing_of_it_is_of_use() {
    for (size, time) in [("213 16", NEW), ("213 17", OLD)] {
        let script = versioned(tail(first("213 16"), 0), size, time);
        let failed = run(script, vec![], &Pieces::default(), &segments(1)).unwrap_err();
        assert!(matches!(failed.error, Error::Failed { kind: FailureKind::Integrity, .. }), "{:?}", failed.error);
        assert_eq!(failed.resume, Resume::default());
    }
}

#[test]
fn failure_tells_what_is_there_and_the_next_attempt_gets_the_rest() {
    let sink = Pieces::default();
    let script = script!(image_from(first("213 16"), 0); "C: RETR f   S: 150 go");
    let script = script!(script; "D> {&CONTENTS[..3]}   D! stall");
    let broken = script!(image_from(script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok"
    ), 8);
        "C: RETR f   S: 150 go"
    );
    let broken = script!(broken; "D> {&CONTENTS[8..13]}   D! reset");
    let failed = run(script, vec![broken], &sink, &segments(2)).unwrap_err();
    assert!(matches!(failed.error, Error::Failed { kind: FailureKind::ConnectionLost, .. }), "{:?}", failed.error);
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
    assert!(matches!(failed.error, Error::Failed { kind: FailureKind::Integrity, .. }), "{:?}", failed.error);
    assert_eq!(failed.resume, Resume::default());
}

#[test]
fn ranges_that_are_none_are_refused() {
    let script = || script!(first("213 16"); "C: NOOP   S: 200 ok");
    for done in
        [vec![0..4, 2..8], vec![8..12, 0..4], vec![Range { start: 0, end: 17 }], vec![Range { start: 4, end: 2 }]]
    {
        let version = play(first("213 16"), async |session| FileVersion {
            size: Some(session.size("f").await.unwrap()),
            modified: Some(session.modified("f").await.unwrap()),
        });
        let options = Segments { resume: Some(Resume { version, done }), ..segments(1) };
        let error = play(script(), async |session| {
            let open = async || Err(Error::closed());
            let failed = download_once(session, open, "f", &Pieces::default(), &options).await.unwrap_err();
            session.noop().await.unwrap();
            failed.error
        });
        assert!(matches!(error, Error::Failed { kind: FailureKind::InvalidArgument, .. }), "{error:?}");
    }
}

#[test]
fn sink_that_fails_ends_it() {
    struct Full;
    impl WriteAt for Full {
        type Error = Error;

        async fn write_at(&self, _: u64, _: &[u8]) -> Result<(), Error> {
            Err(Error::other("no space"))
        }
    }
    let script = script!(image_from(first("213 16"), 0); "C: RETR f   S: 150 go");
    let failed = run(script!(script; "D> {CONTENTS}   D! close"), vec![], &Full, &segments(1)).unwrap_err();
    assert_eq!((failed.error, failed.resume.done), (Error::other("no space"), vec![]));
}

#[test]
fn size_beyond_all_bounds_costs_nothing() {
    let script = script!(image_from(first("213 9223372036854775808"), 0); "C: RETR f   S: 150 go\r\n226 done");
    let script = script!(script; "D> {CONTENTS}   D! close");
    let script = script!(script; "C: SIZE f   S: 213 9223372036854775808");
    let failed = run(script, vec![], &Pieces::default(), &segments(usize::MAX)).unwrap_err();
    assert!(matches!(failed.error, Error::Failed { kind: FailureKind::Integrity, .. }), "{:?}", failed.error);
    assert_eq!(failed.resume.done, []);
}
