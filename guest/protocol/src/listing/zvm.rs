//! The lines of z/VM: name, type, format, record length, records, blocks, date, time, owner.

use super::date::{lengths, when};
use super::{Entry, Kind, parts, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::number::decimal;
use crate::time::days;

/// The entry of a line, if it is one of z/VM. A file is called by its name and its type with a full stop between them.
/// It has records, and no size in bytes.
pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words = words(line);
    let (name, kind, rest) = match *words.as_slice() {
        [(name, _), (b"DIR", _), (b"-", _), (b"-", _), (b"-", _), ..] => {
            (encoding.decode(name), Kind::Directory, words.get(5..)?)
        }
        [(name, _), (kind, _), (b"F" | b"V", _), (length, _), (records, _), (blocks, _), ..] => {
            decimal(length).and(decimal(records)).and(decimal(blocks))?;
            (encoding.decode(&[name, kind].join(&b'.')), Kind::File, words.get(6..)?)
        }
        _ => return None,
    };
    let &[(date, _), (time, _), (owner, _)] = rest else { return None };
    let mut entry = Entry::new(name, kind);
    entry.modified = when(calendar_day(date), is_day(date), time)?;
    entry.owner = (owner != b"-").then(|| encoding.decode(owner));
    Some(entry.with_line(line, encoding))
}

/// Whether this has the form of `1997-04-02` or `4/02/97`.
fn is_day(text: &[u8]) -> bool {
    let numbers = lengths(text, b'-').filter(|[year, ..]| *year == 4).or_else(|| lengths(text, b'/'));
    matches!(numbers, Some([4, 1..=2, 1..=2] | [1..=2, 1..=2, 2]))
}

/// The day of `1997-04-02`, or of `4/02/97`, whose month comes first.
fn calendar_day(text: &[u8]) -> Option<i64> {
    if let Some([year, month, day]) = parts(text, b'-') {
        return days(year_of(year).filter(|_| year.len() == 4)?, two_digits(month)?, two_digits(day)?);
    }
    let [month, day, year] = parts(text, b'/')?;
    days(year_of(year).filter(|_| year.len() == 2)?, two_digits(month)?, two_digits(day)?)
}
