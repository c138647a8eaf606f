//! The component is the same whoever builds it, and names no folder of who did:
//!
//! - `no_path_of_the_builder_is_in_a_component`
//! - `lines_of_the_readme_make_what_is_embedded_and_tested_in_any_folder_and_home`: `host/artifacts/build.rs` has built the
//!   component and the command once, the lines of the README do again

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ftp_host::{COMMAND, COMPONENT};
use ftp_tests::{guest, root};

#[test]
fn no_path_of_the_builder_is_in_a_component() {
    names_no_folder(COMPONENT);
    names_no_folder(COMMAND);
}

#[test]
fn lines_of_the_readme_make_what_is_embedded_and_tested_in_any_folder_and_home() -> Result<()> {
    let (folder, home) = (root::temporary()?, root::temporary()?);
    copy(&workspace(), folder.path())?;
    symlink(cargo_home()?.join("registry"), home.path().join("registry"))?;
    let readme = fs::read_to_string(workspace().join("README.md"))?;

    for (package, name, embedded) in [("ftp-component", "ftp.wasm", COMPONENT), ("ftp-cli", "ftp-cli.wasm", COMMAND)] {
        let start = format!("cargo build -p {package} ");
        let line = readme.lines().find(|line| line.starts_with(&start)).context("the README says how to build it")?;
        let arguments: Vec<_> = line.split(' ').skip(1).collect();
        let built = guest::component(folder.path(), home.path(), &arguments, name)?;

        names_no_folder(&built);
        let differs = built.iter().zip(embedded).position(|(one, other)| one != other);
        assert_eq!(
            (built.len(), differs),
            (embedded.len(), None),
            "{name}: the sizes, and the first byte that differs"
        );
    }
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
