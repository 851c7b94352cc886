use kefu_core::{Audience, Conversation, ConversationKey, Entry};

use super::{Page, Store};
use crate::StoreError;
use crate::rows::{self, int};
use crate::sql::{self, Args};

/// Which entries of a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Range {
    /// The first ones after `seq`.
    After {
        /// Not included.
        seq: u64,
        /// At most so many, but at least one.
        limit: usize,
    },
    /// The last ones before `seq`.
    Before {
        /// Not included.
        seq: u64,
        /// At most so many, but at least one.
        limit: usize,
    },
    /// The last ones.
    Newest {
        /// At most so many, but at least one.
        limit: usize,
    },
}

/// Walks back through a conversation from the anchor at or above the upper bound, or from its head.
/// It ends at the lower bound or when enough visible entries were met.
pub(crate) const WALK: &str = concat!(
    "WITH RECURSIVE walk (pos, seq, prev_pos, met) AS (
        SELECT pos, seq, prev_pos, seq <= ?3 AND kind <> ?5 FROM log WHERE pos = coalesce(
            (SELECT pos FROM anchor WHERE conversation = ?1 AND seq >= ?3 ORDER BY seq LIMIT 1), ?2)
        UNION ALL
        SELECT log.pos, log.seq, log.prev_pos, walk.met + (log.seq <= ?3 AND log.kind <> ?5)
        FROM walk CROSS JOIN log ON log.pos = walk.prev_pos
        WHERE walk.met < ?6 AND walk.seq > ?4 + 1
    )
    SELECT ",
    rows::entry_columns!(),
    " FROM walk CROSS JOIN log ON log.pos = walk.pos
    WHERE walk.seq <= ?3 AND walk.seq > ?4 AND log.kind <> ?5"
);

/// Values of [`WALK`]: the log's end, the greatest `seq` wanted, the one below the least, the kind not
/// to show and how many.
pub(crate) fn walk_args(
    conversation: ConversationKey,
    head: i64,
    upper: i64,
    lower: i64,
    hidden: Option<i64>,
    limit: usize,
) -> Args {
    Args::default()
        .int(conversation.0)
        .int(head)
        .int(upper)
        .int(lower)
        .int(hidden.unwrap_or(-1))
        .int(i64::try_from(limit).unwrap_or(i64::MAX))
}

impl Store {
    /// A page of entries in ascending order, as `audience` may see them.
    ///
    /// `conversation` is the exact head: what it does not cover yet is not found.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn messages(
        &self,
        conversation: &Conversation,
        audience: Audience,
        range: Range,
    ) -> Result<Page<Entry>, StoreError> {
        let last = conversation.last_seq(audience);
        let before = |seq: u64| seq.saturating_sub(1).min(last);
        match range {
            Range::After { seq, limit } => self.after(conversation, audience, seq, limit.max(1)).await,
            Range::Before { seq, limit } => {
                self.before(conversation, audience, before(seq), limit.max(1)).await
            }
            Range::Newest { limit } => self.before(conversation, audience, last, limit.max(1)).await,
        }
    }

    /// The entries at these positions of the log, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn entries_at(&self, positions: &[i64]) -> Result<Vec<Entry>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::entry_columns!(),
            " FROM log WHERE pos IN (SELECT value FROM json_each(?))"
        );
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        self.all(SQL, Args::default().ints(positions.iter().copied()), rows::entry).await
    }

    async fn before(
        &self,
        conversation: &Conversation,
        audience: Audience,
        upper: u64,
        limit: usize,
    ) -> Result<Page<Entry>, StoreError> {
        let items = self.walk(conversation, audience, upper, 0, limit).await?;
        let has_more = items.first().is_some_and(|first| first.prev_seq(audience) > 0);
        Ok(Page { items, has_more })
    }

    async fn after(
        &self,
        conversation: &Conversation,
        audience: Audience,
        seq: u64,
        limit: usize,
    ) -> Result<Page<Entry>, StoreError> {
        let last = conversation.last_seq(audience);
        let mut items: Vec<Entry> = Vec::new();
        let mut lower = seq;
        // One round, unless entries are hidden from the audience.
        while items.len() < limit && lower < last {
            let wanted = limit - items.len();
            let upper = lower.saturating_add(wanted as u64).min(last);
            items.extend(self.walk(conversation, audience, upper, lower, wanted).await?);
            lower = upper;
        }
        let has_more = items.last().map_or(seq < last, |item| item.seq < last);
        Ok(Page { items, has_more })
    }

    /// The last `limit` visible entries with `lower < seq <= upper`, ascending.
    async fn walk(
        &self,
        conversation: &Conversation,
        audience: Audience,
        upper: u64,
        lower: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        if upper <= lower {
            return Ok(Vec::new());
        }
        let hidden = match audience {
            Audience::Visitor => Some(rows::NOTE),
            Audience::Agent => None,
        };
        let args = walk_args(conversation.key, conversation.last_pos, int(upper), int(lower), hidden, limit);
        let mut lease = self.pool.lease().await?;
        let found = sql::rows(lease.conn(), WALK, args).await?;
        found.iter().rev().map(rows::entry).collect()
    }
}
