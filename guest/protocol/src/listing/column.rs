//! What the dialects of `LIST` share: what a line can be, the tables that have a head, and columns of sizes.

use super::Entry;
use crate::number::decimal;

/// What a line that was understood reports.
pub(super) enum Read {
    /// A member.
    Entry(Entry),
    /// That there is none.
    Nothing,
}

/// A table that a listing has a head for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// Data sets of z/OS.
    DataSets,
    /// Members of a partitioned data set of z/OS.
    Members,
    /// Members that are load modules.
    LoadModules,
    /// Files of Guardian, on NonStop.
    Guardian,
    /// Files of a router of Bay Networks or Nortel.
    Wellfleet,
}

/// A number that servers send for a size: none where it is negative or beyond 64 bits, as `-1` for one that is not known.
pub(super) fn number_or_none(text: &[u8]) -> Option<Option<u64>> {
    let (digits, negative) = match text.strip_prefix(b"-") {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| decimal(digits).filter(|_| !negative))
}

/// A size as people read it: `33.5k`. Not one in bytes.
pub(super) fn human(text: &[u8]) -> bool {
    let Some((b'k' | b'K' | b'M' | b'G' | b'T' | b'P', number)) = text.split_last() else { return false };
    let (whole, part) = super::split_once(number, b'.').unwrap_or((number, b"0"));
    decimal(whole).is_some() && decimal(part).is_some()
}
