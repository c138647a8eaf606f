//! Checksums computed here, of what passes through.

use alloc::string::String;
use core::fmt::Write as _;
use ftp_types::{Algorithm, Checksum};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

/// A checksum that is computed here, of bytes that come one piece after another.
pub struct Hasher(Running);

impl Hasher {
    /// Of no bytes yet.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(Running::new(algorithm))
    }

    /// Add bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all of them.
    pub fn finish(self) -> Checksum {
        self.0.finish()
    }
}

/// The checksum of the bytes so far.
enum Running {
    Sha256(Sha256),
    Sha512(Sha512),
    Sha1(Sha1),
    Md5(Md5),
    Crc32(crc32fast::Hasher),
}

impl Running {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
            Self::Sha1(hash) => hash.update(bytes),
            Self::Md5(hash) => hash.update(bytes),
            Self::Crc32(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Checksum {
        let (algorithm, value) = match self {
            Self::Sha256(hash) => (Algorithm::Sha256, hexadecimal(&hash.finalize())),
            Self::Sha512(hash) => (Algorithm::Sha512, hexadecimal(&hash.finalize())),
            Self::Sha1(hash) => (Algorithm::Sha1, hexadecimal(&hash.finalize())),
            Self::Md5(hash) => (Algorithm::Md5, hexadecimal(&hash.finalize())),
            Self::Crc32(hash) => (Algorithm::Crc32, hexadecimal(&hash.finalize().to_be_bytes())),
        };
        Checksum { algorithm, value }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6234, section 8.5, RFC 1321, section A.5, and the check value of CRC-32.
    #[test]
    fn known_answers() {
        let table = [
            (Algorithm::Sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                Algorithm::Sha512,
                "abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (Algorithm::Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Md5, "abc", "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Crc32, "123456789", "cbf43926"),
        ];
        for (algorithm, text, value) in table {
            let mut running = Running::new(algorithm);
            for piece in text.as_bytes().chunks(2) {
                running.update(piece);
            }
            assert_eq!(running.finish(), Checksum { algorithm, value: value.into() });
            assert_eq!(value.len(), algorithm.digits());
        }
    }
}
