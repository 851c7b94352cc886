//! The system's limit of open files: every connection takes one.

/// Files that are open besides connections: the store's, the log, the event queue, and some to spare.
const RESERVE: u64 = 128;

/// Raises the soft limit towards what `connections` need, and returns how many connections there can be.
///
/// `handshakes` connections more than that are open for moments, while they are told that there are too many.
pub(crate) fn available(connections: u64, handshakes: u32) -> u32 {
    let reserve = RESERVE + u64::from(handshakes);
    let limit = raise(connections.saturating_add(reserve));
    u32::try_from(limit.saturating_sub(reserve).max(1)).unwrap_or(u32::MAX)
}

#[cfg(unix)]
fn raise(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    let target = wanted.min(limit.maximum.unwrap_or(u64::MAX));
    if target <= current {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(target), maximum: limit.maximum }) {
        Ok(()) => target,
        Err(_) => current,
    }
}

#[cfg(not(unix))]
fn raise(_wanted: u64) -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_always_available_and_never_more_than_there_is() {
        let few = available(10, 1);
        assert!(few >= 10, "{few}");
        assert!(available(u64::MAX, 1) >= few);
    }
}
