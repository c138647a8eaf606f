//! Programs for the target of the component, which are no part of it: built as the component is, when they are needed.

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
