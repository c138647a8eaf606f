//! Files whose contents look random and are the same in every run.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

const PIECE: usize = 64 * 1024;

/// A file that was made.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Below the root, with `/` between its parts.
    pub path: String,
    pub size: u64,
    pub hash: Hash,
}

impl Sample {
    /// Make it. The contents follow from the size and the seed.
    pub fn write(root: &Path, path: &str, size: u64, seed: u64) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(root.join(path))?);
        let mut hasher = Sha256::new();
        let mut noise = Noise::new(size, seed);
        let mut piece = vec![0; PIECE];
        let mut left = size;
        while left > 0 {
            let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            noise.fill(&mut piece);
            file.write_all(&piece[..length])?;
            hasher.update(&piece[..length]);
            left -= length as u64;
        }
        file.flush()?;
        Ok(Self { path: path.to_owned(), size, hash: hasher.finalize().into() })
    }
}

/// The hash of a file.
pub fn hash_of(path: &Path) -> io::Result<Hash> {
    let mut hasher = Sha256::new();
    io::copy(&mut io::BufReader::with_capacity(PIECE, File::open(path)?), &mut hasher)?;
    Ok(hasher.finalize().into())
}

/// The generator `xorshift64*`: fast, and far from repeating.
struct Noise(u64);

impl Noise {
    fn new(size: u64, seed: u64) -> Self {
        // Any state but 0 will do.
        Self((size << 20 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn fill(&mut self, piece: &mut [u8]) {
        for word in piece.chunks_exact_mut(8) {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            word.copy_from_slice(&self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_file_and_the_same_each_time() {
        let root = tempfile::tempdir().unwrap();
        for size in [0, 1, 65_535, 65_536, 65_537] {
            let sample = Sample::write(root.path(), "file", size, 7).unwrap();
            assert_eq!(root.path().join("file").metadata().unwrap().len(), size);
            assert_eq!(hash_of(&root.path().join("file")).unwrap(), sample.hash);
            assert_eq!(Sample::write(root.path(), "again", size, 7).unwrap().hash, sample.hash);
        }
    }

    #[test]
    fn seeds_and_sizes_make_different_files() {
        let root = tempfile::tempdir().unwrap();
        let hash = |size, seed| Sample::write(root.path(), "file", size, seed).unwrap().hash;
        assert_ne!(hash(100, 1), hash(100, 2));
        assert_ne!(hash(65_536, 1), hash(65_537, 1));
    }
}
