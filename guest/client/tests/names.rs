//! Names with the byte 0xFF in them, which Telnet doubles, against servers that do and do not.

mod support;

use ftp_client::{Encoding, Error, FailureKind, Representation::*, Settings};
use ftp_testkit::{Script, Scripted, script};
use support::*;

fn windows_1251() -> Settings {
    Settings { encoding: Encoding::named("windows-1251").unwrap(), ..settings() }
}

#[test]
fn server_is_asked_once_and_gets_what_it_wants() {
    for (answer, sent) in
        [("200 F", b"DELE \xff\xff".as_slice()), ("504 what", b"DELE \xff"), ("501 what", b"DELE \xff")]
    {
        let script = script!(
            b"S: 220 ready
             C: STRU \xff\xf2F   S: {answer}"
        );
        let script = script!(script;
            "C: {sent}   S: 250 ok
             C: DELE a   S: 250 ok"
        );
        let script = script!(script; "C: {sent}   S: 250 ok");
        play_with(windows_1251(), script, async |session| {
            session.delete("я").await.unwrap();
            session.delete("a").await.unwrap();
            session.delete("я").await.unwrap();
            let transcript = session.transcript();
            assert!(transcript.iter().any(|line| line == "> DELE я"), "{transcript:?}");
        });
    }
}

#[test]
fn nothing_is_asked_in_the_middle_of_a_sequence() {
    let script = script!(
        b"S: 220 ready
         C: STRU \xff\xf2F   S: 200 ok
         C: RNFR a   S: 350 go"
    );
    let script = script!(script; b"C: RNTO \xff\xff   S: 250 ok");
    play_with(windows_1251(), script, async |session| session.rename("a", "я").await.unwrap());

    let script = script!(
        b"S: 220 ready
         C: STRU \xff\xf2F   S: 200 ok"
    );
    let script = script!(image(script);
        b"C: REST 5   S: 350 ok
         C: RETR \xff\xff   S: 150 go\r\n226 ok"
    );
    play_with(windows_1251(), script!(script; "D> x   D! close"), async |session| {
        let mut download = session.retrieve("я", Image, 5).await.unwrap();
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap();
    });
}

#[test]
fn login_is_sent_as_it_is_where_the_server_does_not_say() {
    let script = script!(
        b"S: 220 ready
             C: STRU \xff\xf2F   S: 530 log in
             C: USER \xff   S: 331 go"
    );
    let script = script!(script; b"C: PASS \xff   S: 230 in");
    let script = script!(script;
        b"C: STRU \xff\xf2F   S: 200 ok
         C: CWD \xff\xff   S: 250 ok"
    );
    play_with(windows_1251(), script, async |session| {
        session.login("я", "я", None).await.unwrap();
        session.change_directory("я").await.unwrap();
        assert!(!session.transcript().iter().any(|line| line.contains("PASS я")));
    });
}

#[test]
fn made_directory_tells_what_the_server_doubles() {
    for (answered, then, path) in [
        (b"257 \"/\xff\xff\" ok\r\n".as_slice(), b"257 \"/\xff\xff/\xff\xff\xff\xff\"\r\n".as_slice(), "/я/яя"),
        (b"257 \"/\xff\" ok\r\n", b"257 \"/\xff\xff\"\r\n", "/яя"),
    ] {
        let script = script!(
            b"S: 220 ready
             C: STRU \xff\xf2F   S: 504 what"
        );
        let script = script!(script;
            b"C: MKD \xff   S> {answered}
             C: PWD   S> {then}"
        );
        play_with(windows_1251(), script, async |session| {
            assert_eq!(session.make_directory("я").await.unwrap(), "/я");
            assert_eq!(session.current_directory().await.unwrap(), path);
        });
    }
}

#[test]
fn current_directory_is_checked_where_it_can_be_two() {
    let here = b"257 \"/\xff\xff\"\r\n";
    let asked = || {
        script!(
            b"S: 220 ready
         C: PWD   S> {here}
         C: STRU \xff\xf2F   S: 504 what"
        )
    };
    let check = || script!(asked(); b"C: CWD /\xff");
    let again = |script: Script| script!(script; "C: PWD   S> {here}");

    // The server doubles: `/я` is where we are.
    let doubles = again(script!(check();
        "S: 250 ok
         C: PWD   S> {here}"
    ));
    // It does not, and there is no `/я`; or there is one beside `/яя`, and we have to go back.
    let missing = again(script!(check(); "S: 550 missing"));
    let both = script!(check();
        b"S: 250 ok
         C: PWD   S: 257 \"/\xff\""
    );
    let both = again(script!(both; b"C: CWD /\xff\xff   S: 250 ok"));
    for (script, expected) in [(doubles, "/я"), (missing, "/яя"), (both, "/яя")] {
        play_with(windows_1251(), script, async |session| {
            assert_eq!(session.current_directory().await.unwrap(), expected);
            assert_eq!(session.current_directory().await.unwrap(), expected);
        });
    }

    // One that is not doubled is what it is.
    let script = script!(
        b"S: 220 ready
         C: PWD   S: 257 \"/\xff/\xff\xff\""
    );
    play_with(windows_1251(), script, async |session| {
        assert_eq!(session.current_directory().await.unwrap(), "/я/яя");
    });
}

#[test]
fn directory_made_in_one_that_is_doubled_is_told_as_it_is() {
    let script = script!(
        b"S: 220 ready
         C: MKD a   S: 257 \"/\xff\xff/a\" ok
         C: PWD   S: 257 \"/\xff\xff\""
    );
    let script = script!(script;
        b"C: STRU \xff\xf2F   S: 504 what
         C: CWD /\xff   S: 250 ok"
    );
    let script = script!(script; b"C: PWD   S: 257 \"/\xff\xff\"");
    play_with(windows_1251(), script, async |session| {
        assert_eq!(session.make_directory("a").await.unwrap(), "/я/a");
    });
}

#[test]
fn names_travel_in_their_character_set() {
    for (label, bytes, name) in [
        ("shift_jis", b"\x95\x5c\x94\x5c".as_slice(), "表能"),
        ("gbk", b"\xce\xc4\xbc\xfe", "文件"),
        ("big5", b"\xa5\x5c", "功"),
        ("euc-kr", b"\xc7\xd1\xb1\xdb", "한글"),
        ("koi8-r", b"\xf0\xd2\xc9", "При"),
        ("shift_jis", b"\xed\x41\xfd", "\u{10ffed}A\u{10fffd}"),
    ] {
        let script = script!(ascii(hello());
            "C: NLST   S: 150 go\r\n226 ok
             D> {bytes}   D! close"
        );
        let script = script!(script.expect_line([b"DELE ", bytes].concat()); "S: 250 ok");
        let settings = Settings { encoding: Encoding::named(label).unwrap(), ..settings() };
        play_with(settings, script, async |session| {
            assert_eq!(session.names(None).await.unwrap(), [name]);
            session.delete(name).await.unwrap();
        });
    }
}

#[test]
fn character_outside_the_set_is_refused_before_anything_is_sent() {
    let network = Scripted::new(hello());
    network.run(async {
        let mut session =
            ftp_client::Session::connect(network.clone(), windows_1251(), "ftp.example.com", 21).await.unwrap();
        for name in ["ü", "日本語", "a\r\nDELE b", "\u{10fffd}\r"] {
            let refused = session.delete(name).await;
            assert!(
                matches!(refused, Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })),
                "{name:?} {refused:?}"
            );
        }
    });
}
