//! The network of WASI 0.2 for the client: `wasi:sockets`, `wasi:clocks`, and a reactor over `wasi:io/poll`.
//!
//! In scope: what the component and the command share. Out of scope: everything that they do with it. Without `std`, so that
//! the component can be.
#![cfg(target_arch = "wasm32")]
#![no_std]
#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

extern crate alloc;

mod connection;
mod network;
mod reactor;

pub use network::{Wasi, WasiListener, WasiStream, ready};
pub use reactor::block_on;
