//! The bytes of FTP: bytes in, values out.
//!
//! This crate knows what travels on the control connection and what a listing says. It has no socket, no clock and
//! nothing that waits, so every rule of the protocol can be tested with a table. None of its functions panics, takes
//! more than linear time or holds more memory than its input and the stated limits allow, whatever a server sends.
//!
//! # In scope
//!
//! - splitting replies off the control connection ([`reply`]), which of them can answer a command ([`codes`]), and reading
//!   what they report: addresses ([`address`]), directories ([`path`]), extensions ([`features`]), times ([`time`]) and
//!   free texts ([`text`])
//! - which reply belongs to which command ([`conversation`], [`codes`])
//! - writing commands ([`command`]), the one place where a line end could be smuggled in
//! - listings: the facts of `MLSD` and `MLST`, and the lines of `LIST` ([`listing`])
//! - names as text and back, in UTF-8 and in the character sets of older servers ([`encoding`], [`charset`]), and past
//!   what is left of Telnet ([`telnet`])
//!
//! # Out of scope
//!
//! - connections, TLS, time limits, and which command comes next
//! - Telnet negotiation: its bytes are text here, as no FTP server in use negotiates
//! - record and page structure, the modes of transfers
//!
//! # Example
//!
//! ```
//! use ftp_protocol::{address, command, reply};
//!
//! // What to send.
//! assert_eq!(command::line("CWD", Some(b"pub"))?, b"CWD pub\r\n");
//! assert!(command::line("CWD", Some(b"pub\r\nDELE x")).is_err());
//!
//! // What comes back, in pieces of any size.
//! let mut reader = reply::Reader::new(reply::Limits::default());
//! reader.feed(b"229 Entering Extended Passive ");
//! assert_eq!(reader.next_reply()?, None);
//! reader.feed(b"Mode (|||6446|)\r\n");
//! let reply = reader.next_reply()?.ok_or("no reply")?;
//!
//! assert!(reply.is_positive());
//! assert_eq!(address::parse_epsv(reply.last_line())?, 6446);
//! assert!(reader.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]
#![deny(missing_docs)]

extern crate alloc;

pub mod address;
pub mod charset;
pub mod checksum;
pub mod codes;
pub mod command;
pub mod conversation;
pub mod encoding;
mod escape;
pub mod features;
pub mod listing;
pub mod path;
pub mod reply;
pub mod telnet;
pub mod text;
pub mod time;

mod number;
