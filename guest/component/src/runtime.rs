//! What `std` would bring, and with it imports that a library has no use for: the allocator, the end of a panic, the
//! memory that the host fills, and a static that knows that there is one thread.
#![allow(unsafe_code)]

use crate::reactor::Reactor;
use alloc::alloc::{Layout, alloc, realloc};
use core::arch::wasm32::unreachable;
use core::ops::Deref;

/// The reactor of this instance.
pub(crate) static REACTOR: SingleThread<Reactor> = SingleThread(Reactor::new());

/// A value that is never seen by a second thread, because a component of WASI 0.2 has one only.
pub(crate) struct SingleThread<T>(T);

// SAFETY: there is no other thread.
unsafe impl<T> Sync for SingleThread<T> {}

impl<T> Deref for SingleThread<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

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
