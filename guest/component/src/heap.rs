//! The allocator. It takes memory in small steps and from where the static data end, so that a session that does little has
//! touched few pages: those of WebAssembly are sixteen times as large as those of most machines, and the end of what an
//! allocator has taken is written to.

use alloc::alloc::Layout;
use core::alloc::GlobalAlloc;
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::{Cell, UnsafeCell};
use core::ptr::{null_mut, with_exposed_provenance_mut};

use dlmalloc::{Allocator, Dlmalloc};

/// A page of WebAssembly.
const PAGE: usize = 64 << 10;

/// What the heap grows by: a page of most machines.
const STEP: usize = 4 << 10;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(
    const {
        let mut heap = Dlmalloc::new_with_allocator(Memory { used: Cell::new(0), end: Cell::new(0) });
        assert!(heap.set_granularity(STEP));
        heap
    },
));

struct Heap(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: a component without threads has one thread.
unsafe impl Sync for Heap {}

// SAFETY: `Dlmalloc` is an allocator, and each call returns before the next.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    #[inline]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).free(memory, layout.size(), layout.align()) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    #[inline]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { (*self.0.get()).realloc(memory, layout.size(), layout.align(), size) }
    }
}

unsafe extern "C" {
    /// Where the static data end.
    static __heap_base: u8;
    /// Where the memory ends at first.
    static __heap_end: u8;
}

/// The memory beyond the static data, which nothing else takes. It begins as zeros, and never comes back.
struct Memory {
    /// The end of what the heap has; 0 before the first time.
    used: Cell<usize>,
    /// The end of what it may take without growing the memory.
    end: Cell<usize>,
}

impl Memory {
    /// The next bytes, if there is memory for them.
    fn take(&self, size: usize) -> Option<usize> {
        if self.used.get() == 0 {
            self.used.set((&raw const __heap_base).addr().next_multiple_of(align_of::<u128>()));
            self.end.set((&raw const __heap_end).addr());
        }
        let (start, end) = (self.used.get(), self.end.get());
        let after = start.checked_add(size)?;
        if let Some(more) = after.checked_sub(end).filter(|more| *more > 0) {
            let pages = more.div_ceil(PAGE);
            let grown = end.checked_add(pages.checked_mul(PAGE)?)?;
            // Nobody else grows it: else there would be no telling what is whose.
            if memory_size(0) * PAGE != end || memory_grow(0, pages) == usize::MAX {
                return None;
            }
            self.end.set(grown);
        }
        self.used.set(after);
        Some(start)
    }
}

// SAFETY: what is taken is memory of nobody else, and zeros.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        self.take(size).map_or((null_mut(), 0, 0), |start| (with_exposed_provenance_mut(start), size, 0))
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        STEP
    }
}
