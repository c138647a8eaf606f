//! How fast the ciphers with keys of 256 bits protect records of 16 KiB and open them again, without anything around them.
//! Prints one line for each: its name, MB/s sealing, MB/s opening. The argument is how many milliseconds each takes.
//!
//! `tests/examples/tls.rs` runs it in WebAssembly, beside a transfer over TLS.

use std::num::ParseIntError;
use std::time::{Duration, Instant};

use rustls::crypto::cipher::{AeadKey, InboundOpaqueMessage, Iv, OutboundChunks, OutboundPlainMessage};
use rustls::{ContentType, ProtocolVersion, SupportedCipherSuite, Tls13CipherSuite};

/// Bytes of a key.
const KEY: usize = 32;

/// Plain bytes of a record.
const RECORD: usize = 16 * 1024;

/// Bytes of a record before its payload.
const HEADER: usize = 5;

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

fn key() -> (AeadKey, Iv) {
    (AeadKey::from([7; KEY]), Iv::new([9; 12]))
}

fn sealed(suite: &Tls13CipherSuite) -> Vec<u8> {
    let (key, iv) = key();
    let contents = vec![42; RECORD];
    let message = OutboundPlainMessage {
        typ: ContentType::ApplicationData,
        version: ProtocolVersion::TLSv1_3,
        payload: OutboundChunks::Single(&contents),
    };
    suite.aead_alg.encrypter(key, iv).encrypt(message, 0).expect("a record").encode()
}

fn seal(suite: &Tls13CipherSuite, enough: Duration) -> f64 {
    let (key, iv) = key();
    let mut encrypter = suite.aead_alg.encrypter(key, iv);
    let contents = vec![42; RECORD];
    rate(enough, |number| {
        let payload = OutboundChunks::Single(&contents);
        let message =
            OutboundPlainMessage { typ: ContentType::ApplicationData, version: ProtocolVersion::TLSv1_3, payload };
        encrypter.encrypt(message, number).expect("a record");
    })
}

fn open(suite: &Tls13CipherSuite, enough: Duration) -> f64 {
    let (key, iv) = key();
    let mut decrypter = suite.aead_alg.decrypter(key, iv);
    let record = sealed(suite);
    let mut payload = Vec::new();
    rate(enough, |_| {
        payload.clear();
        payload.extend_from_slice(&record[HEADER..]);
        let message = InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut payload);
        decrypter.decrypt(message, 0).expect("the record");
    })
}

/// MB/s of work on records.
fn rate(enough: Duration, mut work: impl FnMut(u64)) -> f64 {
    let start = Instant::now();
    let mut records = 0;
    while start.elapsed() < enough {
        for _ in 0..64 {
            work(records);
            records += 1;
        }
    }
    records as f64 * RECORD as f64 / 1e6 / start.elapsed().as_secs_f64()
}
