//! A client's frame from a stranger: reading it never panics, and what was read is read back.

#![no_main]

use kefu_protocol::frame::ClientFrame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &str| {
    if let Ok(frame) = ClientFrame::parse(json) {
        let again = frame.to_json();
        assert_eq!(ClientFrame::parse(&again), Ok(frame));
    }
});
