//! What closes a session.

mod support;

use ftp_client::{Closes, Error, Representation::Image, Session, Settings};
use ftp_testkit::{Script, Scripted, script};
use std::error::Error as _;
use support::*;

/// The error of a call, and whether the session is open after it.
type Ended = (Error, bool);

fn ended(script: Script, call: impl AsyncFnOnce(&mut Client) -> Result<(), Error>) -> Ended {
    let network = Scripted::new(script);
    network.run(async {
        let mut session = Session::connect(network.clone(), Settings::default(), "ftp.example.com", 21).await.unwrap();
        let error = call(&mut session).await.unwrap_err();
        (error, session.is_open())
    })
}

fn deleting(reply: &str) -> Ended {
    ended(
        script!(
            "S: 220 ready
         C: DELE f   S: {reply}"
        ),
        async |session| session.delete("f").await.map(drop),
    )
}

fn uploading(verdict: &str) -> Ended {
    let script = script!(image(hello());
        "C: STOR f   S: 150 go
         S: {verdict}
         ! take_data()"
    );
    ended(script, async |session| {
        let mut upload = session.store("f", Image, 0).await?;
        upload.write(b"hello").await?;
        upload.finish(session).await.map(drop)
    })
}

#[test]
fn error_reports_whether_the_session_is_closed() {
    for (error, is_open) in [
        deleting("550 no"),
        deleting("450 not now"),
        deleting("421 bye"),
        deleting("230 in"),
        deleting("no reply"),
        deleting(&format!("550 {}", "x".repeat(20_000))),
        uploading("552 full"),
        uploading("426 cut"),
        uploading("421 bye"),
        uploading("230 in"),
        ended(
            script!(
                "S: 220 ready
             C: DELE f   S! close"
            ),
            async |session| session.delete("f").await.map(drop),
        ),
        ended(hello(), async |session| session.delete("a\r\nb").await.map(drop)),
    ] {
        match error.closes_session() {
            Closes::Always | Closes::UnlessTransfer => assert!(!is_open, "{error:?}"),
            Closes::Never => assert!(is_open, "{error:?}"),
        }
    }
}

#[test]
fn cause_of_a_failed_handshake_is_the_source_of_its_error() {
    let error = Error::from(ftp_client::TlsCause::NotTls);
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the server does not speak TLS here"));
    assert!(Error::closed().source().is_none());
}
