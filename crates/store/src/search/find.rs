use std::collections::HashMap;

use kefu_core::{Conversation, ConversationKey, Entry};
use kefu_text::terms::{self, LastWord, Query};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::lookup;
use super::plan::{Plan, bind_conditions, conditions};
use super::query::{SearchHit, SearchPage, SearchQuery};
use super::state::State;
use crate::sql::{self, Args};
use crate::{Store, StoreError, rows};

/// Candidates whose texts one call reads at most: some are of others, or have the words apart.
const CANDIDATES_MAX: usize = 4_096;

/// Entries that are not indexed yet whose texts one call reads at most.
const UNINDEXED_MAX: i64 = 8_192;

/// Candidates that one statement reads, at least and at most.
const READ_LEN_MIN: usize = 32;
const READ_LEN_MAX: usize = 256;

impl Store {
    /// Searches texts and notes, newest first.
    ///
    /// Everything that was committed before is found, whether it is indexed yet or not. The work of one
    /// call is bounded: a page may have fewer hits than were wanted, or none, and go on nevertheless.
    ///
    /// # Errors
    /// When the store or the index cannot be read.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage, StoreError> {
        let text = terms::query(&query.text, LastWord::Whole);
        if query.limit == 0 || text.is_empty() {
            return Ok(SearchPage::default());
        }
        let _permit = self.search_index().searches.acquire().await.map_err(|_| StoreError::Closed)?;
        // Taken before the log's end is looked up: what is indexed meanwhile is not missed.
        let state = self.search_index().state();
        let mut lease = self.lease().await?;
        let log = lease.conn();
        let Some(plan) = Plan::make(log, query, &text, &state).await? else {
            return Ok(SearchPage::default());
        };
        let mut hunt = Hunt {
            log,
            query,
            text: &text,
            found: Vec::new(),
            left: 0,
            seen: plan.positions.end,
            is_cut: false,
        };
        if hunt.take_unindexed(&plan, &state).await? && hunt.take_tail(&plan, &state).await? {
            let result = self.take_segments(&mut hunt, &plan, &state).await;
            if let Err(StoreError::Corrupt(_)) = result {
                self.search_index().report_damage();
            }
            result?;
        }
        hunt.end().await
    }

    async fn take_segments(&self, hunt: &mut Hunt<'_>, plan: &Plan, state: &State) -> Result<(), StoreError> {
        let mut windows = plan.windows(&state.segments);
        if windows.is_empty() {
            return Ok(());
        }
        let pool = self.search_index().pool();
        let mut lease = pool.lease().await?;
        while let Some(numbers) = windows.next() {
            for (number, offsets) in lookup::find(lease.conn(), plan, state, numbers).await? {
                let Some(segment) = state.segments.get(number) else { continue };
                let positions = offsets.descending().map(|offset| segment.start + i64::from(offset));
                if !hunt.take(&mut positions.filter(|pos| plan.positions.contains(pos))).await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A search under way. Its steps return whether to go on.
struct Hunt<'a> {
    log: &'a mut SqliteConnection,
    query: &'a SearchQuery,
    text: &'a Query,
    /// Newest first; at most one more than wanted.
    found: Vec<Entry>,
    /// Candidates that may be read still.
    left: usize,
    /// The position down to which all is found.
    seen: i64,
    /// There is more, but not for this call.
    is_cut: bool,
}

impl Hunt<'_> {
    /// Reads what is not indexed yet.
    async fn take_unindexed(&mut self, plan: &Plan, state: &State) -> Result<bool, StoreError> {
        let (start, end) = (plan.positions.start.max(state.tail.end()), plan.positions.end);
        if start < end {
            let from = start.max(end.saturating_sub(UNINDEXED_MAX));
            self.left = usize::MAX;
            if !self.take(&mut (from..end).rev()).await? {
                return Ok(false);
            }
            self.seen = from;
            self.is_cut = from > start;
        }
        self.left = CANDIDATES_MAX;
        Ok(!self.is_cut)
    }

    /// Reads the candidates that are not in the index's file yet.
    async fn take_tail(&mut self, plan: &Plan, state: &State) -> Result<bool, StoreError> {
        if plan.positions.end <= state.tail.start {
            return Ok(true);
        }
        let mut offsets = lookup::find_in_tail(&state.tail, plan);
        let revised = plan.revised_in(state.tail.start, state.tail.end());
        revised.iter().for_each(|pos| offsets.insert((pos - state.tail.start) as u16));
        let positions = offsets.descending().map(|offset| state.tail.start + i64::from(offset));
        self.take(&mut positions.filter(|pos| plan.positions.contains(pos))).await
    }

    /// Reads candidates, in descending order.
    async fn take(&mut self, positions: &mut (dyn Iterator<Item = i64> + Send)) -> Result<bool, StoreError> {
        loop {
            let Some(missing) = (self.query.limit + 1).checked_sub(self.found.len()).filter(|one| *one > 0)
            else {
                return Ok(false);
            };
            let Some(first) = positions.next() else { return Ok(true) };
            if self.left == 0 {
                self.is_cut = true;
                return Ok(false);
            }
            let len = missing.clamp(READ_LEN_MIN, READ_LEN_MAX).min(self.left);
            let chunk: Vec<_> = std::iter::once(first).chain(positions.take(len - 1)).collect();
            self.left -= chunk.len();
            self.read(&chunk).await?;
            self.seen = chunk.last().copied().unwrap_or(first);
        }
    }

    /// Keeps those that fulfil all conditions.
    async fn read(&mut self, positions: &[i64]) -> Result<(), StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::entry_columns!(),
            " FROM json_each(?1) AS wanted CROSS JOIN log ON log.pos = wanted.value
            CROSS JOIN conversation ON conversation.key = log.conversation WHERE ",
            conditions!()
        );
        let args = bind_conditions(Args::default().ints(positions.iter().copied()), self.query);
        let rows = sql::rows(self.log, SQL, args).await?;
        let entries = rows.iter().map(rows::entry).collect::<Result<Vec<_>, _>>()?;
        self.found.extend(entries.into_iter().filter(|entry| terms::matches(&entry.text, self.text)));
        Ok(())
    }

    /// The page, with the conversations.
    async fn end(mut self) -> Result<SearchPage, StoreError> {
        let mut next = self.is_cut.then_some(self.seen);
        if self.found.len() > self.query.limit {
            self.found.truncate(self.query.limit);
            next = self.found.last().map(|entry| entry.pos);
        }
        let heads = heads(self.log, &self.found).await?;
        let hit = |entry: Entry| {
            let conversation = heads.get(&entry.conversation)?.clone();
            // It may have been handed on since its entry was read.
            self.query.scope.includes(&conversation).then_some(SearchHit { entry, conversation })
        };
        Ok(SearchPage { hits: self.found.into_iter().filter_map(hit).collect(), next })
    }
}

async fn heads(
    log: &mut SqliteConnection,
    entries: &[Entry],
) -> Result<HashMap<ConversationKey, Conversation>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        rows::conversation_columns!(),
        " FROM conversation WHERE key IN (SELECT value FROM json_each(?))"
    );
    if entries.is_empty() {
        return Ok(HashMap::new());
    }
    let args = Args::default().ints(entries.iter().map(|entry| entry.conversation.0));
    let rows = sql::rows(log, SQL, args).await?;
    let read = |row: &SqliteRow| rows::conversation(row).map(|head| (head.key, head));
    rows.iter().map(read).collect()
}
