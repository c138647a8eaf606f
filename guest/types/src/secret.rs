//! Texts that must not be shown.

use alloc::string::String;
use core::fmt::{self, Debug, Formatter};

/// A password or a private key. `Debug` does not show it, and there is no `Display`.
///
/// The bindings of a component derive `Debug` for every record, so that a type of theirs with a password in it must never be
/// printed. Types with a secret are written by hand with this one in them, and become a binding where the call is made.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whom it is meant.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn debug_has_nothing_of_it() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "…");
    }
}
