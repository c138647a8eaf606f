//! Programs for the target of the component, which are no part of it: built as the component is, when they are needed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::cargo::cargo;

/// As `host/build.rs` has them.
const FLAGS: &str = concat!(
    "-Ctarget-feature=+simd128\x1f",
    "-Crelocation-model=static\x1f",
    "--cfg=sha2_backend=\"soft\"\x1f",
    "--cfg=sha2_backend_soft=\"compact\"",
);

/// Build what these arguments of `cargo build` choose; gives the directory that it is then in.
pub fn build(chosen: &[&str]) -> Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace is above")?;
    // In a directory of its own, so that it need not wait for the lock of a cargo around this one.
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let target = workspace.join(target).join("wasm-examples");
    let built = cargo()
        .args(["build", "--quiet", "--locked", "--profile", "wasm", "--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .args(chosen)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS)
        .current_dir(workspace)
        .status()?;
    ensure!(built.success(), "{chosen:?} does not compile");
    Ok(target.join("wasm32-wasip2/wasm"))
}

/// The component from the sources in `workspace`, without the network, by a cargo whose home is `home`; as `host/build.rs`
/// builds it, and everything that it is made of anew.
pub fn component(workspace: &Path, home: &Path) -> Result<Vec<u8>> {
    let target = workspace.join("target");
    let mut flags = OsString::from(FLAGS);
    flags.push("\x1f--remap-path-prefix=");
    flags.push(home.join("registry/src"));
    flags.push("=crates");
    let built = cargo()
        .args(["build", "--quiet", "--locked", "--offline", "--package", "ftp-component", "--profile", "wasm"])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .env("CARGO_HOME", home)
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .current_dir(workspace)
        .status()?;
    ensure!(built.success(), "the component does not compile in {}", workspace.display());
    Ok(std::fs::read(target.join("wasm32-wasip2/wasm/ftp.wasm"))?)
}
