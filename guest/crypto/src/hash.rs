//! SHA-256 and SHA-384 for handshake transcripts.

use alloc::boxed::Box;
use core::marker::PhantomData;

use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use sha2::{Digest, Sha256, Sha384};

pub(crate) static SHA256: Sha2<Sha256> = Sha2 { algorithm: HashAlgorithm::SHA256, digest: PhantomData };
pub(crate) static SHA384: Sha2<Sha384> = Sha2 { algorithm: HashAlgorithm::SHA384, digest: PhantomData };

pub(crate) struct Sha2<D> {
    algorithm: HashAlgorithm,
    digest: PhantomData<D>,
}

impl<D: Digest + Clone + Send + Sync + 'static> Hash for Sha2<D> {
    fn start(&self) -> Box<dyn Context> {
        Box::new(Running(D::new()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        Output::new(&D::digest(data))
    }

    fn output_len(&self) -> usize {
        <D as Digest>::output_size()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }
}

struct Running<D>(D);

impl<D: Digest + Clone + Send + Sync + 'static> Context for Running<D> {
    fn fork_finish(&self) -> Output {
        Output::new(&self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self(self.0.clone()))
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&self.0.finalize())
    }

    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// FIPS 180-2, appendix B.1 and D.1.
    const ABC_256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const ABC_384: &str =
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7";

    #[test]
    fn one_call_and_many_give_the_published_digest() {
        for (hash, expected) in [(&SHA256 as &dyn Hash, ABC_256), (&SHA384, ABC_384)] {
            assert_eq!(hash.hash(b"abc").as_ref(), hex(expected));
            let mut running = hash.start();
            b"abc".chunks(1).for_each(|byte| running.update(byte));
            assert_eq!(running.finish().as_ref(), hex(expected));
            assert_eq!(hash.output_len(), expected.len() / 2);
        }
    }

    #[test]
    fn fork_leaves_the_original_running() {
        let mut running = SHA256.start();
        running.update(b"ab");
        let fork = running.fork();
        running.update(b"c");
        assert_eq!(running.fork_finish().as_ref(), hex(ABC_256));
        assert_eq!(fork.finish().as_ref(), SHA256.hash(b"ab").as_ref());
        assert_eq!(running.finish().as_ref(), hex(ABC_256));
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}
