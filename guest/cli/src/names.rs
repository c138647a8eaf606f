//! Names of files here and on the server.
//!
//! A name on a server is bytes. Where they are no text in the session's encoding, each byte that does not fit is a private
//! code point (see `encoding` in the contract). Here such a byte is written `%XX`, and it goes back as that byte. A name
//! that would be taken for such a one has its `%` written as `%25`; all other names are the same on both sides.

use std::borrow::Cow;

use ftp_client::mirror::{Names, Unsafe};

/// The first of the private code points: U+10FF00 plus the byte.
const PRIVATE: u32 = 0x0010_ff00;

/// The name of a file here, for the name of one on the server. Refused is what is no name, or more than one.
pub fn local(remote: &str) -> Result<String, Unsafe> {
    let name = escaped(remote);
    Names::default().check(&name)?;
    Ok(name)
}

/// The name on the server, for the name of a file here.
pub fn remote(local: &str) -> String {
    unescaped(local).unwrap_or_else(|| local.to_owned())
}

/// The last name of a path on the server.
pub fn last(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// The name of the temporary file of a download or an upload. `version` tells versions of the file apart, so that one that has
/// changed is not continued.
pub fn temporary(name: &str, version: &str) -> String {
    format!(".{}.{version}{TEMPORARY}", stem(name))
}

/// A file of that kind, which is no file of a tree.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMPORARY)
}

/// The [`stem`] of the file that a temporary one is a version of.
pub fn stem_of(temporary: &str) -> Option<&str> {
    let name = temporary.strip_prefix('.')?.strip_suffix(TEMPORARY)?;
    // Beside a file in parts stands which ones are there.
    let name = name.strip_suffix(".new").unwrap_or(name);
    let name = name.strip_suffix(".ranges").unwrap_or(name);
    let (stem, version) = name.rsplit_once('.')?;
    let (size, time) = version.strip_suffix("-parts").unwrap_or(version).split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    (is_number(size) && is_number(time)).then_some(stem)
}

const TEMPORARY: &str = ".ftp-part";

/// What stands for a name in temporary ones: the name, or the beginning of a long one and its hash, as file systems have room
/// for 255 bytes.
pub fn stem(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 180;
    if name.len() <= LONGEST {
        return name.into();
    }
    let hash = format!("-{:016x}", fnv(name));
    let end = (0..=LONGEST - hash.len()).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!("{}{hash}", name.split_at(end).0).into()
}

/// FNV-1a, of 64 bits: the same in every build, so that a file is found again.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn escaped(name: &str) -> String {
    if !name.chars().any(|character| byte(character).is_some()) && unescaped(name).is_none() {
        return name.to_owned();
    }
    let mut text = String::with_capacity(name.len() + 8);
    for character in name.chars() {
        match byte(character) {
            Some(byte) => text.push_str(&format!("%{byte:02X}")),
            None if character == '%' => text.push_str("%25"),
            None => text.push(character),
        }
    }
    text
}

/// The name behind an escaped one: every `%` in it begins a `%25` or a byte that is no ASCII.
fn unescaped(name: &str) -> Option<String> {
    let mut parts = name.split('%');
    let mut text = parts.next()?.to_owned();
    let mut any = false;
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        if digits.bytes().any(|digit| !matches!(digit, b'0'..=b'9' | b'A'..=b'F')) {
            return None;
        }
        match u8::from_str_radix(digits, 16).ok()? {
            b'%' => text.push('%'),
            byte @ 0x80.. => text.push(char::from_u32(PRIVATE + u32::from(byte))?),
            _ => return None,
        }
        text.push_str(rest);
        any = true;
    }
    any.then_some(text)
}

fn byte(character: char) -> Option<u8> {
    u32::from(character).checked_sub(PRIVATE).and_then(|byte| u8::try_from(byte).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back() {
        for (there, here) in [
            ("plain", "plain"),
            ("ümlaut 100%", "ümlaut 100%"),
            ("caf\u{10ffe9}", "caf%E9"),
            ("50%\u{10ffff}", "50%25%FF"),
            ("a%FF", "a%25FF"),
            ("a%25", "a%2525"),
            ("a%41", "a%41"),
            ("a%e9", "a%e9"),
            ("%", "%"),
        ] {
            assert_eq!(local(there).unwrap(), here);
            assert_eq!(remote(here), there);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_no_name() {
        for name in ["", ".", "..", "a/b", "/", "../a", "a\nb", "C:x", "..\\x"] {
            assert!(local(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn temporary_names_have_room_in_every_file_system() {
        for name in ["ü".repeat(127), "x".repeat(255)] {
            let name = temporary(&name, "7fffffffffffffff-7fffffffffffffff-parts.ranges.new");
            assert!(name.len() <= 255 && is_temporary(&name), "{name}");
        }
    }

    #[test]
    fn temporary_names_tell_of_which_file_they_are() {
        let long = "ü".repeat(127);
        for name in ["a", ".a.b", "a.1-2", &long] {
            for version in ["1f-2a", "1-0-parts", "1-0-parts.ranges", "1-0-parts.ranges.new"] {
                assert_eq!(stem_of(&temporary(name, version)), Some(&*stem(name)));
            }
        }
        for other in
            [".ftp-part", ".a.ftp-part", ".a.b.ftp-part", ".a.1-x.ftp-part", ".a.old-1.ftp-part", "a.1-2.ftp-part"]
        {
            assert_eq!(stem_of(other), None);
        }
    }

    #[test]
    fn temporary_names_of_long_names_differ() {
        let [one, other] = ["a", "b"].map(|end| temporary(&("x".repeat(200) + end), "1-2"));
        assert_ne!(one, other);
        assert_eq!(temporary(&"x".repeat(180), "1-2"), format!(".{}.1-2.ftp-part", "x".repeat(180)));
        // The values of the authors of FNV.
        assert_eq!((fnv(""), fnv("foobar")), (0xcbf2_9ce4_8422_2325, 0x8594_4171_f739_67e8));
    }
}
