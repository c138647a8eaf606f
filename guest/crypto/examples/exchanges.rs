//! How long the key exchanges take. Prints one line for each group: its name, µs for a key of our own, µs for the secret that
//! is shared.
//!
//! `cargo build -p ftp-crypto --example exchanges --profile wasm --target wasm32-wasip2`, then `wasmtime run`.

use std::error::Error;
use std::time::{Duration, Instant};

/// Each measurement goes on for at least this long.
const ENOUGH: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    for group in ftp_crypto::provider().kx_groups {
        let peer = group.start()?;
        let (mut own, mut shared, mut count) = (Duration::ZERO, Duration::ZERO, 0);
        while own + shared < ENOUGH {
            let clock = Instant::now();
            let key = group.start()?;
            own += clock.elapsed();
            let clock = Instant::now();
            key.complete(peer.pub_key())?;
            shared += clock.elapsed();
            count += 1;
        }
        println!("{:?} {} {}", group.name(), (own / count).as_micros(), (shared / count).as_micros());
    }
    Ok(())
}
