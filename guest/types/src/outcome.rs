//! What is known once a transfer has ended well.

use alloc::string::String;
use core::fmt::{self, Display, Formatter};

use ftp_protocol::checksum::Algorithm;

use crate::reply::Reply;

/// What is known once a transfer has ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The server's verdict, a 2yz reply.
    pub reply: Reply,
    /// Bytes on the data connection, before they were compressed and without the part that an offset skipped.
    pub bytes: u64,
    /// The data connection was inside TLS.
    pub encrypted: bool,
    /// It resumed the TLS session of the control connection.
    pub resumed: bool,
    /// (STOU) The name that the server chose.
    pub name: Option<String>,
    /// The checksum that both sides agree on, where the settings ask for one and the server has any.
    pub checksum: Option<Checksum>,
    /// What was compared to verify that all bytes arrived.
    pub verified: Verification,
}

/// What both servers said at the end of a copy from one to the other that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The verdict of the server that sent, a 2yz reply.
    pub source: Reply,
    /// The verdict of the server that received, a 2yz reply.
    pub target: Reply,
    /// What was compared: the sizes that the two servers report.
    pub verified: Verification,
}

/// The checksum of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// What it was computed with.
    pub algorithm: Algorithm,
    /// In hexadecimal, lower case.
    pub value: String,
}

/// What was compared at the end of a transfer to verify that all bytes arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The size that the server reports.
    Size,
    /// The checksum that the server reports.
    Checksum,
    /// Nothing was compared: the server's verdict is all that is known.
    NotVerified(Unverified),
}

/// Why nothing was compared at the end of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// The comparison of sizes is turned off in the settings.
    TurnedOff,
    /// In `TYPE A` the bytes of the file are not those of the transfer.
    Ascii,
    /// The server did not report the name that it chose.
    NoName,
    /// A command line of the caller's may do anything with the data.
    RawCommand,
    /// The server does not report the size.
    NoSize,
    /// The server did not report the size that the file had before the bytes were added to it.
    NoSizeBefore,
}

impl Display for Unverified {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TurnedOff => "the comparison is turned off",
            Self::Ascii => "text has other bytes on the server",
            Self::NoName => "the server did not report the name of the file",
            Self::RawCommand => "the command is one of the caller's",
            Self::NoSize => "the server does not report the size",
            Self::NoSizeBefore => "the server did not report the size before",
        })
    }
}
