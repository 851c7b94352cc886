use kefu_core::{Micros, Revision};
use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::rows::revision_number;
use crate::sql::{self, Args};

/// Changes the entry at `pos`, unless it was recalled or erased meanwhile; keeps what it said.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    pos: i64,
    revision: Revision,
    text: &str,
    at: Micros,
) -> Result<(), StoreError> {
    const KEEP: &str = "INSERT INTO revision (pos, at, text, data)
        SELECT pos, ?, text, data FROM log WHERE pos = ? AND revision < 2";
    const CHANGE: &str = "UPDATE log SET text = ?1, revision = ?2, data = iif(?2 = 1, data, NULL)
        WHERE pos = ?3 AND revision < 2";
    sql::execute(conn, KEEP, Args::default().int(at.0).int(pos)).await?;
    let args = Args::default().text(text).int(revision_number(revision)).int(pos);
    sql::execute(conn, CHANGE, args).await.map(drop)
}
