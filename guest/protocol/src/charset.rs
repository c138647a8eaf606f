//! Character sets of the Encoding Standard (WHATWG) for the names of servers that know no UTF-8.

use crate::escape::{Unencodable, escape, escaped};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use encoding_rs::{DecoderResult, EncoderResult};

/// The most bytes that one character has, in gb18030.
const LONGEST: usize = 4;

/// A character set that can carry names: one in which a byte below 0x80 at the start of a character is ASCII.
///
/// UTF-16, ISO-2022-JP and the label `replacement` are none: `/`, line ends and quotation marks are parts of their
/// characters, and no server takes them for names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Charset(&'static encoding_rs::Encoding);

impl Charset {
    /// The character set that has this label in the Encoding Standard, in upper or lower case, if it can carry names.
    pub(crate) fn of_label(label: &str) -> Option<Self> {
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
        encoding.is_ascii_compatible().then_some(Self(encoding))
    }

    /// Its name in the Encoding Standard.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Character by character: bytes of which the character set makes none, or one that it would send as other bytes,
    /// stand for themselves.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len());
        let mut rest = bytes;
        while !rest.is_empty() {
            let (length, char) = self.first(rest);
            let (unit, tail) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            match char {
                Some(char) => text.push(char),
                None => text.extend(unit.iter().map(|&byte| escape(byte))),
            }
            rest = tail;
        }
        text
    }

    pub(crate) fn encode(self, text: &str) -> Result<Vec<u8>, Unencodable> {
        let mut bytes = Vec::with_capacity(text.len());
        for char in text.chars() {
            match (char.is_ascii(), escaped(char)) {
                (true, _) => bytes.extend(u8::try_from(char)),
                (false, Some(byte)) => bytes.push(byte),
                (false, None) => {
                    let unit = self.unit(char).ok_or(Unencodable { char, charset: self.name() })?;
                    bytes.extend_from_slice(unit.bytes());
                }
            }
        }
        Ok(bytes)
    }

    /// The length of what comes first, and its character, if the two can be exchanged for each other.
    fn first(self, bytes: &[u8]) -> (usize, Option<char>) {
        if let Some(&byte) = bytes.first().filter(|byte| byte.is_ascii()) {
            return (1, Some(char::from(byte)));
        }
        for length in 1..=LONGEST {
            let Some(unit) = bytes.get(..length) else { break };
            if let Some(decoded) = self.decoded(unit) {
                // gb18030 has bytes for the characters that stand for bytes; these bytes stand for themselves.
                return (length, decoded.filter(|&char| escaped(char).is_none() && !self.is_one_way(unit)));
            }
        }
        (1, None)
    }

    /// Whether the standard makes a character of these bytes, and other bytes or none of that character. Known from a
    /// table: the character sets are compiled for size, and to look for each character of a long listing would take
    /// minutes.
    fn is_one_way(self, unit: &[u8]) -> bool {
        let number = unit.iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
        let ranges = ONE_WAY.iter().find(|(name, _)| *name == self.name()).map_or(&[][..], |(_, ranges)| ranges);
        ranges.iter().any(|&(first, last)| (first..=last).contains(&number))
    }

    /// The bytes of a character, if they stand for it and not for another one: the standard sends the yen sign in
    /// Shift_JIS as a backslash.
    fn unit(self, char: char) -> Option<Unit> {
        self.encoded(char).filter(|unit| self.decoded(unit.bytes()) == Some(Some(char)))
    }

    fn encoded(self, char: char) -> Option<Unit> {
        let (mut text, mut buffer) = ([0; 4], [0; ROOM]);
        let text = char.encode_utf8(&mut text);
        let (result, _, length) = self.0.new_encoder().encode_from_utf8_without_replacement(text, &mut buffer, true);
        (result == EncoderResult::InputEmpty).then_some(Unit { buffer, length })
    }

    /// Nothing when these bytes are not whole, or nothing at all; no character when they are more than one.
    fn decoded(self, unit: &[u8]) -> Option<Option<char>> {
        let mut buffer = [0; ROOM];
        let mut decoder = self.0.new_decoder_without_bom_handling();
        let (result, _, length) = decoder.decode_to_utf8_without_replacement(unit, &mut buffer, true);
        if result != DecoderResult::InputEmpty {
            return None;
        }
        let mut chars = str::from_utf8(buffer.get(..length)?).ok()?.chars();
        let first = chars.next();
        Some(first.filter(|_| chars.next().is_none()))
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a character set has two ways to send a character, or only reads it: from and to, the bytes as one number.
const ONE_WAY: [(&str, &[(u32, u32)]); 5] = [
    (
        "Shift_JIS",
        &[(0x8790, 0x8792), (0x8795, 0x8797), (0x879a, 0x879c), (0xed40, 0xf9fc), (0xfa4a, 0xfa54), (0xfa58, 0xfa5b)],
    ),
    ("EUC-JP", &[(0x8f_a1a1, 0x8f_fefe), (0xadf0, 0xadf2), (0xadf5, 0xadf7), (0xadfa, 0xadfc), (0xfcfb, 0xfcfb)]),
    ("GBK", &[(0xa2e3, 0xa2e3), (0xa3a0, 0xa3a0), (0x8130_8130, 0xfe39_fe39)]),
    ("gb18030", &[(0x80, 0x80), (0xa3a0, 0xa3a0), (0x8235_9037, 0x8235_9134), (0x8431_8236, 0x8431_8335)]),
    (
        "Big5",
        &[
            (0x8740, 0xa0fe),
            (0xa2a4, 0xa2a7),
            (0xa2cc, 0xa2cc),
            (0xa2ce, 0xa2ce),
            (0xc6de, 0xc6de),
            (0xc969, 0xc969),
            (0xf9fa, 0xf9fd),
            (0xfa5f, 0xfa5f),
            (0xfa66, 0xfa66),
            (0xfabd, 0xfabd),
            (0xfac5, 0xfac5),
            (0xfad5, 0xfad5),
            (0xfbb8, 0xfbb8),
            (0xfbf3, 0xfbf3),
            (0xfbfd, 0xfbfd),
            (0xfc4f, 0xfc4f),
            (0xfcb9, 0xfcb9),
            (0xfcd3, 0xfcd3),
            (0xfce2, 0xfce2),
            (0xfcf1, 0xfcf1),
            (0xfdb7, 0xfdb8),
            (0xfdbb, 0xfdbb),
            (0xfdf1, 0xfdf1),
            (0xfe6f, 0xfe6f),
            (0xfeaa, 0xfeaa),
            (0xfec1, 0xfec1),
            (0xfedd, 0xfedd),
        ],
    ),
];

/// Room for one character in any character set, as `encoding_rs` wants it: more than there will be.
const ROOM: usize = 32;

/// The bytes of one character.
struct Unit {
    buffer: [u8; ROOM],
    length: usize,
}

impl Unit {
    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;
    use alloc::string::ToString;
    use alloc::vec;

    /// Each character set that can carry names and is not UTF-8.
    const LABELS: [&str; 35] = [
        "big5",
        "euc-jp",
        "euc-kr",
        "gb18030",
        "gbk",
        "ibm866",
        "iso-8859-2",
        "iso-8859-3",
        "iso-8859-4",
        "iso-8859-5",
        "iso-8859-6",
        "iso-8859-7",
        "iso-8859-8",
        "iso-8859-8-i",
        "iso-8859-10",
        "iso-8859-13",
        "iso-8859-14",
        "iso-8859-15",
        "iso-8859-16",
        "koi8-r",
        "koi8-u",
        "macintosh",
        "shift_jis",
        "windows-874",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "windows-1253",
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "windows-1257",
        "windows-1258",
        "x-mac-cyrillic",
        "x-user-defined",
    ];

    const MULTIBYTE: [&str; 6] = ["big5", "euc-jp", "euc-kr", "gb18030", "gbk", "shift_jis"];

    fn charset(label: &str) -> Charset {
        Charset::of_label(label).unwrap_or_else(|| panic!("{label}"))
    }

    fn round_trips(charset: Charset, bytes: &[u8]) {
        let text = charset.decode(bytes);
        assert_eq!(charset.encode(&text).as_deref(), Ok(bytes), "{text:?} in {charset:?}");
    }

    #[test]
    fn known_names() {
        let table: &[(&str, &[u8], &str)] = &[
            ("windows-1251", b"\xcf\xee\xf1\xeb\xe5\xe4\xed\xff\xff.txt", "Последняя.txt"),
            ("cp1251", b"\xff", "я"),
            ("KOI8-R", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            ("ibm866", b"\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"),
            ("windows-1252", b"\x80 \x81", "€ \u{81}"),
            ("iso-8859-15", b"\xa4", "€"),
            ("iso-8859-7", b"\xe1\xff", "α\u{10ffff}"),
            // The second byte of 表 and 能 is a backslash.
            ("shift_jis", b"\x95\x5c/\x94\x5c", "表/能"),
            ("sjis", b"\xb1\xb2.c", "ｱｲ.c"),
            ("big5", b"\xa5\x5c\xaf\xe0", "功能"),
            ("gbk", b"\xce\xc4\xbc\xfe\x80", "文件€"),
            ("gb2312", b"\xce\xc4", "文"),
            ("gb18030", b"\xce\xc4\x81\x30\x81\x30\x94\x39\xda\x33", "文\u{80}💩"),
            ("euc-kr", b"\xc7\xd1\xb1\xdb", "한글"),
            ("euc-jp", b"\xb4\xc1\xbb\xfa\x8e\xb1", "漢字ｱ"),
            // Cut short, and bytes that can follow nothing.
            ("shift_jis", b"a\x95", "a\u{10ff95}"),
            ("gbk", b"\xce\xff/\xff", "\u{10ffce}\u{10ffff}/\u{10ffff}"),
            ("gb18030", b"\x81\x30\x81", "\u{10ff81}0\u{10ff81}"),
            // Two ways to send one character: the second is not the one that would be sent.
            ("shift_jis", b"\x81\xe6\x87\x9a", "∵\u{10ff87}\u{10ff9a}"),
            ("shift_jis", b"\xed\x41", "\u{10ffed}A"),
            // gb18030 has U+10FF80: its bytes are taken one by one.
            ("gb18030", b"\xe3\x32\x99\x30", "\u{10ffe3}2\u{10ff99}0"),
            // One pair of bytes, two characters.
            ("big5", b"\x88\x62", "\u{10ff88}b"),
        ];
        for &(label, bytes, text) in table {
            assert_eq!(charset(label).decode(bytes), text, "{label}");
            assert_eq!(charset(label).encode(text).as_deref(), Ok(bytes), "{label}");
        }
    }

    #[test]
    fn labels_are_those_of_the_standard() {
        for label in LABELS {
            assert_eq!(charset(label).name().to_lowercase(), label);
        }
        assert_eq!(charset(" Latin1 ").name(), "windows-1252");
        for label in
            ["", "utf8x", "utf-16", "utf-16le", "utf-16be", "iso-2022-jp", "iso-2022-kr", "hz-gb-2312", "utf-7"]
        {
            assert!(Charset::of_label(label).is_none(), "{label}");
            assert!(Encoding::named(label).is_err(), "{label}");
        }
        assert_eq!(Encoding::named("UTF-8"), Ok(Encoding::Utf8));
        assert_eq!(Encoding::named("cp1251"), Encoding::named("windows-1251"));
    }

    #[test]
    fn every_short_sequence_of_bytes_round_trips() {
        for charset in LABELS.map(charset) {
            for a in 0..=255u8 {
                round_trips(charset, &[a]);
                for b in 0..=255u8 {
                    round_trips(charset, &[a, b]);
                }
            }
        }
    }

    #[test]
    fn long_sequences_of_one_character_round_trip() {
        for b in 0..=255u8 {
            for c in 0..=255u8 {
                round_trips(charset("euc-jp"), &[0x8f, b, c]);
            }
        }
        for a in 0x80..=255u8 {
            for c in (0x80..=255u8).step_by(3) {
                for (b, d) in [(0x2f, 0x30), (0x30, 0x30), (0x32, 0x39), (0x39, 0x3a), (0x33, 0x81)] {
                    round_trips(charset("gb18030"), &[a, b, c, d]);
                    round_trips(charset("gbk"), &[a, b, c, d]);
                }
            }
        }
    }

    #[test]
    fn bytes_are_one_way_where_the_standard_says_so() {
        let check = |charset: Charset, bytes: &[u8]| {
            let (length, char) = charset.first(bytes);
            let unit = &bytes[..length];
            if bytes[0].is_ascii() || charset.decoded(unit).is_none() {
                return;
            }
            let decoded = charset.decoded(unit).flatten().filter(|&char| escaped(char).is_none());
            let expected = decoded.filter(|&char| charset.encoded(char).is_some_and(|same| same.bytes() == unit));
            assert_eq!(char, expected, "{unit:x?} in {charset:?}");
        };
        for charset in LABELS.map(charset) {
            for a in 0x80..=255u8 {
                for b in 0..=255u8 {
                    check(charset, &[a, b]);
                }
            }
        }
        for b in 0x80..=255u8 {
            for c in 0x80..=255u8 {
                check(charset("euc-jp"), &[0x8f, b, c]);
            }
        }
        // Each place of a digit, and each lead byte of the planes and of the private rows.
        for (a, b) in (0x81..=0xfe).flat_map(|a| (0x30..=0x39).map(move |b| (a, b))) {
            let step = if a <= 0x84 { 1 } else { 25 };
            for (c, d) in (0x81..=0xfe).step_by(step).flat_map(|c| (0x30..=0x39).map(move |d| (c, d))) {
                check(charset("gb18030"), &[a, b, c, d]);
                check(charset("gbk"), &[a, b, c, d]);
            }
        }
    }

    #[test]
    fn pseudo_random_bytes_round_trip() {
        let mut state = 0x2545_f491_4f6c_dd1du64;
        for charset in LABELS.map(charset) {
            for length in 0..100 {
                let mut bytes = vec![0; length];
                for byte in &mut bytes {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    *byte = state.to_le_bytes()[3];
                }
                round_trips(charset, &bytes);
            }
        }
    }

    /// A name that is sent is listed as the name that was sent, and no other character becomes a line end or a slash.
    #[test]
    fn every_character_is_refused_or_comes_back() {
        for (label, charset) in LABELS.map(|label| (label, charset(label))) {
            let step = if MULTIBYTE.contains(&label) { 7 } else { 1 };
            for char in ('\0'..='\u{ffff}').step_by(step).chain(('\u{10000}'..=char::MAX).step_by(997)) {
                let mut buffer = [0; 4];
                let text = &*char.encode_utf8(&mut buffer);
                let Ok(bytes) = charset.encode(text) else { continue };
                let special = |byte: &u8| matches!(byte, b'\r' | b'\n' | b'/' | 0);
                assert_eq!(bytes.iter().any(special), matches!(char, '\r' | '\n' | '/' | '\0'), "{char:?} in {label}");
                match escaped(char) {
                    Some(byte) => assert_eq!(bytes, [byte], "{char:?} in {label}"),
                    None => assert_eq!(charset.decode(&bytes), text, "{label}"),
                }
            }
        }
    }

    #[test]
    fn characters_of_other_bytes_are_refused() {
        for (label, text) in [
            ("shift_jis", "¥"),
            ("shift_jis", "‾"),
            ("windows-1251", "ü"),
            ("gbk", "\u{10000}"),
            ("euc-kr", "\u{fffd}"),
        ] {
            let refused = charset(label).encode(text).unwrap_err();
            assert_eq!(Some(refused.char), text.chars().next(), "{label}");
        }
        let refused = charset("windows-1251").encode("aü").unwrap_err();
        assert_eq!(refused.to_string(), "U+00FC is not in windows-1251");
    }
}
