//! Which failures are worth another attempt, and how long to wait before it.

use crate::error::{Error, FailureKind};
use crate::network::Network;
use core::time::Duration;
pub use ftp_types::Retry;

/// What is left of a policy, for a caller that makes the attempts itself.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: Retry,
    left: u32,
    wait: Duration,
}

impl Backoff {
    /// A policy with all of its attempts left.
    pub fn new(policy: &Retry) -> Self {
        Self { policy: *policy, left: policy.attempts, wait: policy.wait }
    }

    /// Wait for the next attempt; false when there is none. An attempt that `has_more` than the one before makes it whole.
    pub async fn wait<N: Network>(&mut self, network: &N, error: &Error, has_more: bool) -> bool {
        self.wait_if(network, error.is_transient(), has_more).await
    }

    /// As [`Self::wait`], after an upload: bytes that do not agree are sent again.
    pub async fn wait_for_upload<N: Network>(&mut self, network: &N, error: &Error, has_more: bool) -> bool {
        let is_worth = error.is_transient() || matches!(error, Error::Failed { kind: FailureKind::Integrity, .. });
        self.wait_if(network, is_worth, has_more).await
    }

    async fn wait_if<N: Network>(&mut self, network: &N, is_worth: bool, has_more: bool) -> bool {
        if has_more {
            (self.left, self.wait) = (self.policy.attempts, self.policy.wait);
        }
        if self.left == 0 || !is_worth {
            return false;
        }
        network.sleep(self.wait).await;
        self.left -= 1;
        self.wait = self.wait.saturating_mul(2).min(self.policy.longest_wait);
        true
    }
}
