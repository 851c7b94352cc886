//! A file from a stranger: whatever it is, its copy is of the same type, no larger than it and a little, and has
//! nothing more to take out.

#![no_main]

use std::io::Cursor;

use kefu_media::{MediaLimits, MediaType, NAME_BYTES_MAX, clean_name, inspect};
use libfuzzer_sys::fuzz_target;

const LIMITS: MediaLimits = MediaLimits { pixels_max: 100_000_000, unpacked_max: 512 << 20 };

fuzz_target!(|bytes: &[u8]| {
    let name = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
    let mut source = Cursor::new(bytes);
    let Ok(found) = inspect(&mut source, None, &name, MediaType::ALL, &LIMITS) else { return };
    assert!(clean_name(&name, found.media_type).len() <= NAME_BYTES_MAX);
    let Some(picture) = found.picture else { return };
    assert!(u64::from(picture.width) * u64::from(picture.height) <= LIMITS.pixels_max);
    let mut copy = Vec::new();
    picture.copy(&mut source, &mut copy).expect("what was inspected can be copied");
    assert_eq!(copy.len() as u64, picture.copy_bytes());
    assert!(copy.len() <= bytes.len() + 64 + bytes.len() / 8);
    let mut source = Cursor::new(&copy);
    let again = inspect(&mut source, None, &name, MediaType::ALL, &LIMITS).expect("a copy is a picture");
    assert_eq!(again.media_type, found.media_type);
    let mut same = Vec::new();
    again.picture.expect("a copy is a picture").copy(&mut source, &mut same).expect("a copy can be copied");
    assert_eq!(same, copy);
});
