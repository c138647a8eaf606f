//! Names and texts as bytes and back (RFC 2640).

use crate::charset::Charset;
pub use crate::escape::Unencodable;
use crate::escape::{escape, escaped};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// How names and texts travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8 (RFC 2640, section 2.2). A byte that is no part of it becomes U+10FF00 plus its value.
    #[default]
    Utf8,
    /// ISO 8859-1: one byte, one character.
    Latin1,
    /// A character set of servers that know no UTF-8. What cannot be exchanged with a character is as in UTF-8: each of
    /// its bytes from 0x80 on becomes U+10FF00 plus its value.
    Named(Charset),
}

impl Encoding {
    /// The encoding that has this label in the Encoding Standard, for example `windows-1251`.
    ///
    /// # Errors
    ///
    /// [`UnknownLabel`], also for an encoding that cannot carry names: see [`Charset`].
    pub fn named(label: &str) -> Result<Self, UnknownLabel> {
        let charset = Charset::of_label(label).ok_or(UnknownLabel)?;
        Ok(if charset.name() == "UTF-8" { Self::Utf8 } else { Self::Named(charset) })
    }

    /// The text that `bytes` stand for.
    ///
    /// Every sequence of bytes has a text, no two have the same, and [`encode`](Self::encode) gives the bytes back:
    /// a file whose name is no UTF-8 can be listed and then fetched. For that, the UTF-8 of a character that stands
    /// for a byte is itself taken byte by byte.
    pub fn decode(self, bytes: &[u8]) -> String {
        match (self, str::from_utf8(bytes)) {
            // Almost every text there is, and the same in all.
            (_, Ok(text)) if text.is_ascii() => text.into(),
            // Any other, unless a character may be one of those that stand for bytes.
            (Self::Utf8, Ok(text)) if !bytes.contains(&LAST_PLANE) => text.into(),
            _ => self.decode_any(bytes),
        }
    }

    fn decode_any(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => decode_utf8(bytes),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Named(charset) => charset.decode(bytes),
        }
    }

    /// The bytes that stand for `text`.
    ///
    /// # Errors
    ///
    /// [`Unencodable`] for a character that ISO 8859-1 or the character set does not have, or would give back as another
    /// one. UTF-8 has bytes for every text.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, Unencodable> {
        match self {
            Self::Utf8 => Ok(encode_utf8(text)),
            Self::Latin1 => text.chars().map(latin1).collect(),
            Self::Named(charset) => charset.encode(text),
        }
    }
}

/// A label of no encoding that can carry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLabel;

impl fmt::Display for UnknownLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the label of an encoding for names")
    }
}

impl core::error::Error for UnknownLabel {}

fn latin1(char: char) -> Result<u8, Unencodable> {
    u8::try_from(char).map_err(|_| Unencodable { char, charset: "ISO 8859-1" })
}

/// The first byte of UTF-8 for all characters of that plane.
const LAST_PLANE: u8 = 0xf4;

fn decode_utf8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match escaped(char) {
                None => text.push(char),
                Some(_) => {
                    let mut buffer = [0; 4];
                    text.extend(char.encode_utf8(&mut buffer).bytes().map(escape));
                }
            }
        }
        text.extend(chunk.invalid().iter().copied().map(escape));
    }
    text
}

fn encode_utf8(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for char in text.chars() {
        match escaped(char) {
            None => {
                let mut buffer = [0; 4];
                bytes.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
            }
            Some(byte) => bytes.push(byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn known_texts() {
        let table: &[(Encoding, &[u8], &str)] = &[
            (Encoding::Utf8, b"abc", "abc"),
            (Encoding::Utf8, b"", ""),
            (Encoding::Utf8, "grün 文 🦀".as_bytes(), "grün 文 🦀"),
            (Encoding::Utf8, b"gr\xfcn", "gr\u{10fffc}n"),
            (Encoding::Utf8, b"\x80\xff", "\u{10ff80}\u{10ffff}"),
            (Encoding::Utf8, b"\xe6\x96", "\u{10ffe6}\u{10ff96}"),
            (Encoding::Utf8, b"\xc0\xaf", "\u{10ffc0}\u{10ffaf}"),
            (Encoding::Utf8, b"\xed\xa0\x80", "\u{10ffed}\u{10ffa0}\u{10ff80}"),
            // U+10FF80 and U+10FF7F themselves.
            (Encoding::Utf8, b"\xf4\x8f\xbe\x80", "\u{10fff4}\u{10ff8f}\u{10ffbe}\u{10ff80}"),
            (Encoding::Utf8, b"\xf4\x8f\xbd\xbf", "\u{10ff7f}"),
            (Encoding::Utf8, b"\xef\xbf\xbd", "\u{fffd}"),
            (Encoding::Utf8, b"\0\r\n", "\0\r\n"),
            (Encoding::Latin1, b"gr\xfcn", "grün"),
            (Encoding::Latin1, b"\x80\xff\0", "\u{80}ÿ\0"),
        ];
        for &(encoding, bytes, text) in table {
            assert_eq!(encoding.decode(bytes), text);
            assert_eq!(encoding.encode(text).as_deref(), Ok(bytes));
        }
    }

    #[test]
    fn latin1_has_256_characters() {
        assert_eq!(Encoding::Latin1.encode("a€"), Err(Unencodable { char: '€', charset: "ISO 8859-1" }));
        assert_eq!(Encoding::Latin1.encode("\u{100}"), Err(Unencodable { char: 'Ā', charset: "ISO 8859-1" }));
        let all: Vec<u8> = (0..=255).collect();
        let text = Encoding::Latin1.decode(&all);
        assert_eq!(Encoding::Latin1.encode(&text), Ok(all));
    }

    /// What came back is what was sent, so no two sequences of bytes share a text.
    fn round_trips(bytes: &[u8]) {
        let text = Encoding::Utf8.decode(bytes);
        assert_eq!(Encoding::Utf8.encode(&text).as_deref(), Ok(bytes));
    }

    #[test]
    fn every_short_sequence_of_bytes_round_trips() {
        for a in 0..=255u8 {
            round_trips(&[a]);
            for b in 0..=255u8 {
                round_trips(&[a, b]);
            }
        }
        // Bytes at the borders of what UTF-8 allows.
        let alphabet = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbd, 0xbe, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xf5, 0xff,
        ];
        for a in alphabet {
            for b in alphabet {
                for c in alphabet {
                    round_trips(&[a, b, c]);
                    for d in alphabet {
                        round_trips(&[a, b, c, d]);
                    }
                }
            }
        }
    }

    #[test]
    fn every_character_round_trips() {
        for char in '\0'..=char::MAX {
            let mut buffer = [0; 4];
            round_trips(char.encode_utf8(&mut buffer).as_bytes());
        }
    }

    #[test]
    fn pseudo_random_bytes_round_trip() {
        let mut state = 0x2545_f491_4f6c_dd1du64;
        for length in 0..600 {
            let mut bytes = vec![0; length];
            for byte in &mut bytes {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *byte = state.to_le_bytes()[3];
            }
            round_trips(&bytes);
        }
    }

    #[test]
    fn no_character_but_a_line_end_becomes_one() {
        for char in '\0'..=char::MAX {
            let mut buffer = [0; 4];
            let bytes = Encoding::Utf8.encode(char.encode_utf8(&mut buffer)).unwrap();
            let special = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
            let expected = matches!(char, '\r' | '\n' | '\0');
            assert_eq!(bytes.iter().any(special), expected, "{char:?}");
        }
    }

    #[test]
    fn error_names_the_character_by_its_code() {
        assert_eq!(Unencodable { char: '€', charset: "ISO 8859-1" }.to_string(), "U+20AC is not in ISO 8859-1");
    }
}
