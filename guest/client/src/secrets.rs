//! Passwords and accounts that were sent. Where the words of a server are shown, one that it repeats is stars.

use crate::error::{Error, Reply};
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes from which on a secret is looked for in every reply. A shorter one may be a part of any word: it is looked for
/// only in the reply to itself.
const LEAST: usize = 4;

/// How many are kept: the last one, and the longest of those before.
const KEPT: usize = 8;

/// What was sent to log in, to be recognized again.
#[derive(Default)]
pub(crate) struct Secrets {
    /// The longest first, as one may be a part of another.
    known: Vec<Secret>,
    /// The reply to a secret is read, or was the last one.
    pub(crate) closely: bool,
}

/// Without `Debug`, and gone from memory when it is dropped.
struct Secret(Vec<u8>);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        core::hint::black_box(&self.0);
    }
}

impl Secrets {
    pub(crate) fn add(&mut self, secret: &str) {
        let bytes = secret.as_bytes();
        if bytes.is_empty() || self.known.iter().any(|known| known.0 == bytes) {
            return;
        }
        if self.known.len() == KEPT {
            self.known.pop();
        }
        let place = self.known.partition_point(|known| known.0.len() >= bytes.len());
        self.known.insert(place, Secret(bytes.to_vec()));
    }

    /// A text of the server, for people.
    pub(crate) fn mask(&self, mut text: String) -> String {
        for Secret(secret) in &self.known {
            if (self.closely || secret.len() >= LEAST)
                && let Ok(secret) = str::from_utf8(secret)
                && text.contains(secret)
            {
                text = text.replace(secret, "****");
            }
        }
        text
    }

    /// The reply to a secret.
    pub(crate) fn mask_reply(&self, reply: Reply) -> Reply {
        Reply { code: reply.code, lines: reply.lines.into_iter().map(|line| self.mask(line)).collect() }
    }

    /// An error on its way to the caller.
    pub(crate) fn mask_error(&self, error: Error) -> Error {
        match error {
            Error::Refused { kind, reply } => Error::Refused { kind, reply: self.mask_reply(reply) },
            Error::Failed { kind, text, cause } => Error::Failed { kind, text: self.mask(text), cause },
            error => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;
    use ftp_types::Cause;

    fn secrets(known: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        known.iter().for_each(|secret| secrets.add(secret));
        secrets
    }

    #[test]
    fn a_repeated_secret_is_masked() {
        for (text, known, expected) in [
            ("bad password hunter2, hunter2!", &["hunter2"][..], "bad password ****, ****!"),
            ("homestead and home", &["home", "homestead"], "**** and ****"),
            ("nothing here", &["hunter2", ""], "nothing here"),
            ("too short: abc", &["abc"], "too short: abc"),
            ("schlüssel", &["schlüssel"], "****"),
        ] {
            assert_eq!(secrets(known).mask(text.into()), expected);
        }
    }

    #[test]
    fn a_short_secret_is_masked_in_the_reply_to_itself() {
        let mut secrets = secrets(&["abc"]);
        secrets.closely = true;
        assert_eq!(secrets.mask("abc is wrong".into()), "**** is wrong");
    }

    #[test]
    fn texts_of_every_error_are_masked() {
        let secrets = secrets(&["hunter2"]);
        let reply = || Reply { code: 550, lines: vec!["hunter2?".into(), "no hunter2".into()] };
        let text = || "hunter2";
        for error in [
            Error::transient(reply()),
            Error::permanent(reply()),
            Error::unexpected(reply()),
            Error::no_way_back(text()),
            Error::tls(text()),
            Error::insecure(text()),
            Error::protocol(text()),
            Error::integrity(text()),
            Error::incomplete(text()),
            Error::unverified(text()),
            Error::unsupported(text()),
            Error::other(text()),
            Error::access_denied(text()).with_cause(Cause::Denied),
        ] {
            let masked = secrets.mask_error(error);
            let shown = format!("{masked} {masked:?}");
            assert!(shown.contains("****") && !shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn the_last_secret_is_among_the_few_that_are_kept() {
        let mut secrets = Secrets::default();
        for number in 0..100 {
            secrets.add(&format!("secret-{number}"));
        }
        assert_eq!(secrets.known.len(), KEPT);
        assert_eq!(secrets.mask("secret-99".into()), "****");
    }
}
