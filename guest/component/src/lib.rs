//! `ftp.wasm`: the WIT export of the client; nothing else.
//!
//! Without `std`, whose panic path alone would import half of `wasi:cli`.
#![cfg(target_arch = "wasm32")]
#![no_std]
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

extern crate alloc;

mod bindings;
mod convert;
mod exports;
mod heap;
mod runtime;
mod streams;

use exports::Component;

bindings::export!(Component with_types_in bindings);
