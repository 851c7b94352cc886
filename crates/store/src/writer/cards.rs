use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::cards::{Card, CardChange};
use crate::sql::{self, Args};

/// Writes a change of cards, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &CardChange) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO card
        (position, titles, inboxes, query, variables, view, is_enabled, updated_at, version, id, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const UPDATE: &str = "UPDATE card
        SET position = ?, titles = ?, inboxes = ?, query = ?, variables = ?, view = ?, is_enabled = ?,
            updated_at = ?, version = ?
        WHERE id = ? AND version = ?";
    let stale = |rows| if rows == 0 { Err(StoreError::Stale("card")) } else { Ok(()) };
    match change {
        CardChange::Add(card) => {
            let args = fields(card).blob(card.id.as_bytes()).int(card.created_at.0);
            sql::execute(conn, INSERT, args).await.map(drop)
        }
        CardChange::Replace { card, seen } => {
            let args = fields(card).blob(card.id.as_bytes()).int(i64::from(*seen));
            stale(sql::execute(conn, UPDATE, args).await?)
        }
        CardChange::Remove(id) => {
            let args = Args::default().blob(id.as_bytes());
            stale(sql::execute(conn, "DELETE FROM card WHERE id = ?", args).await?)
        }
    }
}

fn fields(card: &Card) -> Args {
    Args::default()
        .int(card.position)
        .text(&json(&card.titles))
        .text(&json(&card.inboxes))
        .text(&card.query)
        .text(&json(&card.variables))
        .text(&card.view)
        .int(i64::from(card.is_enabled))
        .int(card.updated_at.0)
        .int(i64::from(card.version))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and ids are plain JSON")
}
