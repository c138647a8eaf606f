//! Comparisons, and how many of them held.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use ftp_cli::text::plain;

use super::sample::{self, Sample};

#[derive(Default)]
pub struct Checks {
    pub all: usize,
    pub held: usize,
}

impl Checks {
    /// A comparison that failed is named at once, and the demonstration goes on.
    pub fn that(&mut self, what: &str, held: bool) {
        self.all += 1;
        match held {
            true => self.held += 1,
            false => {
                let _ = writeln!(io::stderr(), "FAILED: {}", plain(what));
            }
        }
    }

    pub fn files(&mut self, what: &str, samples: &[Sample], root: &Path) -> Result<()> {
        samples.iter().try_for_each(|sample| self.file(what, sample, root))
    }

    /// Whether the file below `root` has the contents that were made for it.
    pub fn file(&mut self, what: &str, sample: &Sample, root: &Path) -> Result<()> {
        let hash = sample::hash_of(&root.join(&sample.path));
        let hash = hash.with_context(|| format!("cannot read what was {what}, {}", sample.path))?;
        self.that(&format!("{what}: {}", sample.path), hash == sample.hash);
        Ok(())
    }
}
