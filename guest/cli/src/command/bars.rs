//! Progress on a terminal: a bar for each transfer and one for all of them. WASI knows neither the terminal's width nor
//! threads, so the width comes from outside, again and again as the window changes, and bars move when bytes do.

use std::cell::{Cell, RefCell};
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ftp_cli::figures::{grouped, rate, time};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use wasi::cli::environment::get_environment;

/// Redraws in a second, at the most.
const HERTZ: u8 = 10;

/// The pause between two looks at the width of the window.
const LOOK: Duration = Duration::from_millis(200);

/// The bars of this command.
pub struct Bars {
    bars: Option<MultiProgress>,
    all: RefCell<Option<All>>,
}

/// Several transfers, and the bar below the others.
struct All {
    bar: Option<ProgressBar>,
    files: u64,
    done: Cell<u64>,
    bytes: Cell<u64>,
    start: Instant,
}

impl Bars {
    /// `columns` is the width, where that of the window does not count.
    pub fn new(is_shown: bool, columns: Option<u16>) -> Self {
        let terminal = Terminal { fixed: columns, seen: Mutex::new((Instant::now(), window())) };
        let target = || ProgressDrawTarget::term_like_with_hz(Box::new(terminal), HERTZ);
        Self { bars: is_shown.then(|| MultiProgress::with_draw_target(target())), all: RefCell::default() }
    }

    /// Write something else meanwhile.
    pub fn aside(&self, write: impl FnOnce()) {
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    pub fn begin_all(&self, files: u64, bytes: Option<u64>) {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(bytes.map_or_else(ProgressBar::no_length, ProgressBar::new));
            bar.set_style(style(bytes.is_some()));
            bar.set_prefix(format!("{} files", grouped(files)));
            bar
        });
        let (done, bytes, start) = (Cell::new(0), Cell::new(0), Instant::now());
        *self.all.borrow_mut() = Some(All { bar, files, done, bytes, start });
    }

    pub fn begin(&self, label: &str, total: Option<u64>) -> Bar {
        let all = self.all.borrow();
        let bar = self.bars.as_ref().map(|bars| {
            let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
            let bar = match all.as_ref().and_then(|all| all.bar.as_ref()) {
                Some(all) => bars.insert_before(all, bar),
                None => bars.add(bar),
            };
            bar.set_style(style(total.is_some()));
            bar.set_prefix(label.to_owned());
            bar
        });
        let all = all.as_ref().and_then(|all| all.bar.clone());
        Bar { bar, all, label: label.to_owned(), start: Instant::now() }
    }

    /// One more is done. Gives back whether it has to speak for itself, as nothing else does.
    pub fn done(&self, bytes: u64) -> bool {
        let all = self.all.borrow();
        let Some(all) = &*all else { return true };
        all.done.set(all.done.get() + 1);
        all.bytes.set(all.bytes.get() + bytes);
        match &all.bar {
            Some(bar) => bar.set_prefix(format!("{} of {} files", grouped(all.done.get()), grouped(all.files))),
            None => return true,
        }
        false
    }

    /// No more bars. Gives back what to say of several transfers.
    pub fn end(&self) -> Option<String> {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
        let all = self.all.borrow_mut().take()?;
        let (bytes, elapsed) = (all.bytes.get(), all.start.elapsed());
        let (done, files, speed) = (grouped(all.done.get()), grouped(all.files), rate(bytes, elapsed));
        Some(format!("{done} of {files} files: {} bytes in {}, {speed} MB/s", grouped(bytes), time(elapsed)))
    }
}

/// A transfer that is under way.
pub struct Bar {
    bar: Option<ProgressBar>,
    all: Option<ProgressBar>,
    label: String,
    start: Instant,
}

impl Bar {
    /// Bytes went through.
    pub fn advance(&self, count: u64) {
        for bar in self.bar.iter().chain(&self.all) {
            bar.inc(count);
        }
    }

    /// Bytes that an earlier transfer has moved.
    pub fn skip(&self, count: u64) {
        for bar in self.bar.iter().chain(&self.all) {
            bar.inc(count);
            bar.reset_eta();
        }
    }

    /// The line that says how it went.
    pub fn summary(&self, bytes: u64) -> String {
        let elapsed = self.elapsed();
        format!("{}: {} bytes in {}, {} MB/s", self.label, grouped(bytes), time(elapsed), rate(bytes, elapsed))
    }

    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(has_length: bool) -> ProgressStyle {
    let template = match has_length {
        true => "{prefix:24!} {wide_bar} {percent:>3}% {decimal_bytes:>11} {decimal_bytes_per_sec:>12} {eta:>4}",
        false => "{prefix:24!} {decimal_bytes:>11} {decimal_bytes_per_sec:>12}",
    };
    ProgressStyle::with_template(template)
        .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "))
}

/// The columns of the window, which whoever runs this tells in the environment and may change there. The library reads its
/// variables once, so that WASI is asked.
fn window() -> u16 {
    let columns = get_environment().into_iter().find(|(name, _)| name == "COLUMNS");
    columns.and_then(|(_, columns)| columns.parse().ok()).unwrap_or(80)
}

/// The standard error, as a terminal that understands ECMA-48.
#[derive(Debug)]
struct Terminal {
    fixed: Option<u16>,
    /// When the window was looked at, and its columns.
    seen: Mutex<(Instant, u16)>,
}

impl Terminal {
    fn write(&self, text: &str) -> io::Result<()> {
        io::stderr().write_all(text.as_bytes())
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        if let Some(columns) = self.fixed {
            return columns;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0.elapsed() >= LOOK {
            *seen = (Instant::now(), window());
        }
        seen.1
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write(&format!("\x1b[{n}A")) }
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write(&format!("\x1b[{n}B")) }
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write(&format!("\x1b[{n}C")) }
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.write(&format!("\x1b[{n}D")) }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.write(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
