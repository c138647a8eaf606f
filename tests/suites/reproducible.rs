//! The component is the same whoever builds it, and names no folder of who did:
//!
//! - `no_path_of_the_builder_is_in_the_component`
//! - `another_folder_and_another_home_make_the_same_component`: `host/build.rs` has built it once, this does again

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ftp_host::COMPONENT;
use ftp_tests::{guest, root};

#[test]
fn no_path_of_the_builder_is_in_the_component() {
    names_no_folder(COMPONENT);
}

#[test]
fn another_folder_and_another_home_make_the_same_component() -> Result<()> {
    let (folder, home) = (root::temporary()?, root::temporary()?);
    copy(&workspace(), folder.path())?;
    symlink(cargo_home()?.join("registry"), home.path().join("registry"))?;

    let built = guest::component(folder.path(), home.path())?;

    names_no_folder(&built);
    let differs = built.iter().zip(COMPONENT).position(|(one, other)| one != other);
    assert_eq!((built.len(), differs), (COMPONENT.len(), None), "the sizes, and the first byte that differs");
    Ok(())
}

/// Neither where the sources are nor where cargo and rustup keep theirs.
#[track_caller]
fn names_no_folder(component: &[u8]) {
    let workspace = workspace().to_string_lossy().into_owned();
    let home = std::env::home_dir().unwrap_or_default().join("x").to_string_lossy().trim_end_matches('x').to_owned();
    let temporary = std::env::temp_dir().to_string_lossy().into_owned() + "/ftp-tests-";
    for folder in [&*workspace, &home, &temporary, "registry/src", ".cargo", ".rustup", "/home/", "/Users/"] {
        let found = component.windows(folder.len()).position(|part| part == folder.as_bytes());
        let shown = found.map(|at| component[at..].iter().take(100).map(|byte| char::from(*byte)).collect::<String>());
        assert_eq!(shown, None, "{folder} is in the component");
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace is above")
}

fn cargo_home() -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("cargo has a home")
}

/// The sources, and nothing that was built or installed.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?;
        let (name, kind) = (file.file_name(), file.file_type()?);
        if kind.is_dir() && !["target", ".cache", ".git"].iter().any(|left_out| name == *left_out) {
            fs::create_dir(to.join(&name))?;
            copy(&file.path(), &to.join(&name))?;
        } else if kind.is_file() {
            fs::copy(file.path(), to.join(&name))?;
        }
    }
    Ok(())
}
