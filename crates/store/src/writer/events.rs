use kefu_core::{Micros, Principal, Visitor};
use sqlx::sqlite::SqliteConnection;

use crate::events::{kind_number, source_number, state_number};
use crate::rows::{int, principal_number};
use crate::sql::{self, Args};
use crate::{
    DeliveryState, EventChange, EventDelivery, EventPosition, EventSubscription, HappenedKind, StoreError,
};

/// Attempts of a delivery that are kept; the oldest of more go.
const ATTEMPTS_MAX: i64 = 16;

/// Writes a change, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &EventChange) -> Result<(), StoreError> {
    match change {
        EventChange::Subscribe(subscription) => subscribe(conn, subscription).await,
        EventChange::Resubscribe(subscription) => resubscribe(conn, subscription).await,
        EventChange::Unsubscribe(id) => {
            const SQL: &str = "DELETE FROM event_subscription WHERE id = ?";
            one(sql::execute(conn, SQL, Args::default().blob(id.as_bytes())).await?, "subscription")
        }
        EventChange::Resealed { id, before, after } => {
            const SQL: &str = "UPDATE event_subscription SET sealed = ? WHERE id = ? AND sealed = ?";
            let args = Args::default().blob(after).blob(id.as_bytes()).blob(before);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        EventChange::Group { name, at } => {
            const SQL: &str = "INSERT OR IGNORE INTO event_group
                (name, pos, number, asked_pos, asked_number, skipped) VALUES (?, ?, ?, 0, 0, 0)";
            let args = Args::default().text(name).int(at.pos).int(at.number);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        EventChange::EndGroup(name) => end_group(conn, name).await,
        EventChange::Advance { group, to, skipped } => {
            const SQL: &str =
                "UPDATE event_group SET pos = ?, number = ?, skipped = skipped + ? WHERE key = ?";
            let args = Args::default().int(to.pos).int(to.number).int(int(*skipped)).int(*group);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        EventChange::Rewind { group, to, asked } => rewind(conn, *group, *to, *asked).await,
        EventChange::Health { group, failing_since, stopped_at } => {
            const SQL: &str = "UPDATE event_group SET failing_since = ?, stopped_at = ? WHERE key = ?";
            let args = Args::default().int(failing_since.map(|at| at.0)).int(stopped_at.map(|at| at.0));
            sql::execute(conn, SQL, args.int(*group)).await.map(drop)
        }
        EventChange::Deliver(delivery) => deliver(conn, delivery).await,
        EventChange::Delivered(id) => {
            const SQL: &str = "DELETE FROM event_delivery WHERE id = ?";
            sql::execute(conn, SQL, Args::default().blob(id.as_bytes())).await.map(drop)
        }
        EventChange::Redeliver { id, at } => {
            const SQL: &str =
                "UPDATE event_delivery SET state = 0, tries = 0, next_at = ?1, updated_at = ?1 WHERE id = ?2";
            let args = Args::default().int(at.0).blob(id.as_bytes());
            one(sql::execute(conn, SQL, args).await?, "delivery")
        }
        EventChange::Revive { group, at } => {
            const SQL: &str = "UPDATE event_delivery SET state = 0, tries = 0, next_at = ?1, updated_at = ?1
                WHERE \"group\" = ?2 AND state = 2";
            sql::execute(conn, SQL, Args::default().int(at.0).int(*group)).await.map(drop)
        }
        EventChange::Hurry { group, at } => {
            const SQL: &str =
                "UPDATE event_delivery SET next_at = ?1 WHERE \"group\" = ?2 AND state = 0 AND next_at > ?1";
            sql::execute(conn, SQL, Args::default().int(at.0).int(*group)).await.map(drop)
        }
        EventChange::Expire { told_before, before } => expire(conn, *told_before, *before).await,
    }
}

/// Notes that something happened to a record.
pub(super) async fn happened(
    conn: &mut SqliteConnection,
    kind: HappenedKind,
    target: i64,
    (first, last): (i64, i64),
    by: Principal,
    at: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO happened (kind, target, first, last, actor_kind, actor, at)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    let (actor_kind, actor) = principal_number(by);
    let args = Args::default().int(kind_number(kind)).int(target).int(first).int(last);
    sql::execute(conn, SQL, args.int(actor_kind).int(actor).int(at.0)).await.map(drop)
}

/// Notes, before a visitor is written, that more is known of who it is, if that is so. Those who say nothing of
/// themselves, nearly all, cost nothing.
pub(super) async fn identified(conn: &mut SqliteConnection, visitor: &Visitor) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO happened (kind, target, first, last, actor_kind, actor, at)
        SELECT ?7, ?1, 0, 0, 0, ?1, ?6 WHERE NOT EXISTS (SELECT 1 FROM visitor WHERE key = ?1 AND
            (erased_at IS NOT NULL OR (external_id, verified, name, email) IS (?2, ?3, ?4, ?5)))";
    if visitor.external_id.is_none() && visitor.name.is_empty() && visitor.email.is_empty() {
        return Ok(());
    }
    let mut args = Args::default().int(visitor.key.0);
    args.add_opt_text(visitor.external_id.as_deref());
    let args = args
        .int(i64::from(visitor.verified))
        .text(&visitor.name)
        .text(&visitor.email)
        .int(visitor.last_seen_at.0)
        .int(kind_number(HappenedKind::VisitorIdentified));
    sql::execute(conn, SQL, args).await.map(drop)
}

fn one(changed: u64, what: &'static str) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Stale(what)) } else { Ok(()) }
}

async fn subscribe(conn: &mut SqliteConnection, new: &EventSubscription) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO event_subscription
        (id, name, settings, sealed, is_enabled, version, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, 1, ?, ?)";
    let args = Args::default()
        .blob(new.id.as_bytes())
        .text(&new.name)
        .text(&new.settings)
        .blob(&new.sealed)
        .int(i64::from(new.is_enabled))
        .int(new.created_at.0)
        .int(new.updated_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn resubscribe(conn: &mut SqliteConnection, new: &EventSubscription) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE event_subscription SET name = ?, settings = ?, sealed = ?, is_enabled = ?,
        updated_at = ?, version = version + 1 WHERE id = ? AND version = ?";
    let args = Args::default()
        .text(&new.name)
        .text(&new.settings)
        .blob(&new.sealed)
        .int(i64::from(new.is_enabled))
        .int(new.updated_at.0)
        .blob(new.id.as_bytes())
        .int(new.version);
    one(sql::execute(conn, SQL, args).await?, "subscription")
}

async fn end_group(conn: &mut SqliteConnection, name: &str) -> Result<(), StoreError> {
    const DELIVERIES: &str =
        "DELETE FROM event_delivery WHERE \"group\" = (SELECT key FROM event_group WHERE name = ?)";
    sql::execute(conn, DELIVERIES, Args::default().text(name)).await?;
    sql::execute(conn, "DELETE FROM event_group WHERE name = ?", Args::default().text(name)).await.map(drop)
}

async fn rewind(
    conn: &mut SqliteConnection,
    group: i64,
    to: EventPosition,
    asked: EventPosition,
) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE event_group SET pos = ?, number = ?, asked_pos = ?, asked_number = ? WHERE key = ?";
    let args = Args::default().int(to.pos).int(to.number).int(asked.pos).int(asked.number).int(group);
    one(sql::execute(conn, SQL, args).await?, "group")
}

async fn deliver(conn: &mut SqliteConnection, delivery: &EventDelivery) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO event_delivery
        (id, \"group\", event, topic, key, source, pos, state, tries, attempts, next_at, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, iif(?10 = '', '[]', json_array(json(?10))), ?11, ?12, ?13)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, tries = excluded.tries,
            next_at = excluded.next_at, updated_at = excluded.updated_at,
            attempts = CASE WHEN ?10 = '' THEN attempts
                WHEN json_array_length(attempts) < ?14 THEN json_insert(attempts, '$[#]', json(?10))
                ELSE json_insert(json_remove(attempts, '$[0]'), '$[#]', json(?10)) END";
    let args = Args::default()
        .blob(delivery.id.as_bytes())
        .int(delivery.group)
        .blob(delivery.event.as_bytes())
        .text(&delivery.topic)
        .text(&delivery.key)
        .int(source_number(delivery.source))
        .int(delivery.pos)
        .int(state_number(delivery.state))
        .int(i64::from(delivery.tries))
        .text(&delivery.attempts)
        .int(delivery.next_at.0)
        .int(delivery.created_at.0)
        .int(delivery.updated_at.0)
        .int(ATTEMPTS_MAX);
    sql::execute(conn, SQL, args).await.map(drop)
}

/// What happened to records stays for as long as a delivery of it waits.
async fn expire(conn: &mut SqliteConnection, told_before: Micros, before: Micros) -> Result<(), StoreError> {
    const TOLD: &str = "DELETE FROM event_delivery WHERE number IN (SELECT number FROM event_delivery
        WHERE state <> 0 AND updated_at < ? AND state = ? LIMIT 1000)";
    const HAPPENED: &str = "DELETE FROM happened WHERE number IN (SELECT number FROM happened
        WHERE at < ? AND number NOT IN (SELECT pos FROM event_delivery WHERE source = 1 AND state = 0)
        ORDER BY number LIMIT 1000)";
    let done = state_number(DeliveryState::Done);
    sql::execute(conn, TOLD, Args::default().int(told_before.0).int(done)).await?;
    let dead = state_number(DeliveryState::Dead);
    sql::execute(conn, TOLD, Args::default().int(before.0).int(dead)).await?;
    sql::execute(conn, HAPPENED, Args::default().int(before.0)).await.map(drop)
}
