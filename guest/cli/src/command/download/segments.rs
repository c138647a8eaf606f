//! One file by several sessions: `--segments`. Which parts of the temporary file are there is kept in a file beside it, so
//! that it can be continued.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ftp_client::Error;
use ftp_client::engine::{self, FileVersion, Resume, Segments, WriteAt, add_range};

use super::super::bars::Bar;
use super::super::contents::Contents;
use super::super::disk;
use super::super::failure::Failure;
use super::super::jobs::{Limiter, Worker};
use super::options::{DownloadOptions, Job};

/// Bytes after which the parts are written down.
const STEP: u64 = 8 << 20;

/// Download to the temporary file. Gives the bytes that came.
pub async fn download(
    worker: &mut Worker<'_>,
    job: &Job,
    how: &DownloadOptions,
    version: &FileVersion,
    temporary: &Path,
    resumes: bool,
    bar: &Bar,
) -> Result<u64, Failure> {
    let done = if resumes { read(&ranges(temporary), temporary) } else { Vec::new() };
    let failed = |error: io::Error| Failure::local("write", temporary, &error);
    let file = match done.is_empty() {
        true => Contents::fresh(temporary),
        false => Contents::existing(temporary),
    };
    let file = file.map_err(failed)?;
    bar.skip(done.iter().map(|range| range.end - range.start).sum());
    let parts = Parts {
        file,
        done: RefCell::new(done.clone()),
        unsaved: Cell::new(0),
        failure: RefCell::default(),
        temporary,
        bar,
        limiter: &how.limiter,
    };
    let options = Segments {
        sessions: how.plan.sessions,
        resume: (!done.is_empty()).then_some(Resume { version: *version, done }),
        ..Segments::default()
    };
    let server = worker.server.clone();
    let open = async || server.open_session().await.map_err(|failure| failure.error.unwrap_or(Error::closed()));
    let fetched = engine::download(&worker.context.net, open, &job.path, &parts, &options, &how.plan.retry).await;
    match fetched {
        Ok(fetched) => {
            for error in &fetched.refused {
                worker.context.out.note(&format!("a session less for {}: {error}", job.path));
            }
            forget(temporary);
            parts.check(version.exact_size())?;
            Ok(fetched.bytes)
        }
        Err(failed) => {
            parts.save();
            let here = parts.failure.borrow_mut().take();
            Err(here.unwrap_or_else(|| Failure {
                error: None,
                ..Failure::of_named(format!("cannot get {}", job.path), failed.error)
            }))
        }
    }
}

/// Forget which parts of a temporary file are there.
pub fn forget(temporary: &Path) {
    let place = ranges(temporary);
    let _ = fs::remove_file(new(&place));
    let _ = fs::remove_file(place);
}

/// Where the parts of a temporary file are written down.
fn ranges(temporary: &Path) -> PathBuf {
    let name = temporary.file_name().map(|name| name.to_string_lossy().replace(".ftp-part", ".ranges.ftp-part"));
    temporary.with_file_name(name.unwrap_or_default())
}

/// The same, until it is whole.
fn new(ranges: &Path) -> PathBuf {
    ranges.with_extension("new.ftp-part")
}

/// The file, and what of it is there.
struct Parts<'a> {
    file: Contents,
    done: RefCell<Vec<Range<u64>>>,
    unsaved: Cell<u64>,
    failure: RefCell<Option<Failure>>,
    temporary: &'a Path,
    bar: &'a Bar,
    limiter: &'a Limiter,
}

impl WriteAt for Parts<'_> {
    type Error = Error;

    async fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let count = bytes.len() as u64;
        if let Err(error) = self.file.write_at(offset, bytes) {
            *self.failure.borrow_mut() = Some(Failure::local("write", self.temporary, &error));
            return Err(Error::other("the file here cannot be written"));
        }
        add_range(&mut self.done.borrow_mut(), offset..offset + count);
        self.unsaved.set(self.unsaved.get() + count);
        if self.unsaved.get() >= STEP {
            self.save();
        }
        self.bar.advance(count);
        self.limiter.pass(count).await;
        Ok(())
    }
}

impl Parts<'_> {
    /// Check that the file has the bytes of the one on the server.
    fn check(&self, size: Option<u64>) -> Result<(), Failure> {
        let checked = size.map_or(Ok(()), |size| self.file.check_size(size));
        checked.map_err(|error| Failure::local("write", self.temporary, &error))
    }

    /// What cannot be written down is downloaded again.
    fn save(&self) {
        self.unsaved.set(0);
        let lines: String = self.done.borrow().iter().map(|range| format!("{} {}\n", range.start, range.end)).collect();
        let place = ranges(self.temporary);
        let new = new(&place);
        let written = Contents::fresh(&new).and_then(|file| file.write_at(0, lines.as_bytes()));
        if written.and_then(|()| fs::rename(&new, &place)).is_err() {
            forget(self.temporary);
        }
    }
}

/// The parts that are there, none where that is not certain.
fn read(path: &Path, temporary: &Path) -> Vec<Range<u64>> {
    if !disk::is_file(path) || !disk::is_file(temporary) {
        return Vec::new();
    }
    let length = fs::metadata(temporary).map_or(0, |file| file.len());
    let parse = |line: &str| {
        let (start, end) = line.split_once(' ')?;
        Some(start.parse().ok()?..end.parse().ok()?)
    };
    let text = fs::read_to_string(path).unwrap_or_default();
    let ranges: Option<Vec<Range<u64>>> = text.lines().map(parse).collect();
    let mut done = Vec::new();
    for range in ranges.unwrap_or_default() {
        if range.start >= range.end || range.end > length {
            return Vec::new();
        }
        add_range(&mut done, range);
    }
    done
}
