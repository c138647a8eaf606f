//! The table of Guardian, on NonStop: file, code, end of file, last modification, owner, security.

use super::column::{Table, number_or_none};
use super::date::{day_month_year, is_day_month_year, when};
use super::{Entry, Kind, words};
use crate::encoding::Encoding;
use crate::number::decimal;
use alloc::vec::Vec;

/// The head of the table.
pub(super) fn table(words: &[&[u8]]) -> Option<Table> {
    match words {
        [b"File", b"Code", b"EOF", b"Last", b"Modification", b"Owner", b"RWEP"] => Some(Table::Guardian),
        _ => None,
    }
}

/// The entry of a line under it. The end of file is the size in bytes; an `O` marks a file that is open.
pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words: Vec<_> = words(line).iter().map(|(word, _)| *word).collect();
    let (name, columns) = match *words.as_slice() {
        [name, b"O" | b"o", ..] => (name, words.get(2..)?),
        [name, ..] => (name, words.get(1..)?),
        [] => return None,
    };
    let (&[code, size, date, time], rest) = columns.split_first_chunk()?;
    let (owner, security) = match *rest {
        [owner, security] => (owner.to_vec(), security),
        [group, user, security] if group.ends_with(b",") => ([group, user].concat(), security),
        _ => return None,
    };
    let code = code.strip_suffix(b"+").unwrap_or(code);
    if decimal(code).is_none() || !security.starts_with(b"\"") || !security.ends_with(b"\"") {
        return None;
    }
    let mut entry = Entry::new(encoding.decode(name), Kind::File);
    entry.size = number_or_none(size)?;
    entry.modified = when(day_month_year(date), is_day_month_year(date), time)?;
    entry.owner = Some(encoding.decode(&owner));
    Some(entry.with_line(line, encoding))
}
