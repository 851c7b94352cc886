use kefu_core::{Conversation, ConversationKey, Entry, MessageKind, Micros, Principal, Revision};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::dedupe::HashKey;
use super::fold::{Row, Tail};
use super::heads_by_key;
use crate::rows::{self, int};
use crate::sql::{self, Args};
use crate::{StoreError, schema};

/// Entries that one query reads back. They come as one value: the way of a single row from the
/// connection's thread costs more than reading it.
const CHUNK: i64 = 8_192;

/// What recovery goes by: position, conversation, `seq`, kind, kind of sender, sender, time, client id.
type Stub = (i64, i64, u64, i64, i64, Option<i64>, i64, Option<Uuid>);

/// The entries that a crash left unfolded, by conversation and `seq`. The heads that lag behind them are read when
/// they are needed: reading them all takes longer than the log.
#[derive(Default)]
pub(crate) struct Left(Vec<LeftEntry>);

/// What the growth of a head goes by.
struct LeftEntry {
    conversation: ConversationKey,
    seq: u64,
    pos: i64,
    kind: MessageKind,
    sender: Principal,
    created_at: Micros,
}

/// Rebuilds what a crash left unfolded; returns it with the number of entries read back.
///
/// After a clean end nothing is left, and nothing is read.
pub(super) async fn tail(conn: &mut SqliteConnection, next_pos: i64) -> Result<(Tail, usize), StoreError> {
    let key = HashKey::read(conn).await?;
    let mut after: i64 = schema::meta(conn, "folded_pos").await?.unwrap_or(0);
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    while after + 1 < next_pos {
        for stub in chunk(conn, after).await? {
            let client_id = stub.7;
            let entry = LeftEntry::try_from(stub)?;
            if let Some(client_id) = client_id {
                let hash = key.hash(entry.sender, client_id);
                rows.push(Row { conversation: entry.conversation.0, hash, seq: int(entry.seq) });
            }
            entries.push(entry);
        }
        after += CHUNK;
    }
    let count = entries.len();
    Ok((Tail::left(key, rows, Left::new(entries)?, next_pos), count))
}

/// The entries of the `CHUNK` positions that follow `after`, in no order.
async fn chunk(conn: &mut SqliteConnection, after: i64) -> Result<Vec<Stub>, StoreError> {
    const SQL: &str = "SELECT json_group_array(json_array(pos, conversation, seq, kind, sender_kind, sender,
            created_at, iif(client_id IS NULL, NULL, hex(client_id))))
        FROM log WHERE pos > ? AND pos <= ?";
    let row = sql::row(conn, SQL, Args::default().int(after).int(after + CHUNK)).await?;
    let json: String = row.map_or(Ok("[]".to_owned()), |row| row.try_get_unchecked(0))?;
    serde_json::from_str(&json)
        .map_err(|error| StoreError::corrupt(format!("the end of the log cannot be read: {error}")))
}

impl Left {
    fn new(mut entries: Vec<LeftEntry>) -> Result<Self, StoreError> {
        entries.sort_unstable_by_key(|entry| (entry.conversation, entry.seq));
        for pair in entries.windows(2) {
            if pair[0].conversation == pair[1].conversation {
                check_next(pair[0].conversation, pair[0].seq, pair[1].seq)?;
            }
        }
        Ok(Self(entries))
    }

    /// The entries after the position `after`, up to `end`.
    pub(crate) async fn read(conn: &mut SqliteConnection, after: i64, end: i64) -> Result<Self, StoreError> {
        let mut entries = Vec::new();
        for after in (after..end).step_by(CHUNK as usize) {
            let stubs = chunk(conn, after).await?;
            // Of what came after `end` there may be only a part.
            let stubs = stubs.into_iter().filter(|stub| stub.0 <= end);
            entries.extend(stubs.map(LeftEntry::try_from).collect::<Result<Vec<_>, _>>()?);
        }
        Self::new(entries)
    }

    /// Forgets what is folded by now, up to the position `folded`, and takes in what came after all that it has.
    pub(crate) fn follow(&mut self, folded: i64, new: Self) -> Result<(), StoreError> {
        let mut entries = std::mem::take(&mut self.0);
        entries.retain(|entry| entry.pos > folded);
        entries.extend(new.0);
        *self = Self::new(entries)?;
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The conversations that it has entries of, in order.
    pub(super) fn conversations(&self) -> Vec<ConversationKey> {
        let mut keys: Vec<_> = self.0.iter().map(|entry| entry.conversation).collect();
        keys.dedup();
        keys
    }

    /// Where the log of `conversation` ended when the crash came, if it has entries of it.
    pub(super) fn last_pos(&self, conversation: ConversationKey) -> Option<i64> {
        self.of(conversation).last().map(|entry| entry.pos)
    }

    /// Repeats for a head as its row has it what the commits of these entries did to it.
    pub(crate) fn grow(&self, head: &mut Conversation) -> Result<(), StoreError> {
        for left in self.of(head.key) {
            if left.seq > head.last_seq {
                check_next(head.key, head.last_seq, left.seq)?;
                head.append(&mut left.entry(), left.pos);
            }
        }
        Ok(())
    }

    /// The heads among `keys` that it has entries of, with these entries.
    pub(super) async fn heads(
        &self,
        conn: &mut SqliteConnection,
        mut keys: Vec<ConversationKey>,
    ) -> Result<Vec<Conversation>, StoreError> {
        keys.retain(|key| !self.of(*key).is_empty());
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut heads = heads_by_key(conn, &keys).await?;
        if heads.len() != keys.len() {
            return Err(StoreError::corrupt("the end of the log has entries that belong to no conversation"));
        }
        heads.iter_mut().try_for_each(|head| self.grow(head))?;
        Ok(heads)
    }

    fn of(&self, conversation: ConversationKey) -> &[LeftEntry] {
        let begin = self.0.partition_point(|entry| entry.conversation < conversation);
        let length = self.0[begin..].partition_point(|entry| entry.conversation == conversation);
        &self.0[begin..][..length]
    }
}

impl TryFrom<Stub> for LeftEntry {
    type Error = StoreError;

    fn try_from(stub: Stub) -> Result<Self, StoreError> {
        let (pos, conversation, seq, kind, sender_kind, sender, created_at, _) = stub;
        Ok(Self {
            conversation: ConversationKey(conversation),
            seq,
            pos,
            kind: rows::kind(kind)?,
            sender: rows::principal(sender_kind, sender)?,
            created_at: Micros(created_at),
        })
    }
}

impl LeftEntry {
    /// An entry without what the growth of a head does not go by.
    fn entry(&self) -> Entry {
        Entry {
            pos: self.pos,
            conversation: self.conversation,
            seq: self.seq,
            prev_pos: 0,
            prev_public_seq: 0,
            id: Uuid::nil(),
            client_id: None,
            sender: self.sender,
            kind: self.kind,
            text: String::new(),
            event: None,
            data: None,
            quote_seq: None,
            revision: Revision::Intact,
            created_at: self.created_at,
        }
    }
}

fn check_next(conversation: ConversationKey, last: u64, next: u64) -> Result<(), StoreError> {
    if next == last + 1 {
        return Ok(());
    }
    Err(StoreError::corrupt(format!("conversation {} goes from entry {last} to {next}", conversation.0)))
}
