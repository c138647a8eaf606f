//! Texts of a server in a message for people.

use core::fmt::{self, Display, Formatter, Write as _};

use ftp_protocol::text::is_printable;

/// The longest text, in characters, that a message repeats from a server.
pub(crate) const LONGEST: usize = 400;

/// A text on one line, without anything that moves the cursor or changes the direction of writing.
pub(crate) struct Line<'a>(pub(crate) &'a str);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, character) in self.0.chars().enumerate() {
            if index == LONGEST {
                return f.write_char('…');
            }
            match is_printable(character) {
                true => f.write_char(character)?,
                false => write!(f, "{}", character.escape_default())?,
            }
        }
        Ok(())
    }
}
