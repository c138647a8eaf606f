//! Who runs this command, and what it was granted.

use std::io::{self, IsTerminal as _};
use std::path::{Component, Path};

/// Whether `ftp-host` runs this, and has granted what the arguments name.
pub fn has_runner() -> bool {
    std::env::var_os("FTP_RUNNER").is_some()
}

/// Whether a folder was opened to this command that holds this path.
pub fn is_open_to_us(path: &Path) -> bool {
    let wanted = plain(path);
    wasi::filesystem::preopens::get_directories().iter().any(|(_, open)| {
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
