//! A frame from a stranger: decoding it never panics, and what was decoded is encoded and decoded to the same.

#![no_main]

use kefu_wire::{
    Limits,
    thrift::transport::{header, ttheader},
};
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
    if let Ok(Some((frame, consumed))) = ttheader::decode(input, &limits) {
        assert!(consumed <= input.len());
        let mut out = Vec::new();
        ttheader::encode(&frame, &mut out).expect("what was decoded can be encoded");
        // What is no message may begin with its length.
        if frame.message.first().is_some_and(|byte| byte & 0x80 != 0) {
            assert_eq!(ttheader::decode(&out, &limits), Ok(Some((frame, out.len()))));
        }
    }
});
