//! Lines that no server sent: those of the corpus with something changed, and what holds for any line.
#![allow(dead_code, missing_docs)]

use super::{Listing, NOW};
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::{Entry, Listed, Parser, RawEntry, mlsd_line, mlst_entry};
use std::time::{Duration, Instant};

/// The longest line that a client takes.
pub const LONGEST: usize = 16 << 10;

/// What reading a line may take at most, whatever is in it, on a machine that is busy, and unoptimized.
const LIMIT: Duration = Duration::from_secs(5);

/// Numbers around every border.
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "-1",
    "00",
    "31",
    "32",
    "99",
    "9999",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775808",
    "999999999999999999999999999999999999999999",
];

/// Bytes that mean something in some dialect.
const BYTES: &[u8] = b"\0\t\r\n !\"%'()*+,-./0123456789:;<=>?@AMPZ[\\]adlrstx{|}\x7f\x80\x8c\xbf\xc3\xe6\xf4\xff";

/// Numbers that look random and are the same on every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap_or(0) % end.max(1)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let (a, b) = (self.below(length + 1), self.below(length + 1));
        a.min(b)..a.max(b)
    }
}

/// A listing of the corpus with a few things changed.
pub fn mutated(listings: &[Listing], random: &mut Random) -> Vec<Vec<u8>> {
    let listing = &listings[random.below(listings.len())];
    let start = random.below(listing.lines.len());
    let mut lines: Vec<_> = listing.lines[start..].iter().take(4).map(|line| line.bytes.clone()).collect();
    for _ in 0..=random.below(4) {
        let at = random.below(lines.len());
        match random.below(12) {
            0 => _ = lines.len() > 1 && !lines.remove(at).is_empty(),
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let other = &listings[random.below(listings.len())].lines;
                let other = &other[random.below(other.len())].bytes;
                let (here, there) = (random.range(lines[at].len()), random.range(other.len()));
                lines[at].splice(here, other[there].iter().copied());
            }
            _ => change(&mut lines[at], random),
        }
    }
    for line in &mut lines {
        line.truncate(LONGEST);
    }
    lines
}

fn change(line: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(line.len());
    match random.below(9) {
        0 => line.truncate(at),
        1 => _ = line.drain(..at),
        2 => _ = line.drain(random.range(line.len())),
        3 => line.insert(at, BYTES[random.below(BYTES.len())]),
        4 if !line.is_empty() => line[at] ^= 1 << random.below(8),
        5 if !line.is_empty() => line[at] = BYTES[random.below(BYTES.len())],
        6 => number(line, random),
        7 => {
            let piece = line[random.range(line.len())].to_vec();
            let room = (LONGEST - line.len().min(LONGEST)) / piece.len().max(1);
            // Rarely very long: those take most of the time.
            let most = if random.below(50) == 0 { room } else { room.min(3) };
            let piece = piece.repeat(random.below(most + 1));
            line.splice(at..at, piece);
        }
        _ => {
            let mut words: Vec<_> = line.split(|&byte| byte == b' ').map(<[u8]>::to_vec).collect();
            let (a, b) = (random.below(words.len()), random.below(words.len()));
            words.swap(a, b);
            *line = words.join(&b' ');
        }
    }
}

/// Put another number in the place of one.
fn number(line: &mut Vec<u8>, random: &mut Random) {
    let starts: Vec<_> = (0..line.len())
        .filter(|&at| line[at].is_ascii_digit() && (at == 0 || !line[at - 1].is_ascii_digit()))
        .collect();
    let Some(&start) = starts.get(random.below(starts.len())) else { return };
    let length = line[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    line.splice(start..start + length, NUMBERS[random.below(NUMBERS.len())].bytes());
}

/// Whatever a server sends, this holds. Gives how many entries there were.
pub fn check(lines: &[Vec<u8>], encoding: Encoding, now: Option<i64>) -> usize {
    let told = read(lines, encoding, now);
    assert_eq!(told, read(lines, encoding, now), "another reading is another result");
    let mut entries = 0;
    for listed in &told {
        match listed {
            Listed::Entry(entry) => {
                entries += 1;
                check_entry(entry);
                let RawEntry::Line(line) = &entry.raw else { panic!("{entry:?}") };
                assert!(is_of(lines, line, encoding), "{line:?} of none of {lines:?}");
            }
            Listed::Unparsed(line) => assert!(is_of(lines, line, encoding), "{line:?} of none of {lines:?}"),
            Listed::Skipped => panic!("nothing was told"),
        }
    }
    for line in lines {
        match mlsd_line(line, encoding) {
            Listed::Entry(entry) => {
                check_entry(&entry);
                check_facts(&entry, line, encoding);
            }
            Listed::Unparsed(text) => assert_eq!(encoding.encode(&text).as_ref(), Ok(line)),
            Listed::Skipped => {}
        }
        if let Some(entry) = mlst_entry(line, encoding).filter(|entry| !matches!(entry.name.as_str(), "/" | ".")) {
            check_entry(&entry);
        }
    }
    entries
}

fn read(lines: &[Vec<u8>], encoding: Encoding, now: Option<i64>) -> Vec<Listed> {
    let mut listed = Vec::new();
    let mut parser = Parser::new(encoding, now);
    for line in lines {
        let (before, start) = (listed.len(), Instant::now());
        parser.line(line, &mut listed);
        assert!(start.elapsed() < LIMIT, "{} bytes took {:?}", line.len(), start.elapsed());
        assert!(listed.len() <= before + 2, "a line tells itself and settles the one before");
    }
    parser.end(&mut listed);
    listed
}

fn check_entry(entry: &Entry) {
    assert!(!matches!(entry.name.as_str(), "" | "." | ".."), "{entry:?}");
    assert!(!entry.name.contains('/'), "{entry:?}");
    assert!(entry.permissions.unwrap_or(0) <= 0o7777, "{entry:?}");
    assert!(entry.modified.is_none_or(|time| time.nanoseconds < 1_000_000_000), "{entry:?}");
}

/// The facts are what stands before the name, and each is one.
fn check_facts(entry: &Entry, line: &[u8], encoding: Encoding) {
    let RawEntry::Facts(raw) = &entry.raw else { panic!("{entry:?}") };
    let facts: String = entry.facts().map(|(name, value)| format!("{name}={value};")).collect();
    assert_eq!(&facts, raw);
    let blanks = line.iter().take_while(|byte| b" \t".contains(byte)).count();
    assert_eq!(encoding.encode(&format!("{raw} {}", entry.name)).as_deref(), Ok(&line[blanks..]));
}

/// Whether a text is one of the lines byte by byte, or two in a row.
fn is_of(lines: &[Vec<u8>], text: &str, encoding: Encoding) -> bool {
    let bytes = encoding.encode(text).expect("what was decoded can be encoded");
    lines.contains(&bytes) || lines.windows(2).any(|pair| pair.join(&b'\n') == bytes)
}

/// One of the four ways to read, in turn.
pub fn way(turn: usize) -> (Encoding, Option<i64>) {
    let encoding = if turn.is_multiple_of(2) { Encoding::Utf8 } else { Encoding::Latin1 };
    (encoding, (turn % 4 < 2).then_some(NOW))
}
