//! What the process keeps of freed memory.
#![expect(unsafe_code, reason = "allocators are tuned through C functions")]

use libmimalloc_sys::{mi_collect, mi_option_set_default, mi_option_t};

/// For how many milliseconds pages that were freed are kept; by its place in `mi_option_t` of mimalloc's `mimalloc.h`,
/// where no place is given to another option.
const PURGE_DELAY: mi_option_t = 15;

/// Has freed memory given back at once, and SQLite's, which comes from the system's allocator, kept in few pools.
///
/// glibc raises the size from which a block is mapped on its own whenever such a block is freed: after the first
/// large one, the next ones stay in the heap. Call it before other threads start.
pub(crate) fn tune() {
    // SAFETY: it only sets a default of the allocator, below what the environment says; no other thread runs yet.
    unsafe { mi_option_set_default(PURGE_DELAY, 0) };
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Gives free memory back to the system; takes milliseconds, so call it seldom.
pub fn give_back_memory() {
    // SAFETY: it may be called at any time from any thread.
    unsafe { mi_collect(false) };
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim may be called at any time from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
