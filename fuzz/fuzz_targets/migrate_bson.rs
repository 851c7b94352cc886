//! A document of a dump of MongoDB, whose length is made its own so that what stands in it is looked at.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut document = bytes.to_vec();
    document.push(0);
    if let (Ok(length), Some(head)) = (i32::try_from(document.len()), document.first_chunk_mut::<4>()) {
        *head = length.to_le_bytes();
    }
    kefu_migrate::fuzzing::bson(&document);
});
