//! Replies on the control connection (RFC 959, section 4.2).

use alloc::vec::Vec;
use core::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn reader(bytes: &[u8]) -> Reader {
        let mut reader = Reader::new(Limits::default());
        reader.feed(bytes);
        reader
    }

    fn reply(code: u16, lines: &[&str]) -> Reply {
        let lines = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        Reply { code, lines }
    }

    fn next(bytes: &[u8]) -> Result<Option<Reply>, Error> {
        reader(bytes).next_reply()
    }

    #[test]
    fn replies_of_the_rfc_and_of_servers() {
        let table: &[(&str, u16, &[&str])] = &[
            // RFC 959, section 4.2: the multi-line example.
            (
                "123-First line\r\nSecond line\r\n  234 A line beginning with numbers\r\n123 The last line\r\n",
                123,
                &["First line", "Second line", "  234 A line beginning with numbers", "The last line"],
            ),
            ("200 Command okay.\r\n", 200, &["Command okay."]),
            // RFC 2389, section 3.2.
            (
                "211-Extensions supported:\r\n MLST size*;create;modify*;perm;media-type\r\n SIZE\r\n211 END\r\n",
                211,
                &["Extensions supported:", " MLST size*;create;modify*;perm;media-type", " SIZE", "END"],
            ),
            // pure-ftpd repeats the code.
            (
                "220---- Welcome ----\r\n220-You are user number 1\r\n220 Bye\r\n",
                220,
                &["--- Welcome ----", "You are user number 1", "Bye"],
            ),
            ("220\r\n", 220, &[""]),
            ("220 \r\n", 220, &[""]),
            ("220-\r\n220\r\n", 220, &["", ""]),
            ("220-a\n\n220 b\n", 220, &["a", "", "b"]),
            ("220-a\r\n221-b\r\n2200\r\n221\r\n220 c\r\n", 220, &["a", "221-b", "2200", "221", "c"]),
            ("220-a\r\n600 b\r\n099 c\r\n220 d\r\n", 220, &["a", "600 b", "099 c", "d"]),
            ("599 x\n", 599, &["x"]),
        ];
        for &(bytes, code, lines) in table {
            let mut reader = reader(bytes.as_bytes());
            assert_eq!(reader.next_reply(), Ok(Some(reply(code, lines))), "{bytes}");
            assert!(reader.is_empty(), "{bytes}");
            assert_eq!(reader.next_reply(), Ok(None), "{bytes}");
        }
    }

    #[test]
    fn reply_split_at_every_byte_is_the_same() {
        let bytes = b"211-Features:\r\n EPSV\r\n\r\n211 End\r\n220 next\r\n";
        let expected = [reply(211, &["Features:", " EPSV", "", "End"]), reply(220, &["next"])];
        for size in 1..=bytes.len() {
            let mut reader = Reader::new(Limits::default());
            let mut replies = Vec::new();
            for piece in bytes.chunks(size) {
                reader.feed(piece);
                while let Some(reply) = reader.next_reply().unwrap() {
                    replies.push(reply);
                }
            }
            assert_eq!(replies, expected, "pieces of {size}");
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn reply_code_split_across_reads() {
        let mut reader = reader(b"2");
        assert_eq!(reader.next_reply(), Ok(None));
        assert!(!reader.is_empty());
        reader.feed(b"20 hi\r");
        assert_eq!(reader.next_reply(), Ok(None));
        reader.feed(b"\n");
        assert_eq!(reader.next_reply(), Ok(Some(reply(220, &["hi"]))));
        assert!(reader.is_empty());
    }

    #[test]
    fn several_replies_in_one_read_come_one_by_one() {
        let mut reader = reader(b"200 a\r\n200 b\r\n200 c");
        assert_eq!(reader.next_reply(), Ok(Some(reply(200, &["a"]))));
        assert!(!reader.is_empty());
        assert_eq!(reader.next_reply(), Ok(Some(reply(200, &["b"]))));
        assert!(!reader.is_empty());
        assert_eq!(reader.next_reply(), Ok(None));
        assert!(!reader.is_empty());
    }

    #[test]
    fn unread_replies_survive_any_number_of_feeds() {
        let mut reader = Reader::new(Limits::default());
        for n in 0..1000 {
            reader.feed(alloc::format!("200 a{n}\r\n200 b{n}\r\n").as_bytes());
            let expected = reply(200, &[&alloc::format!("{}{}", ["a", "b"][n % 2], n / 2)]);
            assert_eq!(reader.next_reply(), Ok(Some(expected)));
        }
    }

    #[test]
    fn control_bytes_are_text() {
        let mut reader = reader(b"220 a\0b\rc\r\r\n220 \xff\xfe\x0b\x0c\x1b[2J\x85\n");
        let first = reader.next_reply().unwrap().unwrap();
        assert_eq!(first.lines, [b"a\0b\rc\r".to_vec()]);
        let second = reader.next_reply().unwrap().unwrap();
        assert_eq!(second.lines, [b"\xff\xfe\x0b\x0c\x1b[2J\x85".to_vec()]);
    }

    #[test]
    fn what_is_no_reply_is_malformed() {
        let table: &[&[u8]] = &[
            b" 220 x\r\n",
            b"000 x\r\n",
            b"099 x\r\n",
            b"600 x\r\n",
            b"999 x\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"22\r\n",
            b"2201 x\r\n",
            b"220_x\r\n",
            b"220\tx\r\n",
            b"220\0\r\n",
            b"-20 x\r\n",
            b"+20 x\r\n",
            b"\xff\xfb\x01220 x\r\n",
            b"\r220 x\r\n",
        ];
        for &bytes in table {
            let result = next(bytes);
            assert!(matches!(result, Err(Error::Malformed(_))), "{bytes:?}");
        }
    }

    /// RFC 959, section 4.2: only the code that began it, and a space, end a reply.
    #[test]
    fn line_with_another_code_inside_a_reply_is_text() {
        let bytes = b"230-Welcome\r\n550 users have logged in today\r\n231-so far\r\n230 Go on\r\n";
        let lines = ["Welcome", "550 users have logged in today", "231-so far", "Go on"];
        assert_eq!(next(bytes), Ok(Some(reply(230, &lines))));
    }

    #[test]
    fn empty_lines_and_nuls_between_replies_are_skipped() {
        for between in [&b"\r\n"[..], b"\n", b"\0", b"\0\0\r\n", b"\r\n\n\0\r\n\0"] {
            let bytes = [b"\r\n550 no such file\r\n", between, b"220 next\r\n"].concat();
            for size in 1..=bytes.len() {
                let mut reader = Reader::new(Limits::default());
                let mut replies = Vec::new();
                for piece in bytes.chunks(size) {
                    reader.feed(piece);
                    replies.extend(reader.next_reply().unwrap());
                    replies.extend(reader.next_reply().unwrap());
                }
                assert_eq!(replies, [reply(550, &["no such file"]), reply(220, &["next"])], "{between:?}");
                assert!(reader.is_empty());
            }
        }
    }

    #[test]
    fn blanks_have_a_limit_that_begins_anew_with_each_reply() {
        for blank in [&b"\r\n"[..], b"\n", b"\0"] {
            let mut reader = Reader::new(Limits::default());
            for _ in 0..3 {
                reader.feed(&blank.repeat(256));
                reader.feed(b"220 x\r\n");
                assert!(reader.next_reply().unwrap().is_some());
            }
            reader.feed(&blank.repeat(257));
            reader.feed(b"220 x\r\n");
            assert!(matches!(reader.next_reply(), Err(Error::Malformed(_))), "{blank:?}");
        }
    }

    #[test]
    fn blanks_are_bytes_all_the_same_and_an_error_where_none_may_be() {
        for blank in [&b"\r\n"[..], b"\n", b"\0", b"\r"] {
            let mut reader = reader(b"234 go\r\n");
            assert!(reader.next_reply().unwrap().is_some());
            reader.feed(blank);
            assert!(reader.is_blank() && !reader.is_empty(), "{blank:?}");
            reader.skip_blanks(false);
            reader.feed(b"230 in\r\n");
            assert!(matches!(reader.next_reply(), Err(Error::Malformed(_))), "{blank:?}");
        }
        let mut reader = reader(b"2");
        assert!(!reader.is_blank());
        reader.feed(b"30-\r\n\r\n");
        assert_eq!(reader.next_reply(), Ok(None));
        assert!(!reader.is_blank());
    }

    #[test]
    fn error_stays() {
        let mut reader = reader(b"oops\r\n220 x\r\n");
        let error = reader.next_reply().unwrap_err();
        reader.feed(b"220 y\r\n");
        assert_eq!(reader.next_reply(), Err(error));
        assert!(reader.buffer.is_empty());
        assert!(!reader.is_empty());
    }

    #[test]
    fn line_limit_counts_neither_cr_nor_lf() {
        let limits = Limits { line: 8, total: 1000, blank: 0 };
        for (bytes, fits) in [
            (&b"220 abcd\r\n"[..], true),
            (b"220 abcd\n", true),
            (b"220 abcd\r", true),
            (b"220 abcde\r\n", false),
            (b"220 abcde", false),
            (b"220 abcd\r\r", false),
            (b"220-\r\nabcdefghi", false),
        ] {
            let mut reader = Reader::new(limits);
            reader.feed(bytes);
            let expected = if fits { None } else { Some(Error::LineTooLong) };
            assert_eq!(reader.next_reply().err(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn endless_reply_is_cut_off() {
        for line in [&b"220-x\r\n"[..], b"\n", b"220-a longer line of a banner that never ends\r\n"] {
            let mut reader = reader(b"220-\r\n");
            let mut fed = 0;
            let error = loop {
                if let Err(error) = reader.next_reply() {
                    break error;
                }
                reader.feed(line);
                fed += line.len();
                assert!(fed < 2 << 20, "never cut off");
            };
            assert_eq!(error, Error::ReplyTooLong);
        }
    }

    #[test]
    fn total_limit_is_for_one_reply() {
        let mut reader = Reader::new(Limits { line: 100, total: 64, blank: 0 });
        for _ in 0..100 {
            reader.feed(b"220-x\r\n220 y\r\n");
            assert!(reader.next_reply().unwrap().is_some());
        }
        reader.feed(b"220-x\r\n220-y\r\n220 z\r\n");
        assert_eq!(reader.next_reply(), Err(Error::ReplyTooLong));
    }

    #[test]
    fn first_digit_tells_the_kind() {
        let kinds = |code| {
            let reply = reply(code, &["x"]);
            [reply.is_preliminary(), reply.is_positive(), reply.is_permanent()]
        };
        for (at, code) in [150, 226, 550, 331, 421].into_iter().enumerate() {
            let expected = [0, 1, 2].map(|kind| kind == at);
            assert_eq!(kinds(code), expected, "{code}");
        }
    }

    #[test]
    fn last_line_of_no_lines_is_empty() {
        let reply = Reply { code: 200, lines: vec![] };
        assert_eq!(reply.last_line(), b"");
    }

    #[test]
    fn errors_tell_the_reason() {
        let error = next(b"2201 x\r\n").unwrap_err();
        assert_eq!(error.to_string(), "malformed reply: no space or hyphen after the code");
    }
}
