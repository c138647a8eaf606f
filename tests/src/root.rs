//! Directories: for servers to serve, gone when the value is dropped; and the one that `tests/run` installs into.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// Memory that looks like a disk, where the system has it.
const MEMORY: &str = "/dev/shm";

/// An empty directory.
pub fn temporary() -> Result<TempDir> {
    TempDir::with_prefix("ftp-tests-").context("making a directory")
}

/// An empty directory with room for `bytes`, in memory if it can be, so that a disk does not set the pace.
pub fn with_room_for(bytes: u64) -> Result<TempDir> {
    if free_bytes(Path::new(MEMORY)) > 2 * bytes {
        return TempDir::with_prefix_in("ftp-tests-", MEMORY).context("making a directory in memory");
    }
    temporary()
}

/// The files in a directory and in those below it, by their paths from there.
pub fn files(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for member in std::fs::read_dir(folder)? {
            let path = member?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => _ = files.insert(path.strip_prefix(root)?.to_owned()),
            }
        }
    }
    Ok(files)
}

/// Where `tests/run` has installed the servers.
pub fn cache() -> PathBuf {
    std::env::var_os("FTP_TESTS_CACHE")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache"), PathBuf::from)
}

fn free_bytes(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |info| info.f_bavail * info.f_frsize)
}
