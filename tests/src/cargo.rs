//! cargo, when a test starts it.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow, ensure};

/// Without what the cargo around this test says of it: build scripts that look at that would run again, and all that
/// depends on them would be compiled again. And without flags of the environment, which would take the place of those of
/// `.cargo/config.toml`.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTC_WRAPPER");
    for (name, _) in env::vars_os() {
        let is_of_package = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        if name.to_str().is_some_and(|name| is_of_package.iter().any(|start| name.starts_with(start))) {
            command.env_remove(name);
        }
    }
    command
}

/// A binary of the workspace that tests start: `ftp-host`, or `wasmtime`.
pub fn binary(name: &str) -> Result<PathBuf> {
    static DIRECTORY: LazyLock<Result<PathBuf>> = LazyLock::new(build);
    DIRECTORY.as_ref().map(|directory| directory.join(name)).map_err(|error| anyhow!("{error:#}"))
}

/// Build the binaries beside this test, which cargo does by itself only for tests of the same package.
fn build() -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--workspace", "--bin", "ftp-host", "--bin", "wasmtime", "--test", "runner"]);
    let directory = beside_this(&mut command)?;
    let status = command.status()?;
    ensure!(status.success(), "cargo: {status}");
    Ok(directory)
}

/// Let this cargo work in the directory that this test is in, and give back that one: with the whole workspace, and a test
/// among what is chosen, it takes the same features, so that nothing else is compiled again.
pub(crate) fn beside_this(command: &mut Command) -> Result<PathBuf> {
    let test = env::current_exe()?;
    let directory = test.ancestors().skip(1).find(|folder| !folder.ends_with("deps") && !folder.ends_with("examples"));
    let directory = directory.context("tests are in deps/ of their profile")?;
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    command.args(["--profile", profile, "--target-dir"]);
    command.arg(directory.parent().context("the profile is in the target directory")?);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    Ok(directory.to_owned())
}
