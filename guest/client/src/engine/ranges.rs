//! Ranges of a file: those that are there, those that are missing, and how several sessions share one.

use crate::error::Error;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes of a range.
pub(crate) fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

/// How many sessions so many bytes are worth.
pub(crate) fn parts(bytes: u64, smallest: u64, most: usize) -> usize {
    usize::try_from(bytes.checked_div(smallest).unwrap_or(bytes)).unwrap_or(most).min(most).max(1)
}

/// Where the parts of a range begin.
pub(crate) fn split(range: &Range<u64>, count: usize) -> impl Iterator<Item = u64> {
    let (begin, length, count) = (range.start, u128::from(length(range)), count.max(1) as u128);
    let offset = move |part| u64::try_from(length * part / count).unwrap_or_default();
    (0..count).map(move |part| begin.saturating_add(offset(part)))
}

/// What is not done. An empty file is missing as long as nobody looked.
pub(crate) fn missing(done: &[Range<u64>], size: u64) -> Result<Vec<Range<u64>>, Error> {
    let mut missing = Vec::new();
    let mut at = 0;
    for range in done {
        if range.start < at || range.end < range.start || range.end > size {
            return Err(Error::invalid_argument("the ranges to go on from are not in order"));
        }
        if range.start > at {
            missing.push(at..range.start);
        }
        at = range.end;
    }
    if at < size || size == 0 {
        missing.push(at..size);
    }
    Ok(missing)
}

/// Add a range to those that are there, which stay in order and apart from each other.
pub fn add_range(done: &mut Vec<Range<u64>>, new: Range<u64>) {
    if new.is_empty() {
        return;
    }
    let mut ranges = core::mem::take(done);
    ranges.push(new);
    ranges.sort_unstable_by_key(|range| range.start);
    for range in ranges {
        match done.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => done.push(range),
        }
    }
}
