//! Who runs this command, and what it was granted.

use std::io::{self, IsTerminal as _};
use std::path::{Component, Path, PathBuf};

use wasi::filesystem::preopens;
use wasi::filesystem::types::Descriptor;

/// Whether `ftp-host` runs this, and has granted what the arguments name.
pub fn has_runner() -> bool {
    std::env::var_os("FTP_RUNNER").is_some()
}

/// Whether a folder was opened to this command that holds this path.
pub fn is_open_to_us(path: &Path) -> bool {
    let wanted = plain(path);
    preopens::get_directories().iter().any(|(_, open)| {
        let open = plain(Path::new(open));
        match open.first() {
            None => !path.is_absolute() && wanted.first() != Some(&Component::ParentDir),
            Some(_) => wanted.starts_with(&open),
        }
    })
}

/// A folder that nobody has opened to this command.
pub fn no_folder(folder: &Path) -> String {
    match has_runner() {
        true => String::new(),
        false => format!("; with wasmtime run, this takes --dir {}", folder.display()),
    }
}

/// Whether somebody looks at the standard error.
pub fn has_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The parts of a path that lead anywhere.
pub fn plain(path: &Path) -> Vec<Component<'_>> {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

/// The folder that was opened to this command and holds this path, and the path from there.
pub fn located(path: &Path) -> Option<(Descriptor, String)> {
    let wanted = plain(path);
    let holds = |open: &Path| match plain(open).as_slice() {
        [] => !path.is_absolute() && wanted.first() != Some(&Component::ParentDir),
        open => wanted.starts_with(open),
    };
    let open = preopens::get_directories().into_iter().filter(|(_, open)| holds(Path::new(open)));
    let (folder, open) = open.max_by_key(|(_, open)| plain(Path::new(open)).len())?;
    let name: PathBuf = wanted.iter().skip(plain(Path::new(&open)).len()).collect();
    Some((folder, name.to_str()?.to_owned()))
}
