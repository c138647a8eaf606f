//! The start of a foreign server, which tells nobody when it listens.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The longest wait.
const LIMIT: Duration = Duration::from_secs(30);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// The file in a server's own directory that it writes its log to.
pub(crate) const LOG: &str = "log";

/// Look again and again whether a server with this directory of its own is ready.
pub(crate) fn wait(directory: &Path, mut is_ready: impl FnMut() -> Result<bool>) -> Result<()> {
    let mut look = || {
        let begin = Instant::now();
        while !is_ready()? {
            if begin.elapsed() > LIMIT {
                bail!("it does not answer");
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    };
    let log = || std::fs::read_to_string(directory.join(LOG)).unwrap_or_default();
    look().with_context(|| format!("starting a server; its log: {}", log()))
}
