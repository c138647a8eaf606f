//! What the free texts of replies report.
//!
//! Only the forms that servers are known to send: a text that is not understood reports nothing.

use crate::number::decimal;

/// The name that the server chose for `STOU`.
///
/// It stands after `FILE: ` in a 125 or 150 reply (RFC 1123, section 4.1.2.9). Older servers tell it after
/// `unique file name:` in the 226 reply, or in quotes as a 257 reply does; a quoted name with a quote in it is not
/// given, as it would have to be changed first.
pub fn unique_name(line: &[u8]) -> Option<&[u8]> {
    if let Some((before, name)) = split_at_phrase(line, b"unique file name:") {
        // What stands in parentheses ends with them.
        let end = match before.ends_with(b"(") {
            true => name.iter().rposition(|&byte| byte == b')'),
            false => None,
        };
        return some_name(name.get(..end.unwrap_or(name.len()))?);
    }
    if let Some((_, name)) = split_at_phrase(line, b"FILE:") {
        return some_name(name);
    }
    let quoted = |byte: &u8| *byte == b'"';
    let opening = line.iter().position(quoted)?;
    let closing = line.iter().rposition(quoted)?;
    let name = line.get(opening..closing)?.strip_prefix(b"\"")?;
    some_name(name).filter(|name| !name.iter().any(quoted))
}

/// The size in the text of a 125 or 150 reply to `RETR`, as in `Opening data connection for x (1234 bytes).`
///
/// A claim, for progress and for a check afterwards; no RFC defines it. The last one in parentheses counts, as the
/// file's name stands before it: where a parenthesis is part of the last component of `path`, only what follows that
/// component counts.
pub fn announced_size(line: &[u8], path: &[u8]) -> Option<u64> {
    let name = path.rsplit(|&byte| byte == b'/').next().filter(|name| name.contains(&b'('));
    let line = name.and_then(|name| behind(line, name)).unwrap_or(line);
    line.split(|&byte| byte == b'(').skip(1).filter_map(digits_before_bytes).last().and_then(decimal)
}

/// What follows the last occurrence of a name.
fn behind<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = line.windows(name.len()).rposition(|part| part == name)?;
    line.get(at + name.len()..)
}

/// The size in a 213 reply to `SIZE` (RFC 3659, section 4.1): a number, whatever stands after it.
pub fn size(line: &[u8]) -> Option<u64> {
    line.trim_ascii_start().split(u8::is_ascii_whitespace).next().and_then(decimal)
}

/// Whether the reply to `SIZE` is one to `MDTM`: fourteen digits that begin with the year of a time.
pub fn is_time_for_size(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits == 14 && (line.starts_with(b"19") || line.starts_with(b"20"))
}

/// Whether a 450 or 550 reply to `NLST`, `LIST` or `MLSD` means an empty directory, which has no reply code of its own (RFC
/// 959, section 5.4). `No such file or directory` does not.
pub fn no_files(line: &[u8]) -> bool {
    const EMPTY: [&[u8]; 8] = [
        b"no files",
        b"no members found",
        b"no data sets found",
        b"no matching files",
        b"directory is empty",
        b"directory empty",
        b"empty directory",
        b"empty folder",
    ];
    let tells = |phrase: &[u8]| split_at_phrase(line, phrase).is_some();
    !tells(b"no such") && EMPTY.into_iter().any(tells)
}

/// Whether a 226 reply to a listing says that there was none. vsftpd answers so for a directory that it may not read.
pub fn failed_listing(line: &[u8]) -> bool {
    split_at_phrase(line, b"failed to open directory").is_some()
}

/// A name without the spaces around it, unless nothing is left.
fn some_name(name: &[u8]) -> Option<&[u8]> {
    let name = name.trim_ascii();
    (!name.is_empty()).then_some(name)
}

/// The digits of `1234 bytes)`, which follows an opening parenthesis. One byte is `1 byte)` to some.
fn digits_before_bytes(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(end)?;
    let unit = unit.get(..unit.iter().position(|&byte| byte == b')')?)?;
    let bytes = [&b" bytes"[..], b" byte"];
    let is_bytes = bytes.iter().any(|bytes| unit.eq_ignore_ascii_case(bytes));
    (is_bytes && !digits.is_empty()).then_some(digits)
}

/// What stands before and after whole words, in upper or lower case.
fn split_at_phrase<'a>(line: &'a [u8], phrase: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let ends_in_word = phrase.last().is_some_and(u8::is_ascii_alphanumeric);
    line.windows(phrase.len().max(1)).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(phrase)).find_map(
        |(at, _)| {
            let (before, rest) = line.split_at_checked(at)?;
            let (_, after) = rest.split_at_checked(phrase.len())?;
            let starts_inside = before.last().is_some_and(u8::is_ascii_alphanumeric);
            let ends_inside = ends_in_word && after.first().is_some_and(u8::is_ascii_alphanumeric);
            (!starts_inside && !ends_inside).then_some((before, after))
        },
    )
}

/// Whether a character may be shown on a terminal as it is: it moves no cursor, hides nothing, and does not change the direction
/// of writing.
pub fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        && character != '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_names_of_the_rfc_and_of_servers() {
        let table: &[(&str, Option<&str>)] = &[
            // RFC 1123, section 4.1.2.9.
            ("FILE: pppp", Some("pppp")),
            ("FILE: ftp000123", Some("ftp000123")),
            ("file:x", Some("x")),
            ("Opening connection. File: a b ", Some("a b")),
            ("Transfer complete (unique file name:x.1).", Some("x.1")),
            ("Transfer complete (unique file name: x).1).", Some("x).1")),
            ("Transfer complete, unique file name: x", Some("x")),
            ("Unique File Name: x(1)", Some("x(1)")),
            ("\"/up/x.1\" stored", Some("/up/x.1")),
            ("Transfer complete: \"x\".", Some("x")),
            ("\"a\"\"b\" stored", None),
            ("\"\" stored", None),
            ("\"", None),
            ("FILE:", None),
            ("FILE:  ", None),
            ("(unique file name:)", None),
            ("profile: x", None),
            ("Transfer complete.", None),
            ("", None),
        ];
        for &(line, expected) in table {
            assert_eq!(unique_name(line.as_bytes()), expected.map(str::as_bytes), "{line}");
        }
    }

    #[test]
    fn sizes_of_servers() {
        let table: &[(&str, Option<u64>)] = &[
            ("Opening BINARY mode data connection for x (1234 bytes).", Some(1234)),
            ("Opening BINARY mode data connection for x (1 byte)", Some(1)),
            ("Opening BINARY mode data connection for (5 bytes) (7 Bytes).", Some(7)),
            ("Opening data connection for (7 bytes) (x)", Some(7)),
            ("(0 bytes)", Some(0)),
            ("(18446744073709551615 bytes)", Some(u64::MAX)),
            ("(18446744073709551616 bytes)", None),
            ("(5 bytes) (18446744073709551616 bytes)", None),
            ("((5 bytes)", Some(5)),
            ("(-5 bytes)", None),
            ("( bytes)", None),
            ("(5bytes)", None),
            ("(5 kbytes)", None),
            ("(5 bytes", None),
            ("5 bytes)", None),
            ("0.1 kbytes to download", None),
            ("(", None),
            ("", None),
        ];
        for &(line, expected) in table {
            assert_eq!(announced_size(line.as_bytes(), b""), expected, "{line}");
            assert_eq!(announced_size(line.as_bytes(), b"d/file"), expected, "{line}");
        }
    }

    #[test]
    fn number_in_the_name_of_the_file_is_no_size() {
        for (line, expected) in [
            ("Opening data connection for x (3 bytes).", None),
            ("Opening data connection for /d/x (3 bytes) (1000 bytes).", Some(1000)),
            ("Opening data connection for x (3 bytes", None),
            ("Opening data connection (7 bytes).", Some(7)),
        ] {
            assert_eq!(announced_size(line.as_bytes(), b"d/x (3 bytes)"), expected, "{line}");
        }
        assert_eq!(announced_size(b"for bytes (5 bytes)", b"bytes"), Some(5));
    }

    #[test]
    fn sizes_and_what_is_none() {
        for (line, expected) in [
            ("0", Some(0)),
            ("1063", Some(1063)),
            (" 1063 bytes", Some(1063)),
            ("18446744073709551615", Some(u64::MAX)),
            ("10000000000000", Some(10_000_000_000_000)),
            ("201806150000001", Some(201_806_150_000_001)),
            ("20180615101800", Some(20_180_615_101_800)),
            ("18446744073709551616", None),
            ("-1", None),
            ("-2147483648", None),
            ("+5", None),
            ("File status", None),
            ("size of x is 21", None),
            ("", None),
        ] {
            assert_eq!(size(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn times_for_sizes() {
        for line in ["20180615101800", "20180001224742", "19991231235959", "20240615101800.123", " 20240615101800 x"] {
            assert!(is_time_for_size(line.as_bytes()), "{line}");
        }
        for line in
            ["", "1063", "10000000000000", "99999999999999", "201806150000001", "2018061510180", "2018061510180x"]
        {
            assert!(!is_time_for_size(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn listing_that_failed_is_told_from_one_that_did_not() {
        assert!(failed_listing(b"Transfer done (but failed to open directory)."));
        for text in [&b"Directory send OK."[..], b"Transfer complete.", b"", b"6 matches total"] {
            assert!(!failed_listing(text));
        }
    }

    #[test]
    fn empty_directory_is_told_from_a_missing_one() {
        for line in [
            "No files found.",
            "No files found",
            "no files",
            "NO FILES",
            "/pub: No files or directories",
            "*.txt: No matching files found",
            "Directory is empty.",
            "The directory is empty",
            "Empty directory",
            // z/OS
            "No members found.",
            "No data sets found.",
        ] {
            assert!(no_files(line.as_bytes()), "{line}");
        }
        for line in [
            "",
            "No such file or directory",
            "No such file or directory: no files",
            "No such files",
            "/no: files cannot be listed",
            "no filesystem is mounted",
            "casino files: Permission denied",
            "Directory is not empty",
            "Permission denied",
            "No file",
            "No data sets foundation",
        ] {
            assert!(!no_files(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn characters_that_are_not_printed() {
        assert!("aé漢\u{10ffff} ".chars().all(is_printable));
        assert!(!"\n\u{1b}\u{7f}\u{9b}\u{61c}\u{200b}\u{202e}\u{2066}\u{feff}".chars().any(is_printable));
    }
}
