//! Ports for servers that have to be told theirs.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// The first of them, and how many there are: all are below what a system gives to who asks for any, so that nobody gets one
/// while its server is not there, or not there again.
const FIRST: u16 = 10_000;
const COUNT: u16 = 10_000;

/// A port that nobody listens at, and that nobody else gets from here.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Tests that are processes of their own begin far from each other.
    let begin = std::process::id().wrapping_mul(7919);
    for _ in 0..COUNT {
        let number = begin.wrapping_add(NEXT.fetch_add(1, Relaxed)) % u32::from(COUNT);
        let port = FIRST + u16::try_from(number).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("all ports are taken")
}
