//! The mutations of `tests/mutations.rs` for longer: `cargo run --release -p ftp-protocol --example mutate -- 300`, with
//! the number of seconds and, if that is to be another run, a seed.

#[path = "../tests/corpus/mod.rs"]
mod corpus;

use corpus::mutate::{Random, check, mutated, way};
use std::time::{Duration, Instant};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let seconds = arguments.next().unwrap_or(10);
    let mut random = Random::new(arguments.next().unwrap_or(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let listings = corpus::listings();
    let (start, limit) = (Instant::now(), Duration::from_secs(seconds));
    let (mut count, mut lines, mut bytes, mut entries) = (0usize, 0, 0, 0);
    let (mut slowest, mut longest) = (Duration::ZERO, 0);
    while start.elapsed() < limit {
        for _ in 0..1000 {
            let listing = mutated(&listings, &mut random);
            let (encoding, now) = way(count);
            let begin = Instant::now();
            entries += check(&listing, encoding, now);
            let (took, size) = (begin.elapsed(), listing.iter().map(Vec::len).sum::<usize>());
            if took > slowest {
                (slowest, longest) = (took, size);
            }
            count += 1;
            lines += listing.len();
            bytes += size;
        }
    }
    println!("{count} listings, {lines} lines, {bytes} bytes, {entries} entries; nothing was wrong");
    println!("the slowest listing had {longest} bytes and took {slowest:?}, with all checks");
}
