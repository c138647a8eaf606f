//! The file here that is written: a temporary one until it is whole, or a device.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ftp_cli::names;
use ftp_cli::needs::parent;
use ftp_client::engine::{FileVersion, WriteNext};

use super::super::contents::Contents;
use super::super::disk;
use super::super::failure::Failure;
use super::super::local;

/// A file that is written in order.
pub struct Partial<'a> {
    pub file: Contents,
    path: &'a Path,
    /// Where the next byte goes: at first, behind those that it had before.
    pub end: u64,
}

impl<'a> Partial<'a> {
    /// The temporary file, and its end where that is the place to resume at. A link of its name is replaced, not followed.
    pub fn open(path: &'a Path, resumes: bool, version: &FileVersion) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::local("write", path, &error);
        if resumes
            && disk::is_file(path)
            && let Ok(file) = Contents::existing(path)
        {
            let end = file.size().map_err(failed)?;
            // Without a size nobody knows whether this is its beginning.
            if version.size.is_some_and(|size| end <= size) {
                return Ok(Self { file, path, end });
            }
        }
        Contents::fresh(path).map(|file| Self { file, path, end: 0 }).map_err(failed)
    }

    /// A device takes the bytes as they come. There is nothing to resume or to rename.
    pub fn device(path: &'a Path) -> Result<Self, Failure> {
        let file = Contents::device(path);
        file.map(|file| Self { file, path, end: 0 }).map_err(|error| Failure::local("write", path, &error))
    }

    /// Check that the file ends where the last byte was written.
    pub fn check(&self) -> Result<(), Failure> {
        self.file.check_size(self.end).map_err(|error| Failure::local("write", self.path, &error))
    }
}

impl WriteNext for Partial<'_> {
    type Error = Failure;

    async fn begins(&mut self, offset: u64) -> Result<(), Failure> {
        if offset == self.end {
            return Ok(());
        }
        self.end = offset;
        self.file.set_size(offset).map_err(|error| Failure::local("write", self.path, &error))
    }

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_at(self.end, bytes);
        written.map_err(|error| Failure::local("write", self.path, &error))?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

/// Where the file is until it is whole. Its name shows which version of the file it is, and whether it is the beginning or
/// parts of it: one must not be taken for the other.
pub fn temporary(target: &Path, version: &FileVersion, is_divided: bool) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let modified = version.modified.map_or(0, |time| time.seconds);
    let parts = if is_divided { "-parts" } else { "" };
    let version = format!("{:x}-{modified:x}{parts}", version.size.unwrap_or(0));
    parent(target).join(names::temporary(&name, &version))
}

/// It is whole.
pub fn put_in_place(temporary: &Path, target: &Path, version: &FileVersion, keeps_time: bool) -> Result<(), Failure> {
    if keeps_time && let Some(time) = &version.modified {
        let set = File::options().write(true).open(temporary).and_then(|file| local::set_time(&file, time));
        set.map_err(|error| Failure::local("set the time of", temporary, &error))?;
    }
    fs::rename(temporary, target).map_err(|error| Failure::local("write", target, &error))
}
