//! How far a transfer is: a bar on a terminal, a line at its end elsewhere.

use std::io::{self, Write as _};
use std::time::Instant;

use ftp_cli::figures::{grouped, rate, time};
use ftp_cli::text::plain;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{prefix} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";

/// A transfer that is under way. All of it goes to the standard error.
pub struct Progress {
    /// Hidden where there is no terminal.
    pub bar: ProgressBar,
    label: String,
    start: Instant,
}

impl Progress {
    /// The label is cleaned for the terminal here.
    pub fn start(label: &str, total: u64) -> Self {
        let label = plain(label);
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(label.clone());
        Self { bar, label, start: Instant::now() }
    }

    /// It ended well: the bar gives way to a line.
    pub fn finish(self, bytes: u64) {
        let elapsed = self.start.elapsed();
        self.bar.finish_and_clear();
        let (count, speed) = (grouped(bytes), rate(bytes, elapsed));
        // Whether anybody looks on changes nothing.
        let _ = writeln!(io::stderr(), "{}: {count} bytes in {}, {speed} MB/s", self.label, time(elapsed));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
