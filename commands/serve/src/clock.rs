use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kefu_core::Micros;
use uuid::Uuid;

/// The moment, by the system's clock.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A fresh UUIDv7 for something made at `now`; `random` must be 10 fresh random bytes.
pub(crate) fn new_id(now: Micros, random: &[u8; 10]) -> Uuid {
    let millis = now.0.max(0).unsigned_abs() / 1000;
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}
