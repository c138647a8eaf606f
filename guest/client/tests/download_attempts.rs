//! What the attempts of one download know of each other, for a caller that makes them itself, as the command does:
//!
//! - `no_more_is_asked_than_has_to_be_known`: what a listing reports is not asked for
//! - `file_is_asked_for_again_in_another_attempt`
//! - `bytes_are_resumed_only_where_the_version_shows_that_they_are_of_the_file`
//! - `bytes_are_compared_with_the_size_of_a_listing`
//! - `file_that_has_grown_since_the_listing_is_whole`
//! - `attempt_begins_again_where_the_offset_is_refused`
//! - `what_is_refused_is_told_from_what_fails_on_the_way`
//! - `versions_are_the_same_wherever_their_sizes_come_from`

mod support;

use ftp_client::engine::*;
use ftp_client::{Entry, Error, FailureKind, Kind, Precision, RawEntry, Representation, Timestamp, Verification};
use ftp_testkit::{Script, script};
use support::*;

const CONTENTS: &[u8] = b"0123456789abcdef";
const TIME: Timestamp = Timestamp { seconds: 1_700_000_000, nanoseconds: 0, precision: Precision::Second, utc: true };

fn listed(size: u64, source: SizeSource) -> FileVersion {
    FileVersion { size: Some(size), modified: Some(TIME), source }
}

const NOTHING: FileVersion = FileVersion { size: None, modified: None, source: SizeSource::Asked };

/// The commands by which a plan asks, after a listing.
fn asked(plan: &DownloadPlan, listed: &FileVersion, replies: &[&str]) -> FileVersion {
    let script = match replies.first() {
        Some(_) => script!(hello(); "C: TYPE I   S: 200 ok"),
        None => hello(),
    };
    let ask = |script: Script, reply: &&str| {
        let (verb, reply) = reply.split_once(": ").unwrap();
        script!(script; "C: {verb} f   S: {reply}")
    };
    let script = replies.iter().fold(script, ask);
    play(script, async |session| ResumableDownload::new(plan).version(session, "f", listed).await.unwrap())
}

#[test]
fn no_more_is_asked_than_has_to_be_known() {
    let plan = DownloadPlan::default();
    let (size, time) = ("SIZE: 213 16", "MDTM: 213 20231114221320");
    let facts = listed(16, SizeSource::Facts);
    let undated = FileVersion { modified: None, ..facts };
    let minute = Timestamp { precision: Precision::Minute, utc: false, ..TIME };
    let lines = FileVersion { modified: Some(minute), ..listed(15, SizeSource::Lines) };
    let both: &[&str] = &[size, time];
    for (plan, listed, replies) in [
        (plan, NOTHING, &[size][..]),
        (plan, facts, &[]),
        (plan, lines, &[size]),
        (DownloadPlan { verify_size: false, ..plan }, NOTHING, &[]),
        (DownloadPlan { representation: Representation::Ascii, ..plan }, NOTHING, &[]),
        (DownloadPlan { keeps_time: true, ..plan }, NOTHING, both),
        (DownloadPlan { keeps_time: true, ..plan }, facts, &[]),
        (DownloadPlan { keeps_time: true, ..plan }, undated, both),
        (DownloadPlan { keeps_time: true, ..plan }, lines, both),
        (DownloadPlan { mode: DownloadMode::Resume, verify_size: false, ..plan }, NOTHING, both),
        (DownloadPlan { mode: DownloadMode::Resume, ..plan }, undated, both),
        (DownloadPlan { sessions: 2, verify_size: false, ..plan }, undated, both),
        // A server that denies that the file is there is not asked for its time.
        (DownloadPlan { keeps_time: true, ..plan }, NOTHING, &["SIZE: 550 no"]),
        (DownloadPlan { keeps_time: true, ..plan }, NOTHING, &["SIZE: 502 no", time]),
    ] {
        let version = asked(&plan, &listed, replies);
        let expected = if replies.contains(&size) { Some(16) } else { listed.size };
        assert_eq!(version.size, expected, "{plan:?} {listed:?}");
        let is_dated = listed.modified.is_some() || replies.contains(&time);
        assert_eq!(version.modified.is_some(), is_dated, "{plan:?} {listed:?}");
    }
}

#[test]
fn bytes_are_resumed_only_where_the_version_shows_that_they_are_of_the_file() {
    let facts = listed(16, SizeSource::Facts);
    let at = |seconds, precision| FileVersion { modified: Some(Timestamp { seconds, precision, ..TIME }), ..facts };
    for (version, with_time, by_size) in [
        (facts, true, true),
        (listed(16, SizeSource::Asked), true, true),
        (listed(16, SizeSource::Lines), false, false),
        (NOTHING, false, false),
        (FileVersion { modified: None, ..facts }, false, true),
        (at(TIME.seconds, Precision::Minute), false, true),
        // Devices without a clock.
        (at(0, Precision::Second), false, true),
        (at(315_532_800, Precision::Second), false, true),
    ] {
        for (mode, expected) in
            [(DownloadMode::Replace, false), (DownloadMode::Resume, with_time), (DownloadMode::ResumeBySize, by_size)]
        {
            let plan = DownloadPlan { mode, ..DownloadPlan::default() };
            assert_eq!(ResumableDownload::new(&plan).resumes(&version), expected, "{mode:?} {version:?}");
            let text = DownloadPlan { representation: Representation::Ascii, ..plan };
            assert!(!ResumableDownload::new(&text).resumes(&version));
        }
    }
}

fn cut(script: Script) -> Script {
    let script = script!(script; "C: RETR f   S: 150 go\r\n426 cut");
    script!(script; "D> {&CONTENTS[..6]}   D! close")
}

#[test]
fn file_is_asked_for_again_in_another_attempt() {
    let script = script!(cut(image(hello()));
        "C: SIZE f   S: 213 16
         C: MDTM f   S: 213 20231114221320"
    );
    let plan = DownloadPlan::default();
    play(script, async |session| {
        let facts = listed(16, SizeSource::Facts);
        let mut download = ResumableDownload::new(&plan);
        let version = download.version(session, "f", &facts).await.unwrap();
        assert_eq!((version, download.reached()), (facts, 0));
        let failed = download.attempt(session, "f", (&version, 0), &mut (), &()).await.unwrap_err();
        assert!(matches!(failed, ReceiveError::Read(error) if plan.may_repeat_after(&error)));
        assert_eq!(download.reached(), 6);
        let version = download.version(session, "f", &facts).await.unwrap();
        assert_eq!(version.source, SizeSource::Asked);
        assert!(download.resumes(&version), "it has brought that itself");
    });
}

/// What comes of an attempt that brings all of the contents.
fn attempt(script: Script, version: FileVersion, offset: u64) -> Result<(u64, Verification), ReceiveError<Error>> {
    let plan = DownloadPlan::default();
    play(script, async |session| {
        let mut download = ResumableDownload::new(&plan);
        let received = download.attempt(session, "f", (&version, offset), &mut (), &()).await;
        received.map(|(begin, outcome)| (begin, outcome.verified))
    })
}

fn whole(script: Script) -> Script {
    let script = script!(script; "C: RETR f   S: 150 go\r\n226 done");
    script!(script; "D> {CONTENTS}   D! close")
}

#[test]
fn bytes_are_compared_with_the_size_of_a_listing() {
    let come = || whole(image(hello()));
    let facts = |size| listed(size, SizeSource::Facts);
    assert_eq!(attempt(come(), facts(16), 0), Ok((0, Verification::Size)));
    assert!(matches!(
        attempt(come(), facts(17), 0),
        Err(ReceiveError::Read(Error::Failed { kind: FailureKind::Incomplete, .. }))
    ));
    // Sizes that are made for people are not compared.
    let lines = attempt(come(), listed(17, SizeSource::Lines), 0);
    assert!(matches!(lines, Ok((0, Verification::NotVerified(_)))), "{lines:?}");
}

#[test]
fn file_that_has_grown_since_the_listing_is_whole() {
    let facts = listed(10, SizeSource::Facts);
    let now = |reply: &str| attempt(script!(whole(image(hello())); "C: SIZE f   S: {reply}"), facts, 0);
    for reply in ["213 16", "213 20"] {
        assert_eq!(now(reply), Ok((0, Verification::Size)), "{reply}");
    }
    for reply in ["213 10", "213 15", "550 no", "502 no"] {
        assert!(
            matches!(now(reply), Err(ReceiveError::Read(Error::Failed { kind: FailureKind::Integrity, .. }))),
            "{reply}"
        );
    }
}

#[test]
fn attempt_begins_again_where_the_offset_is_refused() {
    let refused = script!(image(hello());
        "C: REST 6   S: 502 no
         ! take_data()"
    );
    let received = attempt(whole(passive(refused)), listed(16, SizeSource::Facts), 6);
    assert_eq!(received, Ok((0, Verification::Size)));
}

#[test]
fn what_is_refused_is_told_from_what_fails_on_the_way() {
    let missing = script!(image(hello());
        "C: RETR f   S: 550 no
         ! take_data()"
    );
    let code = |error: Error| code::<()>(Err(error));
    assert!(matches!(attempt(missing, NOTHING, 0), Err(ReceiveError::Refused(error)) if code(error.clone()) == 550));
    let failed = script!(image(hello()); "C: RETR f   S: 150 go\r\n550 read error");
    let failed = attempt(script!(failed; "D> {&CONTENTS[..6]}   D! close"), NOTHING, 0);
    assert!(matches!(failed, Err(ReceiveError::Read(error)) if code(error.clone()) == 550));
}

#[test]
fn versions_are_the_same_wherever_their_sizes_come_from() {
    assert_eq!(listed(16, SizeSource::Facts), listed(16, SizeSource::Asked));
    assert_ne!(listed(16, SizeSource::Facts), listed(17, SizeSource::Facts));
    let entry = |kind, raw| {
        FileVersion::of(&Entry {
            name: "f".into(),
            kind,
            size: Some(16),
            modified: Some(TIME),
            permissions: None,
            owner: None,
            group: None,
            link_target: None,
            unique_id: None,
            raw,
        })
    };
    let facts = || RawEntry::Facts(String::new());
    assert_eq!(entry(Kind::File, facts()).exact_size(), Some(16));
    assert_eq!(entry(Kind::File, RawEntry::Line(String::new())).exact_size(), None);
    assert_eq!(entry(Kind::SymbolicLink, facts()).size, None, "it is that of the link");
}
