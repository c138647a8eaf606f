//! The table of the routers of Bay Networks and Nortel: file, size, date, day of the week, time.

use super::column::{Table, number_or_none};
use super::date::{lengths, when};
use super::{Entry, Kind, parts, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::time::days;

/// The head of the table.
pub(super) fn table(words: &[&[u8]]) -> Option<Table> {
    match words {
        [b"File", b"Name", b"Size", b"Date", b"Day", b"Time"] => Some(Table::Wellfleet),
        _ => None,
    }
}

/// The entry of a line under it. The month comes first.
pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let [(name, _), (size, _), (date, _), (_, _), (time, rest)] = *words(line).as_slice() else { return None };
    if !rest.trim_ascii().is_empty() {
        return None;
    }
    let mut entry = Entry::new(encoding.decode(name), Kind::File);
    entry.size = number_or_none(size)?;
    entry.modified = when(calendar_day(date), matches!(lengths(date, b'/'), Some([1..=2, 1..=2, 2])), time)?;
    Some(entry.with_line(line, encoding))
}

fn calendar_day(text: &[u8]) -> Option<i64> {
    let [month, day, year] = parts(text, b'/')?;
    days(year_of(year).filter(|_| year.len() == 2)?, two_digits(month)?, two_digits(day)?)
}
