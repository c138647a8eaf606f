//! Names that are awkward to send: each goes up, shows in both kinds of listing, comes down and goes away.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};
use ftp_host::{Listed, Session};
use ftp_tests::client::{get, put};

use crate::row::{Row, Site, member_names, rows};

pub fn rows() -> Vec<Row> {
    rows![
        name_with_spaces,
        name_that_begins_and_ends_with_a_space,
        name_with_quotes,
        name_with_a_leading_dash,
        name_with_percent_and_star,
        name_in_utf8,
        name_that_is_not_utf8,
        directory_with_quotes,
        directory_with_spaces,
        directory_in_utf8,
    ]
}

async fn name_with_spaces(site: Site) -> Result<()> {
    file_goes_round(site, "three little  words").await
}

async fn name_that_begins_and_ends_with_a_space(site: Site) -> Result<()> {
    file_goes_round(site, " padded ").await
}

async fn name_with_quotes(site: Site) -> Result<()> {
    file_goes_round(site, r#"say "hi" 'there'"#).await
}

async fn name_with_a_leading_dash(site: Site) -> Result<()> {
    file_goes_round(site, "-la").await
}

async fn name_with_percent_and_star(site: Site) -> Result<()> {
    file_goes_round(site, "100%* [a-z]? {x}").await
}

async fn name_in_utf8(site: Site) -> Result<()> {
    file_goes_round(site, "für-日本語-🦀").await
}

/// Each byte that is not UTF-8 is a code point of its own here, and the byte again on the wire.
async fn name_that_is_not_utf8(site: Site) -> Result<()> {
    let bytes = b"caf\xe9 \xff.txt";
    let name = "caf\u{10ffe9} \u{10ffff}.txt";
    let mut session = site.login().await?;
    put(&mut session, name, b"contents").await?;
    let path = site.root().join(OsStr::from_bytes(bytes));
    assert_eq!(std::fs::read(&path)?, b"contents");
    assert_eq!(only_name(&mut session).await?, name);
    assert_eq!(member_names(&mut session).await?, [name]);
    assert_eq!(get(&mut session, name).await?, b"contents");
    session.rename(name, "plain").await?;
    session.rename("plain", name).await?;
    session.delete(name).await?;
    assert!(!path.exists());
    Ok(())
}

async fn directory_with_quotes(site: Site) -> Result<()> {
    directory_goes_round(site, r#"a "quoted" one"#).await
}

async fn directory_with_spaces(site: Site) -> Result<()> {
    directory_goes_round(site, "my documents").await
}

async fn directory_in_utf8(site: Site) -> Result<()> {
    directory_goes_round(site, "Ελληνικά").await
}

async fn file_goes_round(site: Site, name: &str) -> Result<()> {
    let mut session = site.login().await?;
    put(&mut session, name, b"contents").await?;
    assert_eq!(site.contents(name)?, b"contents");
    let listed = only_name(&mut session).await?;
    assert_eq!(listed, name);
    assert_eq!(member_names(&mut session).await?, [name]);
    let lines = session.listing(None).await?;
    assert!(lines[0].ends_with(&format!(" {name}")), "{lines:?}");
    assert_eq!(get(&mut session, &listed).await?, b"contents");
    assert_eq!(session.size(name).await?, 8);
    session.rename(name, "plain").await?;
    session.rename("plain", name).await?;
    session.delete(name).await?;
    assert!(!site.root().join(name).exists());
    Ok(())
}

async fn directory_goes_round(site: Site, name: &str) -> Result<()> {
    let mut session = site.login().await?;
    let path = format!("/{name}");
    assert_eq!(session.make_directory(&path).await?, path);
    assert_eq!(only_name(&mut session).await?, name);
    session.change_directory(name).await?;
    assert_eq!(session.current_directory().await?, path);
    session.change_directory("..").await?;
    session.remove_directory(name).await?;
    assert!(!site.root().join(name).exists());
    Ok(())
}

async fn only_name(session: &mut Session) -> Result<String> {
    let mut listed = session.entries(None).await?;
    assert_eq!(listed.len(), 1, "{listed:?}");
    match listed.pop() {
        Some(Listed::Entry(entry)) => Ok(entry.name),
        other => None.with_context(|| format!("{other:?} was not understood")),
    }
}
