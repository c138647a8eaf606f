//! What is left of a listing to compare it with another one.

use crate::listing::Listing;
use core::fmt::{self, Write as _};
use ftp_protocol::listing::{Entry, Kind, Listed};

/// What is left of a listing to compare it with another one. The order of its lines does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Print {
    count: usize,
    names: u64,
    kinds: u64,
    facts: u64,
}

impl Print {
    pub(crate) fn of(listing: &Listing) -> Self {
        listing.listed.iter().fold(Self::default(), |print, listed| match listed {
            Listed::Entry(entry) => print.and(&entry.name, &entry.kind, facts(entry)),
            Listed::Unparsed(line) => print.and(line, &Kind::Other, 0),
            Listed::Skipped => print,
        })
    }

    fn and(self, name: &str, kind: &Kind, facts: u64) -> Self {
        let mut hash = Fnv::default();
        // Writing to it does not fail.
        let _ = hash.write_str(name);
        let mut kinds = Fnv(hash.0);
        let _ = write!(kinds, "{kind:?}");
        Self {
            count: self.count.saturating_add(1),
            names: self.names.wrapping_add(hash.0),
            kinds: self.kinds.wrapping_add(kinds.0),
            facts: self.facts.wrapping_add(hash.0.rotate_left(17) ^ facts),
        }
    }

    /// The same names.
    pub(crate) fn has_names_of(self, other: Self) -> bool {
        (self.count, self.names) == (other.count, other.names)
    }

    /// The same names, each of the same kind.
    pub(crate) fn has_members_of(self, other: Self) -> bool {
        self.has_names_of(other) && self.kinds == other.kinds
    }
}

/// What an entry says of itself, apart from its name. Not the line: it may begin otherwise where there was an argument.
fn facts(entry: &Entry) -> u64 {
    let mut hash = Fnv::default();
    let Entry { kind, size, modified, permissions, owner, unique_id, .. } = entry;
    let _ = write!(hash, "{kind:?} {size:?} {modified:?} {permissions:?} {owner:?} {unique_id:?}");
    hash.0
}

/// FNV-1a, of 64 bits.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = text.bytes().fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Ok(())
    }
}
