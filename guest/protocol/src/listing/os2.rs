//! The lines of OS/2: size, attributes, `DIR`, date, time, name.

use super::column::number_or_none;
use super::date::{lengths, when};
use super::{Entry, Kind, parts, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::time::days;

pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words = words(line);
    let (&(size, _), after) = words.split_first()?;
    let size = number_or_none(size)?;
    let at = after.iter().position(|(word, _)| word.contains(&b'-'))?;
    let mut kind = Kind::File;
    for (word, _) in after.get(..at)? {
        match *word {
            b"DIR" => kind = Kind::Directory,
            word if word.iter().all(|letter| b"RSHA".contains(letter)) => {}
            _ => return None,
        }
    }
    let &[(date, _), (time, rest), ..] = after.get(at..)? else { return None };
    let [month, day, year] = parts(date, b'-')?;
    let day = year_of(year).and_then(|year| days(year, two_digits(month)?, two_digits(day)?));
    let modified = when(day, matches!(lengths(date, b'-'), Some([1..=2, 1..=2, 2..=4])), time)?;
    // Two spaces stand before the name, after a clock of five characters.
    let name = rest.strip_prefix(b"  ")?;
    let mut entry = Entry::new(encoding.decode(name), kind);
    entry.size = size.filter(|_| kind == Kind::File);
    entry.modified = modified;
    Some(entry.with_line(line, encoding))
}
