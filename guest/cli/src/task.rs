//! What a verb takes: its URLs, its folders, its sessions. Each verb answers here once, beside its arguments.

use std::path::{Path, PathBuf};

use crate::remote::Remote;

/// What is to be done, as far as it has to be known before it is done.
pub trait Task {
    /// Every argument that is a URL, or should be one.
    fn urls(&self) -> Vec<&str>;

    /// The folders of this machine that it reads or writes. `is_folder` returns whether a path is one now.
    fn folders(&self, is_folder: &dyn Fn(&Path) -> bool) -> Vec<Folder> {
        let _ = is_folder;
        Vec::new()
    }

    /// Whether there may be several sessions at a time.
    fn has_several_sessions(&self) -> bool {
        false
    }

    /// Whether it lets the server connect back for data even without `--active`.
    fn tries_active_mode(&self) -> bool {
        false
    }

    /// Whether an end in the middle leaves a part of a file on the server under the name of the whole one.
    fn leaves_parts(&self) -> bool {
        false
    }
}

/// A folder of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Files in it are written.
    pub writable: bool,
    /// It is what is to be filled, so it is made where it is not there.
    pub is_target: bool,
}

impl Folder {
    /// A folder whose files are read.
    pub fn read(path: &Path) -> Self {
        Self { path: path.to_owned(), writable: false, is_target: false }
    }

    /// A folder that is there, whose files are written.
    pub fn written(path: &Path) -> Self {
        Self { path: path.to_owned(), writable: true, is_target: false }
    }

    /// A folder that is to be filled.
    pub fn filled(path: &str) -> Self {
        Self { path: path.into(), writable: true, is_target: true }
    }
}

/// The URLs of `get`, and the target at the end where there is one.
pub fn split_target(places: &[String]) -> (&[String], Option<&str>) {
    match places.split_last() {
        Some((target, urls)) if !urls.is_empty() && !Remote::is_url(target) => (urls, Some(target)),
        _ => (places, None),
    }
}

/// Whether a target is the standard output, by any of its names. As files they are links that lead out of every folder.
pub fn is_output(target: &str) -> bool {
    const NAMES: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    target == "-" || NAMES.iter().any(|name| Path::new(target).components().eq(Path::new(name).components()))
}

/// The folder that a file is in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
