//! The lines of OS/2: size, attributes, `DIR`, date, time, name.

use super::date::Clock;
use super::{Entry, Kind, parts, two_digits, words, year_of};
use crate::encoding::Encoding;
use crate::number::decimal;
use crate::time::days;

pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let words = words(line);
    let (&(size, _), after) = words.split_first()?;
    let size = decimal(size)?;
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
    let day = days(year_of(year)?, two_digits(month)?, two_digits(day)?)?;
    // Two spaces stand before the name, after a clock of five characters.
    let name = rest.strip_prefix(b"  ")?;
    let mut entry = Entry::new(encoding.decode(name), kind);
    entry.size = (kind == Kind::File).then_some(size);
    entry.modified = Some(Clock::parse(time)?.on(day)?);
    Some(entry.with_line(line, encoding))
}
