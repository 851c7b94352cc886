use std::time::Instant;

use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::fold::{SLICE_MIN, Slice};
use super::{Writer, changes, customers};
use crate::import::{Statements, Step};
use crate::sql::{self, Args};
use crate::{Batch, Change, Committed, StoreError};
use kefu_core::Micros;

/// The row of a visitor's customer.
pub(crate) async fn customer_row(
    conn: &mut SqliteConnection,
    visitor: Uuid,
    now: Micros,
) -> Result<i64, StoreError> {
    customers::row_of(conn, visitor, now).await
}

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
        self.check_sound()?;
        self.check_order(batch)?;
        let checkpoint = self.checkpointer.assist(&mut self.conn).await;
        self.tail.start_run_if_due(self.keys.next_pos());
        let slice = self.tail.slice((batch.entries.len() * 2).max(SLICE_MIN));
        let begun = Instant::now();
        self.in_transaction = true;
        let written = self.write_import(statements, batch, step, &slice).await;
        if written.is_err() {
            // What failed may have ended the transaction; then this has nothing to do.
            drop(sql::execute(&mut self.conn, "ROLLBACK", Args::default()).await);
        }
        self.in_transaction = false;
        written?;
        self.tail.folded(&slice);
        self.tail.add(batch);
        self.keys.advance(batch.entries.len());
        self.checkpointer.wrote(step.scattered());
        Ok(self.done(batch, &slice, begun.elapsed(), checkpoint))
    }

    async fn write_import(
        &mut self,
        statements: &Statements,
        batch: &Batch,
        step: &Step,
        slice: &Slice,
    ) -> Result<(), StoreError> {
        let conn = &mut self.conn;
        sql::execute(conn, "BEGIN IMMEDIATE", Args::default()).await?;
        self.tail.write(conn, &self.statements, slice).await?;
        self.statements.write_heads(conn, &batch.conversations).await?;
        for change in &batch.changes {
            changes::write(conn, change).await?;
        }
        self.statements.write_anchors(conn, &batch.entries).await?;
        statements.write(conn, batch, step).await?;
        sql::execute(conn, "COMMIT", Args::default()).await.map(drop)
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
