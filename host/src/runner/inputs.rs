//! What this process is given besides its arguments: variables, and the texts of files.

use std::env;
use std::fs;
use std::path::Path;

use ftp_cli::exit::Exit;

use super::Failure;

/// A variable of this process, which is as good as none when it is empty.
pub fn own(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The text of a file that the command line names.
pub fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::new(Exit::Local, format!("{}: {error}", path.display())))
}
