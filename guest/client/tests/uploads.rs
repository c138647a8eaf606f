//! Uploads of which the server reports the size afterwards, against a server that plays a script.

mod support;

use ftp_client::{
    DataEnd, Error, FailureKind, Outcome, PutCommand, Representation::*, Settings, TlsSettings, Unverified,
    Verification,
};
use ftp_testkit::{End, Script, script};
use support::*;

/// The file is sent as `STOR` or what follows `script`.
fn taken(script: Script, command: &str) -> Script {
    script!(script;
        "C: {command}   S: 150 go\r\n226 done
         ! take_data()"
    )
}

fn size(script: Script, reply: &str) -> Script {
    let script = script!(script; "C: SIZE a   S: {reply}");
    // A code that SIZE does not have is its reply only if nothing else comes.
    if reply.starts_with("202") { script!(script; "C: NOOP   S: 200 ok") } else { script }
}

/// `TYPE I`, the size before, and the way to the data connection.
fn image_of(reply: &str) -> Script {
    passive(size(
        script!(
            "S: 220 ready
         C: TYPE I   S: 200 ok"
        ),
        reply,
    ))
}

async fn stored(session: &mut Client, offset: u64) -> Result<Outcome, Error> {
    let mut upload = session.store("a", Image, offset).await?;
    upload.write(b"0123456789").await?;
    upload.finish(session).await
}

async fn appended(session: &mut Client) -> Result<Outcome, Error> {
    let mut upload = session.append("a", Image).await?;
    upload.write(b"0123456789").await?;
    upload.finish(session).await
}

fn in_step(script: Script) -> Script {
    script!(script; "C: NOOP   S: 200 ok")
}

#[test]
fn upload_is_a_success_where_the_size_agrees() {
    play(size(taken(image(hello()), "STOR a"), "213 10"), async |session| {
        assert_eq!(stored(session, 0).await.unwrap().verified, Verification::Size);
    });
}

#[test]
fn upload_of_which_less_arrived_is_incomplete_and_leaves_the_session_usable() {
    play(in_step(size(taken(image(hello()), "STOR a"), "213 4")), async |session| {
        let error = stored(session, 0).await.unwrap_err();
        assert!(
            matches!(&error, Error::Failed { kind: FailureKind::Incomplete, text, .. } if text.contains(" 4 ") && text.contains("10")),
            "{error}"
        );
        session.noop().await.unwrap();
    });
}

#[test]
fn file_that_is_larger_than_what_was_sent_is_integrity_where_the_upload_made_it() {
    play(size(taken(image(hello()), "STOR a"), "213 11"), async |session| {
        assert!(matches!(stored(session, 0).await, Err(Error::Failed { kind: FailureKind::Integrity, .. })));
    });
}

#[test]
fn upload_at_an_offset_is_compared_with_the_size_before() {
    let fine = Ok(Verification::Size);
    for (before, after, expected) in [
        ("213 5", "213 15", fine),
        ("213 5", "213 14", Err("incomplete")),
        ("213 5", "213 16", Err("wrong data")),
        ("550 none", "213 15", fine),
        // It was longer: servers cut it off there, or keep what comes behind.
        ("213 40", "213 40", fine),
        ("213 40", "213 15", fine),
        ("213 40", "213 14", Err("incomplete")),
        ("504 busy", "213 40", fine),
        ("504 busy", "213 14", Err("incomplete")),
    ] {
        let script = taken(script!(image_of(before); "C: REST 5   S: 350 ok"), "STOR a");
        play(size(script, after), async |session| {
            let result = stored(session, 5).await.map(|outcome| outcome.verified);
            let seen = result.map_err(|error| error.to_string());
            match expected {
                Ok(verified) => assert_eq!(seen, Ok(verified), "{before}, {after}"),
                Err(text) => {
                    assert!(seen.as_ref().is_err_and(|seen| seen.starts_with(text)), "{before}, {after}: {seen:?}")
                }
            }
        });
    }
}

#[test]
fn append_leaves_at_least_what_was_there_and_what_was_sent() {
    for (before, after, is_whole) in [
        ("213 7", "213 17", true),
        ("213 7", "213 16", false),
        ("213 7", "213 30", true),
        ("550 no", "213 10", true),
        ("550 no", "213 9", false),
    ] {
        play(size(taken(image_of(before), "APPE a"), after), async |session| match appended(session).await {
            Ok(outcome) => assert!(is_whole && outcome.verified == Verification::Size, "{before}, {after}"),
            Err(error) => assert!(
                !is_whole && matches!(error, Error::Failed { kind: FailureKind::Incomplete, .. }),
                "{before}, {after}: {error}"
            ),
        });
    }
}

#[test]
fn append_to_a_file_of_unknown_size_is_not_verified() {
    for before in ["504 not now", "213 many", "213 -1", "202 superfluous"] {
        play(taken(image_of(before), "APPE a"), async |session| {
            assert_eq!(appended(session).await.unwrap().verified, Verification::NotVerified(Unverified::NoSizeBefore));
        });
    }
}

#[test]
fn server_that_does_not_report_the_size_leaves_it_unverified() {
    for reply in ["550 no such file", "504 not this", "213 many", "213 -1", "202 superfluous", "450 busy"] {
        play(in_step(size(taken(image(hello()), "STOR a"), reply)), async |session| {
            assert_eq!(
                stored(session, 0).await.unwrap().verified,
                Verification::NotVerified(Unverified::NoSize),
                "{reply}"
            );
            session.noop().await.unwrap();
        });
    }
}

#[test]
fn server_that_does_not_know_size_is_asked_once() {
    for reply in ["500 what?", "502 not here"] {
        let script = size(taken(image(hello()), "STOR a"), reply);
        let script = taken(passive(script), "STOR a");
        play(taken(passive(script), "APPE a"), async |session| {
            for _ in 0..2 {
                assert_eq!(stored(session, 0).await.unwrap().verified, Verification::NotVerified(Unverified::NoSize));
            }
            assert_eq!(appended(session).await.unwrap().verified, Verification::NotVerified(Unverified::NoSizeBefore));
        });
    }
}

#[test]
fn size_that_is_a_time_is_out_of_step_and_no_mismatch() {
    for reply in ["213 20240615101800", "213 20240615101800.123", "213 99999999999999"] {
        play(size(taken(image(hello()), "STOR a"), reply), async |session| {
            assert!(
                matches!(stored(session, 0).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })),
                "{reply}"
            );
            assert!(!session.is_open());
        });
    }
    let before = size(
        script!(
            "S: 220 ready
         C: TYPE I   S: 200 ok"
        ),
        "213 20240615101800",
    );
    play(before, async |session| {
        assert!(matches!(appended(session).await, Err(Error::Failed { kind: FailureKind::Protocol, .. })))
    });
    let script = script!(image_of("213 20000000000000"); "C: REST 5   S: 350 ok");
    play(size(taken(script, "STOR a"), "213 20000000000000"), async |session| {
        assert_eq!(stored(session, 5).await.unwrap().verified, Verification::Size, "it was that long before");
    });
}

#[test]
fn session_that_ends_before_the_size_is_no_success() {
    let script = script!(taken(image(hello()), "STOR a"); "C: SIZE a   S! close");
    play(script, async |session| {
        assert!(matches!(stored(session, 0).await, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })));
    });
}

#[test]
fn comparison_that_is_turned_off_asks_nothing() {
    let off = Settings { verify_size: false, ..settings() };
    let script = taken(image(hello()), "STOR a");
    let script = taken(script!(passive(script); "C: REST 5   S: 350 ok"), "STOR a");
    play_with(off, taken(passive(script), "APPE a"), async |session| {
        for outcome in [stored(session, 0).await, stored(session, 5).await, appended(session).await] {
            assert_eq!(outcome.unwrap().verified, Verification::NotVerified(Unverified::TurnedOff));
        }
    });
}

#[test]
fn text_and_commands_of_the_caller_are_not_verified() {
    let script = taken(ascii(hello()), "STOR a");
    let script = taken(passive(script!(script; "C: TYPE I   S: 200 ok")), "STOR a");
    play(script, async |session| {
        let upload = session.store("a", Ascii, 0).await.unwrap();
        assert_eq!(upload.finish(session).await.unwrap().verified, Verification::NotVerified(Unverified::Ascii));
        let upload = session.send(PutCommand::new("STOR a").unwrap(), Image, 0).await.unwrap();
        assert_eq!(upload.finish(session).await.unwrap().verified, Verification::NotVerified(Unverified::RawCommand));
    });
}

#[test]
fn unique_file_is_verified_where_its_name_is_known() {
    for (name, verified) in [(" FILE: a", Verification::Size), (" go", Verification::NotVerified(Unverified::NoName))] {
        let script = script!(image(hello());
            "C: STOU   S: 150{name}\r\n226 done
             ! take_data()"
        );
        let script = if verified == Verification::Size { size(script, "213 2") } else { script };
        play(script, async |session| {
            let mut upload = session.store_unique(Image).await.unwrap();
            upload.write(b"ab").await.unwrap();
            assert_eq!(upload.finish(session).await.unwrap().verified, verified);
        });
    }
}

fn ending(data_end: DataEnd) -> Settings {
    Settings { tls: TlsSettings { data_end, ..TlsSettings::default() }, ..settings() }
}

#[test]
fn reset_at_the_end_is_an_error_unless_the_size_agrees() {
    let reset = || {
        script!(image(hello());
            "C: STOR a   S: 150 go\r\n226 done
             ! take_only(10, End::Reset)"
        )
    };
    play_with(ending(DataEnd::Strict), in_step(reset()), async |session| {
        assert!(matches!(stored(session, 0).await, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })));
        session.noop().await.unwrap();
    });
    play_with(ending(DataEnd::Verified), size(reset(), "213 10"), async |session| {
        assert_eq!(stored(session, 0).await.unwrap().verified, Verification::Size);
    });
    play_with(ending(DataEnd::Verified), in_step(size(reset(), "502 what?")), async |session| {
        let error = stored(session, 0).await.unwrap_err();
        assert!(
            matches!(&error, Error::Failed { kind: FailureKind::Unverified, text, .. } if text.contains("does not report the size")),
            "{error}"
        );
        session.noop().await.unwrap();
    });
    play_with(ending(DataEnd::Lenient), size(reset(), "502 what?"), async |session| {
        assert_eq!(stored(session, 0).await.unwrap().verified, Verification::NotVerified(Unverified::NoSize));
    });
    for policy in [DataEnd::Verified, DataEnd::Lenient] {
        play_with(ending(policy), size(reset(), "213 9"), async |session| {
            assert!(
                matches!(stored(session, 0).await, Err(Error::Failed { kind: FailureKind::Incomplete, .. })),
                "{policy:?}"
            );
        });
    }
}

#[test]
fn downloads_report_what_was_compared() {
    for (reply, verified) in
        [("150 go (2 bytes)", Verification::Size), ("150 go", Verification::NotVerified(Unverified::NoSize))]
    {
        let script = script!(image(hello()); "C: RETR a   S: {reply}\r\n226 done");
        play(script!(script; "D> ab   D! close"), async |session| {
            let mut download = session.retrieve("a", Image, 0).await.unwrap();
            read_all(&mut download).await.unwrap();
            assert_eq!(download.finish(session).await.unwrap().verified, verified);
        });
    }
    let script = script!(ascii(hello()); "C: RETR a   S: 150 go (2 bytes)\r\n226 done");
    play(script!(script; "D> ab   D! close"), async |session| {
        let mut download = session.retrieve("a", Ascii, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        assert_eq!(download.finish(session).await.unwrap().verified, Verification::NotVerified(Unverified::Ascii));
    });
}
