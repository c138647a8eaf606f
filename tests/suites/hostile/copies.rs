//! Copies between two servers, one of which misbehaves. Neither moves any data: nobody here would see it.

use std::net::SocketAddr;

use anyhow::Result;
use ftp_host::{
    Connector, Copied, Error, FailureKind, FtpError, Phase, Representation, Session, Settings, Unverified, Verification,
};
use ftp_tests::certificates;
use ftp_tests::client::{self, refusal};
use ftp_tests::script::{Peer, Play as _, Script, script};
use ftp_tests::trial;

use crate::tls::{explicit, tls};

/// Where no server of a copy is.
const ELSEWHERE: &str = "227 here (203,0,113,9,16,1)";

/// Play two scripts at once, with a session of one connector at each.
async fn copy(
    source: Script,
    target: Script,
    settings: Settings,
    check: impl AsyncFnOnce(Result<Copied, Error>, (&Peer, Session), (&Peer, Session)) -> Result<()>,
) -> Result<()> {
    source
        .play(async |source| {
            target
                .play(async |target| {
                    let connector = client::connector(settings).await?;
                    let mut from = login(&connector, source.address()).await?;
                    let mut to = login(&connector, target.address()).await?;
                    let copied = from.copy_to("file", &mut to, "copy", Representation::Image).await;
                    check(copied, (source, from), (target, to)).await
                })
                .await
        })
        .await
}

async fn login(connector: &Connector, server: SocketAddr) -> Result<Session, Error> {
    let mut session = connector.connect(&server.ip().to_string(), Some(server.port())).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

fn said(peer: &Peer, start: &str) -> bool {
    peer.commands().iter().any(|command| command.starts_with(start))
}

/// A source that has the file.
fn source(security: Script) -> Script {
    security.on("SIZE file", "213 8")
}

/// What both are told in the end when it went wrong.
fn told(script: Script) -> Script {
    script!(
        script;
        "C: ABOR*   S: 226 nothing is left
         C: NOOP*   S: 200 in step
         C: NOOP*   S: 200 in step"
    )
}

#[trial(covers("copy-to"))]
async fn source_that_names_another_host_is_not_trusted() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 500 what?
         C: PASV*   S: {ELSEWHERE}
         C: RETR file*   S: 150 go
         S: 226 sent"
    );
    let target = script!(
        Script::logged_in();
        "C: PORT 127,0,0,1,16,1*   S: 200 noted
         C: STOR copy*   S: 150 go
         S: 226 received
         C: SIZE copy*   S: 213 8"
    );
    copy(source, target, client::settings(), async |copied, _, _| {
        let copied = copied?;
        assert_eq!(copied.verified, Verification::Size);
        assert_eq!((copied.source.lines, copied.target.lines), (vec!["sent".into()], vec!["received".into()]));
        Ok(())
    })
    .await
}

#[trial]
async fn target_that_names_another_host_is_not_trusted() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 502 no
         C: PASV*   S: 502 no
         C: PORT 127,0,0,1,16,1*   S: 200 noted
         C: RETR file*   S: 150 go
         S: 226 sent"
    );
    let target = script!(
        Script::logged_in();
        "C: EPSV*   S: 500 what?
         C: PASV*   S: {ELSEWHERE}
         C: STOR copy*   S: 150 go
         S: 226 received
         C: SIZE copy*   S: 213 8"
    );
    copy(source, target, client::settings(), async |copied, _, _| copied.map(drop).map_err(Into::into)).await
}

#[trial]
async fn source_without_the_file_makes_none() -> Result<()> {
    let source = Script::logged_in().on("SIZE file", "550 no such file").on("NOOP", "200 here");
    let target = Script::logged_in().on("NOOP", "200 here");
    copy(source, target, client::settings(), async |copied, (_, mut from), (target, mut to)| {
        assert_eq!(refusal(copied), 550);
        from.noop().await?;
        to.noop().await?;
        assert!(!said(target, "STOR"));
        Ok(())
    })
    .await
}

#[trial]
async fn target_that_refuses_is_asked_first() -> Result<()> {
    let source = source(Script::logged_in()).passive().on("NOOP", "200 here");
    let target = script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: STOR*   S: 553 not that name
         C: NOOP*   S: 200 here"
    );
    copy(source, target, client::settings(), async |copied, (source, mut from), (_, mut to)| {
        assert_eq!(refusal(copied), 553);
        from.noop().await?;
        to.noop().await?;
        assert!(!said(source, "RETR"));
        Ok(())
    })
    .await
}

#[trial]
async fn target_that_fails_at_the_end_is_no_success() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 go
         S: 226 sent"
    );
    let target = script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: STOR*   S: 150 go
         S: 452 the disk is full"
    );
    copy(told(source), told(target), client::settings(), async |copied, (_, mut from), (_, mut to)| {
        assert_eq!(refusal(copied), 452);
        from.noop().await?;
        to.noop().await?;
        Ok(())
    })
    .await
}

#[trial]
async fn source_that_fails_in_the_middle_ends_the_target_too() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 go
         S: 451 gone"
    );
    let target = Script::logged_in().on("PORT", "200 noted").on("STOR", "150 go");
    copy(told(source), told(target), client::settings(), async |copied, (_, mut from), (_, mut to)| {
        assert_eq!(refusal(copied), 451);
        from.noop().await?;
        to.noop().await?;
        Ok(())
    })
    .await
}

#[trial]
async fn source_that_hangs_up_leaves_the_target_in_step() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR*   S: 150 go
         S! close"
    );
    let target = Script::logged_in().on("PORT", "200 noted").on("STOR", "150 go");
    copy(source, told(target), client::settings(), async |copied, (_, mut from), (_, mut to)| {
        assert!(
            matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::ConnectionLost, .. }))),
            "{copied:?}"
        );
        assert!(matches!(from.noop().await, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))));
        to.noop().await?;
        Ok(())
    })
    .await
}

#[trial]
async fn source_that_promises_for_ever_leaves_the_target_in_step() -> Result<()> {
    let source = source(Script::logged_in()).passive().on("RETR", "150 go").flood("150 soon\r\n");
    let target = Script::logged_in().on("PORT", "200 noted").on("STOR", "150 go");
    copy(source, told(target), client::settings(), async |copied, (_, mut from), (_, mut to)| {
        assert!(matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Protocol, .. }))), "{copied:?}");
        assert!(matches!(from.noop().await, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))));
        to.noop().await?;
        Ok(())
    })
    .await
}

/// Neither says a word once they have begun, as where the bytes between them are held up.
#[trial(covers("copy-to"))]
async fn copy_that_takes_longer_than_its_size_can_is_given_up() -> Result<()> {
    let source = source(Script::logged_in()).passive().on("RETR", "150 go");
    let target = Script::logged_in().on("PORT", "200 noted").on("STOR", "150 go");
    let settings = Settings { idle_timeout: Some(client::SHORT), ..client::settings() };
    copy(source, told(target), settings, async |copied, (_, mut from), (_, mut to)| {
        assert!(matches!(copied, Err(Error::Ftp(FtpError::Timeout(Phase::Reply)))), "{copied:?}");
        assert!(matches!(from.noop().await, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Closed, .. }))));
        to.noop().await?;
        Ok(())
    })
    .await
}

#[trial]
async fn servers_that_cannot_meet_are_unsupported() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: PORT*   S: 500 never
         C: NOOP*   S: 200 here"
    );
    let target = script!(
        Script::logged_in();
        "C: PORT*   S: 500 never
         C: EPSV*   S: 229 listening (|||<port>|)
         C: NOOP*   S: 200 here"
    );
    copy(source, target, client::settings(), async |copied, (_, mut from), (_, mut to)| {
        assert!(
            matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))),
            "{copied:?}"
        );
        from.noop().await?;
        to.noop().await?;
        Ok(())
    })
    .await
}

#[trial]
async fn target_that_cannot_connect_is_connected_to() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 229 listening (|||<port>|)
         C: PORT*   S: 200 noted
         C: RETR*   S: 150 go
         S: 226 sent"
    );
    let target = script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: STOR*   S: 425 cannot connect
         C: EPSV*   S: 229 listening (|||<port>|)
         C: STOR*   S: 150 go
         S: 226 received
         C: SIZE copy*   S: 213 8"
    );
    copy(source, target, client::settings(), async |copied, _, _| copied.map(drop).map_err(Into::into)).await
}

/// It waits for the connection of a source that makes none.
#[trial]
async fn target_that_is_stuck_is_released() -> Result<()> {
    let source = script!(
        source(Script::logged_in());
        "C: EPSV*   S: 502 no
         C: PASV*   S: 502 no
         C: PORT*   S: 200 noted"
    );
    let target = Script::logged_in().passive().expect("STOR").receive_data("").reply("150 go").reply("226 received");
    let source = told(source.on("RETR", "451 no luck"));
    let target = told(target);
    copy(source, target, client::settings(), async |copied, (_, mut from), (_, mut to)| {
        assert_eq!(refusal(copied), 451);
        from.noop().await?;
        to.noop().await?;
        Ok(())
    })
    .await
}

/// As where both names are those of one file, which is empty then.
#[trial(covers("copy-to"))]
async fn copy_that_is_smaller_than_the_file_was_is_incomplete() -> Result<()> {
    copied(source(Script::logged_in()), "213 0", async |copied| {
        assert!(
            matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Incomplete, .. }))),
            "{copied:?}"
        );
        Ok(())
    })
    .await
}

#[trial]
async fn copy_that_is_larger_has_to_be_as_large_as_the_file_is() -> Result<()> {
    for (now, is_good) in [("213 9", true), ("213 8", false)] {
        let source = script!(
            source(Script::logged_in());
            "C: EPSV*   S: 229 listening (|||<port>|)
             C: RETR*   S: 150 go
             S: 226 sent
             C: SIZE file*   S: {now}"
        );
        let target = script!(
            Script::logged_in();
            "C: PORT*   S: 200 noted
             C: STOR*   S: 150 go
             S: 226 received"
        );
        copy(source, target.on("SIZE copy", "213 9"), client::settings(), async |copied, _, _| {
            match is_good {
                true => assert_eq!(copied?.verified, Verification::Size),
                false => assert!(
                    matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Integrity, .. }))),
                    "{copied:?}"
                ),
            }
            Ok(())
        })
        .await?;
    }
    let unknown = Verification::NotVerified(Unverified::NoSize);
    copied(source(Script::logged_in()), "502 what?", async |copied| {
        assert_eq!(copied?.verified, unknown);
        Ok(())
    })
    .await
}

/// A copy that goes well, and what the target says of its size.
async fn copied(
    source: Script,
    size: &str,
    check: impl AsyncFnOnce(Result<Copied, Error>) -> Result<()>,
) -> Result<()> {
    let source = source.passive().on("RETR", "150 go").reply("226 sent");
    let target = script!(
        Script::logged_in();
        "C: PORT*   S: 200 noted
         C: STOR*   S: 150 go
         S: 226 received"
    );
    copy(source, target.on("SIZE copy", size), client::settings(), async |copied, _, _| check(copied).await).await
}

#[trial]
async fn line_end_in_a_name_reaches_neither() -> Result<()> {
    let [source, target] = [Script::logged_in(), Script::logged_in()].map(|script| script.on("NOOP", "200 here"));
    source
        .play(async |source| {
            target
                .play(async |target| {
                    let connector = client::connector(client::settings()).await?;
                    let mut from = login(&connector, source.address()).await?;
                    let mut to = login(&connector, target.address()).await?;
                    for (path, target_path) in [("a\r\nDELE b", "c"), ("a", "b\nDELE c")] {
                        let copied = from.copy_to(path, &mut to, target_path, Representation::Image).await;
                        assert!(
                            matches!(
                                copied,
                                Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))
                            ),
                            "{copied:?}"
                        );
                    }
                    from.noop().await?;
                    to.noop().await?;
                    Ok(())
                })
                .await
        })
        .await
}

#[trial(needs = certificates::possible())]
async fn copy_inside_tls_needs_a_server_that_is_a_client() -> Result<()> {
    let source = source(Script::protected()).on("NOOP", "200 here");
    let target = Script::protected().on("NOOP", "200 here");
    copy(source, target, explicit(tls()?), async |copied, (source, mut from), (target, mut to)| {
        assert!(
            matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Unsupported, .. }))),
            "{copied:?}"
        );
        from.noop().await?;
        to.noop().await?;
        assert!(!said(source, "RETR") && !said(target, "STOR"));
        Ok(())
    })
    .await
}

#[trial(needs = certificates::possible())]
async fn server_that_knows_cpsv_listens() -> Result<()> {
    let source = source(Script::protected()).on("PORT 127,0,0,1,16,1", "200 noted").on("RETR file", "150 go");
    let target = script!(
        Script::protected();
        "C: FEAT*   S: 211-these\r\n CPSV\r\n211 end
         C: CPSV*   S: {ELSEWHERE}
         C: STOR copy*   S: 150 go
         S: 226 here
         C: SIZE copy*   S: 213 8"
    );
    let source = source.reply("226 sent");
    copy(source, target, explicit(tls()?), async |copied, _, _| copied.map(drop).map_err(Into::into)).await
}

#[trial(needs = certificates::possible(), covers("copy-to"))]
async fn server_that_knows_sscn_is_told_and_told_back() -> Result<()> {
    let source = script!(
        source(Script::protected());
        "C: FEAT*   S: 211-these\r\n SSCN\r\n211 end
         C: SSCN ON*   S: 200 client
         C: EPSV*   S: 229 listening (|||<port>|)
         C: RETR file*   S: 150 go
         S: 226 sent
         C: SSCN OFF*   S: 200 server"
    );
    let target = script!(
        Script::protected();
        "C: PORT*   S: 200 noted
         C: STOR copy*   S: 150 go
         S: 226 here"
    );
    let target = target.on("SIZE copy", "213 8");
    copy(source, target, explicit(tls()?), async |copied, _, _| copied.map(drop).map_err(Into::into)).await
}

#[trial(needs = certificates::possible())]
async fn one_that_encrypts_and_one_that_does_not_are_insecure() -> Result<()> {
    let source = Script::protected().on("NOOP", "200 here");
    let target = script!(
        Script::secured_login();
        "C: PBSZ 0*   S: 200 fine
         C: PROT C*   S: 200 clear
         C: NOOP*   S: 200 here"
    );
    source
        .play(async |source| {
            target
                .play(async |target| {
                    let connector = client::connector(explicit(tls()?)).await?;
                    let mut from = login(&connector, source.address()).await?;
                    let mut to = login(&connector, target.address()).await?;
                    to.protect_data(ftp_host::Protection::Clear).await?;
                    let copied = from.copy_to("file", &mut to, "copy", Representation::Image).await;
                    assert!(
                        matches!(copied, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::Insecure, .. }))),
                        "{copied:?}"
                    );
                    from.noop().await?;
                    to.noop().await?;
                    Ok(())
                })
                .await
        })
        .await
}
