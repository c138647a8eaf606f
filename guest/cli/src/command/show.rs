//! Entries of directories, for people and as JSON.

use std::fmt::Write as _;

use chrono::DateTime;
use ftp_cli::figures::grouped;
use ftp_cli::text::plain;
use ftp_client::{Entry, Kind, Precision, RawEntry, Timestamp};
use serde_json::{Value, json};

/// Kind, size, time, name.
pub fn line(entry: &Entry) -> String {
    let size = entry.size.map(grouped).unwrap_or_default();
    let time = entry.modified.as_ref().map(time).unwrap_or_default();
    format!("{} {size:>17}  {time:<17}  {}\n", letter(entry.kind), name(entry))
}

/// Kind and permissions, owner, group, size, time, name.
pub fn long_line(entry: &Entry) -> String {
    let permissions = entry.permissions.map_or_else(|| "?????????".into(), permissions);
    let size = entry.size.map(|size| size.to_string()).unwrap_or_default();
    let time = entry.modified.as_ref().map(time).unwrap_or_default();
    let owner = |owner: &Option<String>| plain(owner.as_deref().unwrap_or("?"));
    let (user, group) = (owner(&entry.owner), owner(&entry.group));
    format!("{}{permissions} {user:<8} {group:<8} {size:>13}  {time:<17}  {}\n", letter(entry.kind), name(entry))
}

/// All that is known, a line for each.
pub fn paragraph(path: &str, entry: &Entry) -> String {
    let mut text = format!("{}\n", plain(path));
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a `String` does not fail.
            let _ = writeln!(text, "  {name:<12} {}", plain(&value));
        }
    };
    line("kind", Some(kind(entry.kind).to_owned()));
    line("size", entry.size.map(|size| format!("{} bytes", grouped(size))));
    line("modified", entry.modified.as_ref().map(time));
    line("permissions", entry.permissions.map(|mode| format!("{mode:04o} {}", permissions(mode))));
    line("owner", entry.owner.clone());
    line("group", entry.group.clone());
    line("leads to", entry.link_target.clone());
    line("unique", entry.unique_id.clone());
    for (fact, value) in entry.facts() {
        line(&fact.to_ascii_lowercase(), Some(value.to_owned()));
    }
    if let RawEntry::Line(sent) = &entry.raw {
        line("line", Some(sent.clone()));
    }
    text
}

/// All that is known.
pub fn object(path: &str, entry: &Entry) -> Value {
    json!({
        "path": path,
        "name": entry.name,
        "kind": kind(entry.kind),
        "size": entry.size,
        "modified": entry.modified.as_ref().map(time),
        "modified_is_utc": entry.modified.as_ref().map(|time| time.utc),
        "permissions": entry.permissions.map(|mode| format!("{mode:04o}")),
        "owner": entry.owner,
        "group": entry.group,
        "link_target": entry.link_target,
        "unique": entry.unique_id,
    })
}

/// As precise as the server is. `Z` marks UTC; without it the zone is the server's.
pub fn time(timestamp: &Timestamp) -> String {
    let Some(time) = DateTime::from_timestamp(timestamp.seconds, 0) else { return String::new() };
    let format = match timestamp.precision {
        Precision::Day => "%Y-%m-%d",
        Precision::Minute => "%Y-%m-%d %H:%M",
        Precision::Second | Precision::Subsecond => "%Y-%m-%dT%H:%M:%S",
    };
    let zone = if timestamp.utc { "Z" } else { "" };
    format!("{}{zone}", time.format(format))
}

fn name(entry: &Entry) -> String {
    match &entry.link_target {
        Some(target) => format!("{} -> {}", plain(&entry.name), plain(target)),
        None => plain(&entry.name),
    }
}

fn letter(kind: Kind) -> char {
    match kind {
        Kind::File => '-',
        Kind::Directory => 'd',
        Kind::SymbolicLink => 'l',
        Kind::Other => '?',
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::SymbolicLink => "symbolic link",
        Kind::Other => "other",
    }
}

fn permissions(mode: u16) -> String {
    let bits = ['r', 'w', 'x'];
    (0..9).map(|bit| if mode & (0o400 >> bit) == 0 { '-' } else { bits[bit % 3] }).collect()
}
