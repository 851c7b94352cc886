use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::StoreError;
use crate::sql::{self, Args};
use kefu_core::Micros;

/// `kefu`, in the header of every store.
pub(crate) const APPLICATION_ID: i64 = 0x6b65_6675;

/// What brings a store from version `index` to the next.
const MIGRATIONS: [&str; 2] = [
    include_str!("schema/0001.sql"),
    concat!(
        include_str!("schema/0002/access.sql"),
        include_str!("schema/0002/audit.sql"),
        include_str!("schema/0002/canned.sql"),
        include_str!("schema/0002/cards.sql"),
        include_str!("schema/0002/channels.sql"),
        include_str!("schema/0002/customers.sql"),
        include_str!("schema/0002/events.sql"),
        include_str!("schema/0002/external.sql"),
        include_str!("schema/0002/files.sql"),
        include_str!("schema/0002/knowledge.sql"),
        include_str!("schema/0002/mentions.sql"),
        include_str!("schema/0002/messages.sql"),
        include_str!("schema/0002/migrate.sql"),
        include_str!("schema/0002/office.sql"),
        include_str!("schema/0002/privacy.sql"),
        include_str!("schema/0002/search.sql"),
        include_str!("schema/0002/shadow.sql"),
        include_str!("schema/0002/switch.sql"),
        include_str!("schema/0002/tags.sql"),
        include_str!("schema/0002/tickets.sql"),
        include_str!("schema/0002/watch.sql"),
        // Last: it is about tables of the others.
        include_str!("schema/0002/retention.sql"),
    ),
];

/// The version that this build writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// The number of a pragma of the file's header.
pub(crate) async fn pragma(conn: &mut SqliteConnection, sql: &'static str) -> Result<i64, StoreError> {
    let row = sql::row(conn, sql, Args::default()).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get_unchecked(0)?))
}

/// Checks that the file is a store that this build can read; returns its version, 0 for an empty file.
pub(crate) async fn identify(conn: &mut SqliteConnection, file: &Path) -> Result<i64, StoreError> {
    let application = pragma(conn, "PRAGMA application_id").await?;
    let version = pragma(conn, "PRAGMA user_version").await?;
    let tables = pragma(conn, "SELECT count(*) FROM sqlite_schema").await?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(StoreError::Foreign(file.to_owned()));
    }
    if version > VERSION {
        return Err(StoreError::Newer { found: version, known: VERSION });
    }
    Ok(version)
}

/// Brings the store to this build's version in one transaction.
pub(crate) async fn migrate(
    conn: &mut SqliteConnection,
    version: i64,
    epoch_if_new: Uuid,
    now: Micros,
) -> Result<(), StoreError> {
    let done = usize::try_from(version).unwrap_or(0);
    if done >= MIGRATIONS.len() {
        return Ok(());
    }
    sql::script(conn, "BEGIN IMMEDIATE").await?;
    let result = async {
        for migration in &MIGRATIONS[done..] {
            sql::script(conn, *migration).await?;
        }
        if version == 0 {
            set_meta_text(conn, "epoch", &epoch_if_new.to_string()).await?;
            set_meta_int(conn, "created_at", now.0).await?;
        }
        let header = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}");
        sql::script(conn, AssertSqlSafe(header)).await?;
        sql::script(conn, "COMMIT").await
    }
    .await;
    if result.is_err() {
        // What failed may have ended the transaction; then this has nothing to do.
        drop(sql::script(conn, "ROLLBACK").await);
    }
    result
}

const SET_META: &str = "INSERT INTO meta (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value";

pub(crate) async fn set_meta_text(
    conn: &mut SqliteConnection,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    sql::execute(conn, SET_META, Args::default().text(key).text(value)).await.map(drop)
}

pub(crate) async fn set_meta_int(
    conn: &mut SqliteConnection,
    key: &str,
    value: i64,
) -> Result<(), StoreError> {
    sql::execute(conn, SET_META, Args::default().text(key).int(value)).await.map(drop)
}

pub(crate) async fn set_meta_blob(
    conn: &mut SqliteConnection,
    key: &str,
    value: &[u8],
) -> Result<(), StoreError> {
    sql::execute(conn, SET_META, Args::default().text(key).blob(value)).await.map(drop)
}

pub(crate) async fn remove_meta(conn: &mut SqliteConnection, key: &str) -> Result<(), StoreError> {
    sql::execute(conn, "DELETE FROM meta WHERE key = ?", Args::default().text(key)).await.map(drop)
}

/// A value of the `meta` table.
pub(crate) async fn meta<T>(conn: &mut SqliteConnection, key: &str) -> Result<Option<T>, StoreError>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite>,
{
    let row = sql::row(conn, "SELECT value FROM meta WHERE key = ?", Args::default().text(key)).await?;
    row.map(|row| Ok(row.try_get_unchecked(0)?)).transpose()
}
