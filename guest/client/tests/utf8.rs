//! When a server is asked for names in UTF-8.

mod support;

use ftp_client::Settings;
use ftp_client::scripted::{Data, End, Script};
use support::*;

fn type_a(script: Script) -> Script {
    script.expect("TYPE A").say("200 ok\r\n")
}

/// Logged in, at a server that names these features when it is asked.
fn login(script: Script) -> Script {
    script.expect("USER u").say("230 in\r\n")
}

fn names_utf8(script: Script) -> Script {
    script.expect("FEAT").say("211-F\r\n MLST\r\n UTF8\r\n211 End\r\n")
}

fn utf8_on(script: Script, answer: &str) -> Script {
    script.expect("OPTS UTF8 ON").say(format!("{answer}\r\n"))
}

fn mlsd(script: Script) -> Script {
    passive(script).expect("MLSD").say("150 go\r\n226 done\r\n").data(Data::sends("", End::Close))
}

async fn logged_in(session: &mut Client) {
    session.login("u", "p", None).await.unwrap();
}

#[test]
fn utf8_is_asked_for_once_before_the_first_listing() {
    for answer in ["200 ok", "202 ok", "451 later", "500 what", "501 what", "504 what"] {
        let script = mlsd(mlsd(utf8_on(names_utf8(login(hello())), answer)));
        play(script, async |session| {
            logged_in(session).await;
            session.entries(None).await.unwrap();
            session.entries(None).await.unwrap();
        });
    }
}

#[test]
fn utf8_is_asked_for_before_the_first_argument_that_is_not_ascii() {
    let script = login(hello()).expect("CWD a").say("250 ok\r\n");
    let script = utf8_on(names_utf8(script), "200 ok").expect("CWD caf\u{e9}").say("250 ok\r\n");
    play(script.expect("DELE \u{e9}").say("250 ok\r\n"), async |session| {
        logged_in(session).await;
        session.change_directory("a").await.unwrap();
        session.change_directory("caf\u{e9}").await.unwrap();
        session.delete("\u{e9}").await.unwrap();
    });
    // Not in the middle of what belongs together.
    let script = utf8_on(names_utf8(login(hello())), "200 ok").expect("RNFR a").say("350 go\r\n");
    play(script.expect("RNTO \u{e9}").say("250 ok\r\n"), async |session| {
        logged_in(session).await;
        session.rename("a", "\u{e9}").await.unwrap();
    });
    let script = image(utf8_on(names_utf8(login(hello())), "200 ok")).expect("RETR \u{e9}").say("150 go\r\n226 ok\r\n");
    play(script.data(Data::sends("x", End::Close)), async |session| {
        logged_in(session).await;
        let mut download = session.retrieve("\u{e9}", ftp_client::Representation::Image, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap();
    });
}

#[test]
fn utf8_is_asked_for_only_where_the_server_names_it() {
    for answer in ["211-F\r\n MLST\r\n211 End", "502 what"] {
        let script = mlsd(login(hello()).expect("FEAT").say(format!("{answer}\r\n")));
        play(script.expect("CWD \u{e9}").say("250 ok\r\n"), async |session| {
            logged_in(session).await;
            session.entries(None).await.unwrap();
            session.change_directory("\u{e9}").await.unwrap();
        });
    }
}

#[test]
fn utf8_is_not_asked_for_in_another_encoding() {
    let settings = Settings { encoding: ftp_client::Encoding::Latin1, ..settings() };
    let script = login(hello()).expect_bytes(b"CWD \xe9").say("250 ok\r\n");
    play_with(settings, mlsd(names_utf8(script)), async |session| {
        logged_in(session).await;
        session.change_directory("\u{e9}").await.unwrap();
        session.entries(None).await.unwrap();
    });
}

#[test]
fn utf8_is_asked_for_once_in_each_login_and_not_before_one() {
    let script = mlsd(names_utf8(hello()));
    let script = mlsd(utf8_on(names_utf8(login(script)), "200 ok"));
    let script = mlsd(utf8_on(names_utf8(login(script)), "200 ok"));
    play(script, async |session| {
        session.entries(None).await.unwrap();
        logged_in(session).await;
        session.entries(None).await.unwrap();
        logged_in(session).await;
        session.entries(None).await.unwrap();
    });
}

#[test]
fn caller_that_decides_on_utf8_keeps_the_choice() {
    let after = |script: Script| mlsd(names_utf8(script)).expect("CWD \u{e9}").say("250 ok\r\n");
    let work = async |session: &mut Client| {
        session.entries(None).await.unwrap();
        session.change_directory("\u{e9}").await.unwrap();
    };
    play(after(login(hello()).expect("OPTS UTF8 OFF").say("200 ok\r\n")), async |session| {
        logged_in(session).await;
        session.select_utf8(false).await.unwrap();
        work(session).await;
    });
    play(after(login(hello()).expect("OPTS UTF-8 NLST").say("501 no\r\n")), async |session| {
        logged_in(session).await;
        session.command("OPTS UTF-8 NLST").await.unwrap();
        work(session).await;
    });
    play(after(login(hello().expect("OPTS UTF8 ON").say("530 log in\r\n"))), async |session| {
        session.select_utf8(true).await.unwrap_err();
        logged_in(session).await;
        work(session).await;
    });
}

#[test]
fn no_name_from_before_is_used_after_the_encoding_has_changed() {
    // The working directory, of which nobody knows in which encoding it came.
    let script = login(hello()).expect("PWD").say(b"257 \"/caf\xe9\"\r\n");
    let script = mlsd(names_utf8(script)).expect_bytes(b"CWD /caf\xe9").say("250 ok\r\n");
    play(script, async |session| {
        logged_in(session).await;
        let home = session.current_directory().await.unwrap();
        session.entries(None).await.unwrap();
        session.change_directory(&home).await.unwrap();
    });
    // The names of a listing for which nobody asked for the features.
    let script = passive(type_a(login(hello()))).expect("NLST").say("150 go\r\n226 ok\r\n");
    let script = script.data(Data::sends(b"caf\xe9\r\n", End::Close)).expect_bytes(b"DELE caf\xe9").say("250 ok\r\n");
    play(script, async |session| {
        logged_in(session).await;
        let names = session.names(None).await.unwrap();
        session.delete(&names[0]).await.unwrap();
    });
    // Where they are known it is asked for in time.
    let script = utf8_on(names_utf8(login(hello())), "200 ok");
    let script = passive(type_a(script)).expect("NLST").say("150 go\r\n226 ok\r\n");
    let script = script.data(Data::sends("caf\u{e9}\r\n", End::Close)).expect("DELE caf\u{e9}").say("250 ok\r\n");
    play(script, async |session| {
        logged_in(session).await;
        session.features().await.unwrap();
        let names = session.names(None).await.unwrap();
        session.delete(&names[0]).await.unwrap();
    });
    // The way back from a listing is no name from before.
    let script = utf8_on(names_utf8(login(hello())), "200 ok").expect("PWD").say("257 \"/caf\u{e9}\"\r\n");
    let script = mlsd(script.expect("CWD a b").say("250 ok\r\n")).expect("CWD /caf\u{e9}").say("250 ok\r\n");
    play(script, async |session| {
        logged_in(session).await;
        session.entries(Some("a b")).await.unwrap();
    });
}
