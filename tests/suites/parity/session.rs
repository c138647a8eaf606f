//! Connecting, logging in, and commands that touch no file.

use anyhow::Result;
use ftp_host::Error;
use ftp_tests::client::refusal;

use crate::row::{Row, Site, rows};

pub fn rows() -> Vec<Row> {
    rows![
        greeting_is_the_welcome,
        login_as_user,
        login_as_anonymous,
        wrong_password_is_refused_and_the_session_goes_on,
        system_is_named,
        features_are_listed,
        noop_is_answered,
        help_is_given,
        help_on_a_command_is_given,
        status_is_told,
        status_of_a_directory_lists_it,
        site_help_is_given,
        unknown_command_is_just_a_reply,
        mode_stream_and_structure_file_are_accepted,
        space_is_allocated_without_error,
        utf8_option_is_accepted,
        commands_with_a_function_of_their_own_are_refused_raw,
        transcript_holds_the_session_and_no_password,
        reinitialize_ends_the_login_only,
        quit_says_goodbye,
    ]
}

async fn greeting_is_the_welcome(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    let welcome = session.welcome().await?;
    assert_eq!(welcome.code, 220);
    assert!(!welcome.lines[0].is_empty(), "{welcome:?}");
    Ok(())
}

async fn login_as_user(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    Ok(())
}

async fn login_as_anonymous(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    assert_eq!(session.login("anonymous", "anonymous@", None).await?.code, 230);
    assert_eq!(session.current_directory().await?, "/");
    Ok(())
}

async fn wrong_password_is_refused_and_the_session_goes_on(site: Site) -> Result<()> {
    let mut session = site.connect().await?;
    assert_eq!(refusal(session.login("user", "54321", None).await), 530);
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    Ok(())
}

async fn system_is_named(site: Site) -> Result<()> {
    let system = site.login().await?.system().await?;
    assert!(system.starts_with("UNIX"), "{system}");
    Ok(())
}

async fn features_are_listed(site: Site) -> Result<()> {
    let features = site.login().await?.features().await?;
    for expected in ["SIZE", "MDTM", "REST STREAM", "UTF8"] {
        assert!(features.iter().any(|feature| feature == expected), "{expected} in {features:?}");
    }
    Ok(())
}

async fn noop_is_answered(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.noop().await?.code, 200);
    Ok(())
}

async fn help_is_given(site: Site) -> Result<()> {
    let reply = site.login().await?.help(None).await?;
    assert!([211, 214].contains(&reply.code), "{reply:?}");
    Ok(())
}

async fn help_on_a_command_is_given(site: Site) -> Result<()> {
    let reply = site.login().await?.help(Some("RETR")).await?;
    assert!(reply.lines.concat().contains("RETR"), "{reply:?}");
    Ok(())
}

async fn status_is_told(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.status(None).await?.code, 211);
    Ok(())
}

async fn status_of_a_directory_lists_it(site: Site) -> Result<()> {
    site.place("here.txt", b"")?;
    let reply = site.login().await?.status(Some("/")).await?;
    assert!(reply.lines.iter().any(|line| line.ends_with("here.txt")), "{reply:?}");
    Ok(())
}

async fn site_help_is_given(site: Site) -> Result<()> {
    let reply = site.login().await?.site("HELP").await?;
    assert_eq!(reply.code, 214);
    assert!(reply.lines.concat().contains("CHMOD"), "{reply:?}");
    Ok(())
}

async fn unknown_command_is_just_a_reply(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let reply = session.command("XYZZY").await?;
    assert!([500, 502].contains(&reply.code), "{reply:?}");
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

async fn mode_stream_and_structure_file_are_accepted(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(session.command("MODE S").await?.code, 200);
    assert_eq!(session.command("STRU F").await?.code, 200);
    Ok(())
}

async fn space_is_allocated_without_error(site: Site) -> Result<()> {
    let reply = site.login().await?.command("ALLO 1000").await?;
    assert!([200, 202].contains(&reply.code), "{reply:?}");
    Ok(())
}

async fn utf8_option_is_accepted(site: Site) -> Result<()> {
    let reply = site.login().await?.command("OPTS UTF8 ON").await?;
    assert_eq!(reply.code, 200);
    Ok(())
}

async fn commands_with_a_function_of_their_own_are_refused_raw(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    for line in ["RETR a", "REST 5", "PASV", "EPSV", "PORT 127,0,0,1,4,5", "USER x", "QUIT", "ABOR", "MODE Z", "STRU R"]
    {
        let refused = session.command(line).await;
        assert!(matches!(refused, Err(Error::InvalidArgument(_))), "{line} gave {refused:?}");
    }
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

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

async fn reinitialize_ends_the_login_only(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    session.reinitialize().await?;
    assert_eq!(refusal(session.current_directory().await), 530);
    assert_eq!(session.login("user", "12345", None).await?.code, 230);
    assert_eq!(session.current_directory().await?, "/");
    Ok(())
}

async fn quit_says_goodbye(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.quit().await?.code, 221);
    Ok(())
}
