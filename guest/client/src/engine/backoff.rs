//! One attempt after another, and how long to wait between them.

use crate::network::Network;
use core::time::Duration;
pub use ftp_types::Retry;

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

/// What is left of a policy.
pub(crate) struct Backoff<'a> {
    policy: &'a Retry,
    left: u32,
    wait: Duration,
}

impl<'a> Backoff<'a> {
    /// All of its attempts.
    pub(crate) fn new(policy: &'a Retry) -> Self {
        Self { policy, left: policy.attempts, wait: policy.wait }
    }

    /// The wait before another attempt, if there is one.
    pub(crate) fn next(&mut self, may_repeat: bool, has_more: bool) -> Option<Duration> {
        if has_more {
            (self.left, self.wait) = (self.policy.attempts, self.policy.wait);
        }
        self.left = self.left.checked_sub(1).filter(|_| may_repeat)?;
        let next = self.wait.saturating_mul(2).min(self.policy.longest_wait);
        Some(core::mem::replace(&mut self.wait, next))
    }
}

/// Attempts until one succeeds, or the policy has none left, or another one is of no use. `again` gets the failure before each
/// attempt but the first.
pub async fn repeat<N: Network, T, E>(
    network: &N,
    policy: &Retry,
    mut attempt: impl AsyncFnMut() -> Result<T, Missed<E>>,
    again: impl Fn(&E),
) -> Result<T, E> {
    let mut backoff = Backoff::new(policy);
    loop {
        let Missed { failure, may_repeat, has_more } = match attempt().await {
            Ok(value) => return Ok(value),
            Err(missed) => missed,
        };
        let Some(wait) = backoff.next(may_repeat, has_more) else { return Err(failure) };
        network.sleep(wait).await;
        again(&failure);
    }
}
