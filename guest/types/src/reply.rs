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

/// What stands between two lines on one.
const BETWEEN: &str = " / ";

/// On one line: of a long reply its end, as the reason often stands in the last line, behind a banner.
impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match last_that_fit(&self.lines) {
            [] => Ok(()),
            lines => {
                let left_out = if lines.len() < self.lines.len() { "… / " } else { "" };
                write!(f, " {left_out}{}", Line(&lines.join(BETWEEN)))
            }
        }
    }
}

/// The last lines for which a message has room; all where that is none.
fn last_that_fit(lines: &[String]) -> &[String] {
    let mut room = LONGEST.saturating_add(BETWEEN.len());
    let fits = |line: &&String| match room.checked_sub(line.chars().count() + BETWEEN.len()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    match lines.iter().rev().take_while(fits).count() {
        0 => lines,
        count => lines.get(lines.len().saturating_sub(count)..).unwrap_or(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec;

    fn shown(lines: Vec<String>) -> String {
        Reply { code: 530, lines }.to_string()
    }

    #[test]
    fn reply_of_a_few_lines_is_shown_whole() {
        assert_eq!(shown(vec!["one".into(), "two".into(), "three".into()]), "530 one / two / three");
        assert_eq!(shown(vec!["x".repeat(397), String::new()]), format!("530 {} / ", "x".repeat(397)));
    }

    #[test]
    fn last_lines_of_a_long_reply_are_shown() {
        let mut lines = vec!["Terms and conditions apply to you and yours.".to_string(); 20];
        lines.push("Login incorrect.".into());
        let text = shown(lines);

        assert!(text.starts_with("530 … / Terms and conditions") && text.ends_with(" / Login incorrect."), "{text}");
        assert!(text.chars().count() <= 410, "{text}");
    }

    #[test]
    fn reply_whose_last_line_is_too_long_is_shown_from_its_beginning() {
        let text = shown(vec!["one".into(), "x".repeat(10_000)]);
        assert!(text.starts_with("530 one / xxx") && text.ends_with("x…") && text.chars().count() < 410, "{text}");
    }
}
