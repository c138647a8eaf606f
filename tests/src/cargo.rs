//! cargo, when a test starts it.

use std::env;
use std::process::Command;

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
