//! Listings: the facts of `MLSD` and `MLST` (RFC 3659, section 7) and the lines of `LIST` (RFC 959, section 4.1.3).
//!
//! Lines are given without their line end. A line that is not understood stays a line: guessing would invent files.

mod column;
mod date;
mod dos;
mod enterprise;
mod eplf;
mod facts;
mod guardian;
mod month;
mod mvs;
mod netware;
mod os2;
mod os400;
mod parser;
mod unix;
mod vms;
mod vxworks;
mod wellfleet;
mod zvm;

pub use facts::{mlsd_line, mlst_entry};
pub use parser::Parser;

use crate::encoding::Encoding;
use crate::number::decimal;
use crate::time::Timestamp;
use alloc::string::String;
use alloc::vec::Vec;

/// One member of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// A single path component: never empty, `..` or with a `/`, and `.` or `/` only where a directory was asked for by such
    /// a name. Anything else that a server may have invented, control characters among them, is kept.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Size in bytes, where the server reports it.
    pub size: Option<u64>,
    /// Last modification, where the server reports it.
    pub modified: Option<Timestamp>,
    /// Unix permission bits, 0o7777 at most.
    pub permissions: Option<u16>,
    /// Owner, as a name or a number.
    pub owner: Option<String>,
    /// Group, as a name or a number.
    pub group: Option<String>,
    /// Where a symbolic link points, where the server reports it.
    pub link_target: Option<String>,
    /// The server's identity for the file, from the `unique` fact (RFC 3659, section 7.5.2).
    pub unique_id: Option<String>,
    /// What the server sent for it.
    pub raw: RawEntry,
}

/// What a server sent for an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawEntry {
    /// The facts of `MLSD` or `MLST`, without the name after them: `type=file;size=3;` (RFC 3659, section 7.2). None
    /// where the server was asked for size and time only.
    Facts(String),
    /// The whole line of a `LIST` reply, which is two with a line feed between them where VMS needs two.
    Line(String),
}

/// What an [`Entry`] is (RFC 3659, section 7.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; where it leads is not known.
    SymbolicLink,
    /// A device, a socket, or a type that is not known.
    Other,
}

/// What one line of a listing turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A line that was understood.
    Entry(Entry),
    /// A line of a kind that is not known, as it came.
    Unparsed(String),
    /// A line without a member of the directory: `.`, `..`, the directory itself or its parent, a total, nothing.
    Skipped,
}

impl Entry {
    /// Name and value of every fact, as the server sent them and in its order. A name means the same in upper and in
    /// lower case. An entry of a `LIST` reply has none.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        let facts = match &self.raw {
            RawEntry::Facts(facts) => facts.as_str(),
            RawEntry::Line(_) => "",
        };
        facts.split_terminator(';').filter_map(|fact| fact.split_once('='))
    }

    /// An entry of which nothing else is known.
    fn new(name: String, kind: Kind) -> Self {
        Self {
            name,
            kind,
            size: None,
            modified: None,
            permissions: None,
            owner: None,
            group: None,
            link_target: None,
            unique_id: None,
            raw: RawEntry::Facts(String::new()),
        }
    }

    /// With the whole line of a `LIST` reply.
    fn with_line(mut self, line: &[u8], encoding: Encoding) -> Self {
        self.raw = RawEntry::Line(encoding.decode(line));
        self
    }
}

/// The entry, unless its name is not that of a member of the directory; `None` when it leads elsewhere.
fn named(entry: Entry) -> Option<Listed> {
    match entry.name.as_str() {
        "." | ".." => Some(Listed::Skipped),
        name if name.is_empty() || name.contains('/') => None,
        _ => Some(Listed::Entry(entry)),
    }
}

/// The words of a line with what follows each, for as many words as any known form has before the name.
///
/// Words are set apart by spaces; the rest still has the space that ends the word.
fn words(line: &[u8]) -> Vec<(&[u8], &[u8])> {
    const MOST: usize = 24;
    let mut words = Vec::with_capacity(MOST);
    let mut rest = line;
    while words.len() < MOST {
        let Some(start) = rest.iter().position(|&byte| byte != b' ') else {
            break;
        };
        let word = rest.get(start..).unwrap_or_default();
        let end = word.iter().position(|&byte| byte == b' ');
        let Some((word, after)) = word.split_at_checked(end.unwrap_or(word.len())) else {
            break;
        };
        words.push((word, after));
        rest = after;
    }
    words
}

/// A number of one or two digits.
fn two_digits(text: &[u8]) -> Option<u64> {
    decimal(text).filter(|_| text.len() <= 2)
}

/// A year, of which two digits are one from 1970 to 2069, and three the years since 1900 of a program that took
/// them for two.
fn year_of(text: &[u8]) -> Option<u64> {
    let number = decimal(text)?;
    match (text.len(), number) {
        (4, year) => Some(year),
        (3, 100..) | (2, 70..) => number.checked_add(1900),
        (2, _) => number.checked_add(2000),
        _ => None,
    }
}

/// What stands before and after the first of these bytes.
fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    let (before, after) = text.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}

/// The three parts of a date such as `06-15-24`.
fn parts(text: &[u8], separator: u8) -> Option<[&[u8]; 3]> {
    let (first, rest) = split_once(text, separator)?;
    let (second, third) = split_once(rest, separator)?;
    Some([first, second, third])
}

#[cfg(test)]
mod tests;
