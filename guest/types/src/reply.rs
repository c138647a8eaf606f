//! Replies as text.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use crate::line::Line;

/// One reply on the control connection, as text (RFC 959, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 100 to 599. Branch on this, never on the text.
    pub code: u16,
    /// The lines, without codes and line ends. At least one.
    pub lines: Vec<String>,
}

/// On one line.
impl Display for Reply {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        match self.lines.as_slice() {
            [] => Ok(()),
            lines => write!(f, " {}", Line(&lines.join(" / "))),
        }
    }
}
