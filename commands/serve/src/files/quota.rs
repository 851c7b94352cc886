use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use kefu_core::{Micros, VisitorKey};
use kefu_store::Store;

use crate::{problem::Problem, settings::FileSettings};

/// When who has sent enough for a day may try again, in microseconds.
const RETRY_AFTER_US: u64 = 60 * 60 * 1_000_000;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// How many bytes there are, and how many are on their way.
#[derive(Debug, Default)]
pub(super) struct Quota {
    used: AtomicU64,
    coming: Mutex<Coming>,
}

#[derive(Debug, Default)]
struct Coming {
    all: u64,
    of_visitors: HashMap<VisitorKey, u64>,
}

/// Room for an upload; given back when it is dropped.
pub(super) struct Room {
    quota: Arc<Quota>,
    visitor: Option<VisitorKey>,
    bytes: u64,
}

impl Quota {
    pub(super) fn new(used: u64) -> Self {
        Self { used: AtomicU64::new(used), coming: Mutex::default() }
    }

    /// Bytes of all files.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// So many bytes more lie there for good.
    pub(super) fn add(&self, bytes: u64) {
        self.used.fetch_add(bytes, Relaxed);
    }

    /// So many bytes less.
    pub(super) fn remove(&self, bytes: u64) {
        let less = self.used.fetch_update(Relaxed, Relaxed, |used| Some(used.saturating_sub(bytes)));
        debug_assert!(less.is_ok(), "there is always another number");
    }

    /// Takes room for `bytes` more, of a visitor if one uploads.
    ///
    /// # Errors
    /// There is no such room, on the disk, in all, or for the visitor today.
    pub(super) async fn take(
        self: &Arc<Self>,
        settings: &FileSettings,
        store: &Store,
        visitor: Option<VisitorKey>,
        bytes: u64,
        now: Micros,
    ) -> Result<Room, Problem> {
        let since = now.plus_seconds(-DAY_SECONDS);
        let sent = match visitor {
            Some(visitor) => store.file_bytes_of(visitor, since).await?,
            None => 0,
        };
        let free = free_bytes(store.file_dir().root());
        let mut coming = self.coming();
        let all = coming.all.saturating_add(bytes);
        let is_over = settings.quota.0 > 0 && self.used().saturating_add(all) > settings.quota.0;
        if is_over || free.is_some_and(|free| free < settings.min_free.0.saturating_add(all)) {
            tracing::warn!(used = self.used(), free, "an upload is refused: there is no room for it");
            return Err(Problem::unavailable("there is no room for files now"));
        }
        if let Some(visitor) = visitor {
            let of_visitor = coming.of_visitors.get(&visitor).copied().unwrap_or(0).saturating_add(bytes);
            let daily = settings.visitor_daily.0;
            if daily > 0 && sent.saturating_add(of_visitor) > daily {
                let detail = "more bytes of files than a visitor may send in a day";
                return Err(Problem { detail: detail.into(), ..Problem::rate_limited(RETRY_AFTER_US) });
            }
            coming.of_visitors.insert(visitor, of_visitor);
        }
        coming.all = all;
        Ok(Room { quota: Arc::clone(self), visitor, bytes })
    }

    fn coming(&self) -> MutexGuard<'_, Coming> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut coming = self.quota.coming();
        coming.all = coming.all.saturating_sub(self.bytes);
        let Some(visitor) = self.visitor else { return };
        if let Some(bytes) = coming.of_visitors.get_mut(&visitor) {
            *bytes = bytes.saturating_sub(self.bytes);
            if *bytes == 0 {
                coming.of_visitors.remove(&visitor);
            }
        }
    }
}

/// What the disk of this directory, or of the first one above it that is there, has left for this user.
fn free_bytes(dir: &Path) -> Option<u64> {
    let found = dir.ancestors().find_map(|dir| rustix::fs::statvfs(dir).ok())?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
