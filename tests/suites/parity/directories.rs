//! The working directory, and directories that come and go.

use anyhow::Result;
use ftp_tests::client::refusal;
use ftp_tests::trial;

use crate::row::{EMBEDDED, PURE_FTPD, Site};

#[trial(covers("current-directory"))]
async fn login_begins_at_the_root(site: Site) -> Result<()> {
    assert_eq!(site.login().await?.current_directory().await?, "/");
    Ok(())
}

#[trial]
async fn change_into_a_directory_and_back(site: Site) -> Result<()> {
    std::fs::create_dir_all(site.root().join("a/b"))?;
    let mut session = site.login().await?;
    session.change_directory("a/b").await?;
    assert_eq!(session.current_directory().await?, "/a/b");
    session.change_directory("/").await?;
    assert_eq!(session.current_directory().await?, "/");
    Ok(())
}

#[trial(covers("change-directory", "current-directory"))]
async fn change_to_the_parent_is_cdup(site: Site) -> Result<()> {
    std::fs::create_dir_all(site.root().join("a/b"))?;
    let mut session = site.login().await?;
    session.change_directory("a/b").await?;
    session.change_directory("..").await?;
    assert_eq!(session.current_directory().await?, "/a");
    let transcript = session.transcript().await?;
    assert!(transcript.iter().any(|line| line == "> CDUP"), "{transcript:?}");
    Ok(())
}

#[trial]
async fn change_into_a_missing_directory_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.change_directory("missing").await), 550);
    assert_eq!(session.current_directory().await?, "/");
    Ok(())
}

#[trial]
async fn change_into_a_file_is_refused(site: Site) -> Result<()> {
    site.place("file", b"")?;
    let mut session = site.login().await?;
    assert_eq!(refusal(session.change_directory("file").await), 550);
    Ok(())
}

#[trial]
async fn make_a_directory(site: Site) -> Result<()> {
    let made = site.login().await?.make_directory("/new").await?;
    assert_eq!(made, "/new");
    assert!(site.root().join("new").is_dir());
    Ok(())
}

#[trial(
    except(PURE_FTPD, "MKD, whose reply is the name as it was sent"),
    except(EMBEDDED, "MKD, whose reply has no quotation marks"),
    covers("change-directory", "make-directory")
)]
async fn make_a_directory_inside_another_names_its_path(site: Site) -> Result<()> {
    std::fs::create_dir(site.root().join("outer"))?;
    let mut session = site.login().await?;
    session.change_directory("outer").await?;
    let made = session.make_directory("inner").await?;
    assert_eq!(made, "/outer/inner");
    assert!(site.root().join("outer/inner").is_dir());
    Ok(())
}

#[trial]
async fn make_a_directory_twice_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    session.make_directory("/new").await?;
    assert_eq!(refusal(session.make_directory("/new").await), 550);
    Ok(())
}

#[trial(covers("remove-directory"))]
async fn remove_a_directory(site: Site) -> Result<()> {
    std::fs::create_dir(site.root().join("old"))?;
    site.login().await?.remove_directory("old").await?;
    assert!(!site.root().join("old").exists());
    Ok(())
}

#[trial]
async fn remove_a_directory_with_members_is_refused(site: Site) -> Result<()> {
    std::fs::create_dir_all(site.root().join("old/member"))?;
    assert_eq!(refusal(site.login().await?.remove_directory("old").await), 550);
    assert!(site.root().join("old/member").is_dir());
    Ok(())
}

#[trial]
async fn remove_a_missing_directory_is_refused(site: Site) -> Result<()> {
    assert_eq!(refusal(site.login().await?.remove_directory("missing").await), 550);
    Ok(())
}
