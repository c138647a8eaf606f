//! What there is to move, and where it goes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::sample::Sample;
use super::tree::Tree;

/// The name of the large file.
pub const LARGE: &str = "large file.bin";

/// The files that are moved, in a directory that goes away with this value.
pub struct Originals {
    pub tree: Tree,
    pub large: Sample,
    directory: TempDir,
}

impl Originals {
    pub fn make(mebibytes: u64) -> io::Result<Self> {
        let directory = temporary()?;
        let tree = Tree::plant(directory.path())?;
        let large = Sample::write(directory.path(), LARGE, mebibytes << 20, 0)?;
        Ok(Self { tree, large, directory })
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }
}

/// The empty directories that they are moved to. They go away with this value.
pub struct Places {
    /// What the server serves.
    pub server: PathBuf,
    /// Where downloads go.
    pub copy: PathBuf,
    _directory: TempDir,
}

impl Places {
    pub fn new() -> io::Result<Self> {
        let directory = temporary()?;
        let [server, copy] = ["server", "copy"].map(|name| directory.path().join(name));
        for place in [&server, &copy] {
            fs::create_dir(place)?;
        }
        Ok(Self { server, copy, _directory: directory })
    }
}

fn temporary() -> io::Result<TempDir> {
    TempDir::with_prefix("ftp-host-demo-")
}
