//! What the process keeps of freed memory.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "glibc's allocator is tuned through C functions")
)]

/// Has the allocator give large blocks back at once, and keep few pools.
///
/// glibc raises the size from which a block is mapped on its own whenever such a block is freed: after the first
/// password was hashed, the next ones' tens of megabytes stay in the heap. Call it before other threads start.
pub(crate) fn tune() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Gives free memory back to the system; takes milliseconds, so call it seldom.
pub fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim may be called at any time from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
