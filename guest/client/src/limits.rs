//! The limits of the client on what it waits for, what it keeps and how often it tries. Those of a reply stand in
//! `control.rs`, those of TLS in `tls/`.

use core::time::Duration;

/// The most lines that a transcript may hold. With a KiB each they stay clear of what a host lifts.
pub const MAX_TRANSCRIPT_LINES: usize = 65_536;

/// Bytes moved at once. Larger pieces measured slower, and WASI hands out no more.
pub const CHUNK: usize = 64 * 1024;

/// Bytes that one line of a listing may have.
pub const LISTING_LINE: usize = 16 * 1024;

/// Bytes that a listing may take in memory, as [`listed_cost`] counts them. A host may refuse to lift a value that is
/// larger than 128 MiB.
pub const LISTING_SIZE: usize = 64 * 1024 * 1024;

/// Bytes that a portion of a listing may take, counted alike; its last entry may be larger.
pub const LISTING_BATCH_BYTES: usize = 256 * 1024;

/// Levels of a tree that a walk goes down, unless options say otherwise.
#[cfg(feature = "mirror")]
pub const WALK_DEPTH: usize = 128;

/// Members of directories that a walk takes, unless options say otherwise.
#[cfg(feature = "mirror")]
pub const WALK_ENTRIES: usize = 1_000_000;

/// Bytes that all that a walk finds may take in memory.
#[cfg(feature = "mirror")]
pub const WALK_SIZE: usize = 256 * 1024 * 1024;

/// Sessions that share a download at the most.
pub const MAX_SEGMENTS: usize = 16;

/// Bytes for which one more session is worth its while, unless the caller knows better.
pub const MIN_SEGMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Addresses of one name that are tried.
pub const MAX_ADDRESSES: usize = 16;

/// How long one address has before the next is tried beside it (RFC 8305, section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How long the other side's end of a connection is waited for once it has said that all is done.
pub const CLOSE_LINGER: Duration = Duration::from_secs(2);

/// Bytes of an upload inside TLS that are held back until there are more, or its end: without TCP_NODELAY the last of
/// two small writes is slow.
pub const UPLOAD_COALESCE_BYTES: usize = 16 * 1024;

/// How long they are held back at most, once there is more to write.
pub const UPLOAD_COALESCE_DELAY: Duration = Duration::from_millis(50);

/// How long two servers may take for a copy between them at most: no reply reports their progress.
pub const FXP_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The fewest bytes that they move in a second, where the source has reported how many there are.
pub const FXP_BYTES_PER_SECOND: u64 = 1024;

/// The time that a server which listens for another one has to refuse a copy, before the other one gets its command.
pub const HEAD_START: Duration = Duration::from_millis(500);

/// What a compressed transfer may inflate to is this many times the bytes that came, and a setting beyond that. Deflate
/// can do a thousand times; among honest files only the emptiest compress better than this.
pub const INFLATION_RATIO: u64 = 100;

/// The part of the connect timeout that a data port from `EPSV` has, where `PASV` may still name another: one of so many.
pub const EPSV_SHARE: u32 = 3;

/// How old the port of an `EPSV` may be that was asked ahead.
pub const PORT_AHEAD: Duration = Duration::from_secs(5);

/// Bytes that a proxy may say, in lines, before the connection is the server's.
pub const PROXY_ANSWER: usize = 16 * 1024;

/// The shortest interval between two `NOOP`s in a transfer.
pub const SHORTEST_KEEPALIVE: Duration = Duration::from_millis(100);

/// The shortest time after which the system is asked to look after an idle connection; WASI knows nothing shorter.
pub const SHORTEST_TCP_KEEPALIVE: Duration = Duration::from_secs(1);

/// `NOOP`s of a transfer that may be without a reply: a server that answers none until the end has to keep them.
pub const MAX_UNANSWERED: usize = 1000;

/// What a text costs against [`LISTING_SIZE`]: its bytes and its place in a list.
pub fn listed_cost(text: &str) -> usize {
    text.len() + 32
}
