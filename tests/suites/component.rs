//! What the component and its sibling ask of their host, what they give, and how large they are.

use std::process::ExitCode;

use anyhow::{Result, bail};
use ftp_host::{COMPONENT, IMPORTED_COMPONENT};
use ftp_tests::{suite, trial};
use wit_component::DecodedWasm;

/// Packages that a sandbox for network clients has anyway.
const ALLOWED_IMPORTS: [&str; 4] = ["wasi:io/", "wasi:clocks/", "wasi:sockets/", "wasi:random/"];

const EXPORTS: [&str; 2] = ["ftp:client/ftp@0.1.0", "ftp:client/types@0.1.0"];

const CRYPTOGRAPHY: [&str; 4] = [
    "ftp:crypto/aead@0.1.0",
    "ftp:crypto/key-agreement@0.1.0",
    "ftp:crypto/signatures@0.1.0",
    "ftp:crypto/types@0.1.0",
];

const LARGEST: usize = 1_900_000;

fn main() -> ExitCode {
    suite::run()
}

#[trial]
async fn imports_sockets_clocks_and_nothing_of_the_system() -> Result<()> {
    let world = world(COMPONENT)?;
    assert!(world.imports.iter().any(|name| name.starts_with("wasi:sockets/tcp@")), "{:?}", world.imports);
    for name in &world.imports {
        assert!(ALLOWED_IMPORTS.iter().any(|allowed| name.starts_with(allowed)), "{name} is imported");
    }
    Ok(())
}

#[trial]
async fn sibling_imports_its_cryptography_besides() -> Result<()> {
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    let (portable, sibling) = (world(COMPONENT)?, world(IMPORTED_COMPONENT)?);
    let (cryptography, rest) = sibling.imports.into_iter().partition(|name| name.starts_with("ftp:crypto/"));
    assert_eq!(sorted(cryptography), CRYPTOGRAPHY);
    assert_eq!(sorted(rest), sorted(portable.imports));
    assert_eq!(sorted(sibling.exports), EXPORTS);
    Ok(())
}

#[trial]
async fn exports_the_contract_and_nothing_else() -> Result<()> {
    let mut exports = world(COMPONENT)?.exports;
    exports.sort_unstable();
    assert_eq!(exports, EXPORTS);
    Ok(())
}

#[trial]
async fn is_small() -> Result<()> {
    println!("the component has {} bytes", COMPONENT.len());
    assert!(COMPONENT.len() <= LARGEST, "the component has {} bytes", COMPONENT.len());
    println!("its sibling has {} bytes", IMPORTED_COMPONENT.len());
    assert!(IMPORTED_COMPONENT.len() < COMPONENT.len(), "its sibling has {} bytes", IMPORTED_COMPONENT.len());
    Ok(())
}

/// Names of interfaces, with their versions.
struct World {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn world(component: &[u8]) -> Result<World> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("this is a package, not a component");
    };
    let world = &resolve.worlds[world];
    Ok(World {
        imports: world.imports.keys().map(|key| resolve.name_world_key(key)).collect(),
        exports: world.exports.keys().map(|key| resolve.name_world_key(key)).collect(),
    })
}
