//! The lines of Connect:Enterprise for Unix: flags and protocol, `A` or `B`, owner, number, size, date, name.

use super::column::number_or_none;
use super::date::Date;
use super::{Entry, Kind, words};
use crate::encoding::Encoding;
use crate::number::decimal;

pub(super) fn parse(line: &[u8], encoding: Encoding, now: Option<i64>) -> Option<Entry> {
    let words = words(line);
    let [(flags, _), (b"A" | b"B", _), (owner, _), (number, _), (size, _), ..] = *words.as_slice() else {
        return None;
    };
    let protocol = flags.strip_prefix(b"-")?.get(9..)?;
    let is_flag = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'-';
    if !flags.iter().all(is_flag) || !matches!(protocol, b"FTP" | b"FTS" | b"TCP" | b"BSC") {
        return None;
    }
    decimal(number)?;
    let date = words.get(5..)?;
    let date = Date::parse(date, now).or_else(|| Date::of_no_day(date))?;
    let mut entry = Entry::new(encoding.decode(date.name()?), Kind::File);
    entry.size = number_or_none(size)?;
    entry.modified = date.modified;
    entry.owner = Some(encoding.decode(owner));
    Some(entry.with_line(line, encoding))
}
