//! The log as reports read it: in slices, without texts.

use kefu_core::{ConversationKey, InboxKey, Micros, Step, TeamKey};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::reader::first;
use crate::rows::{self, Columns};
use crate::sql::Args;
use crate::{Store, StoreError};

/// Entries before the first of a slice that are looked at, for each conversation.
const LOOK_BACK_MAX: i64 = 5000;

/// An entry that a report looks at.
#[derive(Clone, Copy, Debug)]
pub struct ReportEntry {
    /// Its conversation.
    pub conversation: ConversationKey,
    /// Position of the entry before it in the conversation; 0 for the first.
    pub prev_pos: i64,
    /// What it is.
    pub step: Step,
}

/// Some entries that follow one another in the log.
#[derive(Clone, Debug)]
pub struct ReportSlice {
    /// Messages and events, in the order of the log.
    pub entries: Vec<ReportEntry>,
    /// Where the log goes on behind them.
    pub next_pos: i64,
}

/// How many conversations are in one state, by inbox and team.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LiveCount {
    /// Where they came in.
    pub inbox: InboxKey,
    /// The team that they are for.
    pub team: Option<TeamKey>,
    /// Those that wait.
    pub waiting: u64,
    /// Since when the first of them does.
    pub waiting_since: Option<Micros>,
    /// Those that an agent answers.
    pub open: u64,
    /// Those that were set aside.
    pub pending: u64,
}

macro_rules! columns {
    () => {
        "log.conversation, log.prev_pos, log.sender_kind, log.sender, log.created_at, log.event"
    };
}

impl Store {
    /// The first position of the log that was not written before `at`, or the one behind the last. Where the
    /// machine's clock was set back, one nearby.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn pos_at(&self, at: Micros) -> Result<i64, StoreError> {
        const LAST: &str = "SELECT coalesce(max(pos), 0) FROM log";
        const TIME: &str = "SELECT created_at FROM log WHERE pos >= ? ORDER BY pos LIMIT 1";
        let mut end: i64 = self.one(LAST, Args::default(), first).await?.unwrap_or(0) + 1;
        let mut begin = 1;
        while begin < end {
            let middle = begin + (end - begin) / 2;
            let time: Option<i64> = self.one(TIME, Args::default().int(middle), first).await?;
            if time.is_some_and(|time| time < at.0) {
                begin = middle + 1;
            } else {
                end = middle;
            }
        }
        Ok(begin)
    }

    /// What the `count` positions from `pos` on hold of messages and events.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn report_slice(&self, pos: i64, count: i64) -> Result<ReportSlice, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM log WHERE pos >= ?1 AND pos < ?2 AND kind <> ?3 ORDER BY pos"
        );
        let next_pos = pos.saturating_add(count.max(1));
        let args = Args::default().int(pos).int(next_pos).int(rows::NOTE);
        Ok(ReportSlice { entries: self.all(SQL, args, entry).await?, next_pos })
    }

    /// What came before entries whose [`ReportEntry::prev_pos`] these are: of each conversation its last end and
    /// everything behind it, in order, up to some thousand entries.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn report_history(&self, prev_pos: &[i64]) -> Result<Vec<ReportEntry>, StoreError> {
        const SQL: &str = concat!(
            "WITH RECURSIVE walk (pos, prev_pos, ends, steps) AS (
                SELECT pos, prev_pos, CASE kind WHEN ?2 THEN event ->> 'code' = 'resolved' ELSE 0 END, 1
                FROM log WHERE pos IN (SELECT value FROM json_each(?1))
                UNION ALL
                SELECT log.pos, log.prev_pos,
                    CASE log.kind WHEN ?2 THEN log.event ->> 'code' = 'resolved' ELSE 0 END, walk.steps + 1
                FROM walk CROSS JOIN log ON log.pos = walk.prev_pos
                WHERE NOT walk.ends AND walk.steps < ?4
            )
            SELECT ",
            columns!(),
            " FROM walk CROSS JOIN log ON log.pos = walk.pos WHERE log.kind <> ?3 ORDER BY log.pos"
        );
        if prev_pos.is_empty() {
            return Ok(Vec::new());
        }
        let args = Args::default().ints(prev_pos.iter().copied());
        self.all(SQL, args.int(rows::EVENT).int(rows::NOTE).int(LOOK_BACK_MAX), entry).await
    }

    /// Where these conversations came in, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn inboxes_of(
        &self,
        conversations: &[ConversationKey],
    ) -> Result<Vec<(ConversationKey, InboxKey)>, StoreError> {
        const SQL: &str = "SELECT key, inbox FROM conversation WHERE key IN (SELECT value FROM json_each(?))";
        let args = Args::default().ints(conversations.iter().map(|key| key.0));
        let read = |row: &SqliteRow| {
            Ok((ConversationKey(row.try_get_unchecked(0)?), InboxKey(row.try_get_unchecked(1)?)))
        };
        self.all(SQL, args, read).await
    }

    /// Row numbers of the tags that these conversations have now, in no order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tag_keys_of(
        &self,
        conversations: &[ConversationKey],
    ) -> Result<Vec<(ConversationKey, i64)>, StoreError> {
        const SQL: &str = "SELECT conversation, tag FROM conversation_tag
            WHERE conversation IN (SELECT value FROM json_each(?))
                AND tag NOT IN (SELECT key FROM removed_tag)";
        let args = Args::default().ints(conversations.iter().map(|key| key.0));
        let read =
            |row: &SqliteRow| Ok((ConversationKey(row.try_get_unchecked(0)?), row.try_get_unchecked(1)?));
        self.all(SQL, args, read).await
    }

    /// Row numbers of all tags, and their public ids and names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tag_names(&self) -> Result<Vec<(i64, uuid::Uuid, String)>, StoreError> {
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.uuid()?, columns.take()?))
        };
        self.all("SELECT key, id, name FROM tag", Args::default(), read).await
    }

    /// How many conversations wait, are open and were set aside now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn live_counts(&self) -> Result<Vec<LiveCount>, StoreError> {
        const SQL: &str = "SELECT inbox, team, sum(state = 1), min(CASE state WHEN 1 THEN queued_at END),
                sum(state = 2), sum(state = 3)
            FROM conversation INDEXED BY conversation_live WHERE state IN (1, 2, 3)
            GROUP BY inbox, team ORDER BY inbox, team";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(LiveCount {
                inbox: InboxKey(columns.take()?),
                team: columns.optional()?.map(TeamKey),
                waiting: columns.number()?,
                waiting_since: columns.optional()?.map(Micros),
                open: columns.number()?,
                pending: columns.number()?,
            })
        };
        self.all(SQL, Args::default(), read).await
    }
}

fn entry(row: &SqliteRow) -> Result<ReportEntry, StoreError> {
    let mut columns = Columns::of(row);
    let conversation = ConversationKey(columns.take()?);
    let prev_pos = columns.take()?;
    let sender = rows::principal(columns.take()?, columns.optional()?)?;
    let at = Micros(columns.take()?);
    let event = columns.optional::<&str>()?.map(serde_json::from_str).transpose();
    let event = event.map_err(|error| StoreError::corrupt(format!("an event cannot be read: {error}")))?;
    Ok(ReportEntry { conversation, prev_pos, step: Step { at, sender, event } })
}
