//! Files that arrive although connections are lost: each attempt has a server of its own that plays a script.

mod support;

use ftp_client::engine::*;
use ftp_client::{Error, FailureKind, Network, Phase, RefusalKind};
use ftp_testkit::{Script, Scripted, script};
use std::cell::RefCell;
use std::time::Duration;
use support::*;

const CONTENTS: &[u8] = b"0123456789abcdef";

/// What came, in order.
#[derive(Default)]
struct Memory(RefCell<Vec<u8>>);

impl WriteAt for Memory {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let mut memory = self.0.borrow_mut();
        assert_eq!(offset, memory.len() as u64, "a gap, or twice the same");
        memory.extend(bytes);
        Ok(())
    }
}

fn policy(attempts: u32) -> Retry {
    Retry { attempts, ..Retry::default() }
}

/// The result, and how long was waited.
fn get(scripts: Vec<Script>, sink: &Memory, attempts: u32) -> (Result<Fetched, Failed>, Duration) {
    let (servers, clock) = (Servers::new(scripts), Scripted::new(Script::silent()));
    let options = Segments { sessions: 1, ..Segments::default() };
    let result = clock.run(download(&clock, async || servers.open().await, "f", sink, &options, &policy(attempts)));
    servers.check_finished();
    (result, clock.now())
}

/// As `get`, in order and from an offset.
fn get_from(offset: usize, scripts: Vec<Script>, sink: &Memory, attempts: u32) -> (Result<Arrived, Error>, Duration) {
    sink.0.replace(CONTENTS[..offset].to_vec());
    let (servers, clock) = (Servers::new(scripts), Scripted::new(Script::silent()));
    let offset = offset as u64;
    let result = clock.run(fetch(&clock, async || servers.open().await, "f", offset, sink, &policy(attempts)));
    servers.check_finished();
    (result, clock.now())
}

fn image_of(size: &str, time: &str) -> Script {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: SIZE f   S: 213 {size}"
    );
    script!(script; "C: MDTM f   S: 213 {time}")
}

const TIME: &str = "20240615101800";

/// The file as it is, again, and goodbye.
fn as_before(script: Script) -> Script {
    let script = script!(script;
        "C: SIZE f   S: 213 16
         C: MDTM f   S: 213 {TIME}"
    );
    bye(script)
}

fn bye(script: Script) -> Script {
    script!(script; "C: QUIT   S: 221 bye")
}

/// A download of which so much comes.
fn cut_after(count: usize) -> Script {
    let script = script!(passive(image_of("16", TIME)); "C: RETR f   S: 150 go");
    script!(script; "D> {&CONTENTS[..count]}   D! reset")
}

fn rest_from(offset: usize) -> Script {
    let script = script!(passive(image_of("16", TIME)); "C: REST {offset}   S: 350 ok");
    let script = script!(script; "C: RETR f   S: 150 go\r\n226 done");
    as_before(script!(script; "D> {&CONTENTS[offset..]}   D! close"))
}

#[test]
fn download_goes_on_where_it_stopped() {
    let sink = Memory::default();
    let (result, waited) = get(vec![cut_after(6), rest_from(6)], &sink, 1);
    assert_eq!(result.unwrap().bytes, 10);
    assert_eq!(sink.0.take(), CONTENTS);
    assert_eq!(waited, Duration::from_secs(1));
}

#[test]
fn attempt_that_brings_a_byte_does_not_count() {
    let second = || {
        let script = script!(passive(image_of("16", TIME));
            "C: REST 6   S: 350 ok
             C: RETR f   S: 150 go"
        );
        script!(script; "D> {&CONTENTS[6..9]}   D! reset")
    };
    let sink = Memory::default();
    let (result, waited) = get(vec![cut_after(6), second(), rest_from(9)], &sink, 1);
    assert_eq!(result.unwrap().bytes, 7);
    assert_eq!(sink.0.take(), CONTENTS);
    assert_eq!(waited, Duration::from_secs(2));
}

#[test]
fn attempt_that_brings_less_than_the_one_before_brings_nothing() {
    struct Anything;
    impl WriteAt for Anything {
        type Error = Error;

        async fn write_at(&self, _: u64, _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
    }
    let cut_after = |count| {
        let script = script!(passive(script!(size_is("550 no"); "C: MDTM f   S: 550 no"));
            "C: RETR f   S: 150 go"
        );
        script!(script; "D> {&CONTENTS[..count]}   D! reset")
    };
    let (servers, clock) = (Servers::new(vec![cut_after(6), cut_after(3)]), Scripted::new(Script::silent()));
    let (open, options) = (async || servers.open().await, Segments::default());
    let failed = clock.run(download(&clock, open, "f", &Anything, &options, &policy(1))).unwrap_err();
    assert!(matches!(failed.error, Error::Failed { kind: FailureKind::ConnectionLost, .. }), "{:?}", failed.error);
    servers.check_finished();
}

#[test]
fn waits_double_until_there_is_no_attempt_left() {
    let (result, waited) = get(Vec::new(), &Memory::default(), 4);
    assert!(matches!(result.unwrap_err().error, Error::Failed { kind: FailureKind::ConnectionRefused, .. }));
    assert_eq!(waited, Duration::from_secs(1 + 2 + 4 + 8));
}

#[test]
fn missing_file_is_not_asked_for_twice() {
    let script = script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: SIZE f   S: 550 no"
    );
    let script = script!(passive(script!(script; "C: MDTM f   S: 550 no")); "C: RETR f   S: 550 no such file");
    let script = script!(script; "! take_data()");
    let (result, waited) = get(vec![script], &Memory::default(), 4);
    assert!(
        matches!(result.unwrap_err().error, Error::Refused { kind: RefusalKind::Permanent, reply } if reply.code == 550)
    );
    assert_eq!(waited, Duration::ZERO);
}

#[test]
fn file_that_has_changed_is_not_gone_on_with() {
    for (size, time) in [("17", TIME), ("16", "20240615101801")] {
        let (result, _) = get(vec![cut_after(6), image_of(size, time)], &Memory::default(), 4);
        assert!(matches!(result.unwrap_err().error, Error::Failed { kind: FailureKind::Integrity, .. }));
    }
}

#[test]
fn file_is_fetched_in_as_many_attempts_as_it_takes() {
    let sink = Memory::default();
    let (result, waited) = get_from(0, vec![cut_after(6), rest_from(6)], &sink, 1);
    let arrived = result.unwrap();
    assert_eq!((arrived.bytes, arrived.attempts, arrived.version.size), (16, 2, Some(16)));
    assert_eq!(sink.0.take(), CONTENTS);
    assert_eq!(waited, Duration::from_secs(1));
    let (result, _) = get_from(6, vec![rest_from(6)], &sink, 1);
    let arrived = result.unwrap();
    assert_eq!((arrived.bytes, arrived.attempts), (10, 1));
    assert_eq!(sink.0.take(), CONTENTS);
}

#[test]
fn file_of_which_only_the_verdict_is_missing_is_not_fetched_again() {
    let sink = Memory::default();
    let (result, _) = get_from(0, vec![script!(cut_after(16); "S! close"), as_before(image_of("16", TIME))], &sink, 1);
    assert_eq!(result.unwrap().bytes, 16);
    assert_eq!(sink.0.take(), CONTENTS);
}

#[test]
fn changed_file_is_not_fetched_to_its_end() {
    for (size, time) in [("17", TIME), ("16", "20240615101801")] {
        let sink = Memory::default();
        let (result, _) = get_from(0, vec![cut_after(6), image_of(size, time)], &sink, 4);
        assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{result:?}");
        assert_eq!(sink.0.take(), CONTENTS[..6]);
    }
}

#[test]
fn file_without_size_and_time_is_fetched_in_one_attempt_or_not_at_all() {
    for reply in ["550 no", "213 some"] {
        let script = script!(size_is(reply); "C: MDTM f   S: {reply}");
        let script = script!(passive(script); "C: RETR f   S: 150 go");
        let script = script!(script; "D> {&CONTENTS[..6]}   D! reset");
        let (result, waited) = get_from(0, vec![script], &Memory::default(), 4);
        assert!(matches!(result, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })), "{result:?}");
        assert_eq!(waited, Duration::ZERO);
    }
}

#[test]
fn server_that_is_never_there_is_given_up() {
    let (result, waited) = get_from(0, Vec::new(), &Memory::default(), 4);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::ConnectionRefused, .. })), "{result:?}");
    assert_eq!(waited, Duration::from_secs(1 + 2 + 4 + 8));
}

fn size_is(size: &str) -> Script {
    script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok
         C: SIZE f   S: {size}"
    )
}

/// A download that ends early, with a verdict.
fn short(announced: &str, bytes: &[u8]) -> Script {
    let script = script!(passive(image_of("16", TIME)); "C: RETR f   S: {announced}\r\n226 done");
    let script = script!(script; "D> {bytes}   D! close");
    if announced.contains("bytes") { script } else { script!(script; "C: SIZE f   S: 213 16") }
}

fn all_of_it() -> Script {
    let script = script!(passive(image_of("16", TIME)); "C: RETR f   S: 150 go\r\n226 done");
    script!(script; "D> {CONTENTS}   D! close")
}

#[test]
fn early_end_of_the_same_file_is_one_more_attempt() {
    for announced in ["150 go", "150 go (16 bytes)"] {
        let sink = Memory::default();
        let (result, waited) = get_from(0, vec![short(announced, &CONTENTS[..6]), as_before(all_of_it())], &sink, 1);
        assert_eq!(result.unwrap().bytes, 16);
        assert_eq!(sink.0.take(), CONTENTS);
        assert_eq!(waited, Duration::from_secs(1));
        // It is another file by then.
        let scripts = vec![short(announced, &CONTENTS[..6]), image_of("6", "20240615101801")];
        let (result, _) = get_from(0, scripts, &Memory::default(), 4);
        assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{result:?}");
    }
}

#[test]
fn bytes_that_were_lost_in_the_middle_are_seen_in_the_next_attempt() {
    let lacking = [&CONTENTS[..3], &CONTENTS[4..]].concat();
    let (result, _) = get_from(0, vec![short("150 go", &lacking), all_of_it()], &Memory::default(), 4);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{result:?}");
}

#[test]
fn file_that_grew_while_it_came_is_whole() {
    let come = || {
        let script = script!(passive(image_of("10", TIME)); "C: RETR f   S: 150 go\r\n226 done");
        script!(script;
            "D> {CONTENTS}   D! close
             C: SIZE f"
        )
    };
    let later = |script: Script, size: &str| {
        let script = script!(script;
            "S: 213 {size}
             C: SIZE f   S: 213 {size}"
        );
        script!(script; "C: MDTM f   S: 213 20240615101801")
    };
    for size in ["16", "20"] {
        let sink = Memory::default();
        let (result, _) = get_from(0, vec![bye(later(come(), size))], &sink, 1);
        assert_eq!(result.unwrap().bytes, 16, "{size}");
        assert_eq!(sink.0.take(), CONTENTS);
    }
    let (result, _) = get_from(0, vec![script!(come(); "S: 213 12")], &Memory::default(), 1);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{result:?}");
}

#[test]
fn limit_of_the_whole_call_is_the_end() {
    assert!(!Error::Timeout(Phase::Total).is_transient());
    assert!(Error::Timeout(Phase::Data).is_transient());
    assert!(!Error::tls("the certificate has expired").is_transient());
    assert!(!Error::closed().is_transient());
}
