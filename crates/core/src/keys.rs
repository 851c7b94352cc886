use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map from row numbers, or from small values made of them.
///
/// Row numbers are handed out by the store, so nobody can choose ones that collide, and a multiplication
/// does as a hash. *Invariant:* nothing that is decided depends on the order of such a map.
pub(crate) type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;

/// Multiplies by the golden ratio of 64 bits (Knuth, The Art of Computer Programming 3, 6.4).
#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(GOLDEN);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        // Both ends of the hash are used by the map.
        self.0 ^ (self.0 >> 32)
    }
}
