//! Bytes that look random and are the same in every run, made as they are needed.

use sha2::{Digest as _, Sha256};

/// The size of the pieces that payloads are made and moved in.
pub const CHUNK: usize = 65_536;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// A stream of `length` bytes that depends on `length` and nothing else.
#[derive(Clone, Debug)]
pub struct Payload {
    state: u64,
    left: u64,
}

impl Payload {
    /// The payload of this length.
    pub fn new(length: u64) -> Self {
        Self { state: length, left: length }
    }

    /// All of it at once.
    pub fn bytes(length: u64) -> Vec<u8> {
        Self::new(length).flatten().collect()
    }

    /// Its hash.
    pub fn hash(length: u64) -> Hash {
        let mut hasher = Sha256::new();
        Self::new(length).for_each(|chunk| hasher.update(chunk));
        hasher.finalize().into()
    }

    /// The generator `splitmix64`: quick, and no two neighbouring pieces alike.
    fn next_word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Iterator for Payload {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.left == 0 {
            return None;
        }
        let length = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        let mut chunk = vec![0; length.next_multiple_of(8)];
        for word in chunk.chunks_exact_mut(8) {
            word.copy_from_slice(&self.next_word().to_le_bytes());
        }
        chunk.truncate(length);
        self.left -= length as u64;
        Some(chunk)
    }
}

/// The hash of some bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The hash of a file, read in pieces.
pub fn sha256_of_file(path: &std::path::Path) -> std::io::Result<Hash> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_its_length_and_its_hash() {
        for length in [0, 1, 7, 65_535, 65_536, 65_537] {
            let bytes = Payload::bytes(length);
            assert_eq!(bytes.len() as u64, length);
            assert_eq!(sha256(&bytes), Payload::hash(length));
        }
    }

    #[test]
    fn neighbouring_pieces_differ() {
        let pieces: Vec<_> = Payload::new(3 * CHUNK as u64).collect();
        assert_ne!(pieces[0], pieces[1]);
        assert_ne!(pieces[1], pieces[2]);
    }
}
