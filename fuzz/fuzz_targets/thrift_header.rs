//! A frame from a stranger: decoding it never panics, and what was decoded is encoded and decoded to the same.

#![no_main]

use kefu_wire::{Limits, thrift::transport::header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let limits = Limits { message_bytes_max: 1 << 20, ..Limits::default() };
    if let Ok(Some((frame, consumed))) = header::decode(input, &limits) {
        assert!(consumed <= input.len());
        let mut out = Vec::new();
        header::encode(&frame, &mut out).expect("what was decoded can be encoded");
        // A message that was compressed badly may be compressed too well to be read again.
        if !frame.zlib {
            assert_eq!(header::decode(&out, &limits), Ok(Some((frame, out.len()))));
        }
    }
});
