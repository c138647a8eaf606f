//! The listing of a directory, and what reports whether it is all of it.

use crate::data::ListingEnd;
use crate::error::Reply;
use alloc::vec::Vec;
use ftp_protocol::listing::Listed;

/// How a directory is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListOptions {
    /// How the server learns which directory is meant.
    pub way: ListingWay,
    /// Ask `LIST` for the names that begin with a dot, too (`-a`). Servers that know no such option take it for a name.
    /// `MLSD` has none.
    pub all: bool,
}

/// How the server learns which directory is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListingWay {
    /// By the argument of the command, which some servers take for a pattern, and others ignore.
    #[default]
    Argument,
    /// By `CWD`, and the command has no argument.
    Entered,
}

/// The command that a listing came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingCommand {
    /// `MLSD`, which shows every name.
    Mlsd,
    /// `LIST`, which may leave out those that begin with a dot.
    List,
}

/// The listing of a directory, and what reports whether it is all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The members, and the lines that are not understood.
    pub listed: Vec<Listed>,
    /// The command that reported them.
    pub command: ListingCommand,
    /// How the server learnt which directory is meant. That is by argument where the directory cannot be entered.
    pub way: ListingWay,
    /// The last line had its line end, or there was none.
    pub has_line_end: bool,
    /// How the data ended.
    pub end: ListingEnd,
    /// The server refused the listing, because there are no files.
    pub no_files: Option<Reply>,
}

impl Listing {
    /// Nothing shows that a part of it is missing. In the clear it may be, all the same.
    pub fn is_whole(&self) -> bool {
        self.has_line_end && self.end != ListingEnd::Cut && self.no_files.is_none()
    }

    /// It has a name that begins with a dot, other than `.` and `..`.
    pub fn shows_hidden(&self) -> bool {
        self.listed.iter().any(|listed| matches!(listed, Listed::Entry(entry) if entry.name.starts_with('.')))
    }
}

/// Whether the session may go elsewhere for a listing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moves {
    /// Where another way fails, too; and it returns before the next command.
    ForCaller,
    /// Where the options say so; and it returns before the next command.
    AsAsked,
    /// Where the options say so; and it stays there.
    Stays,
}
