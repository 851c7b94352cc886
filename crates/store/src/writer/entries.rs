use std::sync::Arc;

use kefu_core::{Conversation, Entry};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::fold::Row;
use crate::StoreError;
use crate::rows::{self, CONVERSATION_COLUMNS, bind_conversation, bind_entry, int};
use crate::sql::{self, Args, Bulk, Join, values};

/// Every entry whose `seq` is a multiple of this has an anchor.
pub(crate) const ANCHOR_EVERY: u64 = 32;

/// So many entries, when nothing else is to be written, take one hop to the connection's thread.
const FEW: usize = 16;

const LOG: &str =
    "INSERT INTO log (pos, conversation, seq, prev_pos, prev_public_seq, kind, sender_kind, sender,
    created_at, id, client_id, text, event, data, quote_seq)";

const LOG_COLUMNS: usize = 15;

/// The statements of every commit.
pub(super) struct Statements {
    log: Bulk,
    few: [Few; FEW],
    anchor: Bulk,
    dedupe: Bulk,
    head: Bulk,
    lookup: Join,
}

/// The whole transaction of one number of entries.
struct Few {
    /// A statement outside of any transaction is one of its own.
    plain: Arc<str>,
    anchored: Arc<str>,
}

impl Few {
    fn new(entries: usize) -> Self {
        let plain = format!("{LOG} {}", values(LOG_COLUMNS, entries));
        let anchored = format!(
            "BEGIN IMMEDIATE; {plain};
            INSERT INTO anchor (conversation, seq, pos)
                SELECT conversation, seq, pos FROM log WHERE pos >= ? AND seq % {ANCHOR_EVERY} = 0;
            COMMIT"
        );
        Self { plain: plain.into(), anchored: anchored.into() }
    }
}

impl Default for Statements {
    fn default() -> Self {
        Self {
            log: Bulk::new(LOG, LOG_COLUMNS, ""),
            few: std::array::from_fn(|index| Few::new(index + 1)),
            anchor: Bulk::new("INSERT INTO anchor (conversation, seq, pos)", 3, ""),
            dedupe: Bulk::new("INSERT OR IGNORE INTO dedupe (conversation, hash, seq)", 3, ""),
            head: Bulk::new(
                concat!("INSERT INTO conversation (", rows::conversation_columns!(), ")"),
                CONVERSATION_COLUMNS,
                // What is fixed for ever is left alone.
                "ON CONFLICT (key) DO UPDATE SET
                    state = excluded.state, assignee = excluded.assignee,
                    last_seq = excluded.last_seq, last_public_seq = excluded.last_public_seq,
                    last_pos = excluded.last_pos, last_message_pos = excluded.last_message_pos,
                    last_public_message_pos = excluded.last_public_message_pos,
                    visitor_read_seq = excluded.visitor_read_seq, agent_read_seq = excluded.agent_read_seq,
                    queued_at = excluded.queued_at, updated_at = excluded.updated_at,
                    resolved_at = excluded.resolved_at, rating_score = excluded.rating_score,
                    rating_comment = excluded.rating_comment, rating_at = excluded.rating_at,
                    last_assignee = excluded.last_assignee, last_met_at = excluded.last_met_at, team = excluded.team,
                    priority = excluded.priority, asked_at = excluded.asked_at,
                    answered_at = excluded.answered_at, joined = excluded.joined,
                    unanswered_at = excluded.unanswered_at, snoozed_until = excluded.snoozed_until,
                    marked_unread = excluded.marked_unread",
            ),
            lookup: Join::new(
                "SELECT asked.column1, dedupe.seq FROM (",
                3,
                ") AS asked CROSS JOIN dedupe
                    ON dedupe.conversation = asked.column2 AND dedupe.hash = asked.column3",
            ),
        }
    }
}

impl Statements {
    /// Appends a few `entries` to the log, with their anchors, in a transaction of their own; returns whether they
    /// were few enough.
    pub(super) async fn commit_few(
        &self,
        conn: &mut SqliteConnection,
        entries: &[Entry],
    ) -> Result<bool, StoreError> {
        let (Some(first), Some(few)) = (entries.first(), self.few.get(entries.len().wrapping_sub(1))) else {
            return Ok(false);
        };
        let mut args = Args::with_capacity(entries.len() * LOG_COLUMNS + 1);
        entries.iter().for_each(|entry| bind_entry(&mut args, entry));
        let sql = if entries.iter().any(has_anchor) {
            args.add_int(first.pos);
            &few.anchored
        } else {
            &few.plain
        };
        sql::execute(conn, AssertSqlSafe(Arc::clone(sql)), args).await?;
        Ok(true)
    }

    /// Appends `entries` to the log, with their anchors.
    pub(super) async fn write_entries(
        &self,
        conn: &mut SqliteConnection,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        self.log.insert(conn, entries, bind_entry).await?;
        self.write_anchors(conn, entries).await
    }

    /// Writes the anchors of `entries`.
    pub(super) async fn write_anchors(
        &self,
        conn: &mut SqliteConnection,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        let anchors = entries.iter().filter(|entry| has_anchor(entry));
        let anchors: Vec<_> =
            anchors.map(|entry| (entry.conversation.0, int(entry.seq), entry.pos)).collect();
        self.anchor
            .insert(conn, &anchors, |args, &(conversation, seq, pos)| {
                args.add_int(conversation);
                args.add_int(seq);
                args.add_int(pos);
            })
            .await
    }

    /// Writes whole rows of conversations.
    pub(super) async fn write_heads(
        &self,
        conn: &mut SqliteConnection,
        heads: &[Conversation],
    ) -> Result<(), StoreError> {
        self.head.insert(conn, heads, bind_conversation).await
    }

    /// Writes whole rows of conversations.
    pub(super) async fn fold_heads(
        &self,
        conn: &mut SqliteConnection,
        heads: &[&Conversation],
    ) -> Result<(), StoreError> {
        self.head.insert(conn, heads, |args, head| bind_conversation(args, head)).await
    }

    /// Looks up (number, conversation, hash); returns rows of number and `seq`.
    pub(super) async fn find_dedupe(
        &self,
        conn: &mut SqliteConnection,
        wanted: &[(i64, i64, i64)],
    ) -> Result<Vec<SqliteRow>, StoreError> {
        self.lookup
            .rows(conn, wanted, |args, &(number, conversation, hash)| {
                args.add_int(number);
                args.add_int(conversation);
                args.add_int(hash);
            })
            .await
    }

    /// Folds dedupe rows; those that a crash left half-folded may be there already.
    pub(super) async fn fold_dedupe(
        &self,
        conn: &mut SqliteConnection,
        rows: &[Row],
    ) -> Result<(), StoreError> {
        self.dedupe
            .insert(conn, rows, |args, row| {
                args.add_int(row.conversation);
                args.add_int(row.hash);
                args.add_int(row.seq);
            })
            .await
    }
}

fn has_anchor(entry: &Entry) -> bool {
    entry.seq.is_multiple_of(ANCHOR_EVERY)
}
