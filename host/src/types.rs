//! The vocabulary of the contract, as the bindings give it.

use crate::bindings::exports::ftp::client::types;

pub use types::{
    Active, DataMode, Encoding, Entry, EntryKind, Limit, Listed, Outcome, Phase, Precision, Reply, Representation,
    Timestamp,
};

impl Default for DataMode {
    fn default() -> Self {
        Self::Passive
    }
}

impl Default for Encoding {
    fn default() -> Self {
        Self::Utf8
    }
}
