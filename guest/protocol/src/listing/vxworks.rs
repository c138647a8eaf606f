//! The lines of VxWorks: size, date, time, name, `<DIR>` behind that of a directory.

use super::column::number_or_none;
use super::date::when;
use super::month::month;
use super::{Entry, Kind, parts, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::time::days;

/// The head of the table, which is there or not.
pub(super) fn is_head(words: &[&[u8]]) -> bool {
    matches!(words, [b"size", b"date", b"time", b"name"])
}

pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words = words(line);
    let [(size, _), (date, _), (time, rest), ..] = *words.as_slice() else { return None };
    let size = number_or_none(size)?;
    let [name, day, year] = parts(date, b'-')?;
    let (year, month, day) = (year_of(year).filter(|_| year.len() == 4)?, month(name)?, two_digits(day)?);
    let modified = when(days(year, month, day), true, time)?;
    let name = rest.trim_ascii();
    let (name, kind) = match name.strip_suffix(b"<DIR>") {
        Some(name) => (name.trim_ascii_end(), Kind::Directory),
        None => (name, Kind::File),
    };
    let mut entry = Entry::new(encoding.decode(name), kind);
    entry.size = size.filter(|_| kind == Kind::File);
    entry.modified = modified;
    Some(entry.with_line(line, encoding))
}
