//! Texts from elsewhere, on a terminal.

use std::fmt::Write as _;

use ftp_client::{Error, Reply, is_printable};

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

/// The message of an error. Of a reply for which a message has no room it is the last line, which has the reason: a banner may
/// stand before it.
pub fn message(error: &Error) -> String {
    let message = error.to_string();
    match error {
        Error::Refused { kind, reply: Reply { code, lines } } if message.ends_with('…') => match lines.as_slice() {
            [_, .., last] => {
                let reply = Reply { code: *code, lines: vec![format!("… / {last}")] };
                Error::Refused { kind: *kind, reply }.to_string()
            }
            _ => message,
        },
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::{message, plain, plain_json};
    use ftp_client::{Error, Reply};

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

    #[test]
    fn message_of_a_long_reply_has_its_last_line() {
        let refused = |lines: Vec<String>| message(&Error::permanent(Reply { code: 530, lines }));
        let banner = vec!["Terms and conditions apply to you and yours.".to_owned(); 20];
        let end = ["Login incorrect.".to_owned()];

        assert_eq!(refused([banner.as_slice(), &end].concat()), "refused: 530 … / Login incorrect.");
        assert_eq!(refused([&banner[..1], &end].concat()), format!("refused: 530 {} / {}", banner[0], end[0]));
    }

    #[test]
    fn message_has_a_limit_whatever_the_lines_are() {
        for lines in [vec!["x".repeat(10_000)], vec!["one".to_owned(), "x".repeat(10_000)], Vec::new()] {
            let message = message(&Error::permanent(Reply { code: 550, lines }));
            assert!(message.starts_with("refused: 550") && message.chars().count() < 420, "{message}");
        }
    }
}
