//! Easily parsed `LIST` format (D. J. Bernstein, publicfile and anonftpd): `+`, facts that each end in a comma, a tab,
//! the name.

use super::{Entry, Kind};
use crate::encoding::Encoding;
use crate::number::{decimal, octal};
use crate::time::{Precision, Timestamp};

pub(super) fn parse(line: &[u8], encoding: Encoding) -> Option<Entry> {
    let line_of_facts = line.strip_prefix(b"+")?;
    let tab = line_of_facts.iter().position(|&byte| byte == b'\t')?;
    let (facts, name) = line_of_facts.split_at_checked(tab)?;
    let mut entry = Entry::new(encoding.decode(name.strip_prefix(b"\t")?), Kind::Other);
    for fact in facts.split(|&byte| byte == b',') {
        match fact.split_first() {
            Some((b'/', _)) => entry.kind = Kind::Directory,
            Some((b'r', _)) if entry.kind == Kind::Other => entry.kind = Kind::File,
            Some((b's', size)) => entry.size = decimal(size),
            Some((b'm', seconds)) => entry.modified = time(seconds),
            Some((b'i', identity)) => entry.unique_id = Some(encoding.decode(identity)),
            Some((b'u', [b'p', mode @ ..])) => entry.permissions = permissions(mode),
            _ => {}
        }
    }
    // A text that begins with a plus and has a tab in it is no entry yet.
    let is_known = entry.kind != Kind::Other || entry.unique_id.is_some();
    is_known.then(|| entry.with_line(line, encoding))
}

fn time(seconds: &[u8]) -> Option<Timestamp> {
    let seconds = i64::try_from(decimal(seconds)?).ok()?;
    Some(Timestamp { seconds, nanoseconds: 0, precision: Precision::Second, utc: true })
}

fn permissions(mode: &[u8]) -> Option<u16> {
    u16::try_from(octal(mode)?).ok().filter(|&mode| mode <= 0o7777)
}
