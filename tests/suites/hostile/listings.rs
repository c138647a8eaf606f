//! Servers that take the argument of a listing for something else, and what a listing leaves behind.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Listed};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

/// A server that would take the path for a pattern.
fn entered() -> Script {
    script!(
        Script::logged_in();
        "C: PWD*   S: 257 \"/home\" is where you are
         C: CWD [ temp ]*   S: 250 there"
    )
}

#[trial(covers("entries"))]
async fn path_that_may_be_misread_is_entered_and_left_again() -> Result<()> {
    script!(
        entered();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D> type=file; a\r\n   D! close
         S: 226 done
         C: CWD /home*   S: 250 back
         C: NOOP*   S: 200 here"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let listed = session.entries(Some("[ temp ]")).await?;
        assert!(matches!(&listed[..], [Listed::Entry(entry)] if entry.name == "a"), "{listed:?}");
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial(covers("open-entries"))]
async fn entries_in_portions_return_before_the_next_command() -> Result<()> {
    script!(
        entered();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D> type=file; a\r\n   D! close
         S: 226 done
         C: CWD /home*   S: 250 back
         C: NOOP*   S: 200 here"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let mut stream = session.open_entries(Some("[ temp ]")).await?;
        while stream.read().await?.is_some() {}
        stream.finish().await?;
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial(covers("entries"))]
async fn session_that_cannot_return_from_a_listing_is_closed() -> Result<()> {
    script!(
        entered();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D> type=file; a\r\n   D! close
         S: 226 done
         C: CWD /home*   S: 550 gone"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let listed = session.entries(Some("[ temp ]")).await;
        assert!(matches!(&listed, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, text: why, .. })) if why.contains("/home")), "{listed:?}");
        let after = session.noop().await;
        assert!(matches!(after, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))), "{after:?}");
        Ok(())
    })
    .await
}

#[trial]
async fn pwd_of_no_use_leaves_such_a_path_unsupported() -> Result<()> {
    for reply in ["257 /home is where you are", "257", "502 not here"] {
        script!(
            Script::logged_in();
            "C: PWD*   S: {reply}
             C: NOOP*   S: 200 here"
        )
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            let listed = session.entries(Some("a b")).await;
            assert!(
                matches!(listed, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))),
                "{listed:?}"
            );
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(covers("entries"))]
async fn refusal_because_there_are_no_files_is_an_empty_list() -> Result<()> {
    for reply in ["450 No files found", "550 No members found."] {
        script!(
            Script::logged_in();
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: MLSD*   S: {reply}
             C: NOOP*   S: 200 here"
        )
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            assert!(session.entries(Some("directory")).await?.is_empty());
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[trial(covers("select-utf8"))]
async fn utf8_is_asked_for_before_the_first_listing() -> Result<()> {
    script!(
        Script::logged_in();
        "C: FEAT*   S: 211-Features:\r\n MLST\r\n UTF8\r\n211 End
         C: OPTS UTF8 ON*   S: 501 as you like
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D>
         D! close
         S: 226 done
         C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D>
         D! close
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        assert!(session.entries(None).await?.is_empty());
        assert!(session.entries(None).await?.is_empty());
        Ok(())
    })
    .await
}
