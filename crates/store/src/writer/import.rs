use sqlx::sqlite::SqliteConnection;

use super::fold::Gather;
use super::{Writer, changes};
use crate::import::{Statements, Step};
use crate::sql::{self, Args};
use crate::{Batch, Change, Committed, StoreError};

/// Writes one change inside a transaction.
pub(crate) async fn write_change(conn: &mut SqliteConnection, change: &Change) -> Result<(), StoreError> {
    changes::write(conn, change).await
}

impl Writer {
    /// As [`Writer::commit`], with what an import writes in the same transaction. Its entries stand in `batch`.
    pub(crate) async fn commit_import(
        &mut self,
        statements: &Statements,
        batch: &Batch,
        step: &Step,
    ) -> Result<Committed, StoreError> {
        let committed = self.commit_with(batch, Some((statements, step))).await?;
        self.checkpointer.wrote(step.scattered());
        Ok(committed)
    }

    /// Has more gather before it is folded, and keeps more of the file in memory: nobody but an import waits for it.
    pub(crate) async fn prepare_for_import(&mut self, gather: Gather) -> Result<(), StoreError> {
        self.tail.gather(gather);
        sql::script(&mut self.conn, "PRAGMA cache_size = -16384").await
    }

    /// Runs `work` in a transaction of its own.
    pub(crate) async fn alone<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check_sound()?;
        self.in_transaction = true;
        let conn = &mut self.conn;
        let result = async {
            sql::execute(conn, "BEGIN IMMEDIATE", Args::default()).await?;
            let value = work(conn).await?;
            sql::execute(conn, "COMMIT", Args::default()).await?;
            Ok(value)
        }
        .await;
        if result.is_err() {
            drop(sql::execute(&mut self.conn, "ROLLBACK", Args::default()).await);
        }
        self.in_transaction = false;
        result
    }

    /// The connection, to read what is committed.
    pub(crate) fn reading(&mut self) -> &mut SqliteConnection {
        &mut self.conn
    }

    /// Folds everything that is not folded yet.
    pub(crate) async fn fold_everything(&mut self) -> Result<(), StoreError> {
        self.fold_all().await
    }
}
