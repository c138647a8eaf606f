//! Replies on the control connection (RFC 959, section 4.2).

use alloc::vec::Vec;
use core::fmt;

#[cfg(test)]
mod tests;

/// One reply (RFC 959, section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 100 to 599 when it comes from a [`Reader`].
    pub code: u16,
    /// The lines without codes and line ends. At least one when it comes from a [`Reader`].
    pub lines: Vec<Vec<u8>>,
}

impl Reply {
    /// 1yz: the action has begun, expect another reply (RFC 959, section 4.2).
    pub fn is_preliminary(&self) -> bool {
        self.code / 100 == 1
    }

    /// 2yz: the action is done (RFC 959, section 4.2).
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3yz: accepted, another command has to follow (RFC 959, section 4.2).
    pub fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// 5yz: refused (RFC 959, section 4.2).
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// The line that ended the reply, which is the only one of most replies.
    pub fn last_line(&self) -> &[u8] {
        self.lines.last().map_or(&[], Vec::as_slice)
    }
}

/// How much a server may send before it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one line, with its code and without its end.
    pub line: usize,
    /// Bytes of all lines of one reply, with their ends. A line counts for at least 32 bytes, as that is what it
    /// costs to hold an empty one.
    pub total: usize,
    /// Bytes of empty lines and NULs before a reply.
    pub blank: usize,
}

impl Default for Limits {
    /// 16 KiB a line, 1 MiB a reply, 256 bytes before it that mean nothing.
    fn default() -> Self {
        Self { line: 16 << 10, total: 1 << 20, blank: 256 }
    }
}

/// Splits what the server sends into replies (RFC 959, section 4.2).
///
/// A line ends in LF, with one CR before it or none. Any other byte, NUL and a lone CR among them, is text: it
/// neither ends nor splits a line. Some servers send empty lines or NULs between two replies, which are skipped.
///
/// The reader holds the bytes fed to it that no reply has used up yet, and what [`Limits`] allows for the reply that
/// is being read. It checks the limits in [`next_reply`](Self::next_reply): call that until it gives `None` before
/// feeding again, and feed at most 64 KiB at once.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    buffer: Vec<u8>,
    /// Bytes at the start of `buffer` that are done with.
    taken: usize,
    /// Bytes at the start of `buffer` known to hold no further LF, so that none is looked at twice.
    searched: usize,
    /// Bytes without a meaning since the last reply.
    blank: usize,
    unfinished: Option<Unfinished>,
    failed: Option<Error>,
}

impl Reader {
    /// A reader that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: Vec::new(), taken: 0, searched: 0, blank: 0, unfinished: None, failed: None }
    }

    /// Whether empty lines and NULs between two replies are skipped, as they are at first; else they are an error.
    pub fn skip_blanks(&mut self, skip: bool) {
        self.limits.blank = if skip { Limits::default().blank } else { 0 };
    }

    /// Adds bytes as they came from the network, cut anywhere. After an error they are dropped.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        // Moving the rest to the front only when it is the smaller half keeps the sum of all moves linear.
        if self.taken >= self.buffer.len() / 2 {
            self.buffer.drain(..self.taken.min(self.buffer.len()));
            self.searched = self.searched.saturating_sub(self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete reply, or `None` until more is fed.
    ///
    /// # Errors
    ///
    /// [`Error`], and the same one at every later call: after it nobody can tell where a reply starts.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.read();
        if let Err(error) = result {
            self.failed = Some(error);
            self.buffer = Vec::new();
            self.taken = 0;
            self.searched = 0;
            self.unfinished = None;
        }
        result
    }

    /// True when no byte has come since the last reply. False after an error.
    ///
    /// Where the meaning of the connection changes, as it does after the reply to `AUTH`, anything still held was
    /// sent too early and must not be carried over.
    pub fn is_empty(&self) -> bool {
        self.failed.is_none() && self.unfinished.is_none() && self.blank == 0 && self.taken == self.buffer.len()
    }

    /// As [`is_empty`](Self::is_empty), but for bytes without a meaning.
    pub fn is_blank(&self) -> bool {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let means_nothing = rest.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0));
        self.failed.is_none() && self.unfinished.is_none() && means_nothing
    }

    fn read(&mut self) -> Result<Option<Reply>, Error> {
        while let Some(line) = next_line(&self.buffer, &mut self.taken, &mut self.searched, self.limits.line)? {
            let (unfinished, ends) = match self.unfinished.take() {
                None => {
                    let nuls = line.iter().take_while(|&&byte| byte == 0).count();
                    let line = line.get(nuls..).unwrap_or_default();
                    let blank = if line.is_empty() { nuls.saturating_add(1) } else { nuls };
                    self.blank = self.blank.saturating_add(blank);
                    if self.blank > self.limits.blank {
                        return Err(Error::Malformed("an empty line where a reply starts"));
                    }
                    if line.is_empty() {
                        continue;
                    }
                    self.blank = 0;
                    Unfinished::start(line)?
                }
                Some(unfinished) => unfinished.extend(line),
            };
            if unfinished.size > self.limits.total {
                return Err(Error::ReplyTooLong);
            }
            if ends {
                return Ok(Some(unfinished.reply));
            }
            self.unfinished = Some(unfinished);
        }
        Ok(None)
    }
}

/// Why a [`Reader`] gave up. All of these are the server's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bytes are no reply, for the reason given.
    Malformed(&'static str),
    /// A line is longer than [`Limits::line`].
    LineTooLong,
    /// A reply is longer than [`Limits::total`].
    ReplyTooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(f, "malformed reply: {reason}"),
            Self::LineTooLong => f.write_str("a line of a reply is too long"),
            Self::ReplyTooLong => f.write_str("a reply is too long"),
        }
    }
}

impl core::error::Error for Error {}

/// A reply whose last line has not come yet, and what it counts for against [`Limits::total`].
#[derive(Debug)]
struct Unfinished {
    reply: Reply,
    size: usize,
}

impl Unfinished {
    /// The reply that this first line starts, and whether it also ends it.
    fn start(line: &[u8]) -> Result<(Self, bool), Error> {
        let Some((code, rest)) = split_code(line) else { return Err(Error::Malformed(without_code(line))) };
        let (text, ends) = match rest.split_first() {
            None => (rest, true),
            Some((b' ', text)) => (text, true),
            Some((b'-', text)) => (text, false),
            Some(_) => return Err(Error::Malformed("no space or hyphen after the code")),
        };
        let reply = Reply { code, lines: Vec::new() };
        let mut unfinished = Self { reply, size: 0 };
        unfinished.push(line, text);
        Ok((unfinished, ends))
    }

    /// The reply with one more line, and whether that was the last one. A line with another code is text, as any line in
    /// between may begin with digits.
    fn extend(mut self, line: &[u8]) -> (Self, bool) {
        let rest = split_code(line).filter(|(code, _)| *code == self.reply.code).map(|(_, rest)| rest);
        let (text, ends) = match rest.map(|rest| (rest, rest.split_first())) {
            Some((rest, None)) => (rest, true),
            Some((_, Some((b' ', text)))) => (text, true),
            Some((_, Some((b'-', text)))) => (text, false),
            _ => (line, false),
        };
        self.push(line, text);
        (self, ends)
    }

    fn push(&mut self, line: &[u8], text: &[u8]) {
        /// An empty `Vec` in a list that doubles when it is full, rounded up.
        const LEAST: usize = 32;
        let size = line.len().saturating_add(2).max(LEAST);
        self.size = self.size.saturating_add(size);
        self.reply.lines.push(text.to_vec());
    }
}

/// The next line of `buffer` without its end.
///
/// A function of the parts, not of the reader, so that the line can be read while the reply grows.
fn next_line<'a>(
    buffer: &'a [u8],
    taken: &mut usize,
    searched: &mut usize,
    limit: usize,
) -> Result<Option<&'a [u8]>, Error> {
    let unsearched = buffer.get(*searched..).unwrap_or_default();
    let found = unsearched.iter().position(|&byte| byte == b'\n');
    let end = found.map_or(buffer.len(), |offset| searched.saturating_add(offset));
    let line = buffer.get(*taken..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > limit {
        return Err(Error::LineTooLong);
    }
    if found.is_none() {
        *searched = end;
        return Ok(None);
    }
    *taken = end.saturating_add(1);
    *searched = *taken;
    Ok(Some(line))
}

/// The code of a line and what follows it.
fn split_code(line: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    let code = u16::try_from(crate::number::decimal(digits)?).ok()?;
    (100..=599).contains(&code).then_some((code, rest))
}

/// What a line is that is no reply.
fn without_code(line: &[u8]) -> &'static str {
    match line {
        [b'H', b'T', b'T', b'P', b'/', ..] => "it is a server of HTTP that answers",
        [b'S', b'S', b'H', b'-', ..] => "it is a server of SSH that answers",
        _ => "no code from 100 to 599",
    }
}
