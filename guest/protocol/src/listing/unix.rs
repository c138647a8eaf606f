//! The lines of `ls -l`: mode, links, owner, group, size, date, name.

use super::{Entry, Kind, clock, two_digits, words};
use crate::encoding::Encoding;
use crate::number::decimal;
use crate::time::{Precision, Timestamp, days, minutes, moment, year};
use alloc::vec::Vec;

/// The entry of a line, if it is one of Unix.
///
/// The date is what to look for: links, owner and group may be missing or have spaces, but the size stands before the
/// date, and the name one space after it.
pub(super) fn parse(line: &[u8], encoding: Encoding, now: Option<i64>) -> Option<Entry> {
    let (kind, permissions) = mode(line)?;
    let words = words(line);
    let found = (1..words.len()).find_map(|at| {
        let size = Size::parse(words.get(1..at)?)?;
        let date = Date::parse(words.get(at..)?, now)?;
        Some((at.checked_sub(size.words)?, size, date))
    });
    let (end, size, date) = found?;

    let name = date.rest.strip_prefix(b" ")?;
    let (name, target) = match kind {
        Kind::SymbolicLink => split_link(name, size.bytes),
        _ => (name, None),
    };
    let people: Vec<_> = words.get(1..end)?.iter().map(|(word, _)| *word).collect();
    let (owner, group) = owner_and_group(&people);

    let mut entry = Entry::new(encoding.decode(name), kind);
    entry.size = size.bytes;
    entry.modified = date.modified;
    entry.permissions = Some(permissions);
    entry.owner = owner.map(|name| encoding.decode(name));
    entry.group = group.map(|name| encoding.decode(&name));
    entry.link_target = target.map(|path| encoding.decode(path));
    Some(entry.with_line(line, encoding))
}

/// The kind and the permissions of `drwxr-xr-x`, with or without a mark for an access control list after it.
fn mode(line: &[u8]) -> Option<(Kind, u16)> {
    let (&[kind], rest) = line.split_first_chunk()?;
    let (&[ur, uw, ux, gr, gw, gx, or, ow, ox], rest) = rest.split_first_chunk()?;
    let rest = match rest.first()? {
        b'+' | b'.' | b'@' => rest.get(1..)?,
        _ => rest,
    };
    if rest.first() != Some(&b' ') {
        return None;
    }
    let kind = match kind {
        b'-' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::SymbolicLink,
        b'b' | b'c' | b'p' | b's' | b'D' => Kind::Other,
        _ => return None,
    };
    let user = triplet([ur, uw, ux], b's')?;
    let group = triplet([gr, gw, gx], b's')?;
    let others = triplet([or, ow, ox], b't')?;
    // The fourth bit of each: set user, set group, sticky.
    let special = (user >> 3) << 11 | (group >> 3) << 10 | (others >> 3) << 9;
    Some((kind, special | (user & 7) << 6 | (group & 7) << 3 | others & 7))
}

/// Three letters as three bits, with a fourth for the special letter, whose upper case means: not executable.
fn triplet([read, write, execute]: [u8; 3], special: u8) -> Option<u16> {
    let read = match read {
        b'r' => 4,
        b'-' => 0,
        _ => return None,
    };
    let write = match write {
        b'w' => 2,
        b'-' => 0,
        _ => return None,
    };
    let execute = match execute {
        b'x' => 1,
        b'-' => 0,
        letter if letter == special => 9,
        letter if letter == special.to_ascii_uppercase() => 8,
        _ => return None,
    };
    Some(read | write | execute)
}

type Words<'a> = [(&'a [u8], &'a [u8])];

/// The size before the date, or the two numbers that a device has instead.
struct Size {
    bytes: Option<u64>,
    words: usize,
}

impl Size {
    fn parse(before: &Words<'_>) -> Option<Self> {
        let (&(last, _), before) = before.split_last()?;
        if let Some((major, minor)) = split_once(last, b',') {
            decimal(major).and(decimal(minor))?;
            return Some(Self { bytes: None, words: 1 });
        }
        let bytes = decimal(last)?;
        let major = before.last().and_then(|(word, _)| word.strip_suffix(b","));
        if major.and_then(decimal).is_some() {
            return Some(Self { bytes: None, words: 2 });
        }
        Some(Self { bytes: Some(bytes), words: 1 })
    }
}

/// A date, and what follows it on the line.
struct Date<'a> {
    modified: Option<Timestamp>,
    rest: &'a [u8],
}

impl<'a> Date<'a> {
    /// `Jun 15 10:18`, `Jun 15  2005` or `2024-06-15 10:18`.
    fn parse(words: &Words<'a>, now: Option<i64>) -> Option<Self> {
        let (&(first, _), words) = words.split_first()?;
        let (&(second, rest), words) = words.split_first()?;
        if let Some(day) = iso_day(first) {
            let (hour, minute) = clock(second)?;
            let modified = timestamp(moment(day, minutes(hour, minute)?)?, Precision::Minute);
            return Some(Self { modified: Some(modified), rest });
        }
        let month = month(first)?;
        let day = two_digits(second)?;
        let (&(third, rest), _) = words.split_first()?;
        if let Some((hour, minute)) = clock(third) {
            let modified = recent(month, day, minutes(hour, minute)?, now)?;
            return Some(Self { modified, rest });
        }
        let year = decimal(third).filter(|_| third.len() == 4)?;
        let seconds = moment(days(year, month, day)?, 0)?;
        Some(Self { modified: Some(timestamp(seconds, Precision::Day)), rest })
    }
}

/// The moment of a date without a year, if `now` is known. `None` when no year has that date.
fn recent(month: u64, day: u64, minute: i64, now: Option<i64>) -> Option<Option<Timestamp>> {
    const DAY: i64 = 86_400;
    const LEAP_YEAR: u64 = 2000;
    days(LEAP_YEAR, month, day)?;
    let inferred = now.and_then(|now| {
        let latest = now.checked_add(DAY)?;
        let this = year(latest)?;
        // Nine years always have a 29 February.
        (this.saturating_sub(8)..=this)
            .rev()
            .filter_map(|year| moment(days(year, month, day)?, minute))
            .find(|&seconds| seconds <= latest)
    });
    Some(inferred.map(|seconds| timestamp(seconds, Precision::Minute)))
}

fn timestamp(seconds: i64, precision: Precision) -> Timestamp {
    Timestamp { seconds, nanoseconds: 0, precision, utc: false }
}

/// The day of `2024-06-15`.
fn iso_day(text: &[u8]) -> Option<i64> {
    let (year, rest) = split_once(text, b'-').filter(|(year, _)| year.len() == 4)?;
    let (month, day) = split_once(rest, b'-')?;
    days(decimal(year)?, two_digits(month)?, two_digits(day)?)
}

fn month(word: &[u8]) -> Option<u64> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    (1..).zip(MONTHS).find_map(|(number, name)| word.eq_ignore_ascii_case(name).then_some(number))
}

/// Owner and group, from what stands between the mode and the size.
///
/// A number that comes first is the count of links, even alone. A group may have spaces, as in a Windows domain.
fn owner_and_group<'a>(words: &[&'a [u8]]) -> (Option<&'a [u8]>, Option<Vec<u8>>) {
    let words = match words {
        [links, rest @ ..] if decimal(links).is_some() => rest,
        _ => words,
    };
    let Some((&owner, group)) = words.split_first() else {
        return (None, None);
    };
    let group = (!group.is_empty()).then(|| group.join(&b' '));
    (Some(owner), group)
}

/// The name of a link and where it points. Both may have an arrow in them: the size of a link is the length of its
/// target, and where that does not help the first arrow is meant.
fn split_link(name: &[u8], size: Option<u64>) -> (&[u8], Option<&[u8]>) {
    const ARROW: &[u8] = b" -> ";
    let by_size = size
        .and_then(|size| usize::try_from(size).ok())
        .and_then(|size| name.len().checked_sub(size)?.checked_sub(ARROW.len()))
        .filter(|&at| name.get(at..).is_some_and(|rest| rest.starts_with(ARROW)));
    let first = || name.windows(ARROW.len()).position(|text| text == ARROW);
    let parts = by_size.or_else(first).and_then(|at| name.split_at_checked(at));
    match parts {
        Some((name, rest)) => (name, rest.strip_prefix(ARROW).filter(|path| !path.is_empty())),
        None => (name, None),
    }
}

fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    let (before, after) = text.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}
