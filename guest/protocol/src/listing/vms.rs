//! The lines of VMS (UCX, TCP/IP Services, MultiNet, TCPware): name, type and version, then in any order blocks, date,
//! owner and protection.

use super::column::Read;
use super::date::{day_month_year, is_day_month_year, on_day, when};
use super::{Entry, Kind, split_once, words};
use crate::encoding::Encoding;
use crate::number::decimal;
use alloc::vec::Vec;

/// What a line reports, if it is one of VMS.
///
/// The version belongs to the name of a file: without it another one would be meant. It does not belong to that of a
/// directory, nor does the type, as `CWD` takes neither. A size is a count of blocks, which does not tell how much of the
/// last one is used, so that no size in bytes is known.
pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Read> {
    let words = words(line);
    let (&(name, rest), columns) = words.split_first().filter(|_| !line.starts_with(b" "))?;
    let columns: Vec<_> = columns.iter().map(|(word, _)| *word).collect();
    read(name, rest, &columns, line, encoding)
}

/// What a name and the line after it report, if the columns of that line belong to that name.
pub(super) fn continued(name: &[u8], line: &[u8], both: &[u8], encoding: Encoding) -> Option<Read> {
    let columns: Vec<_> = words(line).iter().map(|(word, _)| *word).collect();
    read(name, line, &columns, both, encoding)
}

/// The name of a file, and nothing else: it was too long for the columns.
pub(super) fn is_name_alone(line: &[u8]) -> bool {
    is_name(line) && !line.contains(&b' ')
}

/// Head or foot of a listing: `Directory USER1:[TEMP]`, `ANONYMOUS:[000000]`, `Total of 11 files, 17 blocks.`
pub(super) fn is_frame(line: &[u8], words: &[&[u8]]) -> bool {
    let is_directory = |word: &[u8]| {
        let directory = word.iter().position(|&byte| byte == b'[').filter(|&at| at > 0);
        directory.is_some_and(|at| word.get(at.saturating_sub(1)) == Some(&b':')) && word.ends_with(b"]")
    };
    let is_files = |word: &[u8]| word.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"file"));
    match *words {
        [b"Directory", directory] => is_directory(directory),
        [directory] if is_directory(directory) => true,
        [b"Total", b"of", number, ..] => decimal(number).is_some(),
        [b"Total", number, files] => decimal(number).is_some() && is_files(files),
        // The last column of the line before, which was too long.
        [protection] if line.starts_with(b" ") => is_protection(protection),
        _ => false,
    }
}

fn read(name: &[u8], rest: &[u8], columns: &[&[u8]], line: &[u8], encoding: Encoding) -> Option<Read> {
    if !is_name(name) {
        return None;
    }
    if is_error(rest) {
        // What cannot be looked at is there all the same; what no file matches is not.
        return Some(match name.contains(&b'*') {
            true => Read::Nothing,
            false => Read::Entry(entry(name, encoding).with_line(line, encoding)),
        });
    }
    let columns = Columns::parse(columns)?;
    let mut entry = entry(name, encoding);
    entry.modified = match (columns.day, columns.clock) {
        (Some(day), Some(time)) => when(day, true, time)?,
        (Some(day), None) => day.and_then(on_day),
        (None, _) => None,
    };
    (entry.group, entry.owner) = match columns.owner.and_then(|owner| split_once(owner, b',')) {
        Some((group, member)) => (Some(encoding.decode(group)), Some(encoding.decode(member))),
        None => (None, columns.owner.map(|owner| encoding.decode(owner))),
    };
    Some(Read::Entry(entry.with_line(line, encoding)))
}

/// `NAME.TYPE;1`. With a directory before it, it would be a path.
fn is_name(word: &[u8]) -> bool {
    if word.iter().any(|byte| b"[]".contains(byte)) {
        return false;
    }
    match word.iter().rposition(|&byte| byte == b';').and_then(|at| word.split_at_checked(at)) {
        Some((name, version)) => !name.is_empty() && version.strip_prefix(b";").and_then(decimal).is_some(),
        None => false,
    }
}

/// `%RMS-E-PRV, insufficient privilege`, some put it in `<>`.
fn is_error(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let Some(text) = text.strip_prefix(b"<").unwrap_or(text).strip_prefix(b"%") else { return false };
    let facility = text.iter().position(|&byte| byte == b'-').and_then(|at| text.get(..at));
    facility.is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_uppercase))
}

fn entry(name: &[u8], encoding: Encoding) -> Entry {
    const DIRECTORY: &[u8] = b".DIR;1";
    let directory = name.len().checked_sub(DIRECTORY.len()).and_then(|at| name.split_at_checked(at));
    match directory.filter(|(_, rest)| rest.eq_ignore_ascii_case(DIRECTORY)) {
        Some((name, _)) => Entry::new(encoding.decode(name), Kind::Directory),
        None => Entry::new(encoding.decode(name), Kind::File),
    }
}

#[derive(Default)]
struct Columns<'a> {
    blocks: Option<()>,
    /// Nothing in it where no calendar has the day.
    day: Option<Option<i64>>,
    clock: Option<&'a [u8]>,
    owner: Option<&'a [u8]>,
    protection: Option<()>,
}

impl<'a> Columns<'a> {
    fn parse(words: &[&'a [u8]]) -> Option<Self> {
        let mut columns = Self::default();
        for &word in words {
            if columns.day.is_some() && columns.clock.is_none() && word.contains(&b':') {
                columns.clock = Some(word);
            } else if is_day_month_year(word) && has_long_year(word) {
                once(&mut columns.day, day_month_year(word))?;
            } else if is_size(word) {
                once(&mut columns.blocks, ())?;
            } else if word.starts_with(b"(") {
                once(&mut columns.protection, is_protection(word).then_some(())?)?;
            } else if is_name(word) {
                return None;
            } else {
                // A long one is cut off, and has no bracket at its end.
                let owner = word.strip_prefix(b"[").unwrap_or(word);
                once(&mut columns.owner, owner.strip_suffix(b"]").unwrap_or(owner))?;
            }
        }
        (columns.day.is_some() || columns.protection.is_some()).then_some(columns)
    }
}

fn once<T>(column: &mut Option<T>, value: T) -> Option<()> {
    column.is_none().then(|| *column = Some(value))
}

fn has_long_year(date: &[u8]) -> bool {
    date.iter().rev().take_while(|byte| byte.is_ascii_digit()).count() == 4
}

/// Blocks: `9`, used and allocated `9/12`, too many `******`; or `2KB`.
fn is_size(word: &[u8]) -> bool {
    if let Some((used, allocated)) = split_once(word, b'/') {
        return decimal(used).and(decimal(allocated)).is_some();
    }
    let number = [&b"KB"[..], b"MB", b"GB"].iter().find_map(|unit| word.strip_suffix(*unit)).unwrap_or(word);
    decimal(number).is_some() || (!word.is_empty() && word.iter().all(|&byte| byte == b'*'))
}

/// `(RWED,RWED,RE,)`
fn is_protection(word: &[u8]) -> bool {
    let rights = word.strip_prefix(b"(").and_then(|word| word.strip_suffix(b")"));
    rights.is_some_and(|rights| rights.iter().all(|&byte| byte.is_ascii_uppercase() || byte == b','))
}
