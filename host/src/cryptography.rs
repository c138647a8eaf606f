//! The cryptography that a component may import from its host, `ftp:crypto`: over a native library, where that compiles.

#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), target_endian = "little"))]
mod native;

#[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), target_endian = "little")))]
#[path = "cryptography/absent.rs"]
mod native;

pub use native::{add_to_linker, is_supported};
