//! Randomness: the operating system's natively, `wasi:random` in a component.

use rustls::crypto::{GetRandomFailed, SecureRandom};

#[derive(Debug)]
pub(crate) struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(buffer).map_err(|_| GetRandomFailed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let mut draws = [[0; 32]; 2];
        draws.iter_mut().for_each(|draw| SystemRandom.fill(draw).unwrap());
        assert_ne!(draws[0], draws[1]);
    }
}
