use kefu_core::VisitorKey;
use sqlx::sqlite::SqliteConnection;

use crate::sql::{self, Args};
use crate::{PAGES_MAX, PageVisit, StoreError};

/// Adds `visits` to those of a visitor and forgets the oldest of more than [`PAGES_MAX`].
pub(super) async fn write(
    conn: &mut SqliteConnection,
    visitor: VisitorKey,
    visits: &[PageVisit],
) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO page_visit (visitor, number, at, url, title, referrer)
        SELECT ?1, (SELECT coalesce(max(number), 0) + 1 FROM page_visit WHERE visitor = ?1), ?2, ?3, ?4, ?5
        WHERE NOT EXISTS (SELECT 1 FROM visitor WHERE key = ?1 AND erased_at IS NOT NULL)";
    const TRIM: &str = "DELETE FROM page_visit WHERE visitor = ?1
        AND number <= (SELECT max(number) FROM page_visit WHERE visitor = ?1) - ?2";
    for visit in &visits[visits.len().saturating_sub(PAGES_MAX)..] {
        let args = Args::default().int(visitor.0).int(visit.at.0);
        let args = args.text(&visit.url).text(&visit.title).text(&visit.referrer);
        sql::execute(conn, ADD, args).await?;
    }
    let most = i64::try_from(PAGES_MAX).unwrap_or(i64::MAX);
    sql::execute(conn, TRIM, Args::default().int(visitor.0).int(most)).await.map(drop)
}
