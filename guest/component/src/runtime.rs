//! What `std` would bring, and with it imports that a library has no use for: the end of a panic, and the memory that the
//! host fills. The allocator is in `heap.rs`.
#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc, realloc};
use core::arch::wasm32::unreachable;

// `memcmp` and its like, which the compiler calls by itself; the toolchain brings them for this target.
#[link(name = "c")]
unsafe extern "C" {}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unreachable()
}

/// Memory for a value that the host passes in (the canonical ABI's `realloc`). Out of memory is a trap, as the ABI
/// has no other answer.
///
/// # Safety
/// `old` is null with a length of 0, or came from here with `old_len` and `align`.
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    if new_len == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    let Ok(layout) = Layout::from_size_align(old_len.max(new_len), align) else { unreachable() };
    // SAFETY: the sizes are not zero, and `old` was allocated here with the layout that is made from its length.
    let memory = unsafe {
        match old_len {
            0 => alloc(layout),
            _ => realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len),
        }
    };
    if memory.is_null() {
        unreachable()
    }
    memory
}
