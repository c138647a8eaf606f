//! The command `wasmtime` (`bin/wasmtime.rs`), of the version of the library in `Cargo.lock`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use anyhow::{Result, anyhow};

use crate::cargo;
use crate::root;

/// Where the command is.
pub fn wasmtime() -> Result<PathBuf> {
    cargo::binary("wasmtime")
}

/// `wasmtime run`, to which options, a component and its arguments can be added. What is compiled is kept in
/// `.cache/wasmtime` for the next run, and nothing anywhere else.
pub fn run() -> Result<Command> {
    let mut command = Command::new(wasmtime()?);
    command.arg("run").arg("-C").arg(format!("cache-config={}", cache()?.display()));
    command.stdin(Stdio::null());
    Ok(command)
}

/// The file that says where the cache is.
fn cache() -> Result<&'static Path> {
    static FILE: LazyLock<Result<PathBuf>> = LazyLock::new(|| {
        let directory = root::cache().join("wasmtime");
        std::fs::create_dir_all(&directory)?;
        let directory = directory.canonicalize()?;
        let contents = format!("[cache]\ndirectory = {:?}\n", directory.join("compiled"));
        // Another process writes the same.
        let file = directory.join("cache.toml");
        let new = directory.join(format!("cache.{}.toml", std::process::id()));
        std::fs::write(&new, contents)?;
        std::fs::rename(&new, &file)?;
        Ok(file)
    });
    FILE.as_ref().map(PathBuf::as_path).map_err(|error| anyhow!("{error:#}"))
}
