//! Why there is no TLS, with the facts for who has to mend it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use ftp_protocol::time::time_val;

/// A failure of TLS that somebody can mend. Times are seconds since 1970-01-01T00:00:00 UTC, digests are SHA-256 digests of the
/// server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsCause {
    /// No authority that is trusted has issued the server's certificate.
    UnknownIssuer([u8; 32]),
    /// The server's certificate is its own issuer, and not among the trusted ones.
    SelfSigned([u8; 32]),
    /// The server's certificate is not the pinned one.
    NotPinned([u8; 32]),
    /// The server's certificate has expired at this time.
    Expired(i64),
    /// The server's certificate is not valid before this time.
    NotValidYet(i64),
    /// The server's certificate is for these names only.
    OtherName(Vec<String>),
    /// The server's certificate has no subject alternative name, and so is for no name.
    NoName,
    /// The server wants a certificate of the client, and there is none.
    CertificateWanted,
    /// What answers does not speak TLS.
    NotTls,
}

impl fmt::Display for TlsCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, digest) = match self {
            Self::CertificateWanted => return f.write_str("the server wants a certificate of the client"),
            Self::NotTls => return f.write_str("the server does not speak TLS here"),
            Self::Expired(end) => return write!(f, "the server's certificate has expired on {}", Time(*end)),
            Self::NotValidYet(begin) => {
                return write!(f, "the server's certificate is not valid yet: it is from {} on", Time(*begin));
            }
            Self::OtherName(names) => {
                return write!(f, "the server's certificate is for another name: for {}", names.join(", "));
            }
            Self::NoName => {
                return f.write_str("the server's certificate is for no name: it has no subject alternative name");
            }
            Self::UnknownIssuer(digest) => ("from an unknown issuer", digest),
            Self::SelfSigned(digest) => ("from an unknown issuer: it is self-signed", digest),
            Self::NotPinned(digest) => ("not the pinned one", digest),
        };
        write!(f, "the server's certificate is {text}; its SHA-256 digest is ")?;
        digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::error::Error for TlsCause {}

/// As `2026-01-31 12:00:00 UTC`.
struct Time(i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = time_val(self.0).unwrap_or_default();
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
        write!(f, "{year}-{month}-{day} {}:{}:{} UTC", part(8, 10), part(10, 12), part(12, 14))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn each_cause_has_its_facts() {
        let digest = core::array::from_fn(|index| u8::try_from(index).unwrap_or_default());
        for (cause, facts) in [
            (TlsCause::Expired(1_790_000_000), &["expired on 2026-09-21 14:13:20 UTC"][..]),
            (TlsCause::NotValidYet(0), &["not valid yet", "1970-01-01 00:00:00 UTC"]),
            (TlsCause::OtherName(vec!["a".into(), "b".into()]), &["another name", "a, b"]),
            (TlsCause::SelfSigned(digest), &["self-signed", "00010203", "1e1f"]),
            (TlsCause::UnknownIssuer(digest), &["unknown issuer", "00010203"]),
            (TlsCause::NotPinned(digest), &["not the pinned one", "00010203"]),
        ] {
            let text = cause.to_string();
            assert!(facts.iter().all(|fact| text.contains(fact)), "{text}");
        }
    }
}
