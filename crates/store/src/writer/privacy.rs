use kefu_core::Micros;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::customers;
use crate::rows::int;
use crate::sql::{self, Args};
use crate::{LegalHold, PrivacyChange, StoreError, privacy, reader, retention};

/// Writes a change, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &PrivacyChange) -> Result<(), StoreError> {
    match change {
        PrivacyChange::Hold(hold) => add_hold(conn, hold).await,
        PrivacyChange::Release(customer) => {
            const SQL: &str = "DELETE FROM legal_hold WHERE customer = ?";
            match sql::execute(conn, SQL, Args::default().blob(customer.as_bytes())).await? {
                0 => Err(StoreError::Stale("hold")),
                _ => Ok(()),
            }
        }
        PrivacyChange::Erase { customer, at, by, spared } => begin(conn, *customer, *at, *by, spared).await,
        PrivacyChange::RequireNoHold { what, now } => match retention::are_held(conn, what, *now).await? {
            true => Err(StoreError::Held),
            false => Ok(()),
        },
        PrivacyChange::EraseEntries(positions) => erase_entries(conn, positions).await,
        PrivacyChange::EraseTickets(numbers) => erase_tickets(conn, numbers).await,
        PrivacyChange::Erased { customer, conversation, entries } => {
            const SQL: &str = "UPDATE erasure SET done_upto = ?, entries = entries + ? WHERE customer = ? AND finished_at IS NULL";
            let args = Args::default().int(conversation.0).int(int(*entries)).blob(customer.as_bytes());
            sql::execute(conn, SQL, args).await.map(drop)
        }
        PrivacyChange::Emptied { conversation, upto } => {
            const SQL: &str = "UPDATE conversation SET emptied_pos = ? WHERE key = ?";
            const SENDS: &str = "DELETE FROM channel_outbox WHERE conversation = ?";
            sql::execute(conn, SENDS, Args::default().int(conversation.0)).await?;
            // What is still to be sent is not done with.
            const ASKED: &str = "DELETE FROM external_write WHERE conversation = ? AND state > 1";
            sql::execute(conn, ASKED, Args::default().int(conversation.0)).await?;
            sql::execute(conn, SQL, Args::default().int(*upto).int(conversation.0)).await.map(drop)
        }
        PrivacyChange::RemovePages { visitors, before } => {
            const SQL: &str = "DELETE FROM page_visit
                WHERE visitor IN (SELECT value FROM json_each(?)) AND at < ?";
            let args = Args::default().ints(visitors.iter().map(|visitor| visitor.0)).int(before.0);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        PrivacyChange::Unscrubbed(since) => unscrubbed(conn, *since).await,
        PrivacyChange::Finish { customer, asked_at, at } => {
            const SQL: &str = "UPDATE erasure SET finished_at = ?
                WHERE customer = ? AND asked_at = ? AND finished_at IS NULL";
            let args = Args::default().int(at.0).blob(customer.as_bytes()).int(asked_at.0);
            match sql::execute(conn, SQL, args).await? {
                0 => Err(StoreError::Stale("erasure")),
                _ => Ok(()),
            }
        }
    }
}

/// A customer has one hold: a new one takes the place of the one before.
async fn add_hold(conn: &mut SqliteConnection, hold: &LegalHold) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR REPLACE INTO legal_hold (customer, reason, made_by, made_at, expires_at)
        VALUES (?, ?, ?, ?, ?)";
    let customer = || Args::default().blob(hold.customer.as_bytes());
    if sql::row(conn, privacy::ERASING, customer()).await?.is_some() {
        return Err(StoreError::Erasing);
    }
    let mut args = customer().text(&hold.reason);
    args.add_opt_blob(hold.made_by.as_ref().map(|id| id.as_bytes().as_slice()));
    let args = args.int(hold.made_at.0).int(hold.expires_at.map(|at| at.0));
    sql::execute(conn, SQL, args).await.map(drop)
}

/// Erases who the customer is, ends the sessions of its visitors and has them take nothing more; what they said
/// and was said to them follows in slices.
async fn begin(
    conn: &mut SqliteConnection,
    customer: Uuid,
    at: Micros,
    by: Option<Uuid>,
    spared: &[i64],
) -> Result<(), StoreError> {
    // One that is only a visitor so far becomes a row now, which must not copy what goes.
    const BLANK_ONE: &str = "UPDATE visitor SET name = '', email = '', attributes = '{}' WHERE id = ?";
    const BLANK: &str = "UPDATE visitor SET external_id = NULL, verified = 0, name = '', email = '',
            attributes = '{}', erased_at = coalesce(erased_at, ?2)
        WHERE key IN (SELECT value FROM json_each(?1))";
    const OF_VISITORS: [&str; 9] = [
        "DELETE FROM session WHERE principal_kind = 0 AND principal IN (SELECT value FROM json_each(?))",
        "DELETE FROM page_visit WHERE visitor IN (SELECT value FROM json_each(?))",
        "DELETE FROM external_write WHERE conversation IN
            (SELECT key FROM conversation WHERE visitor IN (SELECT value FROM json_each(?)))",
        "UPDATE block SET reason = '' WHERE kind = 0 AND reason <> '' AND unhex(target, '-') IN
            (SELECT id FROM visitor WHERE key IN (SELECT value FROM json_each(?)))",
        "DELETE FROM channel_outbox WHERE thread IN (SELECT key FROM channel_thread
            WHERE visitor IN (SELECT value FROM json_each(?)))",
        "DELETE FROM channel_media WHERE thread IN (SELECT key FROM channel_thread
            WHERE visitor IN (SELECT value FROM json_each(?)))",
        "DELETE FROM channel_conversation WHERE thread IN (SELECT key FROM channel_thread
            WHERE visitor IN (SELECT value FROM json_each(?)))",
        "DELETE FROM channel_thread WHERE visitor IN (SELECT value FROM json_each(?))",
        "UPDATE event_delivery SET attempts = '[]' WHERE source = 1 AND attempts <> '[]' AND pos IN
            (SELECT number FROM happened WHERE target IN (SELECT value FROM json_each(?)) AND kind = 3)",
    ];
    // Who asks for it looked whose they are; what came since may be anybody's.
    const REFUSED: &str = "DELETE FROM channel_refused WHERE channel IN (SELECT channel FROM channel_thread
            WHERE visitor IN (SELECT value FROM json_each(?))) AND number NOT IN (SELECT value FROM json_each(?))";
    const OF_FAMILY: [&str; 4] = [
        "UPDATE customer SET name = '', email = '', phone = '', note = '', attributes = '{}',
            version = version + 1 WHERE key IN (SELECT value FROM json_each(?))",
        "UPDATE block SET reason = '' WHERE kind = 1 AND reason <> '' AND unhex(target, '-') IN
            (SELECT id FROM customer WHERE key IN (SELECT value FROM json_each(?)))",
        // What is left of holds has expired.
        "DELETE FROM legal_hold WHERE customer IN
            (SELECT id FROM customer WHERE key IN (SELECT value FROM json_each(?)))",
        "DELETE FROM identity WHERE visitor IS NULL AND customer IN (SELECT value FROM json_each(?))",
    ];
    const NOTE: &str = "INSERT INTO erasure (customer, asked_at, asked_by, done_upto, entries)
        VALUES (?, ?, ?, 0, 0)
        ON CONFLICT (customer) DO UPDATE SET asked_at = excluded.asked_at, asked_by = excluded.asked_by,
            done_upto = 0, entries = 0, finished_at = NULL";
    let id = || Args::default().blob(customer.as_bytes());
    if sql::row(conn, privacy::HOLD, id().int(at.0)).await?.is_some() {
        return Err(StoreError::Held);
    }
    sql::execute(conn, BLANK_ONE, id()).await?;
    customers::row_of(conn, customer, at).await?;
    let visitors = keys(conn, privacy::VISITORS, id()).await?;
    let list = || Args::default().ints(visitors.iter().copied());
    sql::execute(conn, BLANK, list().int(at.0)).await?;
    sql::execute(conn, REFUSED, list().ints(spared.iter().copied())).await?;
    for change in OF_VISITORS {
        sql::execute(conn, change, list()).await?;
    }
    let family = keys(conn, privacy::FAMILY, id()).await?;
    for change in OF_FAMILY {
        sql::execute(conn, change, Args::default().ints(family.iter().copied())).await?;
    }
    let mut args = id().int(at.0);
    args.add_opt_blob(by.as_ref().map(|id| id.as_bytes().as_slice()));
    sql::execute(conn, NOTE, args).await.map(drop)
}

async fn keys(conn: &mut SqliteConnection, sql: &'static str, args: Args) -> Result<Vec<i64>, StoreError> {
    sql::rows(conn, sql, args).await?.iter().map(reader::first).collect()
}

/// The first time counts.
async fn unscrubbed(conn: &mut SqliteConnection, since: Option<Micros>) -> Result<(), StoreError> {
    const NOTE: &str = "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)";
    const DONE: &str = "DELETE FROM meta WHERE key = ?";
    let key = Args::default().text(retention::UNSCRUBBED);
    let done = match since {
        Some(since) => sql::execute(conn, NOTE, key.int(since.0)).await,
        None => sql::execute(conn, DONE, key).await,
    };
    done.map(drop)
}

/// Leaves of entries that they were there. What events tell has no words of anybody, but may name a ticket elsewhere.
async fn erase_entries(conn: &mut SqliteConnection, positions: &[i64]) -> Result<(), StoreError> {
    const CHANGES: [&str; 3] = [
        "UPDATE log SET text = '', data = NULL, quote_seq = NULL, revision = 3
            WHERE pos IN (SELECT value FROM json_each(?)) AND event IS NULL AND revision <> 3",
        "UPDATE log SET data = NULL
            WHERE pos IN (SELECT value FROM json_each(?)) AND event IS NOT NULL AND data IS NOT NULL",
        // What was answered to an event may repeat what it said.
        "UPDATE event_delivery SET attempts = '[]'
            WHERE source = 0 AND pos IN (SELECT value FROM json_each(?)) AND attempts <> '[]'",
    ];
    for change in CHANGES {
        sql::execute(conn, change, Args::default().ints(positions.iter().copied())).await?;
    }
    Ok(())
}

async fn erase_tickets(conn: &mut SqliteConnection, numbers: &[i64]) -> Result<(), StoreError> {
    const CHANGES: [&str; 4] = [
        "UPDATE ticket SET subject = '', body = '', contact_name = '', contact_email = '', contact_phone = '',
            version = version + 1 WHERE number IN (SELECT value FROM json_each(?))
            AND (subject, body, contact_name, contact_email, contact_phone) <> ('', '', '', '', '')",
        "UPDATE ticket_comment SET text = '' WHERE ticket IN (SELECT value FROM json_each(?)) AND text <> ''",
        "UPDATE ticket_history SET before = NULL, after = NULL
            WHERE ticket IN (SELECT value FROM json_each(?)) AND field = 'subject'",
        "UPDATE event_delivery SET attempts = '[]' WHERE source = 1 AND attempts <> '[]' AND pos IN
            (SELECT number FROM happened WHERE target IN (SELECT value FROM json_each(?)) AND kind < 3)",
    ];
    for change in CHANGES {
        sql::execute(conn, change, Args::default().ints(numbers.iter().copied())).await?;
    }
    Ok(())
}
