//! How fast the ciphers with keys of 256 bits protect records of 16 KiB and open them again, without anything around them.
//! Prints one line for each: its name, MB/s sealing, MB/s opening. The argument is how many milliseconds each takes.
//!
//! `tests/examples/tls.rs` runs it in WebAssembly, beside a transfer over TLS.

use std::num::ParseIntError;
use std::time::{Duration, Instant};

use ftp_crypto::{Opener, Sealer};
use rustls::crypto::cipher::{AeadKey, Iv};
use rustls::{ConnectionTrafficSecrets, ContentType, SupportedCipherSuite, Tls13CipherSuite};

/// Bytes of a key.
const KEY: usize = 32;

/// Plain bytes of a record.
const RECORD: usize = 16 * 1024;

/// Records in one call.
const RECORDS: usize = 4;

/// Each measurement goes on for so many milliseconds, unless the argument says another number.
const ENOUGH: u64 = 1000;

fn main() -> Result<(), ParseIntError> {
    let argument = std::env::args().nth(1);
    let enough = Duration::from_millis(argument.map_or(Ok(ENOUGH), |argument| argument.parse())?);
    for suite in ftp_crypto::provider().cipher_suites {
        // rustls lets nobody else make a key of another length.
        if let SupportedCipherSuite::Tls13(suite) = suite
            && suite.aead_alg.key_len() == KEY
        {
            println!("{:?} {:.0} {:.0}", suite.common.suite, seal(suite, enough), open(suite, enough));
        }
    }
    Ok(())
}

fn secrets(suite: &Tls13CipherSuite) -> ConnectionTrafficSecrets {
    let secrets = suite.aead_alg.extract_keys(AeadKey::from([7; KEY]), Iv::new([9; 12]));
    secrets.expect("these are secrets of a suite")
}

fn sealer(suite: &'static Tls13CipherSuite) -> Sealer {
    Sealer::new(suite.into(), 0, &secrets(suite)).expect("a key of the suite")
}

fn seal(suite: &'static Tls13CipherSuite, enough: Duration) -> f64 {
    let (mut sealer, mut sealed) = (sealer(suite), Vec::new());
    let text = vec![42; RECORDS * RECORD];
    rate(enough, || {
        sealed.clear();
        sealer.seal(ContentType::ApplicationData, &text, &mut sealed).expect("records");
    })
}

fn open(suite: &'static Tls13CipherSuite, enough: Duration) -> f64 {
    let (mut sealed, mut plain, mut opened) = (Vec::new(), Vec::new(), Vec::new());
    let text = vec![42; RECORDS * RECORD];
    sealer(suite).seal(ContentType::ApplicationData, &text, &mut sealed).expect("records");
    let secrets = secrets(suite);
    rate(enough, || {
        plain.clear();
        opened.clear();
        let mut opener = Opener::new(suite.into(), 0, &secrets).expect("a key of the suite");
        opener.open(&sealed, &mut plain, &mut opened).expect("the records");
    })
}

/// MB/s of work on so many records.
fn rate(enough: Duration, mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < enough {
        for _ in 0..16 {
            work();
            calls += 1;
        }
    }
    (calls * RECORDS * RECORD) as f64 / 1e6 / start.elapsed().as_secs_f64()
}
