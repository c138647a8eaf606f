//! Connecting, logging in, and commands that touch no file.

use anyhow::Result;
use ftp_host::{Error, FailureKind, FtpError};
use ftp_tests::client::refusal;
use ftp_tests::trial;

use crate::row::{EMBEDDED, PROFTPD, PURE_FTPD, Site, VSFTPD};

#[trial(covers("welcome"))]
async fn greeting_is_the_welcome(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    let welcome = session.welcome().await?;
    assert_eq!(welcome.code, 220);
    assert!(!welcome.lines[0].is_empty(), "{welcome:?}");
    Ok(())
}

#[trial(covers("login"))]
async fn login_as_user(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    Ok(())
}

#[trial(covers("login"))]
async fn login_as_anonymous(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    assert_eq!(session.login("anonymous", "anonymous@", None).await?.code, 230);
    assert_eq!(session.current_directory().await?, "/");
    Ok(())
}

#[trial(covers("login"))]
async fn wrong_password_is_refused_and_the_session_goes_on(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    assert_eq!(refusal(session.login("user", "54321", None).await), 530);
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    Ok(())
}

#[trial(covers("system"))]
async fn system_is_named(site: Site) -> Result<()> {
    let system = site.login().await?.system().await?;
    assert!(system.starts_with("UNIX"), "{system}");
    Ok(())
}

#[trial(covers("features"))]
async fn features_are_listed(site: Site) -> Result<()> {
    let features = site.login().await?.features().await?;
    for expected in ["SIZE", "MDTM", "REST STREAM", "UTF8"] {
        assert!(features.iter().any(|feature| feature == expected), "{expected} in {features:?}");
    }
    Ok(())
}

#[trial(covers("noop"))]
async fn noop_is_answered(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.noop().await?.code, 200);
    Ok(())
}

#[trial(covers("help"))]
async fn help_is_given(site: Site) -> Result<()> {
    let reply = site.login().await?.help(None).await?;
    assert!([211, 214].contains(&reply.code), "{reply:?}");
    Ok(())
}

#[trial(
    except(PURE_FTPD, "HELP, whose argument it ignores"),
    except(EMBEDDED, "HELP with an argument"),
    covers("help")
)]
async fn help_on_a_command_is_given(site: Site) -> Result<()> {
    let reply = site.login().await?.help(Some("RETR")).await?;
    assert!(reply.lines.concat().contains("RETR"), "{reply:?}");
    Ok(())
}

#[trial(covers("status"))]
async fn status_is_told(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.status(None).await?.code, 211);
    Ok(())
}

#[trial]
async fn status_of_a_directory_lists_it(site: Site) -> Result<()> {
    site.place("here.txt", b"")?;
    let reply = site.login().await?.status(Some("/")).await?;
    assert!(reply.lines.iter().any(|line| line.ends_with("here.txt")), "{reply:?}");
    Ok(())
}

#[trial(except(EMBEDDED, "SITE HELP"), covers("site"))]
async fn site_help_is_given(site: Site) -> Result<()> {
    let reply = site.login().await?.site("HELP").await?;
    assert_eq!(reply.code, 214);
    assert!(reply.lines.concat().contains("CHMOD"), "{reply:?}");
    Ok(())
}

#[trial(covers("command", "noop"))]
async fn unknown_command_is_just_a_reply(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let reply = session.command("XYZZY").await?;
    assert!([500, 502].contains(&reply.code), "{reply:?}");
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial]
async fn mode_stream_and_structure_file_are_accepted(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(session.command("MODE S").await?.code, 200);
    assert_eq!(session.command("STRU F").await?.code, 200);
    Ok(())
}

#[trial]
async fn space_is_allocated_without_error(site: Site) -> Result<()> {
    let reply = site.login().await?.command("ALLO 1000").await?;
    assert!([200, 202].contains(&reply.code), "{reply:?}");
    Ok(())
}

#[trial(except(PURE_FTPD, "OPTS UTF8"))]
async fn utf8_option_is_accepted(site: Site) -> Result<()> {
    let reply = site.login().await?.command("OPTS UTF8 ON").await?;
    assert_eq!(reply.code, 200);
    Ok(())
}

#[trial(covers("command", "noop"))]
async fn commands_with_a_function_of_their_own_are_refused_raw(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    for line in ["RETR a", "REST 5", "PASV", "EPSV", "PORT 127,0,0,1,4,5", "USER x", "QUIT", "ABOR", "MODE Z", "STRU R"]
    {
        let refused = session.command(line).await;
        assert!(
            matches!(refused, Err(Error::Ftp(FtpError::Failed { kind: FailureKind::InvalidArgument, .. }))),
            "{line} gave {refused:?}"
        );
    }
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(covers("set-transcript-capacity", "transcript"))]
async fn transcript_holds_the_session_and_no_password(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    session.current_directory().await?;
    let transcript = session.transcript().await?;
    assert!(transcript.iter().any(|line| line.starts_with("< 220")), "{transcript:?}");
    assert!(transcript.iter().any(|line| line == "> USER user"), "{transcript:?}");
    assert!(transcript.iter().any(|line| line == "> PWD"), "{transcript:?}");
    assert!(!transcript.concat().contains("12345"), "{transcript:?}");
    Ok(())
}

#[trial(
    except(VSFTPD, "REIN"),
    except(PROFTPD, "REIN"),
    except(PURE_FTPD, "REIN"),
    except(EMBEDDED, "REIN"),
    covers("login", "reinitialize")
)]
async fn reinitialize_ends_the_login_only(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    session.reinitialize().await?;
    assert_eq!(refusal(session.current_directory().await), 530);
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    assert_eq!(session.current_directory().await?, "/");
    Ok(())
}

#[trial(covers("quit"))]
async fn quit_says_goodbye(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.quit().await?.code, 221);
    Ok(())
}
