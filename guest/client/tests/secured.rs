//! Where TLS begins: bytes that nobody asked for, and what a server may answer, against a server that plays a script.

mod support;

use ftp_client::{Error, FailureKind, Protection, Security, Session, Settings};
use ftp_testkit::{Script, Scripted, script};
use support::*;

fn connect_explicitly(script: Script) -> Error {
    let network = Scripted::new(script);
    let settings = Settings { security: Security::Explicit, ..settings() };
    let session = network.run(Session::connect(network.clone(), settings, "ftp.example.com", 21));
    // No byte was sent but what the script expects, not even one of a handshake.
    network.finished();
    session.err().unwrap()
}

#[test]
fn bytes_with_the_greeting_are_no_answer_to_auth() {
    for early in ["234 go\r\n", "\r\n", "\n", "\0", "234", "2", "421 busy\r\n", "220 ready\r\n"] {
        let together = connect_explicitly(script!("S> 220 ready\r\n{early}"));
        let apart = connect_explicitly(script!(
            "S: 220 ready
             S> {early}"
        ));
        assert!(
            matches!(
                (&together, &apart),
                (Error::Failed { kind: FailureKind::Protocol, .. }, Error::Failed { kind: FailureKind::Protocol, .. })
            ),
            "{early:?}: {together} {apart}"
        );
    }
}

#[test]
fn bytes_behind_the_answer_to_auth_end_the_session() {
    for more in ["\r\n", "\n", "\0", "230 in\r\n", "230-you are ", "2", "234 go\r\n"] {
        let auth = || {
            script!(
                "S: 220 ready
             C: AUTH TLS"
            )
        };
        let together = connect_explicitly(script!(auth(); "S> 234 go\r\n{more}"));
        let apart = connect_explicitly(script!(auth();
            "S: 234 go
             S> {more}"
        ));
        assert!(
            matches!(
                (&together, &apart),
                (Error::Failed { kind: FailureKind::Protocol, .. }, Error::Failed { kind: FailureKind::Protocol, .. })
            ),
            "{more:?}: {together} {apart}"
        );
    }
}

#[test]
fn bytes_before_the_answer_to_auth_end_the_session() {
    for early in ["\r\n", "\n", "\0"] {
        let error = connect_explicitly(script!(
            "S: 220 ready
             C: AUTH TLS   S: {early}234 go"
        ));
        assert!(matches!(error, Error::Failed { kind: FailureKind::Protocol, .. }), "{early:?}: {error}");
    }
    let error = connect_explicitly(script!(
        "S: 220 ready
         C: AUTH TLS   S: 504 no\r\n"
    ));
    assert!(matches!(error, Error::Failed { kind: FailureKind::Protocol, .. }), "{error}");
}

#[test]
fn session_that_was_plain_takes_no_bytes_that_came_before_auth() {
    for early in ["234 go\r\n", "\r\n", "\0", "234"] {
        play(
            script!(
                "S: 220 ready
             S> {early}"
            ),
            async |session| {
                assert!(
                    matches!(session.start_tls().await, Err(Error::Failed { kind: FailureKind::Protocol, .. })),
                    "{early:?}"
                );
                assert!(!session.is_open());
            },
        );
    }
}

#[test]
fn auth_that_is_refused_leaves_a_plain_session_as_it_was() {
    let script = script!(
        "S: 220 ready
         C: AUTH TLS   S: 502 no\r\n
         C: DELE f   S: 250 gone"
    );
    play(script, async |session| {
        assert!(matches!(session.start_tls().await, Err(Error::Failed { kind: FailureKind::Insecure, .. })));
        session.delete("f").await.unwrap();
    });
}

#[test]
fn auth_that_is_neither_agreed_nor_refused_ends_the_session() {
    for reply in ["250 fine", "120 wait", "300 more"] {
        play(
            script!(
                "S: 220 ready
             C: AUTH TLS   S: {reply}"
            ),
            async |session| {
                assert!(
                    matches!(session.start_tls().await, Err(Error::Failed { kind: FailureKind::Insecure, .. })),
                    "{reply}"
                );
                assert!(!session.is_open());
            },
        );
    }
}

#[test]
fn pbsz_that_is_refused_is_followed_by_prot_p_and_by_nothing_else() {
    for refusal in ["500 ?", "503 no", "536 no"] {
        let refused = || {
            script!(
                "S: 220 ready
             C: PBSZ 0   S: {refusal}"
            )
        };
        let protect = async |session: &mut Client| session.protect_data(Protection::Private).await;
        assert!(play(script!(refused(); "C: PROT P   S: 200 private"), protect).is_ok(), "{refusal}");
        for reply in ["534 no", "431 no", "300 more"] {
            let result = play(script!(refused(); "C: PROT P   S: {reply}"), protect);
            assert!(
                matches!(result, Err(Error::Failed { kind: FailureKind::Insecure, .. })),
                "{refusal}, {reply}: {result:?}"
            );
        }
        let clear = play(refused(), async |session| session.protect_data(Protection::Clear).await);
        assert!(matches!(clear, Err(Error::Failed { kind: FailureKind::Insecure, .. })), "{refusal}: {clear:?}");
    }
    let busy = play(
        script!(
            "S: 220 ready
         C: PBSZ 0   S: 450 later"
        ),
        async |session| session.protect_data(Protection::Private).await,
    );
    assert!(matches!(busy, Err(Error::Failed { kind: FailureKind::Insecure, .. })), "{busy:?}");
}

// Logging in

#[test]
fn user_answered_by_503_is_logged_in_where_the_greeting_was_230() {
    let user = |script: Script| script!(script; "C: USER u   S: 503 you are in already");
    let login = async |session: &mut Client| session.login("u", "p", None).await.map(drop);
    assert_eq!(play(user(script!("S: 230 you are in")), login), Ok(()));
    assert_eq!(code(play(user(hello()), login)), 503);
    let again = user(script!(
        "S: 230 you are in
         C: REIN   S: 220 anew"
    ));
    let result = play(again, async |session| {
        session.reinitialize().await?;
        session.login("u", "p", None).await
    });
    assert_eq!(code(result), 503);
    let error = connect_explicitly(script!("S: 230 you are in"));
    assert!(matches!(error, Error::Failed { kind: FailureKind::Insecure, .. }), "{error}");
}
