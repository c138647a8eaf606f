//! When a server is asked for names in UTF-8.

mod support;

use ftp_client::Settings;
use ftp_testkit::{Script, script};
use support::*;

fn type_a(script: Script) -> Script {
    script!(script; "C: TYPE A   S: 200 ok")
}

/// Logged in, at a server that names these features when it is asked.
fn login(script: Script) -> Script {
    script!(script; "C: USER u   S: 230 in")
}

fn names_utf8(script: Script) -> Script {
    script!(script; "C: FEAT   S: 211-F\r\n MLST\r\n UTF8\r\n211 End")
}

fn utf8_on(script: Script, answer: &str) -> Script {
    script!(script; "C: OPTS UTF8 ON   S: {answer}")
}

fn mlsd(script: Script) -> Script {
    script!(passive(script);
        "C: MLSD   S: 150 go\r\n226 done
         D! close"
    )
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
    let script = script!(login(hello()); "C: CWD a   S: 250 ok");
    let script = script!(utf8_on(names_utf8(script), "200 ok"); "C: CWD café   S: 250 ok");
    play(script!(script; "C: DELE é   S: 250 ok"), async |session| {
        logged_in(session).await;
        session.change_directory("a").await.unwrap();
        session.change_directory("caf\u{e9}").await.unwrap();
        session.delete("\u{e9}").await.unwrap();
    });
    // Not in the middle of what belongs together.
    let script = script!(utf8_on(names_utf8(login(hello())), "200 ok"); "C: RNFR a   S: 350 go");
    play(script!(script; "C: RNTO é   S: 250 ok"), async |session| {
        logged_in(session).await;
        session.rename("a", "\u{e9}").await.unwrap();
    });
    let script = script!(image(utf8_on(names_utf8(login(hello())), "200 ok"));
        "C: RETR é   S: 150 go\r\n226 ok"
    );
    play(script!(script; "D> x   D! close"), async |session| {
        logged_in(session).await;
        let mut download = session.retrieve("\u{e9}", ftp_client::Representation::Image, 0).await.unwrap();
        read_all(&mut download).await.unwrap();
        download.finish(session).await.unwrap();
    });
}

#[test]
fn utf8_is_asked_for_only_where_the_server_names_it() {
    for answer in ["211-F\r\n MLST\r\n211 End", "502 what"] {
        let script = mlsd(script!(login(hello()); "C: FEAT   S: {answer}"));
        play(script!(script; "C: CWD é   S: 250 ok"), async |session| {
            logged_in(session).await;
            session.entries(None).await.unwrap();
            session.change_directory("\u{e9}").await.unwrap();
        });
    }
}

#[test]
fn utf8_is_not_asked_for_in_another_encoding() {
    let settings = Settings { encoding: ftp_client::Encoding::Latin1, ..settings() };
    let script = script!(login(hello()); b"C: CWD \xe9   S: 250 ok");
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
    let after = |script: Script| script!(mlsd(names_utf8(script)); "C: CWD é   S: 250 ok");
    let work = async |session: &mut Client| {
        session.entries(None).await.unwrap();
        session.change_directory("\u{e9}").await.unwrap();
    };
    play(after(script!(login(hello()); "C: OPTS UTF8 OFF   S: 200 ok")), async |session| {
        logged_in(session).await;
        session.select_utf8(false).await.unwrap();
        work(session).await;
    });
    play(after(script!(login(hello()); "C: OPTS UTF-8 NLST   S: 501 no")), async |session| {
        logged_in(session).await;
        session.command("OPTS UTF-8 NLST").await.unwrap();
        work(session).await;
    });
    play(
        after(login(script!(
            "S: 220 ready
         C: OPTS UTF8 ON   S: 530 log in"
        ))),
        async |session| {
            session.select_utf8(true).await.unwrap_err();
            logged_in(session).await;
            work(session).await;
        },
    );
}

#[test]
fn no_name_from_before_is_used_after_the_encoding_has_changed() {
    // The working directory, of which nobody knows in which encoding it came.
    let script = script!(login(hello()); b"C: PWD   S: 257 \"/caf\xe9\"");
    let script = script!(mlsd(names_utf8(script)); b"C: CWD /caf\xe9   S: 250 ok");
    play(script, async |session| {
        logged_in(session).await;
        let home = session.current_directory().await.unwrap();
        session.entries(None).await.unwrap();
        session.change_directory(&home).await.unwrap();
    });
    // The names of a listing for which nobody asked for the features.
    let script = script!(passive(type_a(login(hello()))); "C: NLST   S: 150 go\r\n226 ok");
    let script = script!(script;
        b"D> caf\xe9\r\n   D! close
         C: DELE caf\xe9   S: 250 ok"
    );
    play(script, async |session| {
        logged_in(session).await;
        let names = session.names(None).await.unwrap();
        session.delete(&names[0]).await.unwrap();
    });
    // Where they are known it is asked for in time.
    let script = utf8_on(names_utf8(login(hello())), "200 ok");
    let script = script!(passive(type_a(script)); "C: NLST   S: 150 go\r\n226 ok");
    let script = script!(script;
        "D> café\r\n   D! close
         C: DELE café   S: 250 ok"
    );
    play(script, async |session| {
        logged_in(session).await;
        session.features().await.unwrap();
        let names = session.names(None).await.unwrap();
        session.delete(&names[0]).await.unwrap();
    });
    // The way back from a listing is no name from before.
    let script = script!(utf8_on(names_utf8(login(hello())), "200 ok"); "C: PWD   S: 257 \"/café\"");
    let script = script!(mlsd(script!(script; "C: CWD a b   S: 250 ok")); "C: CWD /café   S: 250 ok");
    play(script, async |session| {
        logged_in(session).await;
        session.entries(Some("a b")).await.unwrap();
    });
}
