//! The lines of OS/400 (IBM i, `LISTFMT` 0): owner, size, date, time, type, name.

use super::column::number_or_none;
use super::date::{lengths, when};
use super::{Entry, Kind, parts, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::time::days;

/// The orders in which the dates of a listing may have day, month and year. The job of the server has one of three, and
/// its lines do not tell which: a date has a meaning once only one order is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orders([bool; 3]);

impl Default for Orders {
    fn default() -> Self {
        Self([true; 3])
    }
}

/// The entry of a line, if it is one of OS/400.
///
/// A `*FILE` is a file: it can be retrieved, which gives its first member. A `*MEM` is told as a path through its file,
/// and so is no member of this directory.
pub(super) fn parse(line: &[u8], encoding: Encoding, now: Option<i64>, orders: &mut Orders) -> Option<Entry> {
    let words = words(line);
    let at = words.iter().position(|(word, _)| word.starts_with(b"*"))?;
    let (before, kind, rest) = (words.get(..at)?, words.get(at)?.0, words.get(at)?.1);
    if kind.len() < 2 || !kind.iter().skip(1).all(u8::is_ascii_uppercase) {
        return None;
    }
    let name = rest.trim_ascii_start();
    let is_member = kind == b"*MEM";
    let is_directory = matches!(kind, b"*DIR" | b"*DDIR" | b"*LIB" | b"*FLR") || name.ends_with(b"/");
    let kind = match kind {
        _ if is_directory => Kind::Directory,
        b"*STMF" | b"*DSTMF" | b"*FILE" | b"*MEM" | b"*DOC" => Kind::File,
        b"*SYMLNK" => Kind::SymbolicLink,
        _ => Kind::Other,
    };
    let name = if is_directory { name.strip_suffix(b"/").unwrap_or(name) } else { name };
    let mut entry = Entry::new(encoding.decode(name), kind);

    let people = match before {
        [people @ .., (date, _), (time, _)] => {
            let day = orders.day(date, now)?;
            entry.modified = when(day, true, time)?;
            people
        }
        // Members have no other columns.
        people => Some(people).filter(|_| is_member)?,
    };
    let owner = match *people {
        [(owner, _), (size, _)] => {
            entry.size = number_or_none(size)?;
            Some(owner)
        }
        // One of the two is blank.
        [(word, _)] => match number_or_none(word) {
            Some(size) => {
                entry.size = size;
                None
            }
            None => Some(word),
        },
        [] => None,
        _ => return None,
    };
    entry.owner = owner.map(|owner| encoding.decode(owner));
    Some(entry.with_line(line, encoding))
}

impl Orders {
    /// The day of `04/03/18`, if that is known by now, and if it is one in any order; `None` for what has another form. A day
    /// that is yet to come is not meant.
    fn day(&mut self, text: &[u8], now: Option<i64>) -> Option<Option<i64>> {
        const DAY: i64 = 86_400;
        let separator = *text.iter().find(|byte| b"/.-,".contains(byte))?;
        let [first, second, third] = parts(text, separator)?;
        if !matches!(lengths(text, separator)?, [1..=2, 1..=2, 2 | 4] | [2 | 4, 1..=2, 1..=2]) {
            return None;
        }
        let latest = now.map_or(i64::MAX, |now| now.div_euclid(DAY).saturating_add(1));
        let read = |year: &[u8], month: &[u8], day: &[u8]| {
            let day = days(year_of(year).filter(|_| year.len() != 3)?, two_digits(month)?, two_digits(day)?)?;
            (day <= latest).then_some(day)
        };
        let readings = [read(first, second, third), read(third, first, second), read(third, second, first)];
        let mut left = *self;
        for (order, reading) in left.0.iter_mut().zip(readings) {
            *order &= reading.is_some();
        }
        if left.0 == [false; 3] {
            return Some(None);
        }
        *self = left;
        let mut days = readings.into_iter().zip(left.0).filter_map(|(day, order)| day.filter(|_| order));
        let first = days.next()?;
        Some(days.all(|day| day == first).then_some(first))
    }
}
