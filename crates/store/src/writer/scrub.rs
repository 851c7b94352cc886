use std::sync::Arc;

use super::Writer;
use crate::scrub::{PageFile, Scrub};
use crate::sql::{self, Args};
use crate::{StoreError, reader};

/// How long it waits for those who read, in milliseconds: meanwhile nothing is written.
const PATIENCE: &str = "PRAGMA busy_timeout = 50";

/// As connections are opened.
const USUAL: &str = "PRAGMA busy_timeout = 5000";

impl Writer {
    /// Moves the write-ahead log into the file, empties it, and cleans the pages that `scrub` has noted and those that
    /// were moved; without one, a scrub begins, which ends when it is dropped.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while somebody reads: then it has to be called again.
    pub async fn scrub(&mut self, scrub: Option<Arc<Scrub>>) -> Result<Arc<Scrub>, StoreError> {
        self.check_sound()?;
        let scrub = match scrub {
            Some(scrub) => scrub,
            None => {
                let turn = self.checkpointer.take_turn().ok_or(StoreError::Busy)?;
                Arc::new(Scrub::new(self.pages()?, turn))
            }
        };
        scrub.note(self.wal.clone()).await?;
        self.empty_wal().await?;
        // What the connection remembers of pages is as they were.
        sql::script(&mut self.conn, "PRAGMA shrink_memory").await?;
        scrub.clean().await?;
        Ok(scrub)
    }

    /// The store's file: one descriptor for the life of the process.
    fn pages(&mut self) -> Result<Arc<PageFile>, StoreError> {
        if let Some(pages) = &self.pages {
            return Ok(Arc::clone(pages));
        }
        let pages = Arc::new(PageFile::open(&self.file)?);
        Ok(Arc::clone(self.pages.insert(pages)))
    }

    async fn empty_wal(&mut self) -> Result<(), StoreError> {
        sql::script(&mut self.conn, PATIENCE).await?;
        let row = sql::row(&mut self.conn, "PRAGMA wal_checkpoint(TRUNCATE)", Args::default()).await;
        sql::script(&mut self.conn, USUAL).await?;
        let busy: i64 = row?.map_or(Ok(0), |row| reader::first(&row))?;
        self.measure_wal();
        if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
    }
}
