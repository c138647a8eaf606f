//! Passwords and accounts that a server repeats: masked where they are shown, and never in what is parsed.

mod support;

use ftp_client::{Error, FailureKind, Representation::Image};
use ftp_testkit::{Script, script};
use support::*;

fn logged_in(password: &str) -> Script {
    script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS {password}   S: 230 in"
    )
}

#[test]
fn password_that_values_contain_is_masked_in_the_transcript_and_not_in_the_values() {
    let script = script!(logged_in("home"); "C: PWD   S: 257 \"/home/homer\" is home");
    let script = script!(script; "C: STAT   S: 211-you are home\r\n in /home\r\n211 home");
    let script = script!(script;
        "C: TYPE I   S: 200 ok
         C: SIZE a   S: 213 17 home"
    );
    let script = script!(script;
        "C: EPSV   S: 229 home (|||5000|)
         C: RETR a   S: 150 home\r\n226 home"
    );
    let transcript = play(script!(script; "D> 17 bytes of data.   D! close"), async |session| {
        session.login("u", "home", None).await.unwrap();
        assert_eq!(session.current_directory().await.unwrap(), "/home/homer");
        assert_eq!(session.status(None).await.unwrap().lines, ["you are home", " in /home", "home"]);
        assert_eq!(session.size("a").await.unwrap(), 17);
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(read_all(&mut download).await.unwrap().len(), 17);
        download.finish(session).await.unwrap();
        assert_eq!(session.masked("you are home"), "you are ****");
        session.transcript()
    });
    assert!(!transcript.concat().contains("home"), "{transcript:?}");
    for line in ["< 257 \"/****/****r\" is ****", "< 229 **** (|||5000|)", "< 213 17 ****", "< 211- in /****"] {
        assert!(transcript.iter().any(|other| other == line), "{line}: {transcript:?}");
    }
}

#[test]
fn password_that_is_a_number_does_not_change_numbers() {
    let script = script!(logged_in("5000");
        "C: TYPE I   S: 200 ok
         C: SIZE a   S: 213 5000"
    );
    let script = script!(script;
        "C: EPSV   S: 229 (|||5000|)
         C: RETR a   S: 150 go (5000 bytes)\r\n226 ok"
    );
    play(script!(script; "D> {[7; 5000]}   D! close"), async |session| {
        session.login("u", "5000", None).await.unwrap();
        assert_eq!(session.size("a").await, Ok(5000));
        let mut download = session.retrieve("a", Image, 0).await.unwrap();
        assert_eq!(download.expected_size(), Some(5000));
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap();
        assert_eq!(session.network().dialled().last().unwrap().0.port(), 5000);
    });
}

#[test]
fn words_of_a_refusal_mean_the_same_when_they_are_a_password() {
    let script = script!(logged_in("files");
        "C: TYPE A   S: 200 ok
         C: EPSV   S: 229 (|||5000|)"
    );
    let script = script!(script;
        "C: NLST   S: 550 no files found
         D! close"
    );
    let names = play(script, async |session| {
        session.login("u", "files", None).await?;
        session.names(None).await
    });
    assert_eq!(names, Ok(vec![]));
}

#[test]
fn secret_is_in_no_error() {
    let refused: [(&str, &str); 3] =
        [("550 no, hunter2", "DELE f"), ("450 hunter2?", "DELE f"), ("421 hunter2", "DELE f")];
    for (reply, line) in refused {
        let script = script!(logged_in("hunter2"); "C: {line}   S: {reply}");
        let shown = play(script, async |session| {
            session.login("u", "hunter2", None).await.unwrap();
            let error = session.delete("f").await.unwrap_err();
            format!("{error} {error:?} {:?}", session.transcript())
        });
        assert!(shown.contains("****") && !shown.contains("hunter2"), "{shown}");
    }
    let script = script!(logged_in("hunter2"); "C: PBSZ 0   S: 500-hunter2\r\n500 hunter2");
    let script = script!(script; "C: PROT P   S: 534 not with hunter2");
    let error = play(script, async |session| {
        session.login("u", "hunter2", None).await.unwrap();
        session.protect_data(ftp_client::Protection::Private).await.unwrap_err()
    });
    assert!(
        matches!(error, Error::Failed { kind: FailureKind::Insecure, .. }) && !format!("{error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[test]
fn short_secret_is_masked_in_the_reply_to_itself_alone() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 a?
         C: PASS a   S: 530 a is wrong"
    );
    let script = script!(script;
        "C: USER u   S: 332 a?
         C: ACCT b   S: 230 b is in"
    );
    play(script!(script; "C: PWD   S: 257 \"/a/b\""), async |session| {
        let error = session.login("u", "a", None).await.unwrap_err();
        assert_eq!(error.to_string(), "refused: 530 **** is wrong");
        assert_eq!(session.login("u", "a", Some("b")).await.unwrap().lines, ["**** is in"]);
        assert_eq!(session.current_directory().await.unwrap(), "/a/b");
        let transcript = session.transcript();
        for line in ["< 331 a?", "> PASS ****", "< 530 **** is wrong", "< 332 a?", "< 257 \"/a/b\""] {
            assert!(transcript.iter().any(|other| other == line), "{line}: {transcript:?}");
        }
    });
}

#[test]
fn wrong_password_stays_a_secret() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 331 ?
         C: PASS hunter2   S: 530 no"
    );
    let script = script!(script;
        "C: USER u   S: 331 ?
         C: PASS hunter3   S: 230-not hunter2\r\n230 in"
    );
    let transcript = play(script, async |session| {
        session.login("u", "hunter2", None).await.unwrap_err();
        session.login("u", "hunter3", None).await.unwrap();
        session.transcript().concat()
    });
    assert!(!transcript.contains("hunter"), "{transcript}");
}

#[test]
fn password_that_a_server_has_from_another_session_is_masked_before_it_is_sent() {
    let script = script!(
        "S: 220 ready
         C: USER u   S: 530 hunter2 and sesame are not for you"
    );
    let transcript = play(script, async |session| {
        let error = session.login("u", "hunter2", Some("sesame")).await.unwrap_err();
        assert_eq!(error.to_string(), "refused: 530 **** and **** are not for you");
        session.transcript()
    });
    assert_eq!(transcript.last().map(String::as_str), Some("< 530 **** and **** are not for you"));
}
