//! Files of this machine, as far as WASI shows them: times, but no permissions.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ftp_cli::exit::Exit;
use ftp_client::{Precision, Timestamp};

use super::failure::Failure;
use super::sandbox::{is_open_to_us, no_folder, plain};

/// To the system below, an absolute path that no opened folder holds is one in the folder `.`: another file than was named.
/// `folder` is what would have to be opened for it.
pub fn check_absolute(path: &Path, folder: &Path) -> Result<(), Failure> {
    if !path.is_absolute() || is_open_to_us(path) {
        return Ok(());
    }
    let text = format!("{} is in no folder that is open to this command{}", path.display(), no_folder(folder));
    Err(Failure::new(Exit::Local, text))
}

/// What is in a folder.
#[derive(Default)]
pub struct Members {
    /// The names that the system gives.
    pub names: Vec<String>,
    /// How many it does not give, as they are no UTF-8.
    pub unreadable: usize,
}

impl Members {
    /// That some are left out, if so.
    pub fn left_out(&self, folder: &Path) -> Option<Failure> {
        let (count, folder) = (self.unreadable, folder.display());
        let text = format!("{folder} has names that are no UTF-8 ({count}): what they name is left out");
        (count > 0).then(|| Failure::new(Exit::Partial, text))
    }
}

/// The members of a folder. To `std`, a name that the system does not give is the end of them, so that they are read without
/// it then.
pub fn members(folder: &Path) -> io::Result<Members> {
    const ILLEGAL_BYTES: i32 = 25;
    let read = || -> io::Result<Members> {
        let mut members = Members::default();
        for member in fs::read_dir(folder)? {
            match member?.file_name().into_string() {
                Ok(name) => members.names.push(name),
                Err(_) => members.unreadable += 1,
            }
        }
        Ok(members)
    };
    match read() {
        Err(error) if error.raw_os_error() == Some(ILLEGAL_BYTES) => readable(folder).ok_or(error),
        members => members,
    }
}

/// The same by WASI itself.
fn readable(folder: &Path) -> Option<Members> {
    use wasi::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
    // Of a system that gives the same one again and again.
    const MOST: usize = 1_000_000;
    let wanted = plain(folder);
    let opened = wasi::filesystem::preopens::get_directories();
    let (open, below) = opened.iter().find_map(|(open, name)| {
        let name = plain(Path::new(name));
        let below = wanted.strip_prefix(name.as_slice())?;
        (!below.contains(&Component::ParentDir)).then(|| (open, below.iter().collect::<PathBuf>()))
    })?;
    let path = below.to_str().filter(|path| !path.is_empty()).unwrap_or(".");
    let directory = open.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::DIRECTORY, DescriptorFlags::READ).ok()?;
    let entries = directory.read_directory().ok()?;
    let mut members = Members::default();
    loop {
        match entries.read_directory_entry() {
            Ok(Some(entry)) => members.names.push(entry.name),
            Ok(None) => return Some(members),
            Err(ErrorCode::IllegalByteSequence) if members.unreadable < MOST => members.unreadable += 1,
            Err(_) => return None,
        }
    }
}

/// Bytes and time of a file.
pub fn version(path: &Path) -> Result<(u64, Option<Timestamp>), Failure> {
    let metadata = fs::metadata(path).map_err(|error| Failure::local("read", path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::local("read", path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    Ok((metadata.len(), metadata.modified().ok().and_then(timestamp)))
}

/// A time of a file system, in the client's terms.
pub fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let (seconds, nanoseconds) = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).ok()?, after.subsec_nanos()),
        Err(before) => (-i64::try_from(before.duration().as_secs()).ok()?, 0),
    };
    Some(Timestamp { seconds, nanoseconds, precision: Precision::Subsecond, utc: true })
}

/// Give a file the time that the server reported, unless it is too coarse or of an unknown zone.
pub fn set_time(file: &File, time: &Timestamp) -> io::Result<()> {
    if !time.is_exact() {
        return Ok(());
    }
    let time = match u64::try_from(time.seconds) {
        Ok(seconds) => UNIX_EPOCH + Duration::new(seconds, time.nanoseconds),
        Err(_) => UNIX_EPOCH - Duration::from_secs(time.seconds.unsigned_abs()),
    };
    file.set_modified(time)
}

/// Now, in whole seconds.
pub fn now() -> Timestamp {
    let now = timestamp(SystemTime::now());
    let seconds = now.map_or(0, |now| now.seconds);
    Timestamp { seconds, nanoseconds: 0, precision: Precision::Second, utc: true }
}
