//! Names of files here and on the server.
//!
//! A name on a server is bytes. Where they are no text in the session's encoding, each byte that does not fit is a private
//! code point (see `encoding` in the contract). Here such a byte is written `%XX`, and it goes back as that byte. A name
//! that would be taken for such a one has its `%` written as `%25`; all other names are the same on both sides.

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
    // File systems have room for 255 bytes.
    let end = (0..=name.len().min(180)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!(".{}.{version}{TEMPORARY}", name.split_at(end).0)
}

/// A file of that kind, which is no file of a tree.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMPORARY)
}

const TEMPORARY: &str = ".ftp-part";

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
        let name = temporary(&"ü".repeat(200), "0123456789abcdef");
        assert!(name.len() <= 255 && is_temporary(&name), "{name}");
    }
}
