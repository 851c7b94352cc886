use std::cell::Cell;

/// Bytes that one read takes at most.
const READ_BYTES: usize = 64 * 1024;

thread_local! {
    static INPUT: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Lends the thread's input buffer. A nested call gets one of its own.
pub(super) fn with_input<R>(work: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut buffer = INPUT.take().unwrap_or_else(|| vec![0; READ_BYTES].into());
    let result = work(&mut buffer);
    INPUT.set(Some(buffer));
    result
}
