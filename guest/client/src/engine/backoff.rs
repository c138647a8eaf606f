//! One attempt after another, and how long to wait between them.

use crate::network::Network;
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

/// Attempts until one succeeds, or the policy has none left, or another one is of no use. `again` gets the failure before each
/// attempt but the first.
pub async fn repeat<N: Network, T, E>(
    network: &N,
    policy: &Retry,
    mut attempt: impl AsyncFnMut() -> Result<T, Missed<E>>,
    again: impl Fn(&E),
) -> Result<T, E> {
    let (mut left, mut wait) = (policy.attempts, policy.wait);
    loop {
        let missed = match attempt().await {
            Ok(value) => return Ok(value),
            Err(missed) => missed,
        };
        if missed.has_more {
            (left, wait) = (policy.attempts, policy.wait);
        }
        if left == 0 || !missed.may_repeat {
            return Err(missed.failure);
        }
        network.sleep(wait).await;
        left -= 1;
        wait = wait.saturating_mul(2).min(policy.longest_wait);
        again(&missed.failure);
    }
}
