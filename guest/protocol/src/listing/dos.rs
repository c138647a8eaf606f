//! The lines of `dir`, as IIS and Windows CE send them: date, time, `<DIR>` or a size, name.

use super::column::number_or_none;
use super::{Entry, Kind, parts, split_once, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::number::decimal;
use crate::time::{Precision, Timestamp, days, minutes, moment};
use alloc::string::String;

/// The entry of a line, if it is one of DOS. A `\` sets path components apart there, so that no name has one.
pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words = words(line);
    let [(date, _), (time, _), (size, rest), ..] = *words.as_slice() else {
        return None;
    };
    let modified = match (calendar_day(date), time_of_day(time)) {
        (Some(day), Some(minute)) => {
            Some(Timestamp { seconds: moment(day, minute)?, nanoseconds: 0, precision: Precision::Minute, utc: false })
        }
        // What no calendar or clock has is no reason to leave the entry out.
        _ if is_date(date) && is_time(time) => None,
        _ => return None,
    };
    let mut entry = match marker(size) {
        Some(kind) => marked(rest, kind, encoding)?,
        None => {
            let mut file = Entry::new(encoding.decode(rest.strip_prefix(b" ")?), Kind::File);
            file.size = grouped(size)?;
            file
        }
    };
    if entry.name.contains('\\') {
        return None;
    }
    entry.modified = modified;
    Some(entry.with_line(line, encoding))
}

/// What stands in place of the size of everything that is no file.
fn marker(word: &[u8]) -> Option<Kind> {
    match word {
        b"<DIR>" => Some(Kind::Directory),
        b"<JUNCTION>" | b"<SYMLINKD>" | b"<SYMLINK>" => Some(Kind::SymbolicLink),
        _ => None,
    }
}

/// The entry after a marker. How far the marker is padded differs, so spaces before the name are not part of it.
fn marked(rest: &[u8], kind: Kind, encoding: Encoding) -> Option<Entry> {
    let name = encoding.decode(rest.trim_ascii_start());
    let link = name
        .strip_suffix(']')
        .and_then(|link| link.split_once(" ["))
        .filter(|_| kind == Kind::SymbolicLink)
        .map(|(name, target)| (String::from(name), String::from(target)));
    let Some((name, target)) = link else {
        return Some(Entry::new(name, kind));
    };
    let mut entry = Entry::new(name, kind);
    entry.link_target = Some(target);
    Some(entry)
}

/// The day of `06-15-24`, `06-15-2024` or `2024-06-15`.
fn calendar_day(text: &[u8]) -> Option<i64> {
    let [first, second, third] = parts(text, b'-')?;
    if first.len() == 4 {
        return days(year_of(first)?, two_digits(second)?, two_digits(third)?);
    }
    // A year of three digits is one of OS/2.
    let year = year_of(third).filter(|_| third.len() != 3)?;
    days(year, two_digits(first)?, two_digits(second)?)
}

/// The minute of `10:18AM`, or of `22:18`.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let Some((time, half)) = text
        .len()
        .checked_sub(2)
        .and_then(|at| text.split_at_checked(at))
        .filter(|(_, half)| half.last().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'M')))
    else {
        let (hour, minute) = clock(text)?;
        return minutes(hour, minute);
    };
    let (hour, minute) = clock(time)?;
    let noon = match half.first()?.to_ascii_uppercase() {
        b'A' => 0,
        b'P' => 12,
        _ => return None,
    };
    if !(1..=12).contains(&hour) {
        return None;
    }
    // Twelve o'clock is the first hour of each half.
    minutes((hour % 12).checked_add(noon)?, minute)
}

/// Whether this has the form of `06-15-24`, `06-15-2024` or `2024-06-15`.
fn is_date(text: &[u8]) -> bool {
    let numbers = parts(text, b'-').filter(|numbers| numbers.iter().all(|number| decimal(number).is_some()));
    matches!(numbers.map(|numbers| numbers.map(<[u8]>::len)), Some([2, 2, 2 | 4] | [4, 2, 2]))
}

/// Whether this has the form of `10:18AM` or `22:18`.
fn is_time(text: &[u8]) -> bool {
    let half = [&b"AM"[..], b"PM", b"am", b"pm"].iter().find_map(|half| text.strip_suffix(*half));
    clock(half.unwrap_or(text)).is_some()
}

/// A size as `1063` or `1,063`; none where it is no size.
fn grouped(text: &[u8]) -> Option<Option<u64>> {
    let mut groups = text.split(|&byte| byte == b',');
    let first = groups.next()?;
    let mut value = number_or_none(first)?;
    for (at, group) in groups.enumerate() {
        let thousands = decimal(group).filter(|_| group.len() == 3 && (at > 0 || first.len() <= 3))?;
        value = value.and_then(|value| value.checked_mul(1000)?.checked_add(thousands));
    }
    Some(value)
}

/// The hour and the minute of `10:18`.
fn clock(text: &[u8]) -> Option<(u64, u64)> {
    let (hour, minute) = split_once(text, b':')?;
    Some((two_digits(hour)?, two_digits(minute)?))
}
