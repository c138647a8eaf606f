//! The lines of `MLSD` and `MLST` (RFC 3659, section 7.2).

use super::{Entry, Kind, Listed, named};
use crate::encoding::Encoding;
use crate::number::{decimal, octal};
use crate::time::parse_time_val;
use alloc::string::String;
use alloc::vec::Vec;

/// A line of an `MLSD` listing: facts that each end in `;`, a space, the name (RFC 3659, section 7.2).
///
/// The facts end at the first space that follows a `;`, so that a value may have a space, as a group of a Windows
/// domain has. A fact that has an invalid value is kept as a fact only. A line with more than 64 facts is none that
/// any server sends, and stays unparsed.
pub fn mlsd_line(line: &[u8], encoding: Encoding) -> Listed {
    if line.trim_ascii().is_empty() {
        return Listed::Skipped;
    }
    let unparsed = || Listed::Unparsed(encoding.decode(line));
    let Some((facts, name)) = split(line, encoding) else {
        return unparsed();
    };
    let kind = value(&facts, "type").unwrap_or_default();
    if kind.eq_ignore_ascii_case("cdir") || kind.eq_ignore_ascii_case("pdir") {
        return Listed::Skipped;
    }
    named(entry(encoding.decode(name), facts)).unwrap_or_else(unparsed)
}

/// The line of a 250 reply to `MLST` that has the facts, with or without its leading space (RFC 3659, section 7.2).
///
/// The name is the last component of the path that the server tells. The root has none: its name is `/`, the only
/// name with a `/` there is. The types `cdir` and `pdir` are directories here. `None` when this is no such line, or
/// the path ends in `.` or `..`.
pub fn mlst_entry(reply_line: &[u8], encoding: Encoding) -> Option<Entry> {
    let line = reply_line.strip_prefix(b" ").unwrap_or(reply_line);
    let (facts, path) = split(line, encoding)?;
    let path = encoding.decode(path);
    if path.starts_with('/') && path.bytes().all(|byte| byte == b'/') {
        return Some(entry("/".into(), facts));
    }
    let name = path.trim_end_matches('/').rsplit('/').next()?;
    match named(entry(name.into(), facts))? {
        Listed::Entry(entry) => Some(entry),
        Listed::Unparsed(_) | Listed::Skipped => None,
    }
}

type Facts = Vec<(String, String)>;

/// The facts of a line and the name after them.
fn split(line: &[u8], encoding: Encoding) -> Option<(Facts, &[u8])> {
    const MOST: usize = 64;
    let end = line.windows(2).position(|pair| pair == b"; ")?;
    let (facts, rest) = line.split_at_checked(end)?;
    let name = rest.strip_prefix(b"; ")?;
    if facts.iter().filter(|&&byte| byte == b';').count() >= MOST {
        return None;
    }
    let facts = facts
        .split(|&byte| byte == b';')
        .map(|fact| {
            let equals = fact.iter().position(|&byte| byte == b'=')?;
            let (name, value) = fact.split_at_checked(equals)?;
            let mut name = encoding.decode(name);
            name.make_ascii_lowercase();
            let value = encoding.decode(value.strip_prefix(b"=")?);
            (!name.is_empty()).then_some((name, value))
        })
        .collect::<Option<Facts>>()?;
    Some((facts, name))
}

/// The entry that the facts describe (RFC 3659, sections 7.5 and 7.6).
fn entry(name: String, facts: Facts) -> Entry {
    let first = |names: &[&str]| names.iter().filter_map(|name| value(&facts, name)).find(|value| !value.is_empty());
    let (kind, link_target) = kind(value(&facts, "type").unwrap_or_default());
    let mut entry = Entry {
        size: first(&["size"]).and_then(|size| decimal(size.as_bytes())),
        modified: first(&["modify"]).and_then(|time| parse_time_val(time.as_bytes())),
        permissions: first(&["unix.mode"]).and_then(permissions),
        owner: first(&["unix.ownername", "unix.owner", "unix.uid"]).map(String::from),
        group: first(&["unix.groupname", "unix.group", "unix.gid"]).map(String::from),
        link_target: link_target.map(String::from),
        unique_id: first(&["unique"]).map(String::from),
        ..Entry::new(name, kind)
    };
    entry.facts = facts;
    entry
}

/// The value of the first fact of this name.
fn value<'a>(facts: &'a Facts, name: &str) -> Option<&'a str> {
    let (_, value) = facts.iter().find(|(known, _)| known == name)?;
    Some(value)
}

/// The kind that a `type` fact means, and where a link points (RFC 3659, section 7.5.1).
///
/// Servers name a link `OS.unix=slink` or `OS.unix=symlink`, some with its target after a colon.
fn kind(value: &str) -> (Kind, Option<&str>) {
    let is = |name: &str| value.eq_ignore_ascii_case(name);
    if is("file") {
        return (Kind::File, None);
    }
    if is("dir") || is("cdir") || is("pdir") {
        return (Kind::Directory, None);
    }
    let (system, target) = match value.split_once(':') {
        Some((system, target)) => (system, Some(target)),
        None => (value, None),
    };
    let is = |name: &str| system.eq_ignore_ascii_case(name);
    if is("OS.unix=slink") || is("OS.unix=symlink") {
        return (Kind::SymbolicLink, target.filter(|path| !path.is_empty()));
    }
    (Kind::Other, None)
}

/// The bits of a `UNIX.mode` fact, which some servers send with those of the file's kind, and pyftpdlib as `0o644`.
fn permissions(value: &str) -> Option<u16> {
    let mode = octal(value.strip_prefix("0o").unwrap_or(value).as_bytes())?;
    u32::try_from(mode).ok()?;
    u16::try_from(mode & 0o7777).ok()
}
