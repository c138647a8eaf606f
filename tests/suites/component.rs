//! What the component asks of its host, what it gives, and how large it is.

use std::process::ExitCode;

use anyhow::{Result, bail};
use ftp_host::COMPONENT;
use ftp_tests::{suite, trial};
use wit_component::DecodedWasm;

/// Packages that a sandbox for network clients has anyway.
const ALLOWED_IMPORTS: [&str; 4] = ["wasi:io/", "wasi:clocks/", "wasi:sockets/", "wasi:random/"];

const EXPORTS: [&str; 2] = ["ftp:client/ftp@0.1.0", "ftp:client/types@0.1.0"];

const LARGEST: usize = 1_900_000;

fn main() -> ExitCode {
    suite::run()
}

#[trial]
async fn imports_sockets_clocks_and_nothing_of_the_system() -> Result<()> {
    let world = world()?;
    assert!(world.imports.iter().any(|name| name.starts_with("wasi:sockets/tcp@")), "{:?}", world.imports);
    for name in &world.imports {
        assert!(ALLOWED_IMPORTS.iter().any(|allowed| name.starts_with(allowed)), "{name} is imported");
    }
    Ok(())
}

#[trial]
async fn exports_the_contract_and_nothing_else() -> Result<()> {
    let mut exports = world()?.exports;
    exports.sort_unstable();
    assert_eq!(exports, EXPORTS);
    Ok(())
}

#[trial]
async fn is_small() -> Result<()> {
    println!("the component has {} bytes", COMPONENT.len());
    assert!(COMPONENT.len() <= LARGEST, "the component has {} bytes", COMPONENT.len());
    Ok(())
}

/// Names of interfaces, with their versions.
struct World {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn world() -> Result<World> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(COMPONENT)? else {
        bail!("this is a package, not a component");
    };
    let world = &resolve.worlds[world];
    Ok(World {
        imports: world.imports.keys().map(|key| resolve.name_world_key(key)).collect(),
        exports: world.exports.keys().map(|key| resolve.name_world_key(key)).collect(),
    })
}
