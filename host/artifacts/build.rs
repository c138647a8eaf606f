//! Builds the component and its sibling, which imports its cryptography, or takes them from the folder `FTP_PREBUILT`, and
//! compiles them ahead of time: `ftp.wasm`, `ftp.cwasm`, `ftp-imported.wasm` and `ftp-imported.cwasm` in `OUT_DIR`. With the
//! feature `command` it does so with the command too: `ftp-cli.wasm`, `ftp-cli-imported.wasm` and so on.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use wasmtime::{Config, Engine, OptLevel};

#[path = "src/tunables.rs"]
mod tunables;

const GUEST: &str = "wasm32-wasip2";

/// The variable that names a folder with components to take as they are.
const PREBUILT: &str = "FTP_PREBUILT";

/// The feature of a package with which its component imports its cryptography.
const IMPORTED: &str = "imported-crypto";

fn main() {
    println!("cargo:rerun-if-env-changed={PREBUILT}");
    make_both("ftp-component", "ftp", tunables::library());
    if has_feature("COMMAND") {
        make_both("ftp-cli", "ftp-cli", tunables::config());
    }
}

/// A component, and its sibling.
fn make_both(package: &str, name: &str, config: Config) {
    make(package, name, name, None, config);
    make(package, name, &format!("{name}-imported"), Some(IMPORTED), tunables::config());
}

/// One component: from its package, or its file, to what is embedded. Cargo calls what it builds `file`.
fn make(package: &str, file: &str, name: &str, feature: Option<&str>, config: Config) {
    let out = PathBuf::from(variable("OUT_DIR"));
    let wasm = match env::var_os(PREBUILT) {
        Some(folder) => prebuilt(Path::new(&folder), name),
        None => built(&out, package, file, feature),
    };
    write(&out.join(format!("{name}.wasm")), &wasm);
    write(&out.join(format!("{name}.cwasm")), &compile(&wasm, config));
}

fn prebuilt(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(format!("{name}.wasm"));
    println!("cargo:rerun-if-changed={}", path.display());
    read(&path)
}

/// One component by itself: built together, they would have each other's features.
fn built(out: &Path, package: &str, name: &str, feature: Option<&str>) -> Vec<u8> {
    let own = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let workspace = own.ancestors().nth(2).unwrap_or_else(|| fail("the workspace is two folders above"));
    require_target(workspace);
    let target = out.join("guest");
    build(workspace, &target, package, feature);
    let built = target.join(GUEST).join("wasm");
    watch(workspace, &built.join(format!("{name}.d")));
    read(&built.join(format!("{name}.wasm")))
}

/// The standard library of the guest's target: rustup adds it by itself when it may, else this does.
fn require_target(workspace: &Path) {
    if has_target(workspace) {
        return;
    }
    let added = clean(&mut Command::new("rustup")).args(["target", "add", GUEST]).current_dir(workspace).status();
    if !(added.is_ok_and(|status| status.success()) && has_target(workspace)) {
        fail(&format!("the Rust target of the component is missing; run: rustup target add {GUEST}"));
    }
}

fn has_target(workspace: &Path) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = clean(&mut Command::new(rustc))
        .args(["--print", "target-libdir", "--target", GUEST])
        .current_dir(workspace)
        .output();
    let Ok(output) = output else { return false };
    let directory = String::from_utf8_lossy(&output.stdout);
    fs::read_dir(directory.trim()).is_ok_and(|mut files| files.next().is_some())
}

/// In a directory of its own, so that it need not wait for the lock that the cargo around this one holds.
fn build(workspace: &Path, directory: &Path, package: &str, feature: Option<&str>) {
    let mut cargo = Command::new(variable("CARGO"));
    clean(&mut cargo).args(["build", "--package", package, "--profile", "wasm", "--target", GUEST]);
    let of_keys = has_feature("RSA_CLIENT_AUTH").then_some("rsa-client-auth");
    for feature in of_keys.into_iter().chain(feature) {
        cargo.args(["--features", feature]);
    }
    cargo.arg("--target-dir").arg(directory).current_dir(workspace);
    if workspace.join("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    match cargo.status() {
        Ok(status) if status.success() => {}
        Ok(_) => fail(&format!("{package} does not compile for {GUEST}, see above")),
        Err(error) => fail(&format!("cargo does not start: {error}")),
    }
}

/// Without the settings of the build around this one: flags, profiles, targets, wrappers such as clippy's. The flags are those
/// of `.cargo/config.toml`. The places of files, the settings of the network and the shared limit of jobs stay.
fn clean(command: &mut Command) -> &mut Command {
    let stays =
        ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_TERM_", "RUSTUP_"];
    for (name, _) in env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        let inherited = ["CARGO", "RUST", "CLIPPY_"].iter().any(|start| name.starts_with(start));
        if inherited && name != "RUSTC" && !stays.iter().any(|start| name.starts_with(start)) {
            command.env_remove(name);
        }
    }
    command
}

/// Build again when a source of the component changed, or was added to its crates; and only then.
fn watch(workspace: &Path, dep_info: &Path) {
    let mut watched: BTreeSet<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo", "wit"].map(|name| workspace.join(name)).into();
    for source in sources(&String::from_utf8_lossy(&read(dep_info))) {
        if let Some(package) = source.ancestors().skip(1).find(|directory| directory.join("Cargo.toml").exists())
            && package != workspace
        {
            watched.extend([package.join("Cargo.toml"), package.join("src")]);
        }
        watched.insert(source);
    }
    let own = Path::new(&variable("CARGO_MANIFEST_DIR")).to_owned();
    watched.extend([own.join("build.rs"), own.join("src/tunables.rs")]);
    for path in watched.iter().filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// The paths after the colon of `output: source source`, in which a space is written `\ `.
fn sources(dep_info: &str) -> Vec<PathBuf> {
    let line = dep_info.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, sources)| sources);
    let spaced = line.replace("\\ ", "\0");
    spaced.split(' ').filter(|path| !path.is_empty()).map(|path| path.replace('\0', " ").into()).collect()
}

/// For the target, not for the machine that builds: no more of its processor is used than every one of its kind has.
fn compile(wasm: &[u8], mut config: Config) -> Vec<u8> {
    let compiled = config
        .cranelift_opt_level(OptLevel::Speed)
        .target(&variable("TARGET"))
        .and_then(|config| Engine::new(config))
        .and_then(|engine| engine.precompile_component(wasm));
    match compiled {
        Ok(compiled) => compiled,
        Err(error) => fail(&format!("the component cannot be compiled for this target: {error:#}")),
    }
}

/// Whether this package is built with the feature, which cargo spells so.
fn has_feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| fail(&format!("cargo sets {name} for build scripts")))
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())));
}

fn fail(message: &str) -> ! {
    println!("cargo:warning={message}");
    eprintln!("error: {message}");
    exit(1)
}
