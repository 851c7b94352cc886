use kefu_core::{ConversationKey, Micros, Ticket, VisitorKey};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::{
    DeliveryState, EventDelivery, EventGroup, EventPosition, EventScenes, EventSlice, EventSource,
    EventSubscription, GroupHealth, Happened, HappenedKind,
};
use crate::reader::first;
use crate::rows::{self, Columns, principal};
use crate::sql::Args;
use crate::tickets::TicketFilter;
use crate::writer::heads_by_key;
use crate::{Store, StoreError, TicketComment, TicketHistory};

const GROUP: &str =
    "SELECT key, name, pos, number, asked_pos, asked_number, skipped, failing_since, stopped_at
    FROM event_group";

const DELIVERY: &str =
    "SELECT number, id, \"group\", event, topic, key, source, pos, state, tries, attempts, next_at, created_at,
    updated_at FROM event_delivery";

const SUBSCRIPTION: &str =
    "SELECT id, name, settings, sealed, is_enabled, version, created_at, updated_at FROM event_subscription";

const HAPPENED: &str = "SELECT number, kind, target, first, last, actor_kind, actor, at FROM happened";

/// The oldest waiting delivery of each key of a group: those behind it wait for it.
const HEADS: &str =
    "(SELECT min(number) FROM event_delivery WHERE \"group\" = ?1 AND state = 0 GROUP BY key)";

impl Store {
    /// The end of the log and of the list of what happened to records.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_end(&self) -> Result<EventPosition, StoreError> {
        const SQL: &str = "SELECT (SELECT coalesce(max(pos), 0) FROM log),
            coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'happened'), 0)";
        let end = self.one(SQL, Args::default(), |row| {
            let mut columns = Columns::of(row);
            Ok(EventPosition { pos: columns.take()?, number: columns.take()? })
        });
        Ok(end.await?.unwrap_or_default())
    }

    /// The last position before which nothing was written at `at` or later.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_position_at(&self, at: Micros) -> Result<EventPosition, StoreError> {
        const SQL: &str = "SELECT coalesce(max(number), 0) FROM happened WHERE at < ?";
        let number: Option<i64> = self.one(SQL, Args::default().int(at.0), first).await?;
        Ok(EventPosition { pos: self.pos_at(at).await? - 1, number: number.unwrap_or(0) })
    }

    /// What lies behind `from`, `most` positions of each list at most.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_slice(&self, from: EventPosition, most: i64) -> Result<EventSlice, StoreError> {
        const LOG: &str = concat!(
            "SELECT ",
            rows::entry_columns!(),
            " FROM log WHERE pos > ?1 AND pos <= ?2 AND occurred_at IS NULL ORDER BY pos"
        );
        // First: what is committed from here on is for the next slice.
        let end = self.event_end().await?;
        let upto = EventPosition {
            pos: end.pos.min(from.pos.saturating_add(most)).max(from.pos),
            number: end.number.min(from.number.saturating_add(most)).max(from.number),
        };
        let mut slice = EventSlice { upto, is_last: upto == end, ..EventSlice::default() };
        if upto.pos > from.pos {
            slice.entries = self.all(LOG, Args::default().int(from.pos).int(upto.pos), rows::entry).await?;
        }
        if upto.number > from.number {
            let sql = format!("{HAPPENED} WHERE number > ? AND number <= ? ORDER BY number");
            let args = Args::default().int(from.number).int(upto.number);
            slice.happened = self.all(AssertSqlSafe(sql), args, happened).await?;
        }
        Ok(slice)
    }

    /// What happened to records under this number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn happened_at(&self, number: i64) -> Result<Option<Happened>, StoreError> {
        self.one(AssertSqlSafe(format!("{HAPPENED} WHERE number = ?")), Args::default().int(number), happened)
            .await
    }

    /// Conversations by key, and their visitors; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_scenes(&self, keys: &[ConversationKey]) -> Result<EventScenes, StoreError> {
        if keys.is_empty() {
            return Ok(EventScenes::default());
        }
        let conversations = heads_by_key(self.lease().await?.conn(), keys).await?;
        let visitors: Vec<_> = conversations.iter().map(|head| head.visitor).collect();
        Ok(EventScenes { conversations, visitors: self.visitors(&visitors).await? })
    }

    /// The ticket with this number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_by_number(&self, number: i64) -> Result<Option<Ticket>, StoreError> {
        let filter = TicketFilter { number: Some(number), ..TicketFilter::default() };
        Ok(self.tickets(&filter, None, 1).await?.0.pop())
    }

    /// Lines of a ticket's history whose keys lie between these, both included.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_history_between(
        &self,
        ticket: &Ticket,
        (from, to): (i64, i64),
    ) -> Result<Vec<TicketHistory>, StoreError> {
        let count = usize::try_from(to - from + 1).unwrap_or(1);
        // Lines of other tickets never lie between: they were written in one transaction.
        let (lines, _) = self.ticket_history(ticket, Some((0, from - 1)), count).await?;
        Ok(lines)
    }

    /// The comment of a ticket with this key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_comment_by_key(
        &self,
        ticket: &Ticket,
        key: i64,
    ) -> Result<Option<TicketComment>, StoreError> {
        Ok(self.ticket_comments(ticket, true, Some((0, key - 1)), 1).await?.0.pop())
    }

    /// All groups, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_groups(&self) -> Result<Vec<EventGroup>, StoreError> {
        self.all(AssertSqlSafe(format!("{GROUP} ORDER BY key")), Args::default(), group).await
    }

    /// The group of this name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_group(&self, name: &str) -> Result<Option<EventGroup>, StoreError> {
        self.one(AssertSqlSafe(format!("{GROUP} WHERE name = ?")), Args::default().text(name), group).await
    }

    /// How a group is doing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_health(&self, group: i64) -> Result<GroupHealth, StoreError> {
        const SQL: &str =
            "SELECT count(*) FILTER (WHERE state = 0), min(created_at) FILTER (WHERE state = 0),
                count(*) FILTER (WHERE state = 2)
            FROM event_delivery WHERE \"group\" = ? AND state IN (0, 2)";
        let health = self.one(SQL, Args::default().int(group), |row| {
            let mut columns = Columns::of(row);
            Ok(GroupHealth {
                waiting: columns.number()?,
                oldest_waiting_at: columns.optional()?.map(Micros),
                dead: columns.number()?,
            })
        });
        Ok(health.await?.unwrap_or_default())
    }

    /// Keys of a group behind which deliveries wait, and how many.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_keys_waiting(&self, group: i64) -> Result<Vec<(String, usize)>, StoreError> {
        const SQL: &str =
            "SELECT key, count(*) FROM event_delivery WHERE \"group\" = ? AND state = 0 GROUP BY key";
        self.all(SQL, Args::default().int(group), |row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.number()?))
        })
        .await
    }

    /// Deliveries of a group that are to be tried now: at most one of each key, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_deliveries_due(
        &self,
        group: i64,
        now: Micros,
        most: usize,
    ) -> Result<Vec<EventDelivery>, StoreError> {
        let sql = format!("{DELIVERY} WHERE number IN {HEADS} AND next_at <= ?2 ORDER BY number LIMIT ?3");
        let args = Args::default().int(group).int(now.0).int(i64::try_from(most).unwrap_or(i64::MAX));
        self.all(AssertSqlSafe(sql), args, delivery).await
    }

    /// When the next delivery of a group is to be tried, if any waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_next_due(&self, group: i64) -> Result<Option<Micros>, StoreError> {
        let sql = format!("SELECT min(next_at) FROM event_delivery WHERE number IN {HEADS}");
        let next =
            self.one(AssertSqlSafe(sql), Args::default().int(group), |row| Columns::of(row).optional());
        Ok(next.await?.flatten().map(Micros))
    }

    /// Deliveries of a group in one state or in any, newest first, all of them before the number `before`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_deliveries(
        &self,
        group: i64,
        state: Option<DeliveryState>,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<EventDelivery>, StoreError> {
        let sql = format!(
            "{DELIVERY} WHERE \"group\" = ? AND number < ?{} ORDER BY number DESC LIMIT ?",
            state.map_or(String::new(), |state| format!(" AND state = {}", state_number(state)))
        );
        let args = Args::default().int(group).int(before.unwrap_or(i64::MAX));
        self.all(AssertSqlSafe(sql), args.int(i64::try_from(most).unwrap_or(i64::MAX)), delivery).await
    }

    /// The delivery with this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_delivery(&self, id: Uuid) -> Result<Option<EventDelivery>, StoreError> {
        let args = Args::default().blob(id.as_bytes());
        self.one(AssertSqlSafe(format!("{DELIVERY} WHERE id = ?")), args, delivery).await
    }

    /// Deliveries of events about these visitors behind the number `after`, oldest first, with the names of the groups.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_deliveries_about(
        &self,
        visitors: &[VisitorKey],
        after: i64,
        most: usize,
    ) -> Result<Vec<(EventDelivery, String)>, StoreError> {
        const SQL: &str = "SELECT event_delivery.number, event_delivery.id, \"group\", event, topic,
                event_delivery.key, source, event_delivery.pos, state, tries, attempts, next_at, created_at,
                updated_at, event_group.name
            FROM event_delivery JOIN event_group ON event_group.key = event_delivery.\"group\"
            WHERE event_delivery.number > ?2 AND CASE source
                WHEN 0 THEN (SELECT conversation FROM log WHERE log.pos = event_delivery.pos) IN
                    (SELECT key FROM conversation WHERE visitor IN (SELECT value FROM json_each(?1)))
                ELSE EXISTS (SELECT 1 FROM happened WHERE happened.number = event_delivery.pos AND CASE kind
                    WHEN 3 THEN target IN (SELECT value FROM json_each(?1))
                    ELSE target IN (SELECT number FROM ticket
                        WHERE requester IN (SELECT value FROM json_each(?1))) END) END
            ORDER BY event_delivery.number LIMIT ?3";
        let args = Args::default().ints(visitors.iter().map(|visitor| visitor.0)).int(after);
        let read = |row: &SqliteRow| Ok((delivery(row)?, row.try_get_unchecked(14)?));
        self.all(SQL, args.int(i64::try_from(most).unwrap_or(i64::MAX)), read).await
    }

    /// All subscriptions, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn event_subscriptions(&self) -> Result<Vec<EventSubscription>, StoreError> {
        self.all(AssertSqlSafe(format!("{SUBSCRIPTION} ORDER BY key")), Args::default(), subscription).await
    }
}

fn happened(row: &SqliteRow) -> Result<Happened, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Happened {
        number: columns.take()?,
        kind: match columns.take::<i64>()? {
            0 => HappenedKind::TicketMade,
            1 => HappenedKind::TicketChanged,
            2 => HappenedKind::TicketCommented,
            3 => HappenedKind::VisitorIdentified,
            other => return Err(StoreError::corrupt(format!("{other} is nothing that happens"))),
        },
        target: columns.take()?,
        keys: (columns.take()?, columns.take()?),
        actor: principal(columns.take()?, columns.optional()?)?,
        at: Micros(columns.take()?),
    })
}

fn group(row: &SqliteRow) -> Result<EventGroup, StoreError> {
    let mut columns = Columns::of(row);
    Ok(EventGroup {
        key: columns.take()?,
        name: columns.take()?,
        at: EventPosition { pos: columns.take()?, number: columns.take()? },
        asked: EventPosition { pos: columns.take()?, number: columns.take()? },
        skipped: columns.number()?,
        failing_since: columns.optional()?.map(Micros),
        stopped_at: columns.optional()?.map(Micros),
    })
}

fn delivery(row: &SqliteRow) -> Result<EventDelivery, StoreError> {
    let mut columns = Columns::of(row);
    Ok(EventDelivery {
        number: columns.take()?,
        id: columns.uuid()?,
        group: columns.take()?,
        event: columns.uuid()?,
        topic: columns.take()?,
        key: columns.take()?,
        source: match columns.take::<i64>()? {
            0 => EventSource::Log,
            1 => EventSource::Records,
            other => return Err(StoreError::corrupt(format!("{other} is no list of events"))),
        },
        pos: columns.take()?,
        state: match columns.take::<i64>()? {
            0 => DeliveryState::Waiting,
            1 => DeliveryState::Done,
            2 => DeliveryState::Dead,
            other => return Err(StoreError::corrupt(format!("{other} is no state of a delivery"))),
        },
        tries: columns.number()?,
        attempts: columns.take()?,
        next_at: Micros(columns.take()?),
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    })
}

fn subscription(row: &SqliteRow) -> Result<EventSubscription, StoreError> {
    let mut columns = Columns::of(row);
    Ok(EventSubscription {
        id: columns.uuid()?,
        name: columns.take()?,
        settings: columns.take()?,
        sealed: columns.take()?,
        is_enabled: columns.take()?,
        version: columns.take()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    })
}

pub(crate) fn state_number(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Waiting => 0,
        DeliveryState::Done => 1,
        DeliveryState::Dead => 2,
    }
}

pub(crate) fn source_number(source: EventSource) -> i64 {
    match source {
        EventSource::Log => 0,
        EventSource::Records => 1,
    }
}

pub(crate) fn kind_number(kind: HappenedKind) -> i64 {
    match kind {
        HappenedKind::TicketMade => 0,
        HappenedKind::TicketChanged => 1,
        HappenedKind::TicketCommented => 2,
        HappenedKind::VisitorIdentified => 3,
    }
}
