//! How often something is tried again.

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
