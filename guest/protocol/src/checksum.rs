//! Checksums that servers compute: `HASH` (draft-bryan-ftpext-hash), and the commands with a name of their own that were
//! there before it: `XSHA512`, `XSHA256`, `XSHA1`, `XSHA`, `XMD5`, `MD5` (draft-twine-ftpmd5) and `XCRC`.

use crate::features;
use alloc::format;
use alloc::string::String;
use core::fmt;

/// What a checksum is computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256 (RFC 6234).
    Sha256,
    /// SHA-512 (RFC 6234).
    Sha512,
    /// SHA-1 (RFC 3174): no protection against somebody who makes two files with the same one.
    Sha1,
    /// MD5 (RFC 1321): as SHA-1.
    Md5,
    /// CRC-32 (as in ISO 3309): finds accidents only.
    Crc32,
}

impl Algorithm {
    /// Every one, the best first; SHA-512 says no more than SHA-256, and takes longer here.
    pub const ALL: [Self; 5] = [Self::Sha256, Self::Sha512, Self::Sha1, Self::Md5, Self::Crc32];

    /// The name that `HASH` has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// Hexadecimal digits of a checksum.
    pub fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
            Self::Sha1 => 40,
            Self::Md5 => 32,
            Self::Crc32 => 8,
        }
    }

    fn verbs(self) -> &'static [&'static str] {
        match self {
            Self::Sha256 => &["XSHA256"],
            Self::Sha512 => &["XSHA512"],
            Self::Sha1 => &["XSHA1", "XSHA"],
            Self::Md5 => &["XMD5", "MD5"],
            Self::Crc32 => &["XCRC"],
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a server is asked for a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `HASH`, once `OPTS HASH` has chosen the algorithm.
    Hash,
    /// A command of its own.
    Verb(&'static str),
}

/// How a server with these features is asked for this checksum, if it has it.
pub fn way(features: &[String], algorithm: Algorithm) -> Option<Way> {
    if hash_names(features).any(|name| name.eq_ignore_ascii_case(algorithm.name())) {
        return Some(Way::Hash);
    }
    algorithm.verbs().iter().find(|verb| features::has(features, verb)).map(|verb| Way::Verb(verb))
}

/// The names in `HASH SHA-256*;SHA-1;MD5`, where a star marks the one that is chosen.
fn hash_names(features: &[String]) -> impl Iterator<Item = &str> {
    let lists = features.iter().filter_map(|feature| {
        let (verb, list) = feature.split_once(' ')?;
        verb.eq_ignore_ascii_case("HASH").then_some(list)
    });
    lists.flat_map(|list| list.split([';', ' '])).map(|name| name.trim_end_matches('*'))
}

/// The checksum in the text of a reply, in lower case: `SHA-256 0-49 6ae8… name` to `HASH`, and to the others
/// `6ae8…` with or without other words.
///
/// `None` when there is none of the right length. A CRC may lack zeros in front.
pub fn parse(text: &[u8], way: Way, algorithm: Algorithm) -> Option<String> {
    // A name in it may be in any encoding.
    let text = String::from_utf8_lossy(text);
    let mut words = text.split_ascii_whitespace();
    let digits = algorithm.digits();
    if way == Way::Hash {
        let named = words.next()?.eq_ignore_ascii_case(algorithm.name());
        return words.nth(1).filter(|word| named && is_checksum(word, digits)).map(str::to_ascii_lowercase);
    }
    // A name may come before it, and may look like one.
    if let Some(word) = words.clone().rfind(|word| is_checksum(word, digits)) {
        return Some(word.to_ascii_lowercase());
    }
    let short = words.rfind(|word| word.len() < digits && word.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    (algorithm == Algorithm::Crc32).then(|| format!("{:0>digits$}", short.to_ascii_lowercase()))
}

fn is_checksum(word: &str, digits: usize) -> bool {
    word.len() == digits && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn features(lines: &[&str]) -> Vec<String> {
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn hash_is_preferred_and_needs_the_algorithm() {
        let both = features(&["HASH SHA-512;SHA-256;SHA-1*;MD5;CRC32", "XMD5", "XSHA512"]);
        let table = [
            (both.clone(), Algorithm::Sha1, Some(Way::Hash)),
            (both.clone(), Algorithm::Crc32, Some(Way::Hash)),
            (features(&["HASH SHA-1*", "XMD5"]), Algorithm::Md5, Some(Way::Verb("XMD5"))),
            (features(&["hash md5"]), Algorithm::Md5, Some(Way::Hash)),
            (features(&["MD5"]), Algorithm::Md5, Some(Way::Verb("MD5"))),
            (features(&["XSHA"]), Algorithm::Sha1, Some(Way::Verb("XSHA"))),
            (features(&["XCRC filename;start;end"]), Algorithm::Crc32, Some(Way::Verb("XCRC"))),
            (features(&["HASH SHA-1*"]), Algorithm::Sha256, None),
            (features(&["SIZE", "MDTM"]), Algorithm::Sha256, None),
            (features(&["HASH"]), Algorithm::Sha256, None),
        ];
        for (features, algorithm, expected) in table {
            assert_eq!(way(&features, algorithm), expected, "{features:?}");
        }
    }

    #[test]
    fn checksums_of_replies() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        let table: [(String, Way, Algorithm, Option<&str>); 14] = [
            (format!("MD5 0-49 {md5} a b"), Way::Hash, Algorithm::Md5, Some(md5)),
            (format!("md5 0-49 {} x", md5.to_uppercase()), Way::Hash, Algorithm::Md5, Some(md5)),
            (format!("SHA-1 0-49 {md5} x"), Way::Hash, Algorithm::Md5, None),
            (format!("MD5 {md5}"), Way::Hash, Algorithm::Md5, None),
            (md5.to_string(), Way::Verb("XMD5"), Algorithm::Md5, Some(md5)),
            (format!("\"{md5}\" {}", md5.to_uppercase()), Way::Verb("MD5"), Algorithm::Md5, Some(md5)),
            (format!("MD5 ({md5}) here"), Way::Verb("XMD5"), Algorithm::Md5, None),
            (format!("{md5} ok"), Way::Verb("XMD5"), Algorithm::Md5, Some(md5)),
            (format!("{md5}0"), Way::Verb("XMD5"), Algorithm::Md5, None),
            ("CBF43926".to_string(), Way::Verb("XCRC"), Algorithm::Crc32, Some("cbf43926")),
            ("1F2".to_string(), Way::Verb("XCRC"), Algorithm::Crc32, Some("000001f2")),
            ("a cbf43926".to_string(), Way::Verb("XCRC"), Algorithm::Crc32, Some("cbf43926")),
            ("xyz".to_string(), Way::Verb("XCRC"), Algorithm::Crc32, None),
            (String::new(), Way::Verb("XCRC"), Algorithm::Crc32, None),
        ];
        for (text, way, algorithm, expected) in table {
            assert_eq!(parse(text.as_bytes(), way, algorithm).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_name_in_another_encoding_hides_no_checksum() {
        let mut text = b"MD5 0-0 d41d8cd98f00b204e9800998ecf8427e gr".to_vec();
        text.extend_from_slice(b"\xfcn");
        assert!(parse(&text, Way::Hash, Algorithm::Md5).is_some());
    }
}
