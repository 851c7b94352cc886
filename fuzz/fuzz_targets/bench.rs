//! What `kefu bench` reads that others wrote: answers of HTTP, which are the same however they are cut by reads, rows of
//! data, and scenarios.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (kind, piece, bytes) = input;
    match (kind % 4, std::str::from_utf8(bytes)) {
        (2, Ok(text)) => kefu_bench::fuzzing::data(text),
        (3, Ok(text)) => kefu_bench::fuzzing::scenario(text),
        _ => {
            let is_bodiless = kind % 4 == 1;
            let whole = kefu_bench::fuzzing::answer(bytes, bytes.len(), is_bodiless);
            assert_eq!(whole, kefu_bench::fuzzing::answer(bytes, usize::from(piece), is_bodiless));
        }
    }
});
