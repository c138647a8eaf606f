//! One attempt after another, and how long to wait between them.

use crate::network::Network;
use core::time::Duration;

/// How often to try again, and after what wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after the first that bring nothing. One that brings a byte does not count.
    pub attempts: u32,
    /// The wait before the second attempt. It doubles with each that brings nothing.
    pub wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for Retry {
    /// Five attempts, after 1, 2, 4, 8 and 16 seconds.
    fn default() -> Self {
        Self { attempts: 5, wait: Duration::from_secs(1), longest_wait: Duration::from_secs(60) }
    }
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed<E> {
    /// Why.
    pub failure: E,
    /// Another attempt may succeed.
    pub may_repeat: bool,
    /// There is more than after the attempt before, so that the policy begins again.
    pub has_more: bool,
}

impl Retry {
    /// Attempts until one succeeds, or none is left, or another one is of no use. `again` gets the failure before each attempt
    /// but the first.
    pub async fn repeat<N: Network, T, E>(
        &self,
        network: &N,
        mut attempt: impl AsyncFnMut() -> Result<T, Missed<E>>,
        again: impl Fn(&E),
    ) -> Result<T, E> {
        let (mut left, mut wait) = (self.attempts, self.wait);
        loop {
            let missed = match attempt().await {
                Ok(value) => return Ok(value),
                Err(missed) => missed,
            };
            if missed.has_more {
                (left, wait) = (self.attempts, self.wait);
            }
            if left == 0 || !missed.may_repeat {
                return Err(missed.failure);
            }
            network.sleep(wait).await;
            left -= 1;
            wait = wait.saturating_mul(2).min(self.longest_wait);
            again(&missed.failure);
        }
    }
}
