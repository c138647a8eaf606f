//! What is written: results to the standard output, everything else to the standard error. Nothing that a server said
//! reaches a terminal unescaped.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;

use ftp_cli::arguments::{OutputOptions, Volume};
use ftp_cli::exit::Exit;
use ftp_cli::text::{plain, plain_json};
use serde_json::{Value, json};
use wasi::cli::stdout::get_stdout;
use wasi::filesystem::types::{ErrorCode, filesystem_error_code};
use wasi::io::streams::{OutputStream, StreamError};

use super::bars::{Bar, Bars};
use super::failure::Failure;
use super::sandbox::has_terminal;

/// Where results, notes and bars go. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Output(Rc<Inner>);

struct Inner {
    volume: Volume,
    json: bool,
    bars: Bars,
    warned: RefCell<Vec<String>>,
    results: RefCell<Results>,
    /// A server has made it doubtful that all was done.
    is_doubtful: Cell<bool>,
    /// Sessions so far, where there may be several at a time.
    sessions: Option<Cell<u32>>,
}

/// The standard output, and why it cannot be written to any more.
struct Results {
    stream: Stdout,
    failed: Option<io::Error>,
}

impl Output {
    pub fn new(options: &OutputOptions, has_several_sessions: bool) -> Self {
        let bars = Bars::new(has_terminal() && options.volume() != Volume::Quiet && !options.json, options.columns);
        let results = RefCell::new(Results { stream: stdout(), failed: None });
        let sessions = has_several_sessions.then(Cell::default);
        Self(Rc::new(Inner {
            volume: options.volume(),
            json: options.json,
            bars,
            warned: RefCell::default(),
            results,
            is_doubtful: Cell::default(),
            sessions,
        }))
    }

    /// What marks the lines of one more session.
    pub fn mark(&self) -> String {
        let Some(sessions) = &self.0.sessions else { return String::new() };
        sessions.set(sessions.get() + 1);
        format!("[{}] ", sessions.get())
    }

    /// Whether all results so far could be written, and no server made them doubtful.
    pub fn verdict(&self) -> Result<(), Failure> {
        match &self.0.results.borrow().failed {
            Some(error) => Err(Failure::output(error)),
            // The reason was given.
            None if self.0.is_doubtful.get() => Err(Failure::new(Exit::Protocol, "")),
            None => Ok(()),
        }
    }

    /// What was done may not have been, for this reason.
    pub fn doubt(&self, failure: &Failure) {
        self.0.is_doubtful.set(true);
        self.failure(failure);
    }

    pub fn is_json(&self) -> bool {
        self.0.json
    }

    pub fn is_verbose(&self) -> bool {
        self.0.volume == Volume::Verbose
    }

    /// A line of a result, escaped.
    pub fn line(&self, text: &str) {
        self.raw(&(plain(text) + "\n"));
    }

    /// A result as it is. Where it cannot be written, [`Self::verdict`] reports it, and nothing more is.
    pub fn raw(&self, text: &str) {
        let mut results = self.0.results.borrow_mut();
        if results.failed.is_none() {
            self.0.bars.aside(|| results.failed = results.stream.write_all(text.as_bytes()).err());
        }
    }

    /// An object, where JSON is wanted.
    pub fn event(&self, value: &Value) {
        if self.0.json {
            self.raw(&(plain_json(&value.to_string()) + "\n"));
        }
    }

    /// Something that is good to know.
    pub fn note(&self, text: &str) {
        if self.0.volume != Volume::Quiet && !self.0.json {
            self.error_line(text);
        }
    }

    /// It failed, and another attempt begins.
    pub fn again(&self, failure: &Failure) {
        self.note(&format!("{}; trying again", failure.text));
    }

    /// Something that is good to know of all files, said for one of them.
    pub fn note_once(&self, text: &str) {
        if self.is_new(text) {
            self.note(text);
        }
    }

    /// Something that one should know. Said once.
    pub fn warn(&self, text: &str) {
        if self.is_new(text) {
            self.error_line(&format!("warning: {text}"));
        }
    }

    fn is_new(&self, text: &str) -> bool {
        let mut said = self.0.warned.borrow_mut();
        let is_new = !said.iter().any(|other| other == text);
        if is_new {
            said.push(text.to_owned());
        }
        is_new
    }

    /// What was said on a control connection.
    pub fn transcript(&self, line: &str) {
        self.0.bars.aside(|| error(&(plain(line) + "\n")));
    }

    /// Why something failed. Without a text there is nobody left who would read it.
    pub fn failure(&self, failure: &Failure) {
        if failure.text.is_empty() {
            return;
        }
        self.event(&json!({ "event": "error", "code": failure.exit.code(), "message": failure.text }));
        self.error_line(&failure.text);
    }

    /// A transfer begins.
    pub fn begin(&self, label: &str, total: Option<u64>) -> Bar {
        self.0.bars.begin(&plain(label), total)
    }

    /// Several transfers begin, of so many bytes in all as far as that is known.
    pub fn begin_all(&self, files: u64, bytes: Option<u64>) {
        self.0.bars.begin_all(files, bytes);
    }

    /// A transfer went well.
    pub fn done(&self, bytes: u64, summary: &str) {
        if self.0.bars.done(bytes) {
            self.note_plain(summary);
        }
    }

    /// No more bars.
    pub fn end(&self) {
        if let Some(summary) = self.0.bars.end() {
            self.note_plain(&summary);
        }
    }

    fn note_plain(&self, text: &str) {
        if self.0.volume != Volume::Quiet && !self.0.json {
            self.0.bars.aside(|| error(&format!("{}\n", plain(text))));
        }
    }

    fn error_line(&self, text: &str) {
        self.0.bars.aside(|| error(&format!("ftp: {}\n", plain(text))));
    }
}

/// To the standard error. A failure of that cannot be reported anywhere.
pub fn error(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// The standard output by WASI itself, which tells a reader that is gone from a failure: that of the library does not.
pub fn stdout() -> Stdout {
    Stdout(get_stdout())
}

/// See [`stdout`]. What is written is with the system.
pub struct Stdout(OutputStream);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = loop {
            match self.0.check_write().map_err(broken)? {
                0 => self.0.subscribe().block(),
                room => break usize::try_from(room).unwrap_or(usize::MAX),
            }
        };
        let piece = bytes.get(..room).unwrap_or(bytes);
        self.0.write(piece).map_err(broken)?;
        self.flush()?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.blocking_flush().map_err(broken)
    }
}

fn broken(error: StreamError) -> io::Error {
    let StreamError::LastOperationFailed(error) = error else { return io::ErrorKind::BrokenPipe.into() };
    match filesystem_error_code(&error) {
        Some(ErrorCode::InsufficientSpace | ErrorCode::Quota) => io::ErrorKind::StorageFull.into(),
        Some(ErrorCode::Pipe) => io::ErrorKind::BrokenPipe.into(),
        Some(code) => io::Error::other(code.message()),
        None => io::Error::other(error.to_debug_string()),
    }
}
