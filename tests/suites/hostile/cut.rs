//! A whole session, cut or reset after each of its bytes in turn.

use anyhow::{Result, ensure};
use ftp_host::{Error, FailureKind, FtpError};
use ftp_tests::client::{self, get};
use ftp_tests::script::{Ending, Peer, Play as _, Script, script};
use ftp_tests::suite::variants;
use ftp_tests::trial;

#[trial(on = variants([("closed", Ending::Close), ("reset", Ending::Reset)]))]
async fn end_after_every_byte_is_a_typed_error(ending: Ending) -> Result<()> {
    let length = script()
        .play(async |peer| {
            session(peer).await?;
            Ok(peer.sent())
        })
        .await?;
    ensure!(length > 200, "{length} bytes are no session");
    for bytes in 0..length {
        let result = script().cut_after(bytes, ending).play(async |peer| Ok(session(peer).await)).await?;
        match result {
            Err(Error::Ftp(FtpError::Failed {
                kind: FailureKind::ConnectionLost | FailureKind::ConnectionRefused,
                ..
            })) => {}
            Err(other) => panic!("cut after {bytes} of {length} bytes: {other:?}"),
            Ok(()) => panic!("cut after {bytes} of {length} bytes, and nobody noticed"),
        }
    }
    Ok(())
}

fn script() -> Script {
    script!(
        Script::logged_in();
        "C: PWD*   S: 257 \"/home\" is where you are
         C: EPSV*   S: 229 listening (|||<port>|)
         C: LIST*   S: 150 here it comes
         D> -rw-r--r-- 1 user group 8 Jan  1 2020 file\r\n   D! close
         S: 226 done
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 here it comes
         D> contents   D! close
         S: 226 done
         C: QUIT*   S: 221 goodbye"
    )
}

async fn session(peer: &Peer) -> Result<(), Error> {
    let mut session = client::login(peer.address()).await?;
    assert_eq!(session.current_directory().await?, "/home");
    assert_eq!(session.listing(None).await?.len(), 1);
    assert_eq!(get(&mut session, "file").await?, b"contents");
    session.quit().await?;
    Ok(())
}
