//! Listings that no server sent: nothing panics, no name leaves the directory, no line is lost or changed. The example
//! `mutate` does the same for as long as it is told.

mod corpus;

use corpus::mutate::{LONGEST, Random, check, mutated, way};
use corpus::{Listing, NOW, listings};
use ftp_protocol::encoding::Encoding;

#[test]
fn beginnings_and_ends_of_all_lines_are_safe() {
    let lines = listings().into_iter().flat_map(|listing| listing.lines);
    for (turn, line) in lines.enumerate() {
        let (encoding, now) = way(turn);
        for at in 0..=line.bytes.len() {
            let (beginning, end) = line.bytes.split_at(at);
            let piece = if (turn + at).is_multiple_of(2) { beginning } else { end };
            check(&[piece.to_vec()], encoding, now);
        }
    }
}

#[test]
fn every_beginning_of_a_listing_is_safe() {
    for listing in listings() {
        let lines: Vec<_> = listing.lines.into_iter().map(|line| line.bytes).collect();
        for end in 0..=lines.len() {
            check(&lines[..end], Encoding::Utf8, Some(NOW));
        }
    }
}

#[test]
fn changed_listings_are_safe() {
    let listings = listings();
    let mut random = Random::new(0x2545_f491_4f6c_dd1d);
    let entries: usize = (0..8_000)
        .map(|turn| {
            let (encoding, now) = way(turn);
            check(&mutated(&listings, &mut random), encoding, now)
        })
        .sum();
    // If nothing was understood any more, nothing was tested.
    assert!(entries > 5_000, "{entries} entries");
}

#[test]
fn line_of_one_dialect_after_a_line_of_another_is_safe() {
    let listings = listings();
    let first = |listing: &Listing| listing.lines.iter().map(|line| line.bytes.clone()).find(|line| !line.is_empty());
    let lines: Vec<_> = listings.iter().step_by(3).filter_map(first).collect();
    for one in &lines {
        for other in &lines {
            check(&[one.clone(), other.clone()], Encoding::Utf8, Some(NOW));
        }
    }
}

#[test]
fn longest_lines_take_no_time() {
    let starts = [
        "",
        " ",
        "lrwxrwxrwx ",
        "lrwxrwxrwx 1 a b 1 Jun 15 10:18 ",
        "06-15-24 ",
        "A;1 ",
        "d [",
        "+",
        "1 ",
        "Directory ",
    ];
    let parts = [
        " ",
        "-",
        "1 ",
        "a=b;",
        "; ",
        " -> ",
        "1,",
        "Jun 15 10:18 ",
        "/",
        "(",
        "*",
        "12 Jun ",
        ",",
        "[",
        ":",
        "A ",
        "月 ",
        "é",
    ];
    for start in starts {
        for part in parts {
            let line = format!("{start}{}", part.repeat(LONGEST / part.len())).into_bytes();
            check(&[line], Encoding::Utf8, Some(NOW));
        }
    }
}
