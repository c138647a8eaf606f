//! What a command line names, and so what its command is granted: hosts, ports, folders.

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use ftp_cli::arguments::ConnectionOptions;
use ftp_cli::exit::Exit;
use ftp_cli::needs::RequiredGrants;
use ftp_cli::task::{Folder, Task};
use ftp_host::{Command, Cryptography, Policy};

use super::Failure;
use super::arguments::Sandbox;

/// The first port that may be listened on.
const FIRST_PORT: u16 = 1024;

/// A command that may do what the task is about. Folders that are to be filled are made.
pub fn command(
    task: &dyn Task,
    options: &ConnectionOptions,
    sandbox: &Sandbox,
) -> Result<(Command, RequiredGrants), Failure> {
    let needs = RequiredGrants::of(task, options, Path::is_dir);
    let needs = needs.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    // The user named the hosts, so they may be anywhere.
    let policy = Policy::default().allow_loopback().allow_private();
    let mut command = Command::new(policy, options.network.local_address);
    command.memory(usize::from(sandbox.memory_limit) << 20);
    if sandbox.portable_crypto {
        command.cryptography(Cryptography::Portable);
    }
    for (host, port) in &needs.hosts {
        command.host(host, *port);
    }
    if let Some(ports) = needs.listens {
        command.listen(listening(ports)?);
    }
    if let Some((host, port)) = &needs.proxy {
        command.proxy(host, *port);
    }
    refuse_likeness(&needs.folders)?;
    for folder in &needs.folders {
        open(&mut command, folder).map_err(|error| {
            Failure::new(Exit::Local, format!("cannot open the folder {}: {error}", folder.path.display()))
        })?;
    }
    Ok((command, needs))
}

/// The ports of active mode, of which those below 1024 are for the services of this machine.
fn listening((first, last): (u16, u16)) -> Result<RangeInclusive<u16>, Failure> {
    match first {
        0 => Ok(FIRST_PORT..=u16::MAX),
        FIRST_PORT.. => Ok(first..=last),
        _ => Err(Failure::new(Exit::Usage, format!("--active-ports: ports to listen on are from {FIRST_PORT} on"))),
    }
}

fn open(command: &mut Command, folder: &Folder) -> io::Result<()> {
    if folder.is_target {
        fs::create_dir_all(&folder.path)?;
    }
    let name = folder.path.to_str().ok_or_else(|| io::Error::other("its name is not in UTF-8"))?;
    command.folder(&folder.path, name_in_guest(name), folder.writable)
}

/// The guest finds a folder by the beginning of a path, so a `/` at its end would have to be there each time.
fn name_in_guest(name: &str) -> &str {
    match name.trim_end_matches('/') {
        "" => "/",
        name => name,
    }
}

/// The guest takes `/a` and `a` for the same, so that one would be read for the other.
fn refuse_likeness(folders: &[Folder]) -> Result<(), Failure> {
    for (index, folder) in folders.iter().enumerate() {
        let like = |other: &&Folder| from_root(&folder.path) == from_root(&other.path);
        if let Some(other) = folders.iter().skip(index + 1).find(like) {
            let (one, other) = (folder.path.display(), other.path.display());
            return Err(Failure::new(Exit::Usage, format!("{one} and {other} cannot be named together")));
        }
    }
    Ok(())
}

fn from_root(path: &Path) -> PathBuf {
    Path::new("/").join(path).components().filter(|part| part.as_os_str() != ".").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(paths: &[&str]) -> Vec<Folder> {
        let folder = |path: &&str| Folder { path: path.into(), writable: false, is_target: false };
        paths.iter().map(folder).collect()
    }

    #[test]
    fn ports_below_1024_are_not_listened_on() {
        assert_eq!(listening((0, 0)).ok(), Some(1024..=u16::MAX));
        assert_eq!(listening((1024, 1030)).ok(), Some(1024..=1030));
        for ports in [(20, 21), (1023, 2000)] {
            assert!(listening(ports).is_err(), "{ports:?}");
        }
    }

    #[test]
    fn folders_that_look_alike_to_the_guest_are_refused() {
        for paths in [&["a", "/a"][..], &[".", "/"], &["x", "./a/", "/a"]] {
            assert!(refuse_likeness(&folders(paths)).is_err(), "{paths:?}");
        }
        for paths in [&["a", "/a/b"][..], &[".", "..", "/a", "../a"]] {
            assert!(refuse_likeness(&folders(paths)).is_ok(), "{paths:?}");
        }
    }

    #[test]
    fn names_have_no_slash_at_their_end() {
        for (name, in_guest) in [("a/", "a"), ("../a//", "../a"), ("/", "/"), ("//", "/"), (".", ".")] {
            assert_eq!(name_in_guest(name), in_guest);
        }
    }
}
