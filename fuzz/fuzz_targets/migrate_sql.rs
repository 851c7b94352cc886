//! A file of SQL: whatever stands in it, and however it is cut by reads, the same is read.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let whole = kefu_migrate::fuzzing::sql(bytes, bytes.len());
    assert_eq!(whole, kefu_migrate::fuzzing::sql(bytes, usize::from(piece)));
});
