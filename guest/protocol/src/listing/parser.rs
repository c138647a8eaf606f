//! The lines of a `LIST` reply, whose form no RFC defines (RFC 959, section 4.1.3), in every dialect that is known.

use super::column::{Read, Table, human};
use super::{
    Listed, dos, enterprise, eplf, guardian, mvs, named, netware, os2, os400, unix, vms, vxworks, wellfleet, words, zvm,
};
use crate::encoding::Encoding;
use crate::number::decimal;
use alloc::vec::Vec;

/// Reads the lines of one listing, in their order: some mean something only after the line before them, or under the
/// head of their table.
///
/// The dialect shows in the lines themselves, and in nothing else: what `SYST` answers is not asked for. Where it could
/// help it is no use: servers on Windows answer `UNIX Type: L8` and send lines of either kind, z/OS sends lines of Unix
/// for its file systems and tables for its data sets, and no answer tells in which order a date has day and month. What
/// is not understood without doubt comes back as it came.
///
/// ```
/// use ftp_protocol::encoding::Encoding;
/// use ftp_protocol::listing::{Listed, Parser};
///
/// let mut parser = Parser::new(Encoding::Utf8, None);
/// let mut listed = Vec::new();
/// for line in ["LONG_NAME_OF_A_FILE.TXT;1", "    4/15   24-FEB-2003 13:17:24  [LP]  (RWED,RWED,RE,)", "?"] {
///     parser.line(line.as_bytes(), &mut listed);
/// }
/// parser.end(&mut listed);
/// assert!(matches!(&listed[0], Listed::Entry(entry) if entry.name == "LONG_NAME_OF_A_FILE.TXT;1"));
/// assert_eq!(listed[1], Listed::Unparsed("?".into()));
/// ```
#[derive(Debug, Clone)]
pub struct Parser {
    encoding: Encoding,
    now: Option<i64>,
    table: Option<Table>,
    /// There was a blank line, and no member since.
    after_blank: bool,
    /// Another directory has begun, in a listing that goes deeper.
    elsewhere: bool,
    /// The name of a file of VMS, whose other columns did not fit on the line.
    held: Option<Vec<u8>>,
    dates: os400::Orders,
}

impl Parser {
    /// For one listing.
    ///
    /// `now`, in seconds since 1970 UTC, tells the year of a date without one: the latest that puts it at most a day
    /// after `now`, as the server's zone is not known. Without `now` such a line has no modification time.
    pub fn new(encoding: Encoding, now: Option<i64>) -> Self {
        Self {
            encoding,
            now,
            table: None,
            after_blank: false,
            elsewhere: false,
            held: None,
            dates: os400::Orders::default(),
        }
    }

    /// Read a line, without its end, and append what it reports: nothing, an entry, a line that was not understood. A
    /// line may also settle what the one before it was.
    pub fn line(&mut self, line: &[u8], listed: &mut Vec<Listed>) {
        if let Some(name) = self.held.take() {
            let both = [&name, &b"\n"[..], line].concat();
            if let Some(read) = vms::continued(&name, line, &both, self.encoding) {
                return self.tell(&both, read, listed);
            }
            listed.push(Listed::Unparsed(self.encoding.decode(&name)));
        }
        if line.trim_ascii().is_empty() {
            self.after_blank = true;
            return;
        }
        // Most lines are of Unix, and then they are nothing of what follows.
        if self.table.is_none()
            && !self.after_blank
            && !self.elsewhere
            && let Some(entry) = unix::parse(line, self.encoding, self.now)
        {
            return self.tell(line, Read::Entry(entry), listed);
        }
        let words: Vec<_> = words(line).iter().map(|(word, _)| *word).collect();
        if is_total(&words, self.encoding) || is_ruler(line) || vxworks::is_head(&words) || vms::is_frame(line, &words)
        {
            return;
        }
        if let Some(table) = mvs::table(&words).or_else(|| guardian::table(&words)).or_else(|| wellfleet::table(&words))
        {
            self.table = Some(table);
            return;
        }
        if self.table.is_none() && vms::is_name_alone(line) {
            self.held = Some(line.to_vec());
            return;
        }
        // `ls -R` puts the path of each directory before its members, which are not those of this one.
        let read = self.entry(line);
        self.after_blank &= read.is_none();
        self.elsewhere |= self.after_blank && line.ends_with(b":") && !line.starts_with(b" ");
        match read.filter(|_| !self.elsewhere) {
            Some(read) => self.tell(line, read, listed),
            None => listed.push(Listed::Unparsed(self.encoding.decode(line))),
        }
    }

    /// There are no more lines.
    pub fn end(&mut self, listed: &mut Vec<Listed>) {
        if let Some(name) = self.held.take() {
            listed.push(Listed::Unparsed(self.encoding.decode(&name)));
        }
    }

    fn entry(&mut self, line: &[u8]) -> Option<Read> {
        let (encoding, now) = (self.encoding, self.now);
        if let Some(table) = self.table {
            let entry = match table {
                Table::Guardian => guardian::parse(line, encoding),
                Table::Wellfleet => wellfleet::parse(line, encoding),
                table => mvs::parse(table, line, encoding),
            };
            return entry.map(Read::Entry);
        }
        eplf::parse(line, encoding)
            .or_else(|| unix::parse(line, encoding, now))
            .or_else(|| netware::parse(line, encoding, now))
            .or_else(|| dos::parse(line, encoding))
            .or_else(|| os2::parse(line, encoding))
            .or_else(|| os400::parse(line, encoding, now, &mut self.dates))
            .or_else(|| zvm::parse(line, encoding))
            .or_else(|| vxworks::parse(line, encoding))
            .or_else(|| enterprise::parse(line, encoding, now))
            .map(Read::Entry)
            .or_else(|| vms::parse(line, encoding))
    }

    /// Say what was read, unless its name is not that of a member of the directory.
    fn tell(&self, line: &[u8], read: Read, listed: &mut Vec<Listed>) {
        let Read::Entry(entry) = read else { return };
        match named(entry) {
            Some(Listed::Skipped) => {}
            Some(member) => listed.push(member),
            None => listed.push(Listed::Unparsed(self.encoding.decode(line))),
        }
    }
}

/// The `total 12` that `ls -l` starts with, in the languages whose months are known too; and the name of the directory
/// itself, which some send before it.
fn is_total(words: &[&[u8]], encoding: Encoding) -> bool {
    const TOTAL: [&str; 19] = [
        "total",
        "totaal",
        "totale",
        "totalt",
        "insgesamt",
        "gesamt",
        "summe",
        "razem",
        "celkem",
        "összesen",
        "toplam",
        "итого",
        "всего",
        "总用量",
        "总计",
        "總計",
        "合計",
        "합계",
        "yhteensä",
    ];
    let (word, blocks) = match *words {
        [b".:"] => return true,
        [word, blocks] => (word.strip_suffix(b":").unwrap_or(word), blocks),
        _ => return false,
    };
    let is_number = decimal(blocks.strip_prefix(b"-").unwrap_or(blocks)).is_some() || human(blocks);
    is_number && TOTAL.contains(&encoding.decode(word).to_lowercase().as_str())
}

/// The dashes under the head of a table.
fn is_ruler(line: &[u8]) -> bool {
    line.starts_with(b"--------") && line.iter().all(|byte| b"- ".contains(byte))
}
