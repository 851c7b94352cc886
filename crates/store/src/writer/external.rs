use kefu_core::Micros;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::external::{kind_number, state_number};
use crate::sql::{self, Args};
use crate::{ExternalChange, ExternalState, ExternalWrite, Settled, StoreError};

/// Writes a change of what is asked of ticket systems of others, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &ExternalChange) -> Result<(), StoreError> {
    match change {
        ExternalChange::Ask(write) => ask(conn, write).await,
        ExternalChange::Begin { id, at } => {
            const SQL: &str =
                "UPDATE external_write SET state = 1, tries = tries + 1, due_at = NULL, updated_at = ?
                WHERE id = ? AND state = 0";
            step(conn, SQL, *id, *at).await
        }
        ExternalChange::Settle(settled) => settle(conn, settled).await,
        ExternalChange::Repeat { id, at } => {
            const SQL: &str =
                "UPDATE external_write SET state = 0, reason = '', tries = 0, due_at = ?1, created_at = ?1,
                updated_at = ?1 WHERE id = ?2 AND state IN (3, 4)";
            step(conn, SQL, *id, *at).await
        }
        ExternalChange::Dismiss { id, at } => {
            const SQL: &str = "UPDATE external_write SET state = 5, body = '', updated_at = ?
                WHERE id = ? AND state IN (3, 4)";
            step(conn, SQL, *id, *at).await
        }
    }
}

async fn ask(conn: &mut SqliteConnection, write: &ExternalWrite) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO external_write
        (id, conversation, agent, kind, state, ticket, body, digest, reason, tries, due_at, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    // Nothing more is taken for whoever is erased.
    const OPEN: &str = "SELECT 1 FROM conversation JOIN visitor ON visitor.key = conversation.visitor
        WHERE conversation.key = ? AND visitor.erased_at IS NULL";
    if sql::row(conn, OPEN, Args::default().int(write.conversation.0)).await?.is_none() {
        return Err(StoreError::Stale("conversation"));
    }
    let mut args = Args::default()
        .blob(write.id.as_bytes())
        .int(write.conversation.0)
        .int(write.agent.0)
        .int(kind_number(write.kind))
        .int(state_number(write.state));
    args.add_opt_text(write.ticket.as_deref());
    let args = args
        .text(&write.body)
        .blob(&write.digest)
        .text(&write.reason)
        .int(i64::from(write.tries))
        .int(write.due_at.map(|at| at.0))
        .int(write.created_at.0)
        .int(write.updated_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn step(
    conn: &mut SqliteConnection,
    sql: &'static str,
    id: Uuid,
    at: Micros,
) -> Result<(), StoreError> {
    match sql::execute(conn, sql, Args::default().int(at.0).blob(id.as_bytes())).await? {
        0 => Err(StoreError::Stale("request")),
        _ => Ok(()),
    }
}

/// An erasure may have taken it meanwhile.
async fn settle(conn: &mut SqliteConnection, settled: &Settled) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE external_write SET state = ?, ticket = coalesce(?, ticket),
            body = CASE WHEN ? THEN '' ELSE body END, reason = ?, due_at = ?, updated_at = ? WHERE id = ?";
    let is_over = matches!(settled.state, ExternalState::Done | ExternalState::Dismissed);
    let mut args = Args::default().int(state_number(settled.state));
    args.add_opt_text(settled.ticket.as_deref());
    let args = args
        .int(i64::from(is_over))
        .text(&settled.reason)
        .int(settled.due_at.map(|at| at.0))
        .int(settled.at.0)
        .blob(settled.id.as_bytes());
    sql::execute(conn, SQL, args).await.map(drop)
}
