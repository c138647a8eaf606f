//! The vocabulary of the contract, as the bindings give it.

use crate::bindings::exports::ftp::client::types;

pub(crate) use types::Retry;
pub use types::{
    Active, Algorithm, Arrived, Checksum, Copied, DataEnd, DataMode, Encoding, Encryption, Entry, EntryKind, Limit,
    Listed, Outcome, Phase, Precision, Protection, Reply, Representation, Security, Timestamp, TlsVersion,
    TransferMode, Trust,
};

impl Default for DataMode {
    fn default() -> Self {
        Self::Passive
    }
}

impl Default for Security {
    fn default() -> Self {
        Self::None
    }
}

impl Default for Encoding {
    fn default() -> Self {
        Self::Utf8
    }
}
