//! What a server sends, as values.

#[path = "../../../guest/protocol/tests/corpus/mod.rs"]
mod corpus;

use std::net::{SocketAddr, SocketAddrV4};

use ftp_protocol::checksum::{self, Algorithm, Way};
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::{Entry, Listed, mlsd_line, mlst_entry};
use ftp_protocol::reply::{Error, Limits, Reader, Reply};
use ftp_protocol::time::{Timestamp, parse_time_val, time_val};
use ftp_protocol::{address, features, path, text};

use crate::choice;

/// What the reader takes at once.
const FED: usize = 64 << 10;

/// The control connection: what is read does not depend on how it was cut, and the limits hold. The first byte is the
/// size of the pieces.
pub fn replies(data: &[u8]) {
    let (size, bytes) = choice(data);
    let limits = Limits { line: 500, total: 5000, ..Limits::default() };
    let whole = read(bytes, FED, limits);
    assert_eq!(whole, read(bytes, usize::from(size).max(1), limits), "in pieces of {size}");
    for reply in whole.0 {
        assert!((100..=599).contains(&reply.code), "{reply:?}");
        assert!(reply.lines.iter().all(|line| line.len() <= limits.line && !line.contains(&b'\n')), "{reply:?}");
        assert!(!reply.lines.is_empty() && reply.lines.iter().map(Vec::len).sum::<usize>() <= limits.total);
        interpret(&reply);
    }
}

fn read(bytes: &[u8], size: usize, limits: Limits) -> (Vec<Reply>, Option<Error>) {
    let (mut reader, mut replies) = (Reader::new(limits), Vec::new());
    for piece in bytes.chunks(size) {
        reader.feed(piece);
        loop {
            match reader.next_reply() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next_reply(), Err(error), "another error the next time");
                    assert!(!reader.is_empty());
                    return (replies, Some(error));
                }
            }
        }
    }
    (replies, None)
}

/// All that is made out of replies.
fn interpret(reply: &Reply) {
    let line = reply.last_line();
    if let Some(name) = text::unique_name(line) {
        assert!(line.windows(name.len().max(1)).any(|part| part == name), "{line:?} has no {name:?}");
    }
    for path in [&b"file"[..], b"a/x (7 bytes)", line] {
        let size = text::announced_size(line, path);
        assert!(size.is_none() || line.iter().any(u8::is_ascii_digit), "{line:?} has no {size:?}");
    }
    let _ = (text::no_files(line), text::failed_listing(line));
    let _ = path::parse_257(line);
    let features = features::parse_feat(reply, Encoding::Utf8);
    for algorithm in [Algorithm::Crc32, Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        let _ = checksum::way(&features, algorithm);
        for way in [Way::Hash, Way::Verb(algorithm.name())] {
            let sum = checksum::parse(line, way, algorithm);
            assert!(sum.is_none_or(|sum| sum.len() == algorithm.digits()), "{line:?}");
        }
    }
}

/// `PASV`, `EPSV`, and the arguments of `PORT` and `EPRT`. The text is a reply; its first bytes are an address too.
pub fn addresses(data: &[u8]) {
    let _ = address::parse_epsv(data);
    if let Ok(address) = address::parse_pasv(data) {
        passive(address);
    }
    if let Some((&[a, b, c, d, high, low], _)) = data.split_first_chunk() {
        passive(SocketAddrV4::new([a, b, c, d].into(), u16::from_be_bytes([high, low])));
    }
    if let Some((address, rest)) = data.split_first_chunk::<16>() {
        let port = rest.first().map_or(0, |byte| u16::from(*byte) << 8 | 21);
        let address = SocketAddr::new((*address).into(), port);
        let argument = address::eprt_argument(address);
        let fields: Vec<_> = argument.split('|').collect();
        // One of IPv4 in the form of IPv6 is announced as the former.
        let ip = address.ip().to_canonical();
        let expected = ["", if ip.is_ipv4() { "1" } else { "2" }, fields[2], &port.to_string(), ""];
        assert_eq!(fields, expected, "{argument}");
        assert_eq!(fields[2].parse(), Ok(ip), "{argument}");
    }
}

fn passive(address: SocketAddrV4) {
    let argument = address::port_argument(address);
    let read = address::parse_pasv(format!("Entering Passive Mode ({argument}).").as_bytes());
    assert!(read == Ok(address) || address.port() == 0 || read.is_err() && !ordinary(address), "{argument}: {read:?}");
}

/// An address that a server may really have.
fn ordinary(address: SocketAddrV4) -> bool {
    let ip = address.ip();
    !(ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast())
}

/// Lines of `LIST`: what holds for those of the tests of `ftp-protocol` that were changed. The first byte chooses the
/// encoding and the clock.
pub fn listings(data: &[u8]) {
    let (turn, bytes) = choice(data);
    let (encoding, now) = corpus::mutate::way(usize::from(turn));
    corpus::mutate::check(&lines(bytes), encoding, now);
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split(|byte| *byte == b'\n').map(|line| line[..line.len().min(corpus::mutate::LONGEST)].to_vec()).collect()
}

/// A line of `MLSD`, and one of a reply to `MLST`.
pub fn facts(data: &[u8]) {
    let (turn, line) = choice(data);
    let encoding = if turn.is_multiple_of(2) { Encoding::Utf8 } else { Encoding::Latin1 };
    if let Listed::Entry(entry) = mlsd_line(line, encoding) {
        assert!(!entry.name.contains('/') && !matches!(entry.name.as_str(), "" | "." | ".."), "{entry:?}");
        of_facts(&entry);
    }
    if let Some(entry) = mlst_entry(line, encoding) {
        of_facts(&entry);
    }
}

fn of_facts(entry: &Entry) {
    assert!(entry.facts().all(|(name, _)| !name.contains(['=', ';'])), "{entry:?}");
    assert!(entry.permissions.unwrap_or(0) <= 0o7777, "{entry:?}");
    if let Some(time) = &entry.modified {
        of_time(time);
    }
}

/// Times of `MDTM` and of facts, read and written. The first eight bytes are a number of seconds too.
pub fn times(data: &[u8]) {
    if let Some(time) = parse_time_val(data) {
        of_time(&time);
        // But for the leap second after which the year has five digits.
        match time_val(time.seconds) {
            Some(written) => {
                let read = parse_time_val(written.as_bytes()).map(|time| time.seconds);
                assert_eq!(read, Some(time.seconds), "{written}");
            }
            None => assert!(data.trim_ascii().starts_with(b"99991231235960"), "{data:?}"),
        }
    }
    let Some((seconds, _)) = data.split_first_chunk() else { return };
    if let Some(written) = time_val(i64::from_le_bytes(*seconds)) {
        assert_eq!(written.len(), 14, "{written}");
        let read = parse_time_val(written.as_bytes()).map(|time| time.seconds);
        assert_eq!(read, Some(i64::from_le_bytes(*seconds)), "{written}");
    }
}

fn of_time(time: &Timestamp) {
    assert!(time.nanoseconds < 1_000_000_000, "{time:?}");
}

/// Those that servers without UTF-8 have, and what is not among them.
const CHARSETS: [&str; 16] = [
    "utf-8",
    "windows-1251",
    "windows-1252",
    "iso-8859-2",
    "koi8-r",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "gbk",
    "gb18030",
    "big5",
    "macintosh",
    "ibm866",
    "iso-8859-8",
    "windows-874",
    "x-mac-cyrillic",
];

/// Names as text and back, and texts as names. The first byte chooses the character set.
pub fn charsets(data: &[u8]) {
    let (choice, bytes) = choice(data);
    let label = CHARSETS.get(usize::from(choice)).copied();
    let encoding = label.map_or(Encoding::Latin1, |label| Encoding::named(label).expect("a character set for names"));
    let text = encoding.decode(bytes);
    assert_eq!(encoding.encode(&text).as_deref(), Ok(bytes), "{text:?} in {label:?}");
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(encoded) = encoding.encode(text) {
        let is_for_bytes = |character: char| u32::from(character) >= 0x10_ff00;
        let read = encoding.decode(&encoded);
        assert!(read == text || text.contains(is_for_bytes), "{text:?} is {read:?} in {label:?}");
    }
}
