//! Builds the component and compiles it ahead of time: `ftp.wasm` and `ftp.cwasm` in `OUT_DIR`. With the feature `command`
//! it does so with the command too: `ftp-cli.wasm` and `ftp-cli.cwasm`.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use wasmtime::{Config, Engine, OptLevel};

#[path = "src/tunables.rs"]
mod tunables;

const GUEST: &str = "wasm32-wasip2";

/// They go before the flags of configuration files. Every engine of components has `simd128`, which ciphers gain from. Code
/// that knows where its statics are is smaller than the default, which could be loaded anywhere. The backend that `sha2` has
/// for `simd128` is made of shuffles, each of which is a call where code is for every x86-64, as here: SHA-256 makes 61 MB/s
/// so. The portable backend makes 358, and 476 with 16 KB more.
const FLAGS: &str = concat!(
    "-Ctarget-feature=+simd128\x1f",
    "-Crelocation-model=static\x1f",
    "--cfg=sha2_backend=\"soft\"\x1f",
    "--cfg=sha2_backend_soft=\"compact\"",
);

fn main() {
    let out = PathBuf::from(variable("OUT_DIR"));
    let workspace = Path::new(&variable("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above").to_owned();

    require_target(&workspace);
    // One by one: built together, they would have each other's features.
    make(&workspace, &out, "ftp-component", "ftp", tunables::library());
    if has_feature("COMMAND") {
        make(&workspace, &out, "ftp-cli", "ftp-cli", tunables::config());
    }
}

/// One component: from its package to what is embedded.
fn make(workspace: &Path, out: &Path, package: &str, name: &str, config: Config) {
    let built = out.join("guest");
    build(workspace, &built, package);
    let built = built.join(GUEST).join("wasm");
    watch(workspace, &built.join(format!("{name}.d")));

    let wasm = read(&built.join(format!("{name}.wasm")));
    write(&out.join(format!("{name}.wasm")), &wasm);
    write(&out.join(format!("{name}.cwasm")), &compile(&wasm, config));
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
fn build(workspace: &Path, directory: &Path, package: &str) {
    let mut cargo = Command::new(variable("CARGO"));
    clean(&mut cargo).args(["build", "--package", package, "--profile", "wasm", "--target", GUEST]);
    if has_feature("RSA_CLIENT_AUTH") {
        cargo.args(["--features", "rsa-client-auth"]);
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

/// Without what the build around this one was told: flags, profiles, targets, wrappers such as clippy's. What stays is
/// where things are, how the network is reached, and the shared limit of jobs.
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
    command.env("CARGO_ENCODED_RUSTFLAGS", flags())
}

/// All flags. Crates of the registry have the same path on every machine, so that the same sources make the same bytes,
/// whoever builds them; those of the workspace have paths that begin there.
fn flags() -> OsString {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registry = home.unwrap_or_default().join("registry").join("src");
    let mut flags = OsString::from(FLAGS);
    flags.push("\x1f--remap-path-prefix=");
    flags.push(registry);
    flags.push("=crates");
    flags
}

/// Build again when a source of the component changed, or was added to its crates; and only then.
fn watch(workspace: &Path, dep_info: &Path) {
    let mut watched: BTreeSet<PathBuf> =
        ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "wit"].map(|name| workspace.join(name)).into();
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
