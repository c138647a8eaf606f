//! The backend that is imported: `ftp:crypto`, in `wit/deps/ftp-crypto.wit`. In WebAssembly alone.

pub(crate) mod aead;
pub(crate) mod kx;
pub(crate) mod verify;

#[allow(missing_docs, unsafe_code, clippy::all, clippy::indexing_slicing, clippy::unwrap_used, unexpected_cfgs)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/deps/ftp-crypto.wit",
        world: "imports",
        ownership: Borrowing { duplicate_if_necessary: true },
        std_feature,
    });
}
