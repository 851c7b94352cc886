use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::canned::{CannedChange, CannedReply, owner_number};
use crate::sql::{self, Args};

/// Writes a change of canned replies, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &CannedChange) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO canned_reply
        (folder, shortcut, title, text, folded, id, owner, uses, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)";
    const UPDATE: &str = "UPDATE canned_reply
        SET folder = ?, shortcut = ?, title = ?, text = ?, folded = ?, updated_at = ?
        WHERE id = ? AND updated_at = ?";
    let stale = |rows| if rows == 0 { Err(StoreError::Stale("canned reply")) } else { Ok(()) };
    match change {
        CannedChange::Add(reply) => {
            let args = fields(reply)
                .blob(reply.id.as_bytes())
                .int(owner_number(reply.owner))
                .int(reply.created_at.0)
                .int(reply.updated_at.0);
            sql::execute(conn, INSERT, args).await.map(drop)
        }
        CannedChange::Replace { reply, seen } => {
            let args = fields(reply).int(reply.updated_at.0).blob(reply.id.as_bytes()).int(seen.0);
            stale(sql::execute(conn, UPDATE, args).await?)
        }
        CannedChange::Remove(id) => {
            let args = Args::default().blob(id.as_bytes());
            stale(sql::execute(conn, "DELETE FROM canned_reply WHERE id = ?", args).await?)
        }
        CannedChange::Used(id) => {
            let args = Args::default().blob(id.as_bytes());
            sql::execute(conn, "UPDATE canned_reply SET uses = uses + 1 WHERE id = ?", args).await.map(drop)
        }
    }
}

fn fields(reply: &CannedReply) -> Args {
    Args::default()
        .text(&reply.folder)
        .text(&reply.shortcut)
        .text(&reply.title)
        .text(&reply.text)
        .text(&reply.folded())
}
