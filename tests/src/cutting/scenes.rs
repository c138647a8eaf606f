//! What is there before a verb, and what has to be there after it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use super::site::Place;

/// Where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In the folder that the client may use.
    Here,
    /// In the folder of the case on the server.
    There,
}

/// A file and its contents.
pub type FileAt = (Side, &'static str, Vec<u8>);

/// What has to be true however the verb ends.
#[derive(Clone, Debug)]
pub enum Must {
    /// The file has one of these contents.
    Hold(Side, &'static str, Vec<Vec<u8>>),
    /// The file begins so: more may have come to it.
    BeginWith(Side, &'static str, Vec<u8>),
    /// One of these files on the server has these contents.
    HoldOne([&'static str; 2], Vec<u8>),
}

/// One verb's world.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Files that are there before.
    pub before: Vec<FileAt>,
    /// Files that are there after success.
    pub after: Vec<FileAt>,
    /// What is gone after success.
    pub gone: Vec<(Side, &'static str)>,
    /// What is true after success and after failure.
    pub always: Vec<Must>,
    /// What a success printed, or gave to the caller.
    pub output: Option<Vec<u8>>,
    /// Whether the end of a file is where the bytes go, wherever that is by then.
    pub is_appended: bool,
    /// Whether the bytes go to an offset of a file (`REST`, `STOR`).
    pub is_written_at_an_offset: bool,
    /// Whether nobody asks how long the file is.
    pub has_no_size: bool,
    /// Empty directories that are there before.
    pub folders: Vec<(Side, &'static str)>,
}

impl Scene {
    /// A file that is there before and changes.
    pub fn with(mut self, side: Side, path: &'static str, contents: &[u8]) -> Self {
        self.before.push((side, path, contents.to_owned()));
        self
    }

    /// An empty directory that is there before.
    pub fn with_folder(mut self, side: Side, path: &'static str) -> Self {
        self.folders.push((side, path));
        self
    }

    /// A file that is there before and stays as it is.
    pub fn keeping(self, side: Side, path: &'static str, contents: &[u8]) -> Self {
        let always = Must::Hold(side, path, vec![contents.to_owned()]);
        self.with(side, path, contents).and_always(always)
    }

    /// A file that is there before, and at every time is this or the new one.
    pub fn replacing(self, side: Side, path: &'static str, old: &[u8], new: &[u8]) -> Self {
        let always = Must::Hold(side, path, vec![old.to_owned(), new.to_owned()]);
        self.with(side, path, old).and_always(always).making(side, path, new)
    }

    /// A file that is there after success.
    pub fn making(mut self, side: Side, path: &'static str, contents: &[u8]) -> Self {
        self.after.push((side, path, contents.to_owned()));
        self
    }

    /// What is gone after success.
    pub fn removing(mut self, side: Side, path: &'static str) -> Self {
        self.gone.push((side, path));
        self
    }

    /// What is true however it ends.
    pub fn and_always(mut self, must: Must) -> Self {
        self.always.push(must);
        self
    }

    /// What success prints.
    pub fn printing(mut self, contents: &[u8]) -> Self {
        self.output = Some(contents.to_owned());
        self
    }

    /// Whether a file is on the server.
    pub fn is_there(&self, place: &Place, path: &str) -> bool {
        place.path(Side::There, path).exists()
    }

    /// Make it so. All files have one time of long ago, so that those of both sides agree.
    pub fn set(&self, place: &Place) -> Result<()> {
        for (side, path, contents) in &self.before {
            write(&place.path(*side, path), contents)?;
        }
        for (side, path) in &self.folders {
            std::fs::create_dir_all(place.path(*side, path))?;
        }
        Ok(())
    }
}

fn write(path: &PathBuf, contents: &[u8]) -> Result<()> {
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    std::fs::write(path, contents).with_context(|| format!("writing {}", path.display()))?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(path)?.set_modified(time)?;
    Ok(())
}
