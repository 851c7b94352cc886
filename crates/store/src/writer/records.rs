use sqlx::sqlite::SqliteConnection;

use super::audit::Chain;
use super::changes;
use crate::sql;
use crate::{RecordSet, StoreError};

/// Writes `sets` inside the transaction of their batch, each behind a savepoint; returns what became of each.
///
/// # Errors
/// What is not a set's own fault fails the whole batch.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    chain: &mut Chain,
    sets: &[RecordSet],
) -> Result<Vec<Result<(), StoreError>>, StoreError> {
    let mut outcomes = Vec::with_capacity(sets.len());
    for set in sets {
        let before = *chain;
        sql::script(conn, "SAVEPOINT record_set").await?;
        match write_set(conn, chain, set).await {
            Ok(()) => outcomes.push(Ok(())),
            Err(
                error @ (StoreError::Conflict(_)
                | StoreError::Stale(_)
                | StoreError::Held
                | StoreError::Erasing),
            ) => {
                sql::script(conn, "ROLLBACK TO record_set").await?;
                *chain = before;
                outcomes.push(Err(error));
            }
            Err(error) => return Err(error),
        }
        sql::script(conn, "RELEASE record_set").await?;
    }
    Ok(outcomes)
}

async fn write_set(
    conn: &mut SqliteConnection,
    chain: &mut Chain,
    set: &RecordSet,
) -> Result<(), StoreError> {
    for change in &set.changes {
        changes::write(conn, change).await?;
    }
    for record in &set.audit {
        chain.append(conn, record).await?;
    }
    Ok(())
}
