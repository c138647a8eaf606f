//! The tables of z/OS: data sets, and the members of a partitioned one. Its jobs (JES) stay lines.
//!
//! Nothing in them is a size in bytes: data sets are counted in tracks, members in lines, and the size of a load module
//! is the one that it has in storage.

use super::column::Table;
use super::date::{lengths, when};
use super::{Entry, Kind, parts, split_once, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::number::decimal;
use crate::time::days;
use alloc::vec::Vec;

/// The head of a table.
pub(super) fn table(words: &[&[u8]]) -> Option<Table> {
    match *words {
        [b"Volume", b"Unit", .., b"Dsorg", b"Dsname"] => Some(Table::DataSets),
        [b"Name", b"VV.MM", b"Created", b"Changed", .., b"Id" | b"ID"] => Some(Table::Members),
        [b"Name", b"Size", b"TTR", b"Alias-of", ..] => Some(Table::LoadModules),
        _ => None,
    }
}

/// The entry of a line under the head of a table.
pub(super) fn parse(table: Table, line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words: Vec<_> = words(line).iter().map(|(word, _)| *word).collect();
    let entry = match table {
        Table::DataSets => data_set(&words, encoding),
        Table::Members => member(&words, encoding),
        Table::LoadModules => load_module(&words, encoding),
        Table::Guardian | Table::Wellfleet => None,
    };
    Some(entry?.with_line(line, encoding))
}

/// `SAVE01 3390   2004/06/23  1    1  FB     128  6144  PO    NAME`. The date is that of the last use, not of the last
/// change, so that no modification time is known.
fn data_set(words: &[&[u8]], encoding: Encoding) -> Option<Entry> {
    let (name, columns) = words.split_last()?;
    let kind = match *columns {
        // On tape, and nothing else is known: what is there has no members.
        [_, b"Tape" | b"TAPE"] => Kind::File,
        [b"Pseudo", b"Directory"] => Kind::Directory,
        // Somewhere else, and whether it is partitioned is not known.
        [b"Migrated" | b"MIGRATED"]
        | [b"ARCIVE", b"Not", b"Direct", b"Access", b"Device"]
        | [b"Error", b"determining", b"attributes"]
        | [_, b"Error", b"determining", b"attributes"]
        | [_, b"Not", b"Mounted"]
        | [b"User", b"catalog", b"connector"] => Kind::Other,
        [organization] | [_, _, organization] => data_set_kind(organization)?,
        [_, _, referred, .., organization] if is_date(referred) => data_set_kind(organization)?,
        _ => return None,
    };
    Some(Entry::new(encoding.decode(name), kind))
}

fn data_set_kind(organization: &[u8]) -> Option<Kind> {
    match organization {
        b"PO" | b"PO-E" | b"POU" => Some(Kind::Directory),
        b"PS" | b"PS-E" | b"PS-L" | b"PSU" | b"DA" | b"IS" => Some(Kind::File),
        b"VSAM" | b"GDG" | b"PATH" | b"NONE" => Some(Kind::Other),
        _ => None,
    }
}

/// `SAVE03    01.03 2002/09/12 2002/10/11 09:37    11    11     0 KIL001`, or a name alone.
fn member(words: &[&[u8]], encoding: Encoding) -> Option<Entry> {
    let (name, columns) = words.split_first()?;
    let mut entry = Entry::new(encoding.decode(name), Kind::File);
    let (version, created, changed, time, owner) = match *columns {
        [] => return Some(entry),
        [version, created, changed, time, _, _, _] => (version, created, changed, time, None),
        [version, created, changed, time, _, _, _, owner] => (version, created, changed, time, Some(owner)),
        _ => return None,
    };
    let (version, modification) = split_once(version, b'.')?;
    decimal(version).and(decimal(modification))?;
    if !is_day(created) {
        return None;
    }
    entry.modified = when(calendar_day(changed), is_day(changed), time)?;
    entry.owner = owner.map(|owner| encoding.decode(owner));
    Some(entry)
}

/// `EAGRTPRC  005F48   000011 EAGRTALT 00 FO             RN RU            31    ANY`
fn load_module(words: &[&[u8]], encoding: Encoding) -> Option<Entry> {
    let &[name, size, place, _, ..] = words else { return None };
    let is_hexadecimal = |word: &[u8]| word.len() >= 6 && word.iter().all(u8::is_ascii_hexdigit);
    (is_hexadecimal(size) && is_hexadecimal(place)).then(|| Entry::new(encoding.decode(name), Kind::File))
}

/// Whether this is a date in one of the forms of the last decades, or that there is none.
fn is_date(text: &[u8]) -> bool {
    let is_number = |part: &[u8]| decimal(part).is_some();
    text == b"**NONE**" || parts(text, b'/').is_some_and(|parts| parts.into_iter().all(is_number))
}

/// Whether this has the form of `2004/06/23` or `94/12/15`.
fn is_day(text: &[u8]) -> bool {
    matches!(lengths(text, b'/'), Some([2 | 4, 1..=2, 1..=2]))
}

/// The day of `2004/06/23` or `94/12/15`.
fn calendar_day(text: &[u8]) -> Option<i64> {
    let [year, month, day] = parts(text, b'/')?;
    days(year_of(year).filter(|_| year.len() != 3)?, two_digits(month)?, two_digits(day)?)
}
