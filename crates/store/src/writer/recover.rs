use std::collections::{HashMap, HashSet};

use kefu_core::{Conversation, ConversationKey, Entry, Micros, Revision};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::dedupe::HashKey;
use super::fold::Tail;
use super::heads_by_key;
use crate::rows;
use crate::sql::{self, Args};
use crate::{StoreError, schema};

/// Entries that one query reads back. They come as one value: the way of a single row from the
/// connection's thread costs more than reading it.
const CHUNK: i64 = 8_192;

/// What recovery goes by: position, conversation, `seq`, kind, kind of sender, sender, time, client id.
type Stub = (i64, i64, u64, i64, i64, Option<i64>, i64, Option<Uuid>);

/// Rebuilds what a crash left unfolded; returns it with the number of entries read back.
///
/// After a clean end nothing is left, and nothing is read.
pub(super) async fn tail(conn: &mut SqliteConnection, next_pos: i64) -> Result<(Tail, usize), StoreError> {
    let mut tail = Tail::new(HashKey::read(conn).await?);
    let folded: i64 = schema::meta(conn, "folded_pos").await?.unwrap_or(0);
    let mut entries = Vec::new();
    let mut after = folded;
    while after + 1 < next_pos {
        entries.extend(chunk(conn, after).await?);
        after += CHUNK;
    }
    let keys: HashSet<_> = entries.iter().map(|entry| entry.conversation).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    let heads = heads_by_key(conn, &keys).await?;
    let mut heads: HashMap<_, _> = heads.into_iter().map(|head| (head.key, head)).collect();
    for entry in &mut entries {
        let hash = entry.client_id.map(|client_id| tail.key().hash(entry.sender, client_id));
        tail.add_entry(entry.conversation, hash, entry.seq);
        let head = heads
            .get_mut(&entry.conversation)
            .ok_or_else(|| StoreError::corrupt(format!("entry {} belongs to no conversation", entry.pos)))?;
        grow(head, entry)?;
    }
    for head in heads.into_values() {
        tail.add_head(head);
    }
    Ok((tail, entries.len()))
}

/// The entries of the `CHUNK` positions that follow `after`, in order.
async fn chunk(conn: &mut SqliteConnection, after: i64) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "SELECT json_group_array(json_array(pos, conversation, seq, kind, sender_kind, sender,
            created_at, iif(client_id IS NULL, NULL, hex(client_id))))
        FROM log WHERE pos > ? AND pos <= ?";
    let row = sql::row(conn, SQL, Args::default().int(after).int(after + CHUNK)).await?;
    let json: String = row.map_or(Ok("[]".to_owned()), |row| row.try_get_unchecked(0))?;
    let stubs: Vec<Stub> = serde_json::from_str(&json)
        .map_err(|error| StoreError::corrupt(format!("the end of the log cannot be read: {error}")))?;
    let mut entries = stubs.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    entries.sort_unstable_by_key(|entry| entry.pos);
    Ok(entries)
}

/// Repeats what the commit of `entry` did to its head, unless its row has it.
fn grow(head: &mut Conversation, entry: &mut Entry) -> Result<(), StoreError> {
    let (pos, seq) = (entry.pos, entry.seq);
    if seq <= head.last_seq {
        return Ok(());
    }
    if seq != head.last_seq + 1 {
        return Err(StoreError::corrupt(format!(
            "conversation {} goes from entry {} to {}",
            head.key.0, head.last_seq, seq
        )));
    }
    head.append(entry, pos);
    Ok(())
}

/// An entry without what recovery does not go by.
fn entry(stub: Stub) -> Result<Entry, StoreError> {
    let (pos, conversation, seq, kind, sender_kind, sender, created_at, client_id) = stub;
    Ok(Entry {
        pos,
        conversation: ConversationKey(conversation),
        seq,
        prev_pos: 0,
        prev_public_seq: 0,
        id: Uuid::nil(),
        client_id,
        sender: rows::principal(sender_kind, sender)?,
        kind: rows::kind(kind)?,
        text: String::new(),
        event: None,
        data: None,
        quote_seq: None,
        revision: Revision::Intact,
        created_at: Micros(created_at),
    })
}
