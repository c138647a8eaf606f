//! Programs for the target of the component, which are no part of it: built as the component is, when they are needed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

use crate::cargo::cargo;

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
        .current_dir(workspace)
        .status()?;
    ensure!(built.success(), "{chosen:?} does not compile");
    Ok(target.join("wasm32-wasip2/wasm"))
}

/// What `cargo` with these arguments makes of the sources in `workspace` (`NAME.wasm`), without the network, by a cargo whose
/// home is `home`, and everything that it consists of anew.
pub fn component(workspace: &Path, home: &Path, arguments: &[&str], name: &str) -> Result<Vec<u8>> {
    let target = workspace.join("target");
    let built = cargo()
        .args(arguments)
        .args(["--quiet", "--locked", "--offline", "--target-dir"])
        .arg(&target)
        .env("CARGO_HOME", home)
        .current_dir(workspace)
        .status()?;
    ensure!(built.success(), "cargo {arguments:?} fails in {}", workspace.display());
    Ok(std::fs::read(target.join("wasm32-wasip2/wasm").join(name))?)
}

/// A component that imports `ftp:crypto`, with `tests/provider` in it.
pub fn with_provider(component: &[u8]) -> Result<Vec<u8>> {
    let provider = build(&["--package", "ftp-test-provider"])?.join("ftp_test_provider.wasm");
    plugged(&std::fs::read(provider)?, component)
}

/// A component with another one in it that exports what it imports, as `wac plug` makes it.
pub fn plugged(plugged_in: &[u8], component: &[u8]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let inner = Package::from_bytes("test:inner", None, plugged_in, graph.types_mut())?;
    let outer = Package::from_bytes("test:outer", None, component, graph.types_mut())?;
    let (inner, outer) = (graph.register_package(inner)?, graph.register_package(outer)?);
    plug(&mut graph, vec![inner], outer)?;
    Ok(graph.encode(EncodeOptions::default())?)
}
