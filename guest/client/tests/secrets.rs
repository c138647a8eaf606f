//! Passwords and accounts that a server repeats: masked where they are shown, and never in what is parsed.

mod support;

use ftp_client::scripted::{Data, End, Script};
use ftp_client::{Error, Representation::Image};
use support::*;

fn logged_in(password: &str) -> Script {
    hello().expect("USER u").say("331 ?\r\n").expect(&format!("PASS {password}")).say("230 in\r\n")
}

#[test]
fn password_that_values_contain_is_masked_in_the_transcript_and_not_in_the_values() {
    let script = logged_in("home").expect("PWD").say("257 \"/home/homer\" is home\r\n");
    let script = script.expect("STAT").say("211-you are home\r\n in /home\r\n211 home\r\n");
    let script = script.expect("TYPE I").say("200 ok\r\n").expect("SIZE a").say("213 17 home\r\n");
    let script = script.expect("EPSV").say("229 home (|||5000|)\r\n").expect("RETR a").say("150 home\r\n226 home\r\n");
    let transcript = play(script.data(Data::sends("17 bytes of data.", End::Close)), async |session| {
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
    let script = logged_in("5000").expect("TYPE I").say("200 ok\r\n").expect("SIZE a").say("213 5000\r\n");
    let script =
        script.expect("EPSV").say("229 (|||5000|)\r\n").expect("RETR a").say("150 go (5000 bytes)\r\n226 ok\r\n");
    play(script.data(Data::sends([7; 5000], End::Close)), async |session| {
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
    let script = logged_in("files").expect("TYPE A").say("200 ok\r\n").expect("EPSV").say("229 (|||5000|)\r\n");
    let script = script.expect("NLST").say("550 no files found\r\n").data(Data::sends("", End::Close));
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
        let script = logged_in("hunter2").expect(line).say(format!("{reply}\r\n"));
        let shown = play(script, async |session| {
            session.login("u", "hunter2", None).await.unwrap();
            let error = session.delete("f").await.unwrap_err();
            format!("{error} {error:?} {:?}", session.transcript())
        });
        assert!(shown.contains("****") && !shown.contains("hunter2"), "{shown}");
    }
    let script = logged_in("hunter2").expect("PBSZ 0").say("500-hunter2\r\n500 hunter2\r\n");
    let script = script.expect("PROT P").say("534 not with hunter2\r\n");
    let error = play(script, async |session| {
        session.login("u", "hunter2", None).await.unwrap();
        session.protect_data(ftp_client::Protection::Private).await.unwrap_err()
    });
    assert!(matches!(error, Error::Insecure(_)) && !format!("{error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn short_secret_is_masked_in_the_reply_to_itself_alone() {
    let script = hello().expect("USER u").say("331 a?\r\n").expect("PASS a").say("530 a is wrong\r\n");
    let script = script.expect("USER u").say("332 a?\r\n").expect("ACCT b").say("230 b is in\r\n");
    play(script.expect("PWD").say("257 \"/a/b\"\r\n"), async |session| {
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
    let script = hello().expect("USER u").say("331 ?\r\n").expect("PASS hunter2").say("530 no\r\n");
    let script = script.expect("USER u").say("331 ?\r\n").expect("PASS hunter3").say("230-not hunter2\r\n230 in\r\n");
    let transcript = play(script, async |session| {
        session.login("u", "hunter2", None).await.unwrap_err();
        session.login("u", "hunter3", None).await.unwrap();
        session.transcript().concat()
    });
    assert!(!transcript.contains("hunter"), "{transcript}");
}

#[test]
fn password_that_a_server_has_from_another_session_is_masked_before_it_is_sent() {
    let script = hello().expect("USER u").say("530 hunter2 and sesame are not for you\r\n");
    let transcript = play(script, async |session| {
        let error = session.login("u", "hunter2", Some("sesame")).await.unwrap_err();
        assert_eq!(error.to_string(), "refused: 530 **** and **** are not for you");
        session.transcript()
    });
    assert_eq!(transcript.last().map(String::as_str), Some("< 530 **** and **** are not for you"));
}
