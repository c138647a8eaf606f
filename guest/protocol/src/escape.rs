//! Characters that stand for bytes that are no text, so that every name comes back as the bytes that it was.

use core::fmt;

/// The first character of a text that the encoding has no byte for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unencodable {
    /// The character.
    pub char: char,
    /// What does not have it.
    pub charset: &'static str,
}

impl fmt::Display for Unencodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.char);
        write!(f, "U+{code:04X} is not in {}", self.charset)
    }
}

impl core::error::Error for Unencodable {}

/// What is added to a byte that is not UTF-8. The last row of the last private plane: no script uses it.
const ESCAPE: u32 = 0x10_FF00;

/// The character that stands for a byte that is not UTF-8, nor part of a character set; one below 0x80 is itself.
pub(crate) fn escape(byte: u8) -> char {
    if byte.is_ascii() {
        return char::from(byte);
    }
    let code = ESCAPE.saturating_add(u32::from(byte));
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte that a character stands for. Never one below 0x80: those are always ASCII, and a line end that is hidden
/// in an escape would pass a check of the text.
pub(crate) fn escaped(char: char) -> Option<u8> {
    let byte = u8::try_from(u32::from(char).checked_sub(ESCAPE)?).ok()?;
    (byte >= 0x80).then_some(byte)
}
