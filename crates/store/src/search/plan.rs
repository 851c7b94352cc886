use std::ops::{Range, RangeInclusive};

use kefu_core::{MessageKind, Micros};
use kefu_text::terms::Query;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::key::Term;
use super::query::{SearchQuery, SearchScope};
use super::state::{Segment, State};
use super::tail::shortened;
use crate::sql::{self, Args};
use crate::{StoreError, rows, schema};

/// How many conversations of an agent or with a tag are looked for one by one. Who has more has a share of all that is
/// large enough to find some by chance.
const CONVERSATIONS_MAX: i64 = 20_000;

/// Segments that are looked into together, at first and at most.
const WINDOW_MIN: usize = 8;
const WINDOW_MAX: usize = 128;

/// Entries that were revised since they were indexed whose texts one call reads at most; they are followed within
/// a moment, so there are more of them only when the index cannot be written.
const REVISED_MAX: i64 = 1_024;

/// How far the clock may have been set back: the log is searched by time as if it were sorted.
const CLOCK_SLACK_MICROS: i64 = 3_600_000_000;

/// How a search is done.
pub(super) struct Plan {
    /// Each must be found, as any one of its ranges of terms.
    pub(super) wanted: Vec<Vec<RangeInclusive<Term>>>,
    /// All conversations that can have hits, sorted; `None` if they are too many.
    pub(super) conversations: Option<Vec<u32>>,
    /// Where hits can be.
    pub(super) positions: Range<i64>,
    /// What may be indexed as it was before it was revised, sorted: its text has to be read.
    pub(super) revised: Vec<i64>,
}

impl Plan {
    /// Finds out what narrows the search; `None` if nothing can be found.
    pub(super) async fn make(
        log: &mut SqliteConnection,
        query: &SearchQuery,
        text: &Query,
        state: &State,
    ) -> Result<Option<Self>, StoreError> {
        let mut wanted: Vec<_> =
            text.terms().iter().map(|term| vec![range(&term.text, term.is_prefix)]).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        wanted.extend(query.inbox.map(|inbox| one(Term::inbox(inbox))));
        if query.kind == Some(MessageKind::Note) {
            wanted.push(one(Term::note()));
        }
        if let SearchScope::Visitor(visitor) = query.scope {
            wanted.push(one(Term::visitor(visitor)));
        }
        if let Some(visitors) = &query.visitors {
            wanted.push(visitors.iter().map(|visitor| single(Term::visitor(*visitor))).collect());
        }
        if let Some(conversation) = query.conversation {
            let args = Args::default().int(conversation.0);
            let found = sql::row(log, "SELECT visitor FROM conversation WHERE key = ?", args).await?;
            let Some(row) = found else { return Ok(None) };
            wanted.push(one(Term::visitor(kefu_core::VisitorKey(row.try_get_unchecked(0)?))));
        }
        let head = schema::pragma(log, "SELECT max(pos) FROM log").await? + 1;
        let mut positions = 1..head.min(query.before.unwrap_or(i64::MAX));
        if let Some(from) = query.from {
            positions.start = position_at(log, from.0.saturating_sub(CLOCK_SLACK_MICROS), head).await?;
        }
        if let Some(until) = query.until {
            let end = position_at(log, until.0.saturating_add(CLOCK_SLACK_MICROS), head).await?;
            positions.end = positions.end.min(end);
        }
        if positions.is_empty() {
            return Ok(None);
        }
        let conversations = conversations(log, query).await?;
        let revised = revised(log, &positions, state.revised).await?;
        Ok(Some(Self { wanted, conversations, positions, revised }))
    }

    /// The segments where hits can be, newest first, in groups that are looked into together.
    pub(super) fn windows(&self, segments: &[Segment]) -> Windows {
        let first = segments.partition_point(|segment| segment.end <= self.positions.start);
        let last = segments.partition_point(|segment| segment.start < self.positions.end);
        // With its list of conversations a segment costs 64 KiB more.
        let len_max = if self.conversations.is_some() { 16 } else { WINDOW_MAX };
        Windows { numbers: (first..last).rev().collect(), len: WINDOW_MIN, len_max, done: 0 }
    }

    /// What was revised in these positions, in ascending order.
    pub(super) fn revised_in(&self, start: i64, end: i64) -> &[i64] {
        let from = self.revised.partition_point(|pos| *pos < start);
        let to = self.revised.partition_point(|pos| *pos < end);
        &self.revised[from..to.max(from)]
    }

    /// Whether a conversation, as a segment keeps it, can have hits.
    pub(super) fn may_have(&self, conversation: u32) -> bool {
        let known = self.conversations.as_ref();
        known.is_none_or(|known| conversation == u32::MAX || known.binary_search(&conversation).is_ok())
    }
}

/// Groups of segments; the first is small, since what is frequent is found at once.
pub(super) struct Windows {
    numbers: Vec<usize>,
    len: usize,
    len_max: usize,
    done: usize,
}

impl Windows {
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The numbers of the next group.
    pub(super) fn next(&mut self) -> Option<&[usize]> {
        let from = self.done;
        self.done = self.numbers.len().min(from + self.len);
        self.len = (self.len * 4).min(self.len_max);
        Some(&self.numbers[from..self.done]).filter(|window| !window.is_empty())
    }
}

fn one(term: Term) -> Vec<RangeInclusive<Term>> {
    vec![single(term)]
}

fn single(term: Term) -> RangeInclusive<Term> {
    term..=term
}

fn range(term: &str, is_prefix: bool) -> RangeInclusive<Term> {
    let mut characters = term.chars();
    match (characters.next(), characters.next()) {
        (Some(first), None) if is_prefix => Term::beginning_with(first),
        _ => single(Term::of(term)),
    }
}

/// The conversations of the agent whose ones alone count, and that have the tag that counts.
async fn conversations(
    log: &mut SqliteConnection,
    query: &SearchQuery,
) -> Result<Option<Vec<u32>>, StoreError> {
    const OF_AGENT: &str = "SELECT json_group_array(key), count(*) FROM (
            SELECT key FROM conversation INDEXED BY conversation_mine WHERE assignee = ?1 AND state IN (2, 3)
            UNION ALL
            SELECT key FROM conversation INDEXED BY conversation_ended_mine WHERE assignee = ?1 AND state = 4
            UNION ALL
            SELECT key FROM conversation INDEXED BY conversation_waiting WHERE state = 1 AND ?2
            LIMIT ?3)";
    const OF_TAG: &str = "SELECT json_group_array(conversation), count(*) FROM (
            SELECT conversation FROM conversation_tag WHERE tag = (SELECT key FROM tag WHERE id = ?1) LIMIT ?2)";
    let of_agent = match (query.assignee, query.scope) {
        (Some(assignee), _) => Some((assignee, 0)),
        (None, SearchScope::Agent(agent)) => Some((agent, 1)),
        (None, _) => None,
    };
    let mut known = None;
    if let Some((agent, with_waiting)) = of_agent {
        let args = Args::default().int(agent.0).int(with_waiting).int(CONVERSATIONS_MAX + 1);
        known = keys(log, OF_AGENT, args).await?;
    }
    if let Some(tag) = query.tag {
        let args = Args::default().blob(tag.as_bytes()).int(CONVERSATIONS_MAX + 1);
        let tagged = keys(log, OF_TAG, args).await?;
        known = match (known, tagged) {
            (Some(mut both), Some(tagged)) => {
                both.retain(|key| tagged.binary_search(key).is_ok());
                Some(both)
            }
            (known, tagged) => known.or(tagged),
        };
    }
    Ok(known)
}

/// The keys of conversations as segments keep them, sorted; `None` if they are too many.
async fn keys(
    log: &mut SqliteConnection,
    sql: &'static str,
    args: Args,
) -> Result<Option<Vec<u32>>, StoreError> {
    let Some(row) = sql::row(log, sql, args).await? else { return Ok(None) };
    let count: i64 = row.try_get_unchecked(1)?;
    if count > CONVERSATIONS_MAX {
        return Ok(None);
    }
    let keys: Vec<i64> = serde_json::from_str(row.try_get_unchecked(0)?)
        .map_err(|error| StoreError::corrupt(format!("keys of conversations cannot be read: {error}")))?;
    let mut keys: Vec<_> = keys.into_iter().map(shortened).collect();
    keys.sort_unstable();
    Ok(Some(keys))
}

/// Where entries were revised after revision `number`.
async fn revised(
    log: &mut SqliteConnection,
    positions: &Range<i64>,
    number: i64,
) -> Result<Vec<i64>, StoreError> {
    const SQL: &str = "SELECT pos FROM revised WHERE number > ? ORDER BY number DESC LIMIT ?";
    let args = Args::default().int(number).int(REVISED_MAX);
    let mut found = Vec::new();
    for row in &sql::rows(log, SQL, args).await? {
        let pos = row.try_get_unchecked(0)?;
        if positions.contains(&pos) {
            found.push(pos);
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The position of the first entry that is not older than `time`, if times only rise; `head` if none is.
async fn position_at(log: &mut SqliteConnection, time: i64, head: i64) -> Result<i64, StoreError> {
    const SQL: &str = "WITH RECURSIVE search (low, high) AS (
            VALUES (1, ?2)
            UNION ALL
            SELECT
                iif((SELECT created_at FROM log WHERE pos = (low + high) / 2) < ?1, (low + high) / 2 + 1, low),
                iif((SELECT created_at FROM log WHERE pos = (low + high) / 2) < ?1, high, (low + high) / 2)
            FROM search WHERE low < high
        )
        SELECT low FROM search WHERE low >= high";
    let row = sql::row(log, SQL, Args::default().int(time).int(head)).await?;
    row.map_or(Ok(head), |row| Ok(row.try_get_unchecked(0)?))
}

/// The conditions of [`bind_conditions`] on `log` and `conversation`.
macro_rules! conditions {
    () => {
        "log.kind <> 2
            AND (?2 IS NULL OR log.kind = ?2)
            AND (?3 IS NULL OR log.kind <> ?3)
            AND (?4 IS NULL OR log.created_at >= ?4)
            AND (?5 IS NULL OR log.created_at < ?5)
            AND (?6 IS NULL OR conversation.inbox = ?6)
            AND (?7 IS NULL OR conversation.assignee = ?7)
            AND (?8 IS NULL OR conversation.key = ?8)
            AND (?9 IS NULL OR conversation.assignee = ?9 OR conversation.state = 1)
            AND (?10 IS NULL OR conversation.visitor = ?10)
            AND (?11 IS NULL OR conversation.visitor IN (SELECT value FROM json_each(?11)))
            AND (?12 IS NULL OR EXISTS (SELECT 1 FROM tag JOIN conversation_tag
                ON conversation_tag.tag = tag.key AND conversation_tag.conversation = conversation.key
                WHERE tag.id = ?12))"
    };
}
pub(super) use conditions;

/// Adds the values from the second on.
pub(super) fn bind_conditions(args: Args, query: &SearchQuery) -> Args {
    let micros = |time: Option<Micros>| time.map(|time| time.0);
    let (mut agent, mut visitor) = (None, None);
    match query.scope {
        SearchScope::All => {}
        SearchScope::Agent(key) => agent = Some(key.0),
        SearchScope::Visitor(key) => visitor = Some(key.0),
    }
    let args = args
        .int(query.kind.map(rows::kind_number))
        .int(visitor.map(|_| rows::NOTE))
        .int(micros(query.from))
        .int(micros(query.until))
        .int(query.inbox.map(|key| key.0))
        .int(query.assignee.map(|key| key.0))
        .int(query.conversation.map(|key| key.0))
        .int(agent)
        .int(visitor);
    let args = match &query.visitors {
        Some(visitors) => args.ints(visitors.iter().map(|key| key.0)),
        None => args.int(None),
    };
    match &query.tag {
        Some(tag) => args.blob(tag.as_bytes()),
        None => args.int(None),
    }
}
