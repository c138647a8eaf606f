//! The lines of NetWare: `d` or `-`, rights in brackets, owner, size, date, name.

use super::column::number_or_none;
use super::date::Date;
use super::{Entry, Kind, words};
use crate::encoding::Encoding;
use crate::number::decimal;

/// The entry of a line, if it is one of NetWare. Some servers have a count of links, or a `*`, before the owner.
pub(super) fn parse(line: &[u8], encoding: Encoding, now: Option<i64>) -> Option<Entry> {
    let (kind, rest) = line.split_first()?;
    let kind = match kind {
        b'd' => Kind::Directory,
        b'-' => Kind::File,
        _ => return None,
    };
    let rest = rest.trim_ascii_start().strip_prefix(b"[")?;
    let end = rest.iter().position(|&byte| byte == b']')?;
    let (rights, rest) = rest.split_at_checked(end)?;
    if !rights.iter().all(|right| right.is_ascii_uppercase() || *right == b'-') {
        return None;
    }
    let words = words(rest.strip_prefix(b"]")?);
    let (owner, size, date) = match *words.as_slice() {
        [_, (b"*", _), (owner, _), (size, _), ..] => (owner, size, words.get(4..)?),
        [(links, _), (owner, _), (size, _), ..] if decimal(links).is_some() && decimal(size).is_some() => {
            (owner, size, words.get(3..)?)
        }
        [(owner, _), (size, _), ..] => (owner, size, words.get(2..)?),
        _ => return None,
    };
    let date = Date::parse(date, now).or_else(|| Date::of_no_day(date))?;
    // Some pad the name, and no name of NetWare begins with a space.
    let name = date.name()?.trim_ascii_start();
    let mut entry = Entry::new(encoding.decode(name), kind);
    entry.size = number_or_none(size)?;
    entry.modified = date.modified;
    entry.owner = Some(encoding.decode(owner));
    Some(entry.with_line(line, encoding))
}
