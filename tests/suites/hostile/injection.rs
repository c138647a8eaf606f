//! Line ends and other control bytes on their way to the server, from the caller or from the server itself.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError, Listed, Representation, Session};
use ftp_tests::client;
use ftp_tests::script::{Play as _, Script, script};
use ftp_tests::trial;

/// Bytes that end a line, or a string, on some server.
const FORBIDDEN: [char; 3] = ['\r', '\n', '\0'];

#[trial]
async fn line_end_in_user_is_not_sent() -> Result<()> {
    script!(Script::greeting().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::connect(peer.address()).await?;
            for forbidden in FORBIDDEN {
                refused(session.login(&evil(forbidden), "password", None).await);
            }
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

#[trial]
async fn line_end_in_password_is_not_sent() -> Result<()> {
    script!(Script::greeting().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::connect(peer.address()).await?;
            for forbidden in FORBIDDEN {
                refused(session.login("user", &evil(forbidden), None).await);
            }
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

#[trial]
async fn line_end_in_account_is_not_sent() -> Result<()> {
    script!(Script::greeting().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::connect(peer.address()).await?;
            for forbidden in FORBIDDEN {
                refused(session.login("user", "password", Some(&evil(forbidden))).await);
            }
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

#[trial]
async fn line_end_in_any_path_is_not_sent() -> Result<()> {
    script!(Script::logged_in().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            for forbidden in FORBIDDEN {
                try_as_path(&mut session, &evil(forbidden)).await;
            }
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

async fn try_as_path(session: &mut Session, path: &str) {
    let image = Representation::Image;
    refused(session.change_directory(path).await);
    refused(session.make_directory(path).await);
    refused(session.remove_directory(path).await);
    refused(session.delete(path).await);
    refused(session.rename(path, "new").await);
    refused(session.rename("old", path).await);
    refused(session.entries(Some(path)).await);
    refused(session.entry(path).await);
    refused(session.names(Some(path)).await);
    refused(session.listing(Some(path)).await);
    refused(session.size(path).await);
    refused(session.modified(path).await);
    refused(session.status(Some(path)).await);
    refused(session.help(Some(path)).await);
    refused(session.select_facts(&[path]).await);
    refused(session.retrieve(path, image, 0).await);
    refused(session.store(path, image, 0).await);
    refused(session.append(path, image).await);
    refused(session.receive(&format!("RETR {path}"), image, 0).await);
    refused(session.send(&format!("STOR {path}"), image, 0).await);
}

#[trial]
async fn line_end_in_site_and_raw_commands_is_not_sent() -> Result<()> {
    script!(Script::logged_in().strict(); "C: NOOP*   S: 200 nothing came")
        .play(async |peer| {
            let mut session = client::login(peer.address()).await?;
            for forbidden in FORBIDDEN {
                refused(session.site(&evil(forbidden)).await);
                refused(session.command(&evil(forbidden)).await);
                refused(session.command(&format!("NOOP{forbidden}")).await);
                refused(session.command(&format!("{forbidden}NOOP")).await);
            }
            refused(session.command("").await);
            assert_eq!(session.noop().await?.code, 200);
            Ok(())
        })
        .await
}

#[trial]
async fn directory_of_the_server_with_nul_is_not_sent_back() -> Result<()> {
    script!(
        Script::logged_in();
        "C: PWD*   S: 257 \"/a\0DELE b\" is where you are
         C: NOOP*   S: 200 nothing came"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let directory = session.current_directory().await?;
        refused(session.change_directory(&directory).await);
        assert_eq!(session.noop().await?.code, 200);
        Ok(())
    })
    .await
}

#[trial]
async fn name_of_the_server_with_cr_is_not_sent_back() -> Result<()> {
    let line = "type=file; a\rDELE b\r\n";
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D> {line}   D! close
         S: 226 done
         C: NOOP*   S: 200 nothing came"
    )
    .play(async |peer| only_entry_is_not_sent_back(client::login(peer.address()).await?).await)
    .await
}

#[trial]
async fn name_of_the_server_with_nul_in_a_long_listing_is_not_sent_back() -> Result<()> {
    let line = "-rw-r--r-- 1 user group 5 Jan  1 2020 a\0DELE b\r\n";
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 502 not here
         C: EPSV*   S: 229 listening (|||<port>|)
         C: LIST*   S: 150 here it comes
         D> {line}   D! close
         S: 226 done
         C: NOOP*   S: 200 nothing came"
    )
    .play(async |peer| only_entry_is_not_sent_back(client::login(peer.address()).await?).await)
    .await
}

async fn only_entry_is_not_sent_back(mut session: Session) -> Result<()> {
    let listed = session.entries(None).await?;
    let [Listed::Entry(entry)] = &listed[..] else {
        panic!("{listed:?} is not one entry");
    };
    assert!(entry.name.starts_with('a') && entry.name.ends_with("DELE b"), "{entry:?}");
    refused(session.delete(&entry.name).await);
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial]
async fn name_of_the_server_with_a_slash_is_no_entry() -> Result<()> {
    let lines = "type=file; ../escape\r\ntype=file; /etc/passwd\r\ntype=file; \r\ntype=file; ..\r\ntype=file; good\r\n";
    script!(
        Script::logged_in();
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: MLSD*   S: 150 here it comes
         D> {lines}   D! close
         S: 226 done"
    )
    .play(async |peer| {
        let mut session = client::login(peer.address()).await?;
        let listed = session.entries(None).await?;
        let entries = listed.iter().filter_map(|listed| match listed {
            Listed::Entry(entry) => Some(entry.name.as_str()),
            _ => None,
        });
        assert_eq!(entries.collect::<Vec<_>>(), ["good"], "{listed:?}");
        Ok(())
    })
    .await
}

fn evil(forbidden: char) -> String {
    format!("innocent{forbidden}DELE precious")
}

#[track_caller]
fn refused<T>(result: Result<T, Error>) {
    match result {
        Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. })) => {}
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was sent"),
    }
}
