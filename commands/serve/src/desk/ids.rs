use kefu_core::Micros;
use uuid::Uuid;

use crate::clock;

/// How many random bytes are fetched from the system at once.
const POOL_BYTES: usize = 2560;

/// Makes UUIDv7 ids without a system call for each.
pub(super) struct Ids {
    pool: Box<[u8; POOL_BYTES]>,
    used: usize,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { pool: Box::new([0; POOL_BYTES]), used: POOL_BYTES }
    }

    /// A fresh id for something made at `now`.
    pub(super) fn next(&mut self, now: Micros) -> Uuid {
        let mut random = [0; 10];
        if self.used + random.len() > POOL_BYTES {
            getrandom::fill(&mut *self.pool).expect("the system's random source works once the process runs");
            self.used = 0;
        }
        random.copy_from_slice(&self.pool[self.used..self.used + 10]);
        self.used += random.len();
        clock::new_id(now, &random)
    }
}
