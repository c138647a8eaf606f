//! The cryptography that a component may import from its host, `ftp:crypto`: over a native library, where that compiles.

#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), target_endian = "little"))]
mod native;

#[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), target_endian = "little")))]
#[path = "cryptography/absent.rs"]
mod native;

pub use native::add_to_linker;

use wasmtime::component::Linker;

use crate::error::Error;
use crate::keys::Keys;
use crate::options::Cryptography;

/// Which one runs: never `Auto`.
///
/// # Errors
///
/// [`Error::NoCryptography`] where the host's is asked for and cannot run.
pub fn choose(wanted: Cryptography) -> Result<Cryptography, Error> {
    chosen(wanted, native::is_supported())
}

/// Define the functions of `ftp:crypto` in the linker of an engine of one's own, for components that import it. Nothing else
/// is in it: no WASI.
///
/// # Errors
///
/// [`Error::NoCryptography`] where the processor lacks what it needs; [`Error::Host`] where the package is defined already.
pub fn add_cryptography_to_linker<T: Keys>(linker: &mut Linker<T>) -> Result<(), Error> {
    choose(Cryptography::Host)?;
    add_to_linker(linker).map_err(|error| Error::Host(format!("{error:#}")))
}

fn chosen(wanted: Cryptography, is_supported: bool) -> Result<Cryptography, Error> {
    match (wanted, is_supported) {
        (Cryptography::Portable, _) | (Cryptography::Auto, false) => Ok(Cryptography::Portable),
        (Cryptography::Auto | Cryptography::Host, true) => Ok(Cryptography::Host),
        (Cryptography::Host, false) => Err(Error::NoCryptography),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portable_component_runs_where_the_processor_lacks_what_the_library_needs() {
        for (wanted, is_supported, chosen_one) in [
            (Cryptography::Auto, true, Ok(Cryptography::Host)),
            (Cryptography::Auto, false, Ok(Cryptography::Portable)),
            (Cryptography::Host, true, Ok(Cryptography::Host)),
            (Cryptography::Host, false, Err(Error::NoCryptography)),
            (Cryptography::Portable, true, Ok(Cryptography::Portable)),
            (Cryptography::Portable, false, Ok(Cryptography::Portable)),
        ] {
            assert_eq!(chosen(wanted, is_supported), chosen_one, "{wanted:?}, {is_supported}");
        }
    }
}
