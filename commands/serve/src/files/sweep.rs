//! What nobody needs any more goes: files that no message got, bytes whose row was deleted, what a crash left.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kefu_core::Micros;
use kefu_store::{Change, FileChange, RecordSet};
use uuid::Uuid;

use super::{Files, incoming::is_settled_before};
use crate::{clock, problem::Problem};

/// How often it is looked at what was removed.
const EVERY: Duration = Duration::from_secs(5);

/// How long a file may wait for the message that has it.
const LOOSE_SECONDS: i64 = 24 * 60 * 60;

/// Files that one step looks at.
const STEP: usize = 100;

impl Files {
    /// Sweeps, for ever.
    pub(crate) async fn sweep(&self) {
        let began = started(clock::now());
        if let Err(problem) = self.sweep_all(began).await {
            tracing::warn!(%problem, "what an earlier run left of files stays for now");
        }
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // One of the 256 directories at a time: all of them in about 20 minutes.
        let mut directory = 0u8;
        loop {
            ticks.tick().await;
            let now = clock::now();
            let swept = async {
                self.settle().await?;
                self.drop_loose(now).await?;
                let before = is_settled_before(now, &self.settings);
                self.sweep_directory(directory, before).await?;
                if directory == 0 { self.sweep_incoming(before).await } else { Ok(()) }
            };
            if let Err(problem) = swept.await {
                tracing::debug!(%problem, "files are swept later");
            }
            directory = directory.wrapping_add(1);
        }
    }

    /// Unlinks the bytes of everything whose row was deleted before the call.
    ///
    /// # Errors
    /// When something of it may still be there.
    pub(crate) async fn settle(&self) -> Result<(), Problem> {
        let _turn = self.unlinking.lock().await;
        loop {
            let gone = self.store.files_gone(STEP).await?;
            if gone.is_empty() {
                return Ok(());
            }
            let removed = gone.clone();
            let dir = Arc::clone(self.store.file_dir());
            let bytes =
                blocking(move || removed.iter().map(|id| dir.remove(*id)).sum::<Result<u64, _>>()).await?;
            self.quota.remove(bytes);
            let changes = gone.into_iter().map(|id| Change::File(FileChange::Forget(id))).collect();
            self.desk.record(RecordSet { changes, audit: Vec::new() }).await?;
        }
    }

    /// Removes what was uploaded long before `now` and never sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn drop_loose(&self, now: Micros) -> Result<(), Problem> {
        let before = now.plus_seconds(-LOOSE_SECONDS);
        for id in self.store.loose_files(before, STEP).await? {
            let changes = vec![Change::File(FileChange::RemoveLoose(id))];
            // One that was sent at the last moment stays.
            drop(self.desk.record(RecordSet { changes, audit: Vec::new() }).await);
        }
        Ok(())
    }

    /// Removes what nobody works on and what has no row, as far as it was last written before `before`.
    ///
    /// # Errors
    /// When something of it may still be there.
    pub(crate) async fn sweep_all(&self, before: SystemTime) -> Result<(), Problem> {
        self.sweep_incoming(before).await?;
        for directory in 0..=u8::MAX {
            self.sweep_directory(directory, before).await?;
        }
        Ok(())
    }

    async fn sweep_incoming(&self, before: SystemTime) -> Result<(), Problem> {
        let dir = Arc::clone(self.store.file_dir());
        let count = blocking(move || dir.sweep_incoming(Some(before))).await?;
        if count > 0 {
            tracing::info!(count, "removed uploads that were never completed");
        }
        Ok(())
    }

    /// Removes the files of one directory that have no row.
    async fn sweep_directory(&self, directory: u8, before: SystemTime) -> Result<(), Problem> {
        let dir = Arc::clone(self.store.file_dir());
        let ids = blocking(move || dir.list(directory, Some(before))).await?;
        for ids in ids.chunks(STEP) {
            let unknown: Vec<Uuid> = self.store.files_unknown(ids).await?;
            if unknown.is_empty() {
                continue;
            }
            tracing::info!(count = unknown.len(), "removed files that belong to no conversation");
            let dir = Arc::clone(self.store.file_dir());
            blocking(move || unknown.iter().try_for_each(|id| dir.remove(*id).map(drop))).await?;
        }
        Ok(())
    }
}

/// Only what was written before this moment is what an earlier run left.
fn started(now: Micros) -> SystemTime {
    // File systems may count in whole seconds.
    SystemTime::UNIX_EPOCH
        + Duration::from_micros(now.0.max(0).unsigned_abs()).saturating_sub(Duration::from_secs(2))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, kefu_store::StoreError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Problem::unavailable("files cannot be swept now")),
    }
}
