use sqlx::sqlite::SqliteConnection;

use crate::sql::{self, Args};
use crate::{SHADOW_CALLS_MAX, ShadowChange, StoreError, schema};

/// Changes a rehearsal's store.
pub(super) async fn write(conn: &mut SqliteConnection, change: &ShadowChange) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO shadow_call (number, at, kind, target, summary)
        VALUES ((SELECT coalesce(max(number), 0) + 1 FROM shadow_call), ?, ?, ?, ?)";
    const TRIM: &str = "DELETE FROM shadow_call WHERE number <= (SELECT max(number) FROM shadow_call) - ?";
    match change {
        ShadowChange::Mark => schema::set_meta_int(conn, "shadow", 1).await,
        ShadowChange::Call(call) => {
            let args = Args::default().int(call.at.0).text(&call.kind).text(&call.target).text(&call.summary);
            sql::execute(conn, ADD, args).await?;
            sql::execute(conn, TRIM, Args::default().int(SHADOW_CALLS_MAX)).await.map(drop)
        }
    }
}
