//! The lines of `MLSD` and `MLST` (RFC 3659, section 7.2).

use super::{Entry, Kind, Listed, RawEntry, named, split_once};
use crate::encoding::Encoding;
use crate::number::{decimal, octal};
use crate::time::parse_time_val;
use alloc::string::String;

/// A line of an `MLSD` listing: facts that each end in `;`, a space, the name (RFC 3659, section 7.2).
///
/// Blanks before the first fact are not part of it. The facts end at the first space that follows a `;`, so that a value may have a space, as a group of a Windows
/// domain has. A fact that has an invalid value is kept as a fact only. A line with more than 64 facts is none that
/// any server sends, and stays unparsed.
pub fn mlsd_line(line: &[u8], encoding: Encoding) -> Listed {
    if line.trim_ascii().is_empty() {
        return Listed::Skipped;
    }
    let unparsed = || Listed::Unparsed(encoding.decode(line));
    let Some((facts, name)) = Facts::split(unindented(line)) else {
        return unparsed();
    };
    let kind = facts.kind.unwrap_or_default();
    if kind.eq_ignore_ascii_case(b"cdir") || kind.eq_ignore_ascii_case(b"pdir") {
        return Listed::Skipped;
    }
    named(facts.entry(encoding.decode(name), encoding)).unwrap_or_else(unparsed)
}

/// The line of a 250 reply to `MLST` that has the facts, with any blanks before them (RFC 3659, section 7.2).
///
/// The name is the last component of the path that the server reports. The root has none: its name is `/`, the only
/// name with a `/` there is. Where the path ends in `.` or `..`, or is empty, the server does not report the name: it is
/// `.` then. The types `cdir` and `pdir` are directories here. `None` when this is no such line.
pub fn mlst_entry(reply_line: &[u8], encoding: Encoding) -> Option<Entry> {
    let (facts, path) = Facts::split(unindented(reply_line))?;
    let path = encoding.decode(path);
    let name = match path.trim_end_matches('/').rsplit('/').next()? {
        "" if path.starts_with('/') => "/",
        "" | ".." => ".",
        name => name,
    };
    Some(facts.entry(name.into(), encoding))
}

/// The line without the blanks before it.
fn unindented(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !b" \t".contains(byte));
    line.get(start.unwrap_or(line.len())..).unwrap_or_default()
}

/// The facts of a line: all of them, and the first value of each that means something here (RFC 3659, sections 7.5 and
/// 7.6).
#[derive(Default)]
struct Facts<'a> {
    all: &'a [u8],
    kind: Option<&'a [u8]>,
    size: Option<&'a [u8]>,
    modify: Option<&'a [u8]>,
    mode: Option<&'a [u8]>,
    owners: Names<'a>,
    groups: Names<'a>,
    unique: Option<&'a [u8]>,
}

/// What servers send for an owner or a group, best first: a name, a name or a number, a number.
type Names<'a> = [Option<&'a [u8]>; 3];

impl<'a> Facts<'a> {
    /// The facts of a line and the name after them.
    fn split(line: &'a [u8]) -> Option<(Self, &'a [u8])> {
        const MOST: usize = 64;
        let mut facts = Self::default();
        let mut rest = line;
        for _ in 0..MOST {
            let equals = rest.iter().position(|byte| matches!(byte, b'=' | b';')).filter(|&at| at > 0)?;
            let (name, value) = rest.split_at_checked(equals)?;
            let (value, after) = split_once(value.strip_prefix(b"=")?, b';')?;
            if let Some(place) = facts.place(name) {
                place.get_or_insert(value);
            }
            if let Some(name) = after.strip_prefix(b" ") {
                facts.all = line.get(..line.len().checked_sub(after.len())?)?;
                return Some((facts, name));
            }
            rest = after;
        }
        None
    }

    /// Where the value of a fact belongs, if it means something.
    fn place(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        let (unix, name) = match name.split_at_checked(5) {
            Some((prefix, name)) if prefix.eq_ignore_ascii_case(b"unix.") => (true, name),
            _ => (false, name),
        };
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let [owner_name, owner, uid] = &mut self.owners;
        let [group_name, group, gid] = &mut self.groups;
        Some(match (unix, name.len()) {
            (false, 4) if is(b"type") => &mut self.kind,
            (false, 4) if is(b"size") => &mut self.size,
            (false, 6) if is(b"modify") => &mut self.modify,
            (false, 6) if is(b"unique") => &mut self.unique,
            (true, 3) if is(b"uid") => uid,
            (true, 3) if is(b"gid") => gid,
            (true, 4) if is(b"mode") => &mut self.mode,
            (true, 5) if is(b"owner") => owner,
            (true, 5) if is(b"group") => group,
            (true, 9) if is(b"ownername") => owner_name,
            (true, 9) if is(b"groupname") => group_name,
            _ => return None,
        })
    }

    /// The entry that they describe.
    fn entry(&self, name: String, encoding: Encoding) -> Entry {
        let decode = |value| encoding.decode(value);
        let some = |values: &[Option<&'a [u8]>]| values.iter().flatten().find(|value| !value.is_empty()).copied();
        let (kind, link_target) = kind(self.kind.unwrap_or_default());
        Entry {
            size: self.size.and_then(decimal),
            modified: self.modify.and_then(parse_time_val),
            permissions: self.mode.and_then(permissions),
            owner: some(&self.owners).map(decode),
            group: some(&self.groups).map(decode),
            link_target: link_target.map(decode),
            unique_id: some(&[self.unique]).map(decode),
            raw: RawEntry::Facts(decode(self.all)),
            ..Entry::new(name, kind)
        }
    }
}

/// The kind that a `type` fact means, and where a link points (RFC 3659, section 7.5.1).
///
/// Servers name a link `OS.unix=slink` or `OS.unix=symlink`, some with its target after a colon.
fn kind(value: &[u8]) -> (Kind, Option<&[u8]>) {
    let is = |name: &[u8]| value.eq_ignore_ascii_case(name);
    if is(b"file") {
        return (Kind::File, None);
    }
    if is(b"dir") || is(b"cdir") || is(b"pdir") {
        return (Kind::Directory, None);
    }
    let (system, target) = match split_once(value, b':') {
        Some((system, target)) => (system, Some(target)),
        None => (value, None),
    };
    let is = |name: &[u8]| system.eq_ignore_ascii_case(name);
    if is(b"OS.unix=slink") || is(b"OS.unix=symlink") {
        return (Kind::SymbolicLink, target.filter(|path| !path.is_empty()));
    }
    (Kind::Other, None)
}

/// The bits of a `UNIX.mode` fact, which some servers send with those of the file's kind, and pyftpdlib as `0o644`.
fn permissions(value: &[u8]) -> Option<u16> {
    let mode = octal(value.strip_prefix(b"0o").unwrap_or(value))?;
    u32::try_from(mode).ok()?;
    u16::try_from(mode & 0o7777).ok()
}
