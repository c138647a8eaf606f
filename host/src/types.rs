//! The vocabulary of the contract, as the bindings give it.

use crate::bindings::exports::ftp::client::types;

pub use types::{
    Active, Arrived, DataEnd, DataMode, Encoding, Encryption, Entry, EntryKind, Listed, Precision, Protection,
    RawEntry, Representation, Security, Timestamp, TlsCiphers, TlsVersion, TransferMode, Trust,
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

impl Entry {
    /// Name and value of every fact, as the server sent them and in its order (RFC 3659, section 7.5). A name means the
    /// same in upper and in lower case. An entry of a `LIST` reply has none.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        let facts = match &self.raw {
            RawEntry::Facts(facts) => facts.as_str(),
            RawEntry::Line(_) => "",
        };
        facts.split_terminator(';').filter_map(|fact| fact.split_once('='))
    }
}
