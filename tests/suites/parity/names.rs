//! Names that are awkward to send: each goes up, shows in both kinds of listing, comes down and goes away.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, Result};
use ftp_host::{Encoding, Listed, Session, Settings};
use ftp_tests::client::{self, get, put};
use ftp_tests::servers::Kind;
use ftp_tests::trial;

use crate::row::{EMBEDDED, PURE_FTPD, PYFTPD, Site, member_names};

#[trial]
async fn name_with_spaces(site: Site) -> Result<()> {
    file_goes_round(site, "three little  words").await
}

#[trial(except(PURE_FTPD, "STOR, which turns a space at either end into `_`"))]
async fn name_that_begins_and_ends_with_a_space(site: Site) -> Result<()> {
    file_goes_round(site, " padded ").await
}

#[trial]
async fn name_with_quotes(site: Site) -> Result<()> {
    file_goes_round(site, r#"say "hi" 'there'"#).await
}

#[trial]
async fn name_with_a_leading_dash(site: Site) -> Result<()> {
    file_goes_round(site, "-la").await
}

#[trial]
async fn name_with_percent_and_star(site: Site) -> Result<()> {
    file_goes_round(site, "100%* [a-z]? {x}").await
}

#[trial]
async fn name_in_utf8(site: Site) -> Result<()> {
    file_goes_round(site, "für-日本語-🦀").await
}

/// Each byte that is not UTF-8 is a code point of its own here, and the byte again on the wire.
#[trial(
    except(PYFTPD, "names that are not UTF-8"),
    except(EMBEDDED, "names that are not UTF-8"),
    covers("set-encoding")
)]
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

/// `я` is the byte 0xFF, which Telnet doubles, and adjectives end in two of it.
#[trial(
    except(PYFTPD, "names that are not UTF-8"),
    except(EMBEDDED, "names that are not UTF-8"),
    covers("set-encoding")
)]
async fn names_in_windows_1251(site: Site) -> Result<()> {
    files_go_round(
        site,
        "windows-1251",
        &[(b"\xff", "я"), (b"\xcf\xee\xf1\xeb\xe5\xe4\xed\xff\xff.txt", "Последняя.txt")],
    )
    .await
}

/// The second bytes of these are a backslash and a vertical line; the last ones are none of Shift_JIS.
#[trial(
    except(PYFTPD, "names that are not UTF-8"),
    except(PURE_FTPD, "names with a backslash in them"),
    except(EMBEDDED, "names that are not UTF-8"),
    covers("set-encoding")
)]
async fn names_in_shift_jis(site: Site) -> Result<()> {
    files_go_round(
        site,
        "shift_jis",
        &[(b"\x95\x5c\x83\x7c", "表ポ"), (b"\x87\x9a\xfd", "\u{10ff87}\u{10ff9a}\u{10fffd}")],
    )
    .await
}

#[trial(except(PYFTPD, "names that are not UTF-8"), except(EMBEDDED, "names that are not UTF-8"))]
async fn names_in_gbk(site: Site) -> Result<()> {
    files_go_round(site, "gbk", &[(b"\xce\xc4\xbc\xfe", "文件"), (b"\xff\xfe", "\u{10ffff}\u{10fffe}")]).await
}

/// Doubled, before an option that is asked for, before an interrupt, at both ends.
#[trial(
    except(PYFTPD, "names that are not UTF-8"),
    except(EMBEDDED, "names that are not UTF-8"),
    covers("set-encoding")
)]
async fn names_of_bytes_that_are_telnet(site: Site) -> Result<()> {
    let names: &[(&[u8], &str)] = &[
        (b"\xff\xff", "ÿÿ"),
        (b"a\xff\xff\xffb", "aÿÿÿb"),
        (b"a\xff\xfd\x01b", "aÿý\u{1}b"),
        (b"a\xff\xf4\xff\xf2b", "aÿôÿòb"),
        (b"\xff \xff", "ÿ ÿ"),
    ];
    // Pure-FTPd has no names with control characters.
    let taken = |&&(bytes, _): &&(&[u8], &str)| !(bytes.contains(&1) && site.is(Kind::PureFtpd));
    let names: Vec<_> = names.iter().filter(taken).copied().collect();
    files_go_round(site, "iso-8859-1", &names).await
}

#[trial(except(PYFTPD, "names that are not UTF-8"), except(EMBEDDED, "names that are not UTF-8"))]
async fn directories_in_windows_1251(site: Site) -> Result<()> {
    let mut session = site.login_with(named("windows-1251")).await?;
    // What is not known yet when the first question is about the directory, not from making it.
    std::fs::create_dir_all(site.root().join(OsStr::from_bytes(b"\xf1\xe8\xed\xff\xff/\xff")))?;
    session.change_directory("синяя").await?;
    assert_eq!(session.current_directory().await?, "/синяя");
    session.change_directory("я").await?;
    assert_eq!(session.current_directory().await?, "/синяя/я");
    session.change_directory("/").await?;
    for (path, name) in [("/последняя", "последняя"), ("/последняя/я", "я")] {
        assert_eq!(session.make_directory(path).await?, path);
        session.change_directory(path).await?;
        assert_eq!(session.current_directory().await?, path);
        session.change_directory("..").await?;
        assert!(member_names(&mut session).await?.iter().any(|listed| listed == name));
    }
    session.remove_directory("/последняя/я").await?;
    session.remove_directory("/последняя").await?;
    assert!(!site.root().join(OsStr::from_bytes(b"\xef\xee\xf1\xeb\xe5\xe4\xed\xff\xff")).exists());
    Ok(())
}

#[trial(
    except(PURE_FTPD, "MKD, whose reply does not double quotation marks"),
    except(EMBEDDED, "MKD, whose reply has no quotation marks of its own"),
    covers("make-directory")
)]
async fn directory_with_quotes(site: Site) -> Result<()> {
    directory_goes_round(site, r#"a "quoted" one"#).await
}

#[trial]
async fn directory_with_spaces(site: Site) -> Result<()> {
    directory_goes_round(site, "my documents").await
}

#[trial]
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

fn named(label: &str) -> Settings {
    Settings { encoding: Encoding::Named(label.to_owned()), ..client::settings() }
}

/// Files whose names are these bytes at the server, and these texts here.
async fn files_go_round(site: Site, label: &str, names: &[(&[u8], &str)]) -> Result<()> {
    let mut session = site.login_with(named(label)).await?;
    for &(bytes, name) in names {
        let path = site.root().join(OsStr::from_bytes(bytes));
        put(&mut session, name, b"contents").await.with_context(|| name.to_owned())?;
        assert_eq!(std::fs::read(&path).with_context(|| format!("{path:?}"))?, b"contents");
        assert_eq!(only_name(&mut session).await?, name);
        assert_eq!(member_names(&mut session).await?, [name]);
        assert_eq!(session.entry(name).await?.name, name);
        assert_eq!(get(&mut session, name).await?, b"contents");
        session.rename(name, "plain").await?;
        session.rename("plain", name).await?;
        session.delete(name).await?;
        assert!(!path.exists(), "{path:?}");
    }
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
