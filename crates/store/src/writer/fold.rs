//! What was committed but is not in the indexes and heads yet, and its way there.

use std::collections::HashSet;
use std::collections::hash_map::{self, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kefu_core::{Conversation, ConversationKey};
use sqlx::sqlite::SqliteConnection;

use super::dedupe::HashKey;
use super::entries::Statements;
use super::recover::Left;
use crate::rows::int;
use crate::{Batch, StoreError, schema};

/// How much gathers before it is folded: the more, the fewer pages each entry costs, and the more is read back after a
/// crash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gather {
    /// Entries at most.
    pub(crate) entries: usize,
    /// Heads at most.
    pub(crate) heads: usize,
    /// How long at most.
    pub(crate) age: Duration,
}

impl Default for Gather {
    fn default() -> Self {
        Self { entries: 32_768, heads: 32_768, age: Duration::from_secs(5) }
    }
}

/// Rows that a commit folds at least.
pub(super) const SLICE_MIN: usize = 128;

/// A row of the dedupe index.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Row {
    pub(super) conversation: i64,
    pub(super) hash: i64,
    pub(super) seq: i64,
}

/// The commits that are not folded yet.
pub(super) struct Tail {
    key: HashKey,
    gather: Gather,
    recent: Recent,
    run: Option<Run>,
    /// Heads whose row lags, as last committed.
    heads: HashMap<ConversationKey, Arc<Conversation>>,
}

/// What gathers.
#[derive(Default)]
struct Recent {
    seqs: HashMap<(i64, i64), i64>,
    /// Rows whose conversation and hash are in `seqs` already, with another `seq`.
    more: Vec<Row>,
    grown: HashSet<ConversationKey>,
    entries: usize,
    since: Option<Instant>,
}

/// What is being folded, slice by slice.
struct Run {
    rows: Vec<Row>,
    rows_done: usize,
    heads: Vec<ConversationKey>,
    heads_done: usize,
    entries: usize,
    /// The position of the last entry that it covers.
    last_pos: i64,
    /// What it grows heads by that are not in memory.
    left: Left,
}

/// The part of the run that one transaction folds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slice {
    rows: usize,
    heads: usize,
    last: bool,
}

impl Slice {
    pub(super) fn len(&self) -> usize {
        self.rows + self.heads
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0 && !self.last
    }
}

impl Tail {
    /// What a crash left before `next_pos` becomes a run by itself: it need not gather any more.
    pub(super) fn left(key: HashKey, mut rows: Vec<Row>, left: Left, next_pos: i64) -> Self {
        rows.sort_unstable();
        let (entries, last_pos, heads) = (left.len(), next_pos - 1, left.conversations());
        let run = Run { rows, rows_done: 0, heads, heads_done: 0, entries, last_pos, left };
        let run = (entries > 0).then_some(run);
        Self { key, gather: Gather::default(), recent: Recent::default(), run, heads: HashMap::new() }
    }

    /// Has more or less gather from now on.
    #[cfg(any(test, feature = "import"))]
    pub(super) fn gather(&mut self, gather: Gather) {
        self.gather = gather;
    }

    pub(super) fn key(&self) -> &HashKey {
        &self.key
    }

    pub(super) fn len(&self) -> usize {
        self.recent.entries + self.run.as_ref().map_or(0, |run| run.entries)
    }

    pub(super) fn has_run(&self) -> bool {
        self.run.is_some()
    }

    /// Makes what has gathered the run, if it is enough or old enough and no other is under way.
    pub(super) fn start_run_if_due(&mut self, next_pos: i64) {
        let Gather { entries, heads, age } = self.gather;
        let old = self.recent.since.is_some_and(|since| since.elapsed() >= age);
        if old || self.recent.entries >= entries || self.recent.grown.len() >= heads {
            self.start_run(next_pos);
        }
    }

    /// Makes what has gathered the run, if there is anything and no other is under way.
    pub(super) fn start_run(&mut self, next_pos: i64) {
        if self.run.is_some() || self.recent.since.is_none() {
            return;
        }
        let recent = std::mem::take(&mut self.recent);
        let mut rows = recent.more;
        rows.extend(recent.seqs.into_iter().map(|((conversation, hash), seq)| Row {
            conversation,
            hash,
            seq,
        }));
        rows.sort_unstable();
        let mut heads: Vec<_> = recent.grown.into_iter().collect();
        heads.sort_unstable();
        let (entries, last_pos) = (recent.entries, next_pos - 1);
        let left = Left::default();
        self.run = Some(Run { rows, rows_done: 0, heads, heads_done: 0, entries, last_pos, left });
    }

    /// The next `size` rows of the run.
    pub(super) fn slice(&self, size: usize) -> Slice {
        let Some(run) = &self.run else { return Slice::default() };
        let rows = size.min(run.rows.len() - run.rows_done);
        let heads = (size - rows).min(run.heads.len() - run.heads_done);
        let last = run.rows_done + rows == run.rows.len() && run.heads_done + heads == run.heads.len();
        Slice { rows, heads, last }
    }

    /// Writes `slice`, inside a transaction and before any newer head.
    pub(super) async fn write(
        &self,
        conn: &mut SqliteConnection,
        statements: &Statements,
        slice: &Slice,
    ) -> Result<(), StoreError> {
        let Some(run) = &self.run else { return Ok(()) };
        statements.fold_dedupe(conn, &run.rows[run.rows_done..][..slice.rows]).await?;
        let keys = &run.heads[run.heads_done..][..slice.heads];
        // A head that is neither here nor left by a crash was written as a whole row meanwhile.
        let unread = keys.iter().copied().filter(|key| !self.heads.contains_key(key)).collect();
        let unread = run.left.heads(conn, unread).await?;
        let heads = keys.iter().filter_map(|key| self.heads.get(key).map(|head| &**head));
        let heads: Vec<_> = heads.chain(&unread).collect();
        statements.fold_heads(conn, &heads).await?;
        if slice.last {
            schema::set_meta_int(conn, "folded_pos", run.last_pos).await?;
        }
        Ok(())
    }

    /// `slice` was committed.
    pub(super) fn folded(&mut self, slice: &Slice) {
        let Some(run) = &mut self.run else { return };
        for key in &run.heads[run.heads_done..][..slice.heads] {
            if !self.recent.grown.contains(key) {
                self.heads.remove(key);
            }
        }
        run.rows_done += slice.rows;
        run.heads_done += slice.heads;
        if slice.last {
            self.run = None;
        }
    }

    /// `batch` was committed.
    pub(super) fn add(&mut self, batch: &Batch) {
        for entry in &batch.entries {
            let hash = entry.client_id.map(|client_id| self.key.hash(entry.sender, client_id));
            self.add_entry(entry.conversation, hash, entry.seq);
        }
        for head in &batch.conversations {
            self.heads.remove(&head.key);
        }
        for head in &batch.grown {
            self.recent.since.get_or_insert_with(Instant::now);
            self.recent.grown.insert(head.key);
            self.heads.insert(head.key, Arc::clone(head));
        }
    }

    /// An entry that is in the log.
    pub(super) fn add_entry(&mut self, conversation: ConversationKey, hash: Option<i64>, seq: u64) {
        self.recent.add(conversation, hash, seq);
    }

    /// Replaces what lags among `rows`.
    pub(super) fn overlay(&self, rows: &mut [Conversation]) -> Result<(), StoreError> {
        for row in rows {
            if let Some(head) = self.heads.get(&row.key) {
                row.clone_from(&**head);
            } else if let Some(run) = &self.run {
                run.left.grow(row)?;
            }
        }
        Ok(())
    }

    /// Where the log of `conversation` ends, if it is known to end behind its row.
    pub(super) fn last_pos(&self, conversation: ConversationKey) -> Option<i64> {
        self.heads.get(&conversation).map(|head| head.last_pos)
    }

    /// Where the log of `conversation` ended when the store was opened, if its row may lag behind that.
    pub(super) fn left_pos(&self, conversation: ConversationKey) -> Option<i64> {
        self.run.as_ref()?.left.last_pos(conversation)
    }

    /// Every `seq` that is here under this hash.
    pub(super) fn seqs(&self, conversation: ConversationKey, hash: i64) -> Vec<i64> {
        let mut seqs: Vec<i64> = Vec::new();
        seqs.extend(self.recent.seqs.get(&(conversation.0, hash)));
        let same = |row: &&Row| row.conversation == conversation.0 && row.hash == hash;
        seqs.extend(self.recent.more.iter().filter(same).map(|row| row.seq));
        if let Some(run) = &self.run {
            let first = Row { conversation: conversation.0, hash, seq: i64::MIN };
            let start = run.rows.partition_point(|row| *row < first);
            seqs.extend(run.rows[start..].iter().take_while(same).map(|row| row.seq));
        }
        seqs
    }
}

impl Recent {
    fn add(&mut self, conversation: ConversationKey, hash: Option<i64>, seq: u64) {
        self.since.get_or_insert_with(Instant::now);
        self.entries += 1;
        let Some(hash) = hash else { return };
        let seq = int(seq);
        match self.seqs.entry((conversation.0, hash)) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(seq);
            }
            hash_map::Entry::Occupied(_) => {
                self.more.push(Row { conversation: conversation.0, hash, seq });
            }
        }
    }
}
