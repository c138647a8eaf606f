//! `ls`: a directory, for people.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use chrono::DateTime;
use ftp_host::{Entry, EntryKind, Error, Listed, Precision, Timestamp};

use super::arguments::Options;
use super::connection::Connection;
use super::figures::grouped;
use super::remote::{Kind, Remote};
use super::text::plain;

pub async fn run(remote: Remote, options: &Options) -> Result<()> {
    let mut connection = Connection::open(&remote, options).await?;
    let listing = listing(&mut connection, &remote).await;
    let listing = connection.close(listing).await?;
    io::stdout().write_all(listing.as_bytes())?;
    Ok(())
}

async fn listing(connection: &mut Connection, remote: &Remote) -> Result<String> {
    connection.enter(&remote.directories).await?;
    let session = &mut connection.session;
    if !remote.name.is_empty() {
        let entered = session.change_directory(&remote.name).await;
        if let Err(error @ Error::Permanent(_)) = entered {
            // It may be a file. If it is not, what was wrong with the directory says more.
            let entry = session.entry(&remote.name).await.map_err(|_| error);
            return entry.map(|entry| line(&entry)).with_context(|| format!("cannot list {}", remote.name));
        }
        entered.with_context(|| format!("cannot enter {}", remote.name))?;
    }
    if remote.kind == Some(Kind::Names) {
        let names = session.names(None).await.context("cannot list the directory")?;
        return Ok(names.iter().map(|name| plain(name) + "\n").collect());
    }
    let listed = session.entries(None).await.context("cannot list the directory")?;
    Ok(lines(listed))
}

/// By name; lines that were not understood come last.
fn lines(listed: Vec<Listed>) -> String {
    let mut unparsed = String::new();
    let mut entries = Vec::new();
    for item in listed {
        match item {
            Listed::Entry(entry) => entries.push(entry),
            Listed::Unparsed(line) => unparsed.extend(["? ", &plain(&line), "\n"]),
        }
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries.iter().map(line).collect::<String>() + &unparsed
}

fn line(entry: &Entry) -> String {
    let kind = match entry.kind {
        EntryKind::File => '-',
        EntryKind::Directory => 'd',
        EntryKind::SymbolicLink => 'l',
        EntryKind::Other => '?',
    };
    let size = entry.size.map(grouped).unwrap_or_default();
    let time = entry.modified.as_ref().map(time).unwrap_or_default();
    let mut line = format!("{kind} {size:>17}  {time:<17}  {}", plain(&entry.name));
    if let Some(target) = &entry.link_target {
        let _ = write!(line, " -> {}", plain(target));
    }
    line + "\n"
}

/// As precise as the server is. `Z` marks UTC; without it the zone is the server's.
fn time(timestamp: &Timestamp) -> String {
    let Some(time) = DateTime::from_timestamp(timestamp.seconds, 0) else { return String::new() };
    let format = match timestamp.precision {
        Precision::Day => "%Y-%m-%d",
        _ => "%Y-%m-%d %H:%M",
    };
    let zone = if timestamp.utc { "Z" } else { "" };
    format!("{}{zone}", time.format(format))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: EntryKind) -> Entry {
        Entry {
            name: name.to_owned(),
            kind,
            size: None,
            modified: None,
            permissions: None,
            owner: None,
            group: None,
            link_target: None,
            unique_id: None,
            facts: Vec::new(),
        }
    }

    fn timestamp(seconds: i64, precision: Precision, utc: bool) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0, precision, utc }
    }

    #[test]
    fn entries_are_sorted_and_columns_line_up() {
        let file = Entry {
            size: Some(1_234_567),
            modified: Some(timestamp(1_000_000_000, Precision::Second, true)),
            ..entry("b\u{1b}[1m", EntryKind::File)
        };
        let link = Entry { link_target: Some("b".to_owned()), ..entry("c", EntryKind::SymbolicLink) };
        let listed = [link, file, entry("a", EntryKind::Directory)].map(Listed::Entry);
        let listed = [Listed::Unparsed("total\t1".to_owned())].into_iter().chain(listed).collect();
        assert_eq!(
            lines(listed),
            "d                                       a\n\
             -         1,234,567  2001-09-09 01:46Z  b\\u{1b}[1m\n\
             l                                       c -> b\n\
             ? total\\t1\n"
        );
    }

    #[test]
    fn times_are_as_precise_as_the_server_is() {
        assert_eq!(time(&timestamp(0, Precision::Day, false)), "1970-01-01");
        assert_eq!(time(&timestamp(-60, Precision::Minute, false)), "1969-12-31 23:59");
        assert_eq!(time(&timestamp(0, Precision::Subsecond, true)), "1970-01-01 00:00Z");
        assert_eq!(time(&timestamp(i64::MAX, Precision::Second, true)), "");
    }
}
