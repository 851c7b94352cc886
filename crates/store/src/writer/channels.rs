use kefu_core::{ConversationKey, Micros};
use sqlx::sqlite::SqliteConnection;

use crate::rows::int;
use crate::sql::{self, Args};
use crate::{Channel, ChannelChange, ChannelMedia, ChannelRefusal, ChannelThread, StoreError};

/// What is kept of a channel that could not be read; the oldest of more go.
const REFUSALS_MAX: i64 = 1_000;

/// Writes a change, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &ChannelChange) -> Result<(), StoreError> {
    match change {
        ChannelChange::Add(channel) => add(conn, channel).await,
        ChannelChange::Update(channel) => update(conn, channel).await,
        ChannelChange::Remove(id) => remove(conn, id.as_bytes()).await,
        ChannelChange::Files { id, files } => put_files(conn, id.as_bytes(), files).await,
        ChannelChange::Resealed { id, before, after } => {
            const SQL: &str = "UPDATE channel SET sealed = ? WHERE id = ? AND sealed = ?";
            let args = Args::default().blob(after).blob(id.as_bytes()).blob(before);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        ChannelChange::Token { channel, token } => {
            const SQL: &str = "INSERT OR REPLACE INTO channel_token (channel, name, sealed, renew_at)
                VALUES (?, ?, ?, ?)";
            let args = Args::default().int(*channel).text(&token.name).blob(&token.sealed);
            sql::execute(conn, SQL, args.int(token.renew_at_ms)).await.map(drop)
        }
        ChannelChange::DropTokens { channel, names } => drop_tokens(conn, *channel, names).await,
        ChannelChange::Seen { channel, hash, until } => {
            const SQL: &str = "INSERT OR REPLACE INTO channel_seen (channel, hash, until) VALUES (?, ?, ?)";
            let args = Args::default().int(*channel).blob(hash).int(until.0);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        ChannelChange::Notice { channel, list, notice } => {
            const SQL: &str = "INSERT INTO channel_cursor (channel, list, notice) VALUES (?, ?, ?)
                ON CONFLICT (channel, list) DO UPDATE SET notice = excluded.notice";
            let args = Args::default().int(*channel).text(list).text(notice);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        ChannelChange::Cursor { channel, list, cursor, done } => {
            const SQL: &str = "INSERT INTO channel_cursor (channel, list, cursor) VALUES (?1, ?2, ?3)
                ON CONFLICT (channel, list) DO UPDATE SET cursor = coalesce(?3, cursor),
                    notice = CASE WHEN notice = ?4 THEN NULL ELSE notice END";
            let mut args = Args::default().int(*channel).text(list);
            args.add_opt_text(cursor.as_deref());
            args.add_opt_text(done.as_deref());
            sql::execute(conn, SQL, args).await.map(drop)
        }
        ChannelChange::Thread(thread) => put_thread(conn, thread).await,
        ChannelChange::Media(media) => add_media(conn, media).await,
        ChannelChange::MediaTried { key, next_at } => {
            const SQL: &str = "UPDATE channel_media SET tries = tries + 1, next_at = ? WHERE key = ?";
            sql::execute(conn, SQL, Args::default().int(next_at.0).int(*key)).await.map(drop)
        }
        ChannelChange::MediaDone(key) => {
            const SQL: &str = "DELETE FROM channel_media WHERE key = ?";
            sql::execute(conn, SQL, Args::default().int(*key)).await.map(drop)
        }
        ChannelChange::Queue { conversation, pos, seq, at } => {
            queue(conn, *conversation, *pos, *seq, *at).await
        }
        ChannelChange::Revised { conversation, seq, at } => revised(conn, *conversation, *seq, *at).await,
        ChannelChange::Withdrawn(key) => withdraw(conn, *key).await,
        ChannelChange::PartSent { .. }
        | ChannelChange::Sent { .. }
        | ChannelChange::Told { .. }
        | ChannelChange::Tried { .. }
        | ChannelChange::Failed { .. }
        | ChannelChange::Again { .. } => outcome(conn, change).await,
        ChannelChange::Refused(refusal) => add_refusal(conn, refusal).await,
        ChannelChange::DropRefused(number) => {
            const SQL: &str = "DELETE FROM channel_refused WHERE number = ?";
            sql::execute(conn, SQL, Args::default().int(*number)).await.map(drop)
        }
        ChannelChange::Expire { now, before } => expire(conn, *now, *before).await,
    }
}

async fn add(conn: &mut SqliteConnection, channel: &Channel) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO channel
        (id, inbox, name, yaml, is_enabled, sealed, version, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)";
    let args = Args::default()
        .blob(channel.id.as_bytes())
        .int(channel.inbox.0)
        .text(&channel.name)
        .text(&channel.yaml)
        .int(i64::from(channel.is_enabled))
        .blob(&channel.sealed)
        .int(channel.created_at.0)
        .int(channel.updated_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn update(conn: &mut SqliteConnection, channel: &Channel) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE channel SET name = ?, yaml = ?, is_enabled = ?, sealed = ?, updated_at = ?,
        version = version + 1 WHERE id = ? AND version = ?";
    let args = Args::default()
        .text(&channel.name)
        .text(&channel.yaml)
        .int(i64::from(channel.is_enabled))
        .blob(&channel.sealed)
        .int(channel.updated_at.0)
        .blob(channel.id.as_bytes())
        .int(channel.version);
    match sql::execute(conn, SQL, args).await? {
        0 => Err(StoreError::Stale("channel")),
        _ => Ok(()),
    }
}

async fn remove(conn: &mut SqliteConnection, id: &[u8; 16]) -> Result<(), StoreError> {
    const OF_CHANNEL: [&str; 9] = [
        "DELETE FROM channel_file WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_token WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_seen WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_cursor WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_outbox WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_media WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_refused WHERE channel = (SELECT key FROM channel WHERE id = ?)",
        "DELETE FROM channel_conversation WHERE thread IN (SELECT key FROM channel_thread
            WHERE channel = (SELECT key FROM channel WHERE id = ?))",
        "DELETE FROM channel_thread WHERE channel = (SELECT key FROM channel WHERE id = ?)",
    ];
    for change in OF_CHANNEL {
        sql::execute(conn, change, Args::default().blob(id)).await?;
    }
    match sql::execute(conn, "DELETE FROM channel WHERE id = ?", Args::default().blob(id)).await? {
        0 => Err(StoreError::Stale("channel")),
        _ => Ok(()),
    }
}

async fn put_files(
    conn: &mut SqliteConnection,
    id: &[u8; 16],
    files: &[(String, String)],
) -> Result<(), StoreError> {
    const NONE: &str = "DELETE FROM channel_file WHERE channel = (SELECT key FROM channel WHERE id = ?)";
    const ADD: &str = "INSERT INTO channel_file (channel, name, text)
        SELECT key, ?2, ?3 FROM channel WHERE id = ?1";
    sql::execute(conn, NONE, Args::default().blob(id)).await?;
    for (name, text) in files {
        sql::execute(conn, ADD, Args::default().blob(id).text(name).text(text)).await?;
    }
    Ok(())
}

async fn drop_tokens(conn: &mut SqliteConnection, channel: i64, names: &[String]) -> Result<(), StoreError> {
    if names.is_empty() {
        const ALL: &str = "DELETE FROM channel_token WHERE channel = ?";
        return sql::execute(conn, ALL, Args::default().int(channel)).await.map(drop);
    }
    const ONE: &str = "DELETE FROM channel_token WHERE channel = ? AND name = ?";
    for name in names {
        sql::execute(conn, ONE, Args::default().int(channel).text(name)).await?;
    }
    Ok(())
}

async fn put_thread(conn: &mut SqliteConnection, thread: &ChannelThread) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO channel_thread
        (channel, thread, sender, visitor, conversation, context, last_at, reply_until, quota, sent)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
        ON CONFLICT (channel, thread, sender) DO UPDATE SET
            visitor = excluded.visitor, conversation = excluded.conversation, context = excluded.context,
            last_at = excluded.last_at, reply_until = excluded.reply_until, quota = excluded.quota, sent = 0";
    const LINK: &str = "INSERT OR REPLACE INTO channel_conversation (conversation, thread)
        SELECT ?1, key FROM channel_thread WHERE channel = ?2 AND thread = ?3 AND sender = ?4";
    let place = |args: Args| args.int(thread.channel).text(&thread.thread).text(&thread.sender);
    let args = place(Args::default())
        .int(thread.visitor.0)
        .int(thread.conversation.0)
        .text(&thread.context)
        .int(thread.last_at.0)
        .int(thread.reply_until.map(|at| at.0))
        .int(thread.quota.map(i64::from));
    sql::execute(conn, SQL, args).await?;
    sql::execute(conn, LINK, place(Args::default().int(thread.conversation.0))).await.map(drop)
}

async fn add_media(conn: &mut SqliteConnection, media: &ChannelMedia) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO channel_media
        (channel, thread, conversation, client_id, message, tries, next_at)
        SELECT ?1, thread, ?2, ?3, ?4, 0, ?5 FROM channel_conversation WHERE conversation = ?2";
    let args = Args::default()
        .int(media.channel)
        .int(media.conversation.0)
        .blob(media.client_id.as_bytes())
        .text(&media.message)
        .int(media.next_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn queue(
    conn: &mut SqliteConnection,
    conversation: ConversationKey,
    pos: i64,
    seq: u64,
    at: Micros,
) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO channel_outbox
        (channel, thread, conversation, pos, seq, parts, tries, state, revisions, next_at, external_ids,
            created_at)
        SELECT channel_thread.channel, channel_thread.key, ?1, ?2, ?3, 0, 0, 0, 0, ?4, '[]', ?4
        FROM channel_conversation JOIN channel_thread ON channel_thread.key = channel_conversation.thread
        WHERE channel_conversation.conversation = ?1";
    const COUNT: &str = "UPDATE channel_thread SET sent = sent + 1
        WHERE key = (SELECT thread FROM channel_conversation WHERE conversation = ?)";
    let args = Args::default().int(conversation.0).int(pos).int(int(seq)).int(at.0);
    if sql::execute(conn, ADD, args).await? > 0 {
        sql::execute(conn, COUNT, Args::default().int(conversation.0)).await?;
    }
    Ok(())
}

/// Has the service told of a change, if it has the message; one that is on its way goes out as it is when it does.
async fn revised(
    conn: &mut SqliteConnection,
    conversation: ConversationKey,
    seq: u64,
    at: Micros,
) -> Result<(), StoreError> {
    const COUNT: &str =
        "UPDATE channel_outbox SET revisions = revisions + 1 WHERE conversation = ? AND seq = ?";
    const TELL: &str = "UPDATE channel_outbox
        SET state = 3, tries = 0, next_at = ?, done_at = NULL, error = NULL
        WHERE conversation = ? AND seq = ? AND state IN (1, 4)";
    sql::execute(conn, COUNT, Args::default().int(conversation.0).int(int(seq))).await?;
    sql::execute(conn, TELL, Args::default().int(at.0).int(conversation.0).int(int(seq))).await.map(drop)
}

async fn withdraw(conn: &mut SqliteConnection, key: i64) -> Result<(), StoreError> {
    const COUNT: &str = "UPDATE channel_thread SET sent = max(sent - 1, 0)
        WHERE key = (SELECT thread FROM channel_outbox WHERE key = ? AND state = 0)";
    const GONE: &str = "DELETE FROM channel_outbox WHERE key = ? AND state = 0";
    sql::execute(conn, COUNT, Args::default().int(key)).await?;
    sql::execute(conn, GONE, Args::default().int(key)).await.map(drop)
}

/// Writes what became of a message for a service. What is over stays as it is: a message is not sent again because
/// somebody was late. What was changed meanwhile is still to be told.
async fn outcome(conn: &mut SqliteConnection, change: &ChannelChange) -> Result<(), StoreError> {
    match change {
        ChannelChange::PartSent { key, external_id } => {
            const PART: &str = "UPDATE channel_outbox SET parts = parts + 1, tries = 0, error = NULL,
                external_ids = json_insert(external_ids, '$[#]', ?) WHERE key = ? AND state = 0";
            const COUNT: &str = "UPDATE channel_thread SET sent = sent + 1
                WHERE key = (SELECT thread FROM channel_outbox WHERE key = ?)";
            let mut args = Args::default();
            args.add_opt_text(external_id.as_deref());
            sql::execute(conn, PART, args.int(*key)).await?;
            sql::execute(conn, COUNT, Args::default().int(*key)).await.map(drop)
        }
        ChannelChange::Sent { key, at, external_id, revisions } => {
            const SQL: &str = "UPDATE channel_outbox SET parts = parts + 1, tries = 0, error = NULL,
                external_ids = json_insert(external_ids, '$[#]', ?1), next_at = ?2,
                state = iif(revisions = ?3, 1, 3), done_at = iif(revisions = ?3, ?2, NULL)
                WHERE key = ?4 AND state = 0";
            let mut args = Args::default();
            args.add_opt_text(external_id.as_deref());
            sql::execute(conn, SQL, args.int(at.0).int(i64::from(*revisions)).int(*key)).await.map(drop)
        }
        ChannelChange::Told { key, at, revisions } => {
            const SQL: &str = "UPDATE channel_outbox SET tries = 0, error = NULL, next_at = ?1,
                state = iif(revisions = ?2, 1, 3), done_at = iif(revisions = ?2, ?1, NULL)
                WHERE key = ?3 AND state = 3";
            let args = Args::default().int(at.0).int(i64::from(*revisions)).int(*key);
            sql::execute(conn, SQL, args).await.map(drop)
        }
        ChannelChange::Tried { key, next_at, error } => {
            const SQL: &str = "UPDATE channel_outbox SET tries = tries + 1, next_at = ?, error = ?
                WHERE key = ? AND state IN (0, 3)";
            sql::execute(conn, SQL, Args::default().int(next_at.0).text(error).int(*key)).await.map(drop)
        }
        ChannelChange::Failed { key, at, error } => {
            const SQL: &str = "UPDATE channel_outbox SET state = iif(state = 0, 2, 4), tries = tries + 1,
                done_at = ?, error = ? WHERE key = ? AND state IN (0, 3)";
            sql::execute(conn, SQL, Args::default().int(at.0).text(error).int(*key)).await.map(drop)
        }
        ChannelChange::Again { conversation, seq, at } => {
            const SQL: &str =
                "UPDATE channel_outbox SET state = iif(state = 2, 0, 3), tries = 0, next_at = ?,
                done_at = NULL WHERE conversation = ? AND seq = ? AND state IN (2, 4)";
            let args = Args::default().int(at.0).int(conversation.0).int(int(*seq));
            match sql::execute(conn, SQL, args).await? {
                0 => Err(StoreError::Stale("message")),
                _ => Ok(()),
            }
        }
        _ => unreachable!("only outcomes of messages come here"),
    }
}

async fn add_refusal(conn: &mut SqliteConnection, refusal: &ChannelRefusal) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO channel_refused (channel, at, reason, request) VALUES (?, ?, ?, ?)";
    const TRIM: &str = "DELETE FROM channel_refused WHERE channel = ?1 AND number < (SELECT min(number) FROM
        (SELECT number FROM channel_refused WHERE channel = ?1 ORDER BY number DESC LIMIT ?2))";
    let mut args = Args::default().int(refusal.channel).int(refusal.at.0).text(&refusal.reason);
    args.add_opt_blob(refusal.request.as_deref());
    sql::execute(conn, SQL, args).await?;
    sql::execute(conn, TRIM, Args::default().int(refusal.channel).int(REFUSALS_MAX)).await.map(drop)
}

async fn expire(conn: &mut SqliteConnection, now: Micros, before: Micros) -> Result<(), StoreError> {
    sql::execute(conn, "DELETE FROM channel_seen WHERE until < ?", Args::default().int(now.0)).await?;
    const DONE: &str = "DELETE FROM channel_outbox WHERE state NOT IN (0, 3) AND done_at < ?";
    sql::execute(conn, DONE, Args::default().int(before.0)).await?;
    sql::execute(conn, "DELETE FROM channel_refused WHERE at < ?", Args::default().int(before.0))
        .await
        .map(drop)
}
