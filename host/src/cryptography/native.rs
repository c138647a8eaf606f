//! Over the crate `graviola`.

mod aead;
mod agreement;
mod linker;
mod signatures;
mod types;

pub use linker::add_to_linker;

/// Whether the processor has what the library needs. Its functions panic where it does not.
pub fn is_supported() -> bool {
    graviola::util::is_cpu_supported()
}
