//! Where the native library does not compile.

use wasmtime::Result;
use wasmtime::component::Linker;

use crate::keys::Keys;

/// Never.
pub fn is_supported() -> bool {
    false
}

/// Nothing: no component that imports it is run here.
pub fn add_to_linker<T: Keys>(_: &mut Linker<T>) -> Result<()> {
    Ok(())
}
