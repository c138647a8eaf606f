//! What is written: results to the standard output, everything else to the standard error. Nothing that a server said
//! reaches a terminal unescaped.

use std::cell::RefCell;
use std::env;
use std::io::{self, Write};
use std::rc::Rc;

use ftp_cli::arguments::ConnectionOptions;
use ftp_cli::text::plain;
use serde_json::{Value, json};

use super::bars::{Bar, Bars};
use super::failure::Failure;
use super::local::has_terminal;

/// Where results, notes and bars go. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct Output(Rc<Inner>);

struct Inner {
    quiet: bool,
    json: bool,
    verbose: bool,
    bars: Bars,
    warned: RefCell<Vec<String>>,
}

impl Output {
    pub fn new(options: &ConnectionOptions) -> Self {
        let columns = options.columns.or_else(|| env::var("COLUMNS").ok()?.parse().ok()).unwrap_or(80);
        let bars = Bars::new(has_terminal() && !options.quiet && !options.json, columns);
        let (quiet, json, verbose) = (options.quiet, options.json, options.verbose);
        Self(Rc::new(Inner { quiet, json, verbose, bars, warned: RefCell::default() }))
    }

    pub fn is_json(&self) -> bool {
        self.0.json
    }

    pub fn is_verbose(&self) -> bool {
        self.0.verbose
    }

    /// A line of a result, escaped.
    pub fn line(&self, text: &str) {
        self.raw(&(plain(text) + "\n"));
    }

    /// A result as it is.
    pub fn raw(&self, text: &str) {
        self.0.bars.aside(|| write_all(&mut io::stdout(), text));
    }

    /// An object, where JSON is wanted.
    pub fn event(&self, value: &Value) {
        if self.0.json {
            self.0.bars.aside(|| write_all(&mut io::stdout(), &format!("{value}\n")));
        }
    }

    /// Something that is good to know.
    pub fn note(&self, text: &str) {
        if !self.0.quiet && !self.0.json {
            self.error_line(text);
        }
    }

    /// Something that one should know. Said once.
    pub fn warn(&self, text: &str) {
        let mut warned = self.0.warned.borrow_mut();
        if !warned.iter().any(|other| other == text) {
            warned.push(text.to_owned());
            self.error_line(&format!("warning: {text}"));
        }
    }

    /// What was said on a control connection.
    pub fn transcript(&self, line: &str) {
        self.0.bars.aside(|| write_all(&mut io::stderr(), &(plain(line) + "\n")));
    }

    /// Why something failed.
    pub fn failure(&self, failure: &Failure) {
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
        if !self.0.quiet && !self.0.json {
            self.0.bars.aside(|| write_all(&mut io::stderr(), &format!("{}\n", plain(text))));
        }
    }

    fn error_line(&self, text: &str) {
        self.0.bars.aside(|| write_all(&mut io::stderr(), &format!("ftp: {}\n", plain(text))));
    }
}

/// Nobody listens any more where this fails, as behind `head`: then there is nothing left to do.
pub fn write_all(stream: &mut dyn Write, text: &str) {
    if stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_err() {
        wasi::cli::exit::exit_with_code(ftp_cli::exit::Exit::Other.code());
    }
}
