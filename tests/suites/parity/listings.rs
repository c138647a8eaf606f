//! What is in a directory, in each of the ways to ask.

use anyhow::{Context as _, Result};
use ftp_host::{Entries, Entry, EntryKind, Listed, Precision, Session};
use ftp_tests::client::refusal;
use ftp_tests::trial;

use crate::row::{EMBEDDED, PURE_FTPD, PYFTPD_TLS12, PYFTPD_TLS13, Site, VSFTPD, member_names};

#[trial]
async fn entries_of_the_working_directory(site: Site) -> Result<()> {
    site.place("file", b"12345")?;
    std::fs::create_dir(site.root().join("directory"))?;
    let entries = understood(site.login().await?.entries(None).await?);
    assert_eq!(entries.len(), 2, "{entries:?}");
    let file = named(&entries, "file")?;
    assert_eq!((file.kind, file.size), (EntryKind::File, Some(5)));
    assert_eq!(named(&entries, "directory")?.kind, EntryKind::Directory);
    Ok(())
}

#[trial(covers("entries"))]
async fn entries_of_a_path(site: Site) -> Result<()> {
    std::fs::create_dir(site.root().join("directory"))?;
    site.place("directory/member", b"")?;
    let entries = understood(site.login().await?.entries(Some("directory")).await?);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].name, "member");
    Ok(())
}

#[trial]
async fn entries_of_an_empty_directory(site: Site) -> Result<()> {
    let entries = site.login().await?.entries(None).await?;
    assert!(entries.is_empty(), "{entries:?}");
    Ok(())
}

#[trial(except(VSFTPD, "LIST of what is missing, which is an empty list"))]
async fn entries_of_a_missing_directory_are_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let code = refusal(session.entries(Some("missing")).await);
    assert!([450, 501, 550].contains(&code), "{code}");
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(except(EMBEDDED, "OPTS MLST"), covers("entries", "select-facts"))]
async fn entries_tell_time_and_permissions(site: Site) -> Result<()> {
    site.place("file", b"")?;
    let mut session = site.login().await?;
    if session.features().await?.iter().any(|feature| feature.starts_with("MLST")) {
        session.select_facts(&["type", "modify", "unix.mode"]).await?;
    }
    let entries = understood(session.entries(None).await?);
    let file = named(&entries, "file")?;
    let modified = file.modified.context("a file has a time")?;
    let metadata = site.root().join("file").metadata()?;
    let expected = metadata.modified()?.duration_since(std::time::UNIX_EPOCH)?;
    let unit = match modified.precision {
        Precision::Second => 1,
        Precision::Minute => 60,
        other => panic!("{other:?} of a file that is new"),
    };
    assert_eq!(modified.seconds / unit, expected.as_secs() as i64 / unit);
    assert!(file.permissions.is_some(), "{file:?}");
    Ok(())
}

#[trial(covers("open-entries"))]
async fn entries_in_portions(site: Site) -> Result<()> {
    for number in 0..2_500 {
        site.place(&format!("file-{number}"), b"")?;
    }
    let mut session = site.login().await?;
    let mut stream = session.open_entries(None).await?;
    let (mut entries, mut portions) = (Vec::new(), 0);
    while let Some(portion) = stream.read().await? {
        entries.extend(understood(portion));
        portions += 1;
    }
    stream.finish().await?;
    assert!(portions > 1, "2500 entries at once");
    let mut names: Vec<_> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 2_500);
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial]
async fn entries_in_portions_of_an_empty_directory(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let mut stream = session.open_entries(None).await?;
    assert_eq!(stream.read().await?, None);
    stream.finish().await?;
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(except(VSFTPD, "LIST of what is missing, which is an empty list"))]
async fn entries_in_portions_of_a_missing_directory_are_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let missing = async {
        let mut stream = session.open_entries(Some("missing")).await?;
        while stream.read().await?.is_some() {}
        stream.finish().await
    };
    let code = refusal(missing.await);
    assert!([450, 501, 550].contains(&code), "{code}");
    assert_eq!(session.noop().await?.code, 200);
    Ok(())
}

#[trial(covers("open-entries"))]
async fn entries_that_are_aborted_leave_the_session_in_step(site: Site) -> Result<()> {
    let (mut session, stream) = with_some_entries_read(&site).await?;
    stream.abort().await?;
    assert_eq!(session.noop().await?.code, 200);
    // No listing: that of Pure-FTPd would begin with what it could not send of the last one.
    assert_eq!(session.size("file-7").await?, 0);
    Ok(())
}

#[trial]
async fn entries_that_are_dropped_leave_the_session_in_step(site: Site) -> Result<()> {
    let (mut session, stream) = with_some_entries_read(&site).await?;
    drop(stream);
    assert_eq!(session.noop().await?.code, 200);
    assert_eq!(session.size("file-7").await?, 0);
    Ok(())
}

/// A session with a listing open, of which there is more to come.
async fn with_some_entries_read(site: &Site) -> Result<(Session, Entries)> {
    for number in 0..2_500 {
        site.place(&format!("file-{number}"), b"")?;
    }
    let mut session = site.login().await?;
    let mut stream = session.open_entries(None).await?;
    assert!(stream.read().await?.is_some());
    Ok((session, stream))
}

#[trial(except(EMBEDDED, "STAT of a path, whose reply is 200"), covers("entries-by-status"))]
async fn entries_by_status(site: Site) -> Result<()> {
    std::fs::create_dir(site.root().join("directory"))?;
    std::fs::create_dir(site.root().join("directory/inner"))?;
    site.place("directory/file", b"12345")?;
    let mut session = site.login().await?;
    let entries = understood(session.entries_by_status(Some("directory")).await?);
    assert_eq!(entries.len(), 2, "{entries:?}");
    let file = named(&entries, "file")?;
    assert_eq!((file.kind, file.size), (EntryKind::File, Some(5)));
    assert_eq!(named(&entries, "inner")?.kind, EntryKind::Directory);
    let names: Vec<_> = session.entries_by_status(None).await.map(understood)?.into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["directory"]);
    Ok(())
}

#[trial(covers("entry"))]
async fn entry_of_a_file(site: Site) -> Result<()> {
    site.place("file", b"12345")?;
    let entry = site.login().await?.entry("file").await?;
    assert_eq!(entry.name, "file");
    assert_eq!((entry.kind, entry.size), (EntryKind::File, Some(5)));
    Ok(())
}

#[trial]
async fn entry_of_a_missing_file_is_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    assert_eq!(refusal(session.entry("missing").await), 550);
    Ok(())
}

#[trial(
    except(VSFTPD, "OPTS MLST"),
    except(PURE_FTPD, "OPTS MLST, which it accepts and ignores"),
    except(EMBEDDED, "OPTS MLST"),
    covers("entries", "select-facts")
)]
async fn facts_are_selected(site: Site) -> Result<()> {
    site.place("file", b"12345")?;
    let mut session = site.login().await?;
    session.select_facts(&["type", "size"]).await?;
    let entries = understood(session.entries(None).await?);
    let mut names: Vec<_> = named(&entries, "file")?.facts().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    assert_eq!(names, ["size", "type"]);
    Ok(())
}

#[trial(covers("names"))]
async fn names_in_the_working_directory(site: Site) -> Result<()> {
    site.place("a", b"")?;
    site.place("b", b"")?;
    let mut names = member_names(&mut site.login().await?).await?;
    names.sort_unstable();
    assert_eq!(names, ["a", "b"]);
    Ok(())
}

#[trial(
    except(PYFTPD_TLS12, "NLST of nothing, which it may end without close_notify"),
    except(PYFTPD_TLS13, "NLST of nothing, which it may end without close_notify"),
    covers("names")
)]
async fn names_in_an_empty_directory(site: Site) -> Result<()> {
    let names = member_names(&mut site.login().await?).await?;
    assert!(names.is_empty(), "{names:?}");
    Ok(())
}

#[trial(except(VSFTPD, "NLST of what is missing, which is an empty list"))]
async fn names_in_a_missing_directory_are_refused(site: Site) -> Result<()> {
    let mut session = site.login().await?;
    let code = refusal(session.names(Some("missing")).await);
    assert!([450, 550].contains(&code), "{code}");
    Ok(())
}

#[trial(covers("listing"))]
async fn listing_for_people(site: Site) -> Result<()> {
    site.place("file", b"12345")?;
    let lines = site.login().await?.listing(None).await?;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("-rw"), "{lines:?}");
    assert!(lines[0].ends_with(" file"), "{lines:?}");
    Ok(())
}

#[trial]
async fn listing_of_a_path(site: Site) -> Result<()> {
    std::fs::create_dir(site.root().join("directory"))?;
    site.place("directory/member", b"")?;
    let lines = site.login().await?.listing(Some("directory")).await?;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].ends_with(" member"), "{lines:?}");
    Ok(())
}

#[trial(covers("entries"))]
async fn listing_of_ten_thousand_files(site: Site) -> Result<()> {
    for number in 0..10_000 {
        site.place(&format!("file-{number}"), b"")?;
    }
    let mut session = site.login().await?;
    let entries = understood(session.entries(None).await?);
    assert_eq!(entries.len(), 10_000);
    assert_eq!(member_names(&mut session).await?.len(), 10_000);
    Ok(())
}

fn understood(listed: Vec<Listed>) -> Vec<Entry> {
    listed
        .into_iter()
        .map(|listed| match listed {
            Listed::Entry(entry) => entry,
            Listed::Unparsed(line) => panic!("{line:?} was not understood"),
        })
        .collect()
}

fn named<'a>(entries: &'a [Entry], name: &str) -> Result<&'a Entry> {
    entries.iter().find(|entry| entry.name == name).with_context(|| format!("{name} is in {entries:?}"))
}
