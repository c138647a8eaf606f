//! How long it takes to make a host, and a connector in it: `cargo run --release -p ftp-host --example start`.

use std::time::{Duration, Instant};

use ftp_host::{Error, Host, Policy, Settings};

const ROUNDS: usize = 1000;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let start = Instant::now();
    let host = Host::new()?;
    println!("Host::new: {:?}", start.elapsed());

    let mut times = Vec::with_capacity(ROUNDS);
    let mut memory = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let connector = host.connector(Policy::default(), Settings::default()).await?;
        times.push(start.elapsed());
        memory = connector.memory();
    }
    let first = times[0];
    times.sort();
    let [median, most]: [Duration; 2] = [times[ROUNDS / 2], times[ROUNDS - 1]];
    println!("Host::connector: first {first:?}, median {median:?}, longest of {ROUNDS} {most:?}, {memory} bytes each");
    Ok(())
}
