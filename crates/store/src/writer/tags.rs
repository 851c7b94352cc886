use kefu_core::{AgentKey, ConversationKey, Micros};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::sql::{self, Args};
use crate::tags::{RemovedTag, Tag, TagChange};

/// Rows that one slice of a purge takes from each table.
const SLICE: i64 = 1000;

/// Writes a change of tags, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &TagChange) -> Result<(), StoreError> {
    match change {
        TagChange::Add(tag) => add(conn, tag).await,
        TagChange::Replace(tag) => replace(conn, tag).await,
        TagChange::Remove(id) => remove(conn, *id).await,
        TagChange::Purge(tag) => purge(conn, *tag).await,
        TagChange::Conversation { conversation, tags, agent, at } => {
            set_of_conversation(conn, *conversation, tags, *agent, *at).await
        }
    }
}

async fn add(conn: &mut SqliteConnection, tag: &Tag) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO tag (name, folded, colour, family, id, created_at) VALUES (?, ?, ?, ?, ?, ?)";
    sql::execute(conn, SQL, fields(tag).blob(tag.id.as_bytes()).int(tag.created_at.0)).await.map(drop)
}

async fn replace(conn: &mut SqliteConnection, tag: &Tag) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE tag SET name = ?, folded = ?, colour = ?, family = ? WHERE id = ?";
    let changed = sql::execute(conn, SQL, fields(tag).blob(tag.id.as_bytes())).await?;
    if changed == 0 { Err(StoreError::Stale("tag")) } else { Ok(()) }
}

fn fields(tag: &Tag) -> Args {
    Args::default().text(&tag.name).text(&tag.name.to_lowercase()).text(&tag.colour).text(&tag.group)
}

async fn remove(conn: &mut SqliteConnection, id: Uuid) -> Result<(), StoreError> {
    let sql = "DELETE FROM tag WHERE id = ? RETURNING key";
    let row = sql::row(conn, sql, Args::default().blob(id.as_bytes())).await?;
    let key: i64 = row.ok_or(StoreError::Stale("tag"))?.try_get_unchecked(0)?;
    sql::execute(conn, "INSERT INTO removed_tag (key) VALUES (?)", Args::default().int(key)).await.map(drop)
}

/// A tag may have been on millions of things: they are forgotten a slice at a time.
async fn purge(conn: &mut SqliteConnection, RemovedTag(key): RemovedTag) -> Result<(), StoreError> {
    const CONVERSATIONS: &str = "DELETE FROM conversation_tag WHERE tag = ?1 AND conversation IN
        (SELECT conversation FROM conversation_tag WHERE tag = ?1 LIMIT ?2)";
    const TICKETS: &str = "DELETE FROM ticket_tag WHERE tag = ?1 AND ticket IN
        (SELECT ticket FROM ticket_tag WHERE tag = ?1 LIMIT ?2)";
    let mut is_over = true;
    for sql in [CONVERSATIONS, TICKETS] {
        let gone = sql::execute(conn, sql, Args::default().int(key).int(SLICE)).await?;
        is_over &= gone < SLICE.unsigned_abs();
    }
    if is_over {
        sql::execute(conn, "DELETE FROM removed_tag WHERE key = ?", Args::default().int(key)).await?;
    }
    Ok(())
}

async fn set_of_conversation(
    conn: &mut SqliteConnection,
    ConversationKey(conversation): ConversationKey,
    tags: &[Uuid],
    agent: Option<AgentKey>,
    at: Micros,
) -> Result<(), StoreError> {
    const DELETE: &str = "DELETE FROM conversation_tag WHERE conversation = ?
        AND tag NOT IN (SELECT value FROM json_each(?))";
    const INSERT: &str = "INSERT OR IGNORE INTO conversation_tag (conversation, tag, at, agent)
        SELECT ?, value, ?, ? FROM json_each(?)";
    let keys = keys(conn, tags).await?;
    let args = Args::default().int(conversation).ints(keys.iter().copied());
    sql::execute(conn, DELETE, args).await?;
    let args = Args::default().int(conversation).int(at.0).int(agent.map(|agent| agent.0));
    sql::execute(conn, INSERT, args.ints(keys.iter().copied())).await.map(drop)
}

/// Says which tags a ticket has.
pub(super) async fn set_of_ticket(
    conn: &mut SqliteConnection,
    number: i64,
    tags: &[Uuid],
) -> Result<(), StoreError> {
    const INSERT: &str = "INSERT INTO ticket_tag (ticket, tag) SELECT ?, value FROM json_each(?)";
    let keys = keys(conn, tags).await?;
    sql::execute(conn, "DELETE FROM ticket_tag WHERE ticket = ?", Args::default().int(number)).await?;
    let args = Args::default().int(number).ints(keys.into_iter());
    sql::execute(conn, INSERT, args).await.map(drop)
}

/// The row numbers of tags.
async fn keys(conn: &mut SqliteConnection, tags: &[Uuid]) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "SELECT key FROM tag WHERE id IN (SELECT unhex(value) FROM json_each(?))";
    let mut tags = tags.to_vec();
    tags.sort_unstable();
    tags.dedup();
    let rows = sql::rows(conn, SQL, Args::default().uuids(&tags)).await?;
    if rows.len() != tags.len() {
        return Err(StoreError::Stale("tag"));
    }
    rows.iter().map(|row| Ok(row.try_get_unchecked(0)?)).collect()
}
