//! What a path of this machine is, and why it cannot be written, where the standard library does not report it under WASI.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ftp_cli::exit::Exit;
use ftp_cli::needs::parent;
use wasi::filesystem::types::{DescriptorType, PathFlags};

use super::contents::Contents;
use super::failure::Failure;
use super::sandbox::located;

/// Links that lead to links.
const LINKS: usize = 40;

/// Where a file is written whose target is this path: behind links, as far as the granted folders reach. Refused is what a
/// file cannot be written to, so that nothing needs to be fetched for it.
pub fn target(path: &Path) -> Result<PathBuf, Failure> {
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        let found = match fs::symlink_metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(place),
            Err(error) if place == path => return Err(Failure::local("write", path, &error)),
            Err(_) => return Err(no_target(path, "the link leads out of the folders that are granted")),
            Ok(found) => found,
        };
        if !found.is_symlink() {
            return if found.is_file() || found.is_dir() { Ok(place) } else { special(path, place) };
        }
        // WASI does not read a link to an absolute path.
        let leads = fs::read_link(&place).ok().filter(|leads| leads.is_relative());
        let next = leads.map(|leads| parent(&place).join(leads)).filter(|next| located(next).is_some());
        place = next.ok_or_else(|| no_target(path, "the link leads out of the folders that are granted"))?;
    }
    Err(no_target(path, "too many links lead to each other"))
}

/// Whether bytes go to this path as to a file that is there and stays, as to `/dev/null`.
pub fn is_device(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir() && !found.is_symlink())
}

/// Refuse a name for which the file system has no room.
pub fn check_name(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Err(Failure::local("write", path, &error)),
        _ => Ok(()),
    }
}

/// Whether a file has this name, and no link.
pub fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// WASI writes at an offset, which pipes and terminals do not have.
fn special(path: &Path, place: PathBuf) -> Result<PathBuf, Failure> {
    let kind = located(&place).and_then(|(folder, name)| folder.stat_at(PathFlags::empty(), &name).ok());
    match kind.map(|found| found.type_) {
        // To open a pipe would wait for its reader.
        Some(DescriptorType::CharacterDevice | DescriptorType::BlockDevice) if !lacks_places(&place) => Ok(place),
        Some(DescriptorType::Fifo) => Err(no_target(path, "a pipe has no places to write at")),
        Some(DescriptorType::Socket) => Err(no_target(path, "it is a socket")),
        _ => Err(no_target(path, "this device has no places to write at")),
    }
}

fn no_target(path: &Path, why: &str) -> Failure {
    let text = format!("cannot write {}: {why}; - is the standard output, as in: get URL - > FILE", path.display());
    Failure::new(Exit::Local, text)
}

/// Whether a device takes no bytes at an offset. What cannot be opened is refused later, with its reason.
fn lacks_places(path: &Path) -> bool {
    Contents::device(path).is_ok_and(|device| !device.has_places())
}
