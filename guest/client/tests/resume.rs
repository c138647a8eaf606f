//! Uploads that arrive although connections are lost: each attempt has a server of its own that plays a script.

mod support;

use ftp_client::engine::*;
use ftp_client::{Error, FailureKind, Network, RefusalKind, Verification};
use ftp_testkit::{End, Script, Scripted, script};
use std::time::Duration;
use support::*;

const CONTENTS: &[u8] = b"0123456789abcdef";
const MISSING: &str = "550 no such file";
const OLD: &str = "213 20240615101800";
const NEW: &str = "213 20250615101800";

/// The result, what came on the data connections of the attempts, and how long was waited.
fn put(scripts: Vec<Script>, attempts: u32) -> (Result<Stored, Error>, Vec<Vec<u8>>) {
    let (servers, clock) = (Servers::new(scripts), Scripted::new(Script::silent()));
    let plan = UploadPlan { retry: Retry { attempts, ..Retry::default() }, ..UploadPlan::default() };
    let result = clock.run(upload(&clock, async || servers.open().await, "f", &CONTENTS, &plan));
    servers.check_finished();
    let received = servers.0.iter().flat_map(|network| network.received()).filter(|bytes| !bytes.is_empty());
    (result, received.collect())
}

fn size(script: Script, reply: &str) -> Script {
    script!(script; "C: SIZE f   S: {reply}")
}

fn time(script: Script, reply: &str) -> Script {
    script!(script; "C: MDTM f   S: {reply}")
}

fn bye(script: Script) -> Script {
    script!(script; "C: QUIT   S: 221 bye")
}

fn opened() -> Script {
    script!(
        "S: 220 ready
         C: TYPE I   S: 200 ok"
    )
}

/// An upload of which so much is taken, of a file that is not there before.
fn taken(count: usize) -> Script {
    taken_from(size(opened(), MISSING), count)
}

fn taken_from(script: Script, count: usize) -> Script {
    let script = script!(passive(script); "C: STOR f   S: 150 go\r\n426 cut");
    script!(script; "! take_only(count, End::Reset)")
}

/// The rest goes through, by this command.
fn arrives(script: Script, command: &str) -> Script {
    let script = script!(script;
        "C: {command}   S: 150 go\r\n226 done
         ! take_data()"
    );
    bye(size(script, "213 16"))
}

/// What an attempt finds, and finds again after the wait.
fn found(size_reply: &str) -> Script {
    size(size(opened(), size_reply), size_reply)
}

/// The same where a file of that size was there before.
fn found_newer(size_reply: &str) -> Script {
    size(time(size(opened(), size_reply), NEW), size_reply)
}

fn from_zero(script: Script) -> Script {
    arrives(passive(script), "STOR f")
}

#[test]
fn upload_resumes_by_appending_where_the_server_has_stopped_writing() {
    let second = arrives(passive(found("213 4")), "APPE f");
    let (result, received) = put(vec![taken(6), second], 1);
    let outcome = result.unwrap();
    assert_eq!((outcome.bytes, outcome.verified), (12, Verification::Size));
    assert_eq!(received, [&CONTENTS[..6], &CONTENTS[4..]]);
}

#[test]
fn upload_resumes_at_an_offset_where_the_size_still_changes_or_appe_is_refused() {
    // The smaller one is there in any case.
    for (first, then) in [("213 4", "213 5"), ("213 5", "213 4")] {
        let changing = size(size(opened(), first), then);
        let changing = arrives(script!(passive(changing); "C: REST 4   S: 350 ok"), "STOR f");
        let (result, received) = put(vec![taken(6), changing], 1);
        assert_eq!(result.unwrap().bytes, 12);
        assert_eq!(received[1], &CONTENTS[4..]);
    }
    let refusing = script!(passive(found("213 4"));
        "C: APPE f   S: 502 what?
         ! take_data()"
    );
    let refusing = arrives(script!(passive(refusing); "C: REST 4   S: 350 ok"), "STOR f");
    let (result, received) = put(vec![taken(6), refusing], 1);
    assert_eq!(result.unwrap().bytes, 12);
    assert_eq!(received[1], &CONTENTS[4..]);
}

#[test]
fn upload_begins_again_where_rest_is_refused() {
    for reply in ["501 not compatible with this server", "554 no", "450 not now"] {
        let second = script!(passive(found("213 4"));
            "C: APPE f   S: 500 what?
             ! take_data()"
        );
        let second = script!(passive(second);
            "C: REST 4   S: {reply}
             ! take_data()"
        );
        let (result, received) = put(vec![taken(6), from_zero(second)], 1);
        assert_eq!(result.unwrap().bytes, 16, "{reply}");
        assert_eq!(received[1], CONTENTS);
    }
}

#[test]
fn upload_begins_again_where_the_server_cannot_go_on() {
    for second in [
        size(opened(), MISSING),
        // More than was ever sent: it is another file.
        size(opened(), "213 4000"),
        size(opened(), "213 0"),
        // It is there no more after the wait.
        size(size(opened(), "213 4"), MISSING),
        size(opened(), "213 many"),
    ] {
        let (result, _) = put(vec![taken(6), from_zero(second)], 1);
        assert_eq!(result.unwrap().bytes, 16);
    }
}

#[test]
fn old_file_is_never_taken_for_the_beginning_of_the_new_one() {
    let old = || taken_from(time(size(opened(), "213 4"), OLD), 6);
    let same = || time(size(opened(), "213 4"), OLD);
    let (result, received) = put(vec![old(), from_zero(same())], 1);
    assert_eq!(result.unwrap().bytes, 16);
    assert_eq!(received[1], CONTENTS);
    // Without a time, the same size may be the same file.
    let (result, _) = put(vec![old(), from_zero(time(size(opened(), "213 4"), "550 no"))], 1);
    assert_eq!(result.unwrap().bytes, 16);
    // Of the same size, and newer: it is what came.
    let newer = arrives(passive(found_newer("213 4")), "APPE f");
    let (result, _) = put(vec![old(), newer], 1);
    assert_eq!(result.unwrap().bytes, 12);
    // What was there before is not known.
    let unknown = taken_from(size(opened(), "450 busy"), 6);
    let (result, _) = put(vec![unknown, from_zero(size(opened(), "213 4"))], 1);
    assert_eq!(result.unwrap().bytes, 16);
}

#[test]
fn file_that_is_too_large_in_the_end_is_sent_again_from_the_beginning() {
    let second = script!(passive(found("213 4"));
        "C: APPE f   S: 150 go\r\n226 done
         ! take_data()"
    );
    let (result, received) =
        put(vec![taken(6), size(second, "213 18"), from_zero(time(size(opened(), "213 18"), NEW))], 2);
    assert_eq!(result.unwrap().bytes, 16);
    assert_eq!(received[2], CONTENTS);
}

#[test]
fn upload_that_is_not_all_there_in_the_end_is_tried_again_and_is_no_success() {
    let short = script!(passive(size(opened(), MISSING)); "C: STOR f   S: 150 go\r\n226 done");
    let short = || size(script!(short.clone(); "! take_data()"), "213 15");
    let only = script!(passive(opened());
        "C: STOR f   S: 150 go\r\n226 done
         ! take_data()"
    );
    let (result, _) = put(vec![size(only, "213 15")], 0);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Incomplete, .. })), "{result:?}");
    // What is missing need not be the end.
    let (result, received) = put(vec![short(), from_zero(time(size(opened(), "213 15"), NEW))], 1);
    assert_eq!(result.unwrap().bytes, 16);
    assert_eq!(received[1], CONTENTS);
    // Nor is it the beginning of what comes after a loss then.
    let spoilt = taken_from(time(size(opened(), "213 15"), NEW), 6);
    let (result, received) = put(vec![short(), spoilt, from_zero(time(size(opened(), "213 15"), NEW))], 2);
    assert_eq!(result.unwrap().bytes, 16);
    assert_eq!(received[2], CONTENTS);
}

#[test]
fn nothing_is_asked_before_where_there_is_no_second_attempt() {
    let (result, _) = put(vec![arrives(passive(opened()), "STOR f")], 0);
    assert_eq!(result.unwrap().verified, Verification::Size);
}

#[test]
fn full_disk_is_not_tried_again() {
    let script = script!(passive(size(opened(), MISSING));
        "C: STOR f   S: 552 full
         ! take_data()"
    );
    let (result, _) = put(vec![script], 4);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Permanent, reply }) if reply.code == 552));
}

#[test]
fn wait_between_the_two_questions_is_that_of_the_policy() {
    let scripts = vec![taken(6), arrives(passive(found("213 4")), "APPE f")];
    let (servers, clock) = (Servers::new(scripts), Scripted::new(Script::silent()));
    let retry = Retry { attempts: 1, wait: Duration::from_secs(3), longest_wait: Duration::from_secs(3) };
    let plan = UploadPlan { retry, ..UploadPlan::default() };
    let result = clock.run(upload(&clock, async || servers.open().await, "f", &CONTENTS, &plan));
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(clock.now(), Duration::from_secs(6));
}
