//! What comes from an nsqd, plain or compressed: reading never panics or grows, and how bytes are cut never matters.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| kefu_bus::fuzzing::nsq(bytes));
