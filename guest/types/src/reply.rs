//! Replies as text.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use crate::line::{LONGEST, Line};

/// One reply on the control connection, as text (RFC 959, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 100 to 599. Branch on this, never on the text.
    pub code: u16,
    /// The lines, without codes and line ends. At least one.
    pub lines: Vec<String>,
}

/// On one line: all lines, or the last where they are too long, as it has the reason and a banner may stand before it.
impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        let is_long = |text: &str| text.chars().nth(LONGEST).is_some();
        let all = self.lines.join(" / ");
        match self.lines.as_slice() {
            [] => Ok(()),
            [_, .., last] if is_long(&all) && !is_long(last) => write!(f, " … / {}", Line(last)),
            _ => write!(f, " {}", Line(&all)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::reply::Reply;
    use alloc::borrow::ToOwned as _;
    use alloc::format;
    use alloc::string::{String, ToString as _};
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn message_of_a_long_reply_has_its_last_line() {
        let refused = |lines: Vec<String>| Error::permanent(Reply { code: 530, lines }).to_string();
        let banner = vec!["Terms and conditions apply to you and yours.".to_owned(); 20];
        let end = ["Login incorrect.".to_owned()];

        assert_eq!(refused([banner.as_slice(), &end].concat()), "refused: 530 … / Login incorrect.");
        assert_eq!(refused([&banner[..1], &end].concat()), format!("refused: 530 {} / {}", banner[0], end[0]));
    }

    #[test]
    fn message_has_a_limit_whatever_the_lines_are() {
        for lines in [vec!["x".repeat(10_000)], vec!["one".to_owned(), "x".repeat(10_000)], Vec::new()] {
            let message = Error::permanent(Reply { code: 550, lines }).to_string();
            assert!(message.starts_with("refused: 550") && message.chars().count() < 420, "{message}");
        }
    }
}
