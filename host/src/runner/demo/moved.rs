//! What transfers say of themselves.

use std::ops::AddAssign;

use ftp_host::Outcome;

/// What was moved, and how it was protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub bytes: u64,
    /// Those that came to their end. The others have nothing to say.
    pub transfers: usize,
    pub encrypted: usize,
    pub resumed: usize,
}

impl Moved {
    /// By a transfer that was cut.
    pub fn cut(bytes: u64) -> Self {
        Self { bytes, ..Self::default() }
    }
}

impl From<Outcome> for Moved {
    fn from(outcome: Outcome) -> Self {
        Self {
            bytes: outcome.bytes,
            transfers: 1,
            encrypted: outcome.encrypted.into(),
            resumed: outcome.resumed.into(),
        }
    }
}

impl AddAssign for Moved {
    fn add_assign(&mut self, more: Self) {
        self.bytes += more.bytes;
        self.transfers += more.transfers;
        self.encrypted += more.encrypted;
        self.resumed += more.resumed;
    }
}
