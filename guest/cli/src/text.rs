//! Texts from elsewhere, on a terminal.

use std::fmt::Write as _;

use ftp_client::is_printable;

/// The text without anything that moves the cursor, hides what follows or changes the direction of writing. A byte that is no
/// text is written `%XX`.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Writing to a `String` does not fail.
            '\u{10ff80}'..='\u{10ffff}' => _ = write!(plain, "%{:02X}", u32::from(character) & 0xff),
            _ if is_printable(character) => plain.push(character),
            _ => plain.extend(character.escape_default()),
        }
    }
    plain
}

/// JSON that a terminal may show: what [`plain`] escapes is escaped here as JSON has it. Outside of its strings there is none of it.
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for character in json.chars() {
        match is_printable(character) {
            true => plain.push(character),
            // All of them have four digits.
            false => plain.push_str(&format!("\\u{:04x}", u32::from(character))),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{plain, plain_json};

    #[test]
    fn escapes_what_a_terminal_would_obey() {
        assert_eq!(plain("a\u{1b}[2J\r\nb\u{202e}c\u{9b}"), r"a\u{1b}[2J\r\nb\u{202e}c\u{9b}");
    }

    #[test]
    fn bytes_that_are_no_text_are_written_in_hexadecimal() {
        assert_eq!(plain("caf\u{10ffe9} 100%"), "caf%E9 100%");
    }

    #[test]
    fn json_is_escaped_as_json() {
        assert_eq!(
            plain_json("{\"a\":\"\u{7f}\u{9b}2J\u{202e}\u{feff}ü\\n\"}"),
            "{\"a\":\"\\u007f\\u009b2J\\u202e\\ufeffü\\n\"}"
        );
    }

    #[test]
    fn keeps_what_people_write() {
        let text = r#"ümlaut 日本 "quoted" \ 'it' ☃"#;
        assert_eq!(plain(text), text);
    }
}
