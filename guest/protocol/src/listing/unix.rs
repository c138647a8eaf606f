//! The lines of `ls -l` and of the many servers that imitate it: mode, links, owner, group, size, date, name.

use super::column::{human, number_or_none};
use super::date::{Date, Words};
use super::{Entry, Kind, split_once, words};
use crate::encoding::Encoding;
use crate::number::decimal;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The entry of a line, if it is one of Unix.
///
/// The date is what to look for: links, owner and group may be missing or have spaces, but the size stands before the
/// date, and the name one space after it.
pub(super) fn parse<'a>(line: &'a [u8], encoding: Encoding, now: Option<i64>) -> Option<Entry> {
    let (kind, permissions, rest) = mode(without_numbers(line))?;
    let words = words(rest);
    let find = |date_of: &dyn Fn(&Words<'a>) -> Option<Date<'a>>| {
        (0..words.len()).find_map(|at| {
            let size = Size::parse(words.get(..at)?)?;
            let date = date_of(words.get(at..)?)?;
            Some((at.checked_sub(size.words)?, size, date))
        })
    };
    let (end, size, date) = find(&|words| Date::parse(words, now)).or_else(|| find(&Date::of_no_day))?;

    let name = date.name()?;
    let (name, target) = match kind {
        Kind::SymbolicLink => split_link(name, size.bytes),
        _ => (name, None),
    };
    let people = words.get(..end)?;
    let (owner, group) = match is_macintosh(people, kind, size.bytes) {
        true => (None, None),
        false => owner_and_group(people),
    };

    let mut entry = Entry::new(encoding.decode(name), kind);
    entry.size = size.bytes;
    entry.modified = date.modified;
    entry.permissions = Some(permissions);
    entry.owner = owner.map(|name| encoding.decode(&name));
    entry.group = group.map(|name| encoding.decode(&name));
    entry.link_target = target.map(|path| encoding.decode(path));
    Some(entry.with_line(line, encoding))
}

/// The line without the inode and the blocks that `ls -lis` puts first.
fn without_numbers(line: &[u8]) -> &[u8] {
    if !line.trim_ascii_start().first().is_some_and(u8::is_ascii_digit) {
        return line;
    }
    let is_number = |word: &[u8]| decimal(word).is_some();
    match *words(line).as_slice() {
        [(inode, _), (blocks, rest), _, ..] if is_number(inode) && is_number(blocks) => rest.trim_ascii_start(),
        [(number, rest), _, ..] if is_number(number) => rest.trim_ascii_start(),
        _ => line,
    }
}

/// The kind and the permissions of `drwxr-xr-x`, with or without a mark for an access control list after it, and the
/// rest of the line. A count of links may follow that mark without a space.
fn mode(line: &[u8]) -> Option<(Kind, u16, &[u8])> {
    let (&[kind], rest) = line.split_first_chunk()?;
    let (&[ur, uw, ux, gr, gw, gx, or, ow, ox], rest) = rest.split_first_chunk()?;
    let (&next, after) = rest.split_first()?;
    let rest = match next {
        b'+' | b'.' | b'@' => after,
        _ => rest,
    };
    let has_links = next == b'+' && rest.first().is_some_and(u8::is_ascii_digit);
    if !rest.starts_with(b" ") && !has_links {
        return None;
    }
    let kind = match kind {
        b'-' | b'f' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::SymbolicLink,
        b'b' | b'c' | b'p' | b's' | b'D' | b'P' => Kind::Other,
        _ => return None,
    };
    let user = triplet([ur, uw, ux], b's')?;
    let group = triplet([gr, gw, gx], b's')?;
    let others = triplet([or, ow, ox], b't')?;
    // The fourth bit of each: set user, set group, sticky.
    let special = (user >> 3) << 11 | (group >> 3) << 10 | (others >> 3) << 9;
    Some((kind, special | (user & 7) << 6 | (group & 7) << 3 | others & 7, rest))
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
        if human(last) {
            return Some(Self { bytes: None, words: 1 });
        }
        let bytes = number_or_none(last)?;
        let major = before.last().and_then(|(word, _)| word.strip_suffix(b","));
        if major.and_then(decimal).is_some() {
            return Some(Self { bytes: None, words: 2 });
        }
        Some(Self { bytes, words: 1 })
    }
}

/// Whether these are the columns of a Macintosh (NetPresenz, Peter's FTP server): the word `folder`, or the bytes of the
/// two forks, whose sum is the size.
fn is_macintosh(words: &Words<'_>, kind: Kind, size: Option<u64>) -> bool {
    match *words {
        [(b"folder", _)] => kind == Kind::Directory,
        [(one, _), (other, _)] => match (decimal(one), decimal(other)) {
            (Some(one), Some(other)) => kind == Kind::File && one.checked_add(other) == size,
            _ => false,
        },
        _ => false,
    }
}

/// The words of a name, with a space between them.
type Name<'a> = Cow<'a, [u8]>;

/// Owner and group, from what stands between the mode and the size.
///
/// A number that comes first is the count of links, even alone. Both may have spaces, as in a Windows domain: where a gap
/// of the columns does not tell, the owner is one word.
fn owner_and_group<'a>(words: &Words<'a>) -> (Option<Name<'a>>, Option<Name<'a>>) {
    let words = match words {
        [(links, _), rest @ ..] if decimal(links).is_some() => rest,
        _ => words,
    };
    let is_gap = |(_, after): &(&[u8], &[u8])| after.starts_with(b"  ");
    let last = words.len().saturating_sub(1);
    let gap = words.iter().take(last).position(is_gap).unwrap_or(0);
    let join = |words: &Words<'a>| match *words {
        [] => None,
        [(word, _)] => Some(Cow::Borrowed(word)),
        _ => Some(Cow::Owned(words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(&b' '))),
    };
    match words.split_at_checked(gap.saturating_add(1)) {
        Some((owner, group)) => (join(owner), join(group)),
        None => (None, None),
    }
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
