use sqlx::sqlite::SqliteConnection;

use crate::sql::{self, Args};
use crate::{Block, BlockChange, StoreError};

/// Changes who is kept out.
pub(super) async fn write(conn: &mut SqliteConnection, change: &BlockChange) -> Result<(), StoreError> {
    match change {
        BlockChange::Add(block) => add(conn, block).await,
        BlockChange::Drop(id) => {
            let args = Args::default().blob(id.as_bytes());
            match sql::execute(conn, "DELETE FROM block WHERE id = ?", args).await? {
                0 => Err(StoreError::Stale("block")),
                _ => Ok(()),
            }
        }
        BlockChange::DropExpired(now) => {
            let args = Args::default().int(now.0);
            sql::execute(conn, "DELETE FROM block WHERE expires_at <= ?", args).await.map(drop)
        }
    }
}

async fn add(conn: &mut SqliteConnection, block: &Block) -> Result<(), StoreError> {
    const EXPIRED: &str = "DELETE FROM block WHERE kind = ? AND target = ? AND expires_at <= ?";
    const ADD: &str = "INSERT INTO block (id, kind, target, reason, made_by, made_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    let (kind, target) = block.target.parts();
    sql::execute(conn, EXPIRED, Args::default().int(kind).text(&target).int(block.made_at.0)).await?;
    let args = Args::default()
        .blob(block.id.as_bytes())
        .int(kind)
        .text(&target)
        .text(&block.reason)
        .blob(block.made_by.as_bytes())
        .int(block.made_at.0)
        .int(block.expires_at.map(|at| at.0));
    sql::execute(conn, ADD, args).await.map(drop)
}
