use kefu_core::Revision;
use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::rows::revision_number;
use crate::sql::{self, Args};

/// Changes the entry at `pos`, unless it was recalled or erased meanwhile. What it said before is gone.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    pos: i64,
    revision: Revision,
    text: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE log SET text = ?1, revision = ?2, data = iif(?2 = 1, data, NULL)
        WHERE pos = ?3 AND revision < 2";
    let args = Args::default().text(text).int(revision_number(revision)).int(pos);
    sql::execute(conn, SQL, args).await.map(drop)
}
