//! Lines of real servers, and what they mean: `listings.tsv`, read.
#![allow(dead_code, missing_docs)]

pub mod mutate;

use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::{Entry, Kind, Listed, Parser, mlsd_line};
use ftp_protocol::time::{Precision, Timestamp};

/// 2024-06-15T23:59:59, when all of these listings are read.
pub const NOW: i64 = 1_718_495_999;

/// A listing, or a part of one.
pub struct Listing {
    pub dialect: &'static str,
    pub source: &'static str,
    pub lines: Vec<Line>,
}

pub struct Line {
    pub bytes: Vec<u8>,
    /// What stands behind the line in the file.
    pub expected: &'static str,
}

/// Every listing of the file. A paragraph begins with `# dialect | source`; its lines are a line of the listing and
/// what is expected of it, between tabs.
pub fn listings() -> Vec<Listing> {
    let mut listings: Vec<Listing> = Vec::new();
    for text in include_str!("listings.tsv").lines().filter(|line| !line.is_empty()) {
        match text.strip_prefix("# ") {
            Some(head) => {
                let (dialect, source) = head.split_once(" | ").expect("a dialect and a source");
                listings.push(Listing { dialect, source, lines: Vec::new() });
            }
            None => {
                let (line, expected) = text.split_once('\t').expect("a line and what it means");
                let listing = listings.last_mut().expect("a head first");
                listing.lines.push(Line { bytes: unescaped(line), expected });
            }
        }
    }
    listings
}

/// What each of these lines reports, one after the other.
pub fn read(dialect: &str, encoding: Encoding, lines: &[&[u8]]) -> Vec<Vec<Listed>> {
    if dialect == "mlsd" {
        return lines.iter().map(|line| vec![mlsd_line(line, encoding)]).collect();
    }
    let mut parser = Parser::new(encoding, Some(NOW));
    let mut told: Vec<_> = lines
        .iter()
        .map(|line| {
            let mut listed = Vec::new();
            parser.line(line, &mut listed);
            listed
        })
        .collect();
    let mut end = Vec::new();
    parser.end(&mut end);
    told.push(end);
    told
}

/// What a line told, as the file has it: `kind size time mode owner group name target`, between tabs.
pub fn render(listed: &[Listed]) -> String {
    match listed {
        [] | [Listed::Skipped] => "nothing".into(),
        [Listed::Unparsed(_)] => "unparsed".into(),
        [Listed::Entry(entry)] => render_entry(entry),
        more => more.iter().map(|one| render(std::slice::from_ref(one))).collect::<Vec<_>>().join(" and "),
    }
}

fn render_entry(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::SymbolicLink => "link",
        Kind::Other => "other",
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let mut columns = vec![
        kind.into(),
        or_none(entry.size.map(|size| size.to_string())),
        or_none(entry.modified.map(|time| render_time(&time))),
        or_none(entry.permissions.map(|mode| format!("{mode:03o}"))),
        or_none(entry.owner.clone()),
        or_none(entry.group.clone()),
        escaped(&entry.name),
    ];
    columns.extend(entry.link_target.as_deref().map(escaped));
    columns.join("\t")
}

/// As much of the time as is told: `2024-06-15 10:18`, with a `Z` where it is UTC.
fn render_time(time: &Timestamp) -> String {
    let (days, second) = (time.seconds.div_euclid(86_400), time.seconds.rem_euclid(86_400));
    let date = date(days);
    let zone = if time.utc { "Z" } else { "" };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    match time.precision {
        Precision::Day => date,
        Precision::Minute => format!("{date} {hour:02}:{minute:02}{zone}"),
        Precision::Second => format!("{date} {hour:02}:{minute:02}:{second:02}{zone}"),
        Precision::Subsecond => format!("{date} {hour:02}:{minute:02}:{second:02}.{:09}{zone}", time.nanoseconds),
    }
}

/// A day since 1970, counted out year by year: not as the parser does it.
fn date(mut days: i64) -> String {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += if leap(year) { 366 } else { 365 };
    }
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}", month + 1, days + 1)
}

/// A tab, a backslash and what is not UTF-8 are escaped in the file, and a space where an editor might remove it.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\t', "\\t");
    match text.strip_suffix(' ') {
        Some(start) => format!("{start}\\x20"),
        None => text,
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next().expect("what is escaped") {
            b't' => bytes.push(b'\t'),
            b'x' => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                bytes.push(u8::from_str_radix(digits, 16).expect("a number"));
            }
            byte => bytes.push(byte),
        }
    }
    bytes
}
