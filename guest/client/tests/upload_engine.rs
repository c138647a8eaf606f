//! What uploads have decided once, for the library and for the command:
//!
//! - `nothing_is_sent_where_all_bytes_are_there`: the verdict got lost
//! - `file_that_was_there_is_resumed_where_that_is_asked_for`
//! - `larger_file_is_not_resumed`
//! - `append_and_text_are_sent_once`
//! - `offset_that_the_command_refuses_is_given_up`: as one does that acknowledges REST, and then refuses STOR
//! - `full_disk_is_no_refusal_of_the_offset`: what is there is not overwritten
//! - `too_many_bytes_are_sent_again`: also where the upload began at the beginning
//! - `file_that_changes_here_is_sent_from_its_beginning`
//! - `failure_here_is_no_other_attempt`
//! - `file_of_another_attempt_that_never_began_is_looked_at_again`

mod support;

use ftp_client::engine::*;
use ftp_client::{Error, FailureKind, RefusalKind, Representation, Verification};
use ftp_testkit::{End, Script, Scripted, script};
use std::cell::Cell;
use support::*;

const CONTENTS: &[u8] = b"0123456789abcdef";
const MISSING: &str = "550 no such file";

fn put_with<S: ReadAt<Error = Error>>(
    scripts: Vec<Script>,
    source: &S,
    plan: &UploadPlan,
) -> (Result<Stored, Error>, Vec<Vec<u8>>) {
    let (servers, clock) = (Servers::new(scripts), Scripted::new(Script::silent()));
    let result = clock.run(upload(&clock, async || servers.open().await, "f", source, plan));
    servers.check_finished();
    let received = servers.0.iter().flat_map(|network| network.received()).filter(|bytes| !bytes.is_empty());
    (result, received.collect())
}

fn put(scripts: Vec<Script>, mode: UploadMode) -> (Result<Stored, Error>, Vec<Vec<u8>>) {
    put_with(scripts, &CONTENTS, &UploadPlan { mode, ..UploadPlan::default() })
}

fn size(script: Script, reply: &str) -> Script {
    script!(script; "C: SIZE f   S: {reply}")
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

/// An upload of a new file of which so much is taken, until the connection is cut.
fn cut_after(count: usize) -> Script {
    let script = script!(passive(size(opened(), MISSING)); "C: STOR f   S: 150 go\r\n426 cut");
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

fn refused(script: Script, command: &str, reply: &str) -> Script {
    script!(script;
        "C: {command}   S: {reply}
         ! take_data()"
    )
}

#[test]
fn nothing_is_sent_where_all_bytes_are_there() {
    let lost = script!(passive(size(opened(), MISSING));
        "C: STOR f   S: 150 go
         S! close"
    );
    let again = bye(size(size(opened(), "213 16"), "213 16"));
    let (result, received) = put(vec![script!(lost; "! take_data()"), again], UploadMode::Replace);
    let stored = result.unwrap();
    assert_eq!((stored.offset, stored.bytes, stored.verified, stored.outcome), (16, 0, Verification::Size, None));
    assert_eq!(received, [CONTENTS]);
}

#[test]
fn file_that_was_there_is_resumed_where_that_is_asked_for() {
    let script = arrives(passive(size(opened(), "213 4")), "APPE f");
    let (result, received) = put(vec![script], UploadMode::Resume);
    assert_eq!(result.map(|stored| (stored.offset, stored.bytes)), Ok((4, 12)));
    assert_eq!(received, [&CONTENTS[4..]]);
    let (result, received) = put(vec![bye(size(opened(), "213 16"))], UploadMode::Resume);
    assert_eq!(result.map(|stored| (stored.offset, stored.bytes)), Ok((16, 0)));
    assert!(received.is_empty());
}

#[test]
fn larger_file_is_not_resumed() {
    for found in ["213 17", MISSING, "213 0", "504 not now"] {
        let script = arrives(passive(size(opened(), found)), "STOR f");
        let (result, received) = put(vec![script], UploadMode::Resume);
        assert_eq!(result.map(|stored| stored.offset), Ok(0), "{found}");
        assert_eq!(received, [CONTENTS]);
    }
}

#[test]
fn append_and_text_are_sent_once() {
    let lost = script!(passive(size(opened(), "213 4")); "C: APPE f   S: 150 go\r\n426 cut");
    let (result, _) = put(vec![script!(lost; "! take_data()")], UploadMode::Append);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 426));
    let plan = UploadPlan { representation: Representation::Ascii, ..UploadPlan::default() };
    let lost = script!(ascii(hello());
        "C: STOR f   S: 150 go\r\n426 cut
         ! take_data()"
    );
    let (result, _) = put_with(vec![lost], &CONTENTS, &plan);
    assert!(matches!(result, Err(Error::Refused { kind: RefusalKind::Transient, reply }) if reply.code == 426));
}

#[test]
fn offset_that_the_command_refuses_is_given_up() {
    for reply in ["451 Append/Restart not permitted, try again", "550 no", "504 not with REST"] {
        let second = passive(refused(passive(size(size(opened(), "213 4"), "213 4")), "APPE f", "502 what?"));
        let second = refused(script!(second; "C: REST 4   S: 350 ok"), "STOR f", reply);
        let (result, received) = put(vec![cut_after(6), arrives(passive(second), "STOR f")], UploadMode::Replace);
        assert_eq!(result.map(|stored| stored.bytes), Ok(16), "{reply}");
        assert_eq!(received[1], CONTENTS);
    }
}

#[test]
fn full_disk_is_no_refusal_of_the_offset() {
    for reply in ["452 no space", "552 quota"] {
        let second = passive(refused(passive(size(size(opened(), "213 4"), "213 4")), "APPE f", "502 what?"));
        let second = refused(script!(second; "C: REST 4   S: 350 ok"), "STOR f", reply);
        let (result, received) = put(vec![cut_after(6), second], UploadMode::Replace);
        assert!(
            matches!(result, Err(Error::Refused { kind: RefusalKind::Transient | RefusalKind::Permanent, .. })),
            "{result:?}"
        );
        assert_eq!(received.len(), 1);
    }
}

#[test]
fn too_many_bytes_are_sent_again() {
    let large = script!(passive(size(opened(), MISSING));
        "C: STOR f   S: 150 go\r\n226 done
         ! take_data()"
    );
    let again = passive(script!(size(opened(), "213 20"); "C: MDTM f   S: 550 no"));
    let (result, received) = put(vec![size(large.clone(), "213 20"), arrives(again, "STOR f")], UploadMode::Replace);
    assert_eq!(result.map(|stored| stored.bytes), Ok(16));
    assert_eq!(received, [CONTENTS, CONTENTS]);
    let only = script!(passive(opened());
        "C: STOR f   S: 150 go\r\n226 done
         ! take_data()"
    );
    let plan = UploadPlan { retry: Retry { attempts: 0, ..Retry::default() }, ..UploadPlan::default() };
    let (result, _) = put_with(vec![size(only, "213 20")], &CONTENTS, &plan);
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Integrity, .. })), "{result:?}");
}

/// A file that has other versions in other attempts, and cannot be read in some.
struct Changing {
    attempts: Cell<u64>,
    fails: bool,
}

impl ReadAt for Changing {
    type Error = Error;

    async fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Error> {
        match self.fails {
            // A failure of the network would be worth another attempt.
            true => Err(Error::connection_lost("here")),
            false => CONTENTS.read_at(offset, buffer, max).await,
        }
    }

    async fn version(&self) -> Result<FileVersion, Error> {
        self.attempts.set(self.attempts.get() + 1);
        let seconds = 1_700_000_000 + i64::try_from(self.attempts.get()).unwrap();
        let precision = ftp_client::Precision::Second;
        let modified = ftp_client::Timestamp { seconds, nanoseconds: 0, precision, utc: true };
        Ok(FileVersion { size: Some(16), modified: Some(modified) })
    }
}

#[test]
fn file_that_changes_here_is_sent_from_its_beginning() {
    let source = Changing { attempts: Cell::new(0), fails: false };
    let second = passive(script!(size(opened(), "213 4"); "C: MDTM f   S: 550 no"));
    let (result, received) = put_with(vec![cut_after(6), arrives(second, "STOR f")], &source, &UploadPlan::default());
    assert_eq!(result.map(|stored| stored.bytes), Ok(16));
    assert_eq!(received[1], CONTENTS);
}

#[test]
fn failure_here_is_no_other_attempt() {
    let source = Changing { attempts: Cell::new(0), fails: true };
    let script = script!(passive(size(opened(), MISSING));
        "C: STOR f   S: 150 go
         ! take_data()"
    );
    let (result, _) = put_with(vec![script], &source, &UploadPlan::default());
    assert!(matches!(result, Err(Error::Failed { kind: FailureKind::ConnectionLost, text, .. }) if text == "here"));
    assert_eq!(source.attempts.get(), 1);
}

#[test]
fn file_of_another_attempt_that_never_began_is_looked_at_again() {
    let busy = refused(passive(size(opened(), MISSING)), "STOR f", "450 busy");
    // It is there by now, and from somebody else.
    let there = script!(size(opened(), "213 4"); "C: MDTM f   S: 213 20240615101800");
    let cut = script!(passive(there);
        "C: STOR f   S: 150 go\r\n426 cut
         ! take_only(6, End::Reset)"
    );
    let still = script!(size(opened(), "213 4"); "C: MDTM f   S: 213 20240615101800");
    let (result, received) = put(vec![busy, cut, arrives(passive(still), "STOR f")], UploadMode::Replace);
    assert_eq!(result.map(|stored| stored.bytes), Ok(16));
    assert_eq!(received[1], CONTENTS);
}
