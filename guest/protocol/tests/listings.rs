//! Listings of real servers: every line means what a reader of it would say, or comes back as it came.

mod corpus;

use corpus::{listings, read, render};
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::{Entry, Listed, RawEntry};

#[test]
fn every_line_means_what_it_should() {
    let mut wrong = Vec::new();
    for listing in listings() {
        let lines: Vec<_> = listing.lines.iter().map(|line| line.bytes.as_slice()).collect();
        let told = read(listing.dialect, Encoding::Utf8, &lines);
        for (line, told) in listing.lines.iter().zip(&told) {
            let (text, told) = (String::from_utf8_lossy(&line.bytes), render(told));
            if told != line.expected {
                wrong.push(format!("{}: {text}\n  expected {}\n       got {told}", listing.source, line.expected));
            }
        }
        assert!(told.iter().skip(lines.len()).all(Vec::is_empty), "{} ends in the middle", listing.source);
    }
    assert!(wrong.is_empty(), "{} lines\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn entry_keeps_its_line_and_what_is_not_understood_is_given_back() {
    for listing in listings().iter().filter(|listing| listing.dialect != "mlsd") {
        let lines: Vec<_> = listing.lines.iter().map(|line| line.bytes.as_slice()).collect();
        let mut before: &[u8] = b"";
        for (line, told) in lines.iter().zip(read(listing.dialect, Encoding::Utf8, &lines)) {
            for listed in told {
                let kept = match listed {
                    Listed::Entry(Entry { raw: RawEntry::Line(line), .. }) => line,
                    Listed::Entry(entry) => panic!("{entry:?}"),
                    Listed::Unparsed(text) => text,
                    Listed::Skipped => panic!("nothing was told"),
                };
                let kept = Encoding::Utf8.encode(&kept).unwrap();
                let both = [before, b"\n", line].concat();
                assert!(kept == *line || kept == before || kept == both, "{}", String::from_utf8_lossy(line));
            }
            before = line;
        }
    }
}

#[test]
fn there_are_many_lines_and_each_has_a_source() {
    let listings = listings();
    let lines: usize = listings.iter().map(|listing| listing.lines.len()).sum();
    println!("{lines} lines");
    assert!(lines >= 300, "{lines} lines");
    assert!(listings.iter().all(|listing| !listing.source.is_empty() && !listing.lines.is_empty()));
    for dialect in ["unix", "dos", "vms", "os400", "mvs", "netware", "eplf", "os2", "mlsd"] {
        assert!(listings.iter().any(|listing| listing.dialect == dialect), "{dialect}");
    }
}
