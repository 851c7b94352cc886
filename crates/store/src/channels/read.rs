use kefu_core::{ConversationKey, InboxKey, Micros, VisitorKey};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;

use super::{
    Channel, ChannelHealth, ChannelMedia, ChannelRefusal, ChannelSend, ChannelThread, ChannelToken, SendState,
};
use crate::reader::first;
use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError};

const CHANNEL: &str = "SELECT key, id, inbox, name, yaml, is_enabled, sealed, version, created_at, updated_at
    FROM channel";

const THREAD: &str =
    "SELECT key, channel, thread, sender, visitor, conversation, context, last_at, reply_until,
    quota, sent FROM channel_thread";

const SEND: &str =
    "SELECT key, thread, conversation, pos, seq, parts, tries, state, revisions, next_at, external_ids, error
    FROM channel_outbox";

/// The oldest message on its way of each thread of a channel: those behind it wait for it.
const HEADS: &str =
    "(SELECT min(key) FROM channel_outbox WHERE channel = ?1 AND state IN (0, 3) GROUP BY thread)";

impl Store {
    /// All channels, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channels(&self) -> Result<Vec<Channel>, StoreError> {
        let sql = format!("{CHANNEL} ORDER BY key");
        self.all(AssertSqlSafe(sql), Args::default(), channel).await
    }

    /// The files that lie beside a channel's own: names, and what they say.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_files(&self, channel: i64) -> Result<Vec<(String, String)>, StoreError> {
        const SQL: &str = "SELECT name, text FROM channel_file WHERE channel = ? ORDER BY name";
        self.all(SQL, Args::default().int(channel), |row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.take()?))
        })
        .await
    }

    /// The inboxes that have channels.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_inboxes(&self) -> Result<Vec<InboxKey>, StoreError> {
        let keys = self.all("SELECT DISTINCT inbox FROM channel", Args::default(), first).await?;
        Ok(keys.into_iter().map(InboxKey).collect())
    }

    /// How a channel is doing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_health(&self, channel: i64) -> Result<ChannelHealth, StoreError> {
        const SQL: &str = "SELECT
            (SELECT count(*) FROM channel_outbox WHERE channel = ?1 AND state IN (0, 3)),
            (SELECT count(*) FROM channel_outbox WHERE channel = ?1 AND state = 2),
            (SELECT error FROM channel_outbox WHERE channel = ?1 AND state <> 1 AND error IS NOT NULL
                ORDER BY key DESC LIMIT 1),
            (SELECT count(*) FROM channel_refused WHERE channel = ?1)";
        let health = self.one(SQL, Args::default().int(channel), |row| {
            let mut columns = Columns::of(row);
            Ok(ChannelHealth {
                waiting: columns.number()?,
                failed: columns.number()?,
                last_error: columns.optional()?,
                refused: columns.number()?,
            })
        });
        Ok(health.await?.unwrap_or_default())
    }

    /// What the service gave for some time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_tokens(&self, channel: i64) -> Result<Vec<ChannelToken>, StoreError> {
        const SQL: &str = "SELECT name, sealed, renew_at FROM channel_token WHERE channel = ?";
        self.all(SQL, Args::default().int(channel), |row| {
            let mut columns = Columns::of(row);
            Ok(ChannelToken { name: columns.take()?, sealed: columns.take()?, renew_at_ms: columns.take()? })
        })
        .await
    }

    /// Whether a message came before.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_has_seen(
        &self,
        channel: i64,
        hash: [u8; 16],
        now: Micros,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT 1 FROM channel_seen WHERE channel = ? AND hash = ? AND until >= ?";
        let found: Option<i64> =
            self.one(SQL, Args::default().int(channel).blob(&hash).int(now.0), first).await?;
        Ok(found.is_some())
    }

    /// How far a list was read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_cursor(&self, channel: i64, list: &str) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT cursor FROM channel_cursor WHERE channel = ? AND list = ?";
        let found = self.one(SQL, Args::default().int(channel).text(list), |row| Columns::of(row).optional());
        Ok(found.await?.flatten())
    }

    /// Lists of a channel that are to be read, with what the service told of each.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_notices(&self, channel: i64) -> Result<Vec<(String, String)>, StoreError> {
        const SQL: &str =
            "SELECT list, notice FROM channel_cursor WHERE channel = ? AND notice IS NOT NULL ORDER BY list";
        self.all(SQL, Args::default().int(channel), |row| {
            let mut columns = Columns::of(row);
            Ok((columns.take()?, columns.take()?))
        })
        .await
    }

    /// The thread of somebody in one place of a service.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_thread(
        &self,
        channel: i64,
        place: &str,
        sender: &str,
    ) -> Result<Option<ChannelThread>, StoreError> {
        let sql = format!("{THREAD} WHERE channel = ? AND thread = ? AND sender = ?");
        let args = Args::default().int(channel).text(place).text(sender);
        self.one(AssertSqlSafe(sql), args, thread).await
    }

    /// The thread with this row number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_thread_by_key(&self, key: i64) -> Result<Option<ChannelThread>, StoreError> {
        let sql = format!("{THREAD} WHERE key = ?");
        self.one(AssertSqlSafe(sql), Args::default().int(key), thread).await
    }

    /// The thread that a conversation belongs to, if it came over a channel.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_thread_of(
        &self,
        conversation: ConversationKey,
    ) -> Result<Option<ChannelThread>, StoreError> {
        let sql =
            format!("{THREAD} WHERE key = (SELECT thread FROM channel_conversation WHERE conversation = ?)");
        self.one(AssertSqlSafe(sql), Args::default().int(conversation.0), thread).await
    }

    /// The threads of a visitor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_threads_of(&self, visitor: VisitorKey) -> Result<Vec<ChannelThread>, StoreError> {
        let sql = format!("{THREAD} WHERE visitor = ? ORDER BY key");
        self.all(AssertSqlSafe(sql), Args::default().int(visitor.0), thread).await
    }

    /// Messages of a channel that are to be tried now: at most one of each thread, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_sends_due(
        &self,
        channel: i64,
        now: Micros,
        most: u32,
    ) -> Result<Vec<ChannelSend>, StoreError> {
        let sql = format!("{SEND} WHERE key IN {HEADS} AND next_at <= ?2 ORDER BY key LIMIT ?3");
        let args = Args::default().int(channel).int(now.0).int(i64::from(most));
        self.all(AssertSqlSafe(sql), args, send).await
    }

    /// When the next message of a channel is to be tried, if any waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_next_send(&self, channel: i64) -> Result<Option<Micros>, StoreError> {
        let sql = format!("SELECT min(next_at) FROM channel_outbox WHERE key IN {HEADS}");
        let next = self.one(AssertSqlSafe(sql), Args::default().int(channel), optional).await?;
        Ok(next.flatten().map(Micros))
    }

    /// What became of the messages of a conversation from `seq` on: of the last ones, in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_sends_of(
        &self,
        conversation: ConversationKey,
        seq: u64,
        most: usize,
    ) -> Result<Vec<ChannelSend>, StoreError> {
        let sql = format!("{SEND} WHERE conversation = ? AND seq >= ? ORDER BY seq DESC LIMIT ?");
        let args = Args::default()
            .int(conversation.0)
            .int(crate::rows::int(seq))
            .int(i64::try_from(most).unwrap_or(i64::MAX));
        let mut sends = self.all(AssertSqlSafe(sql), args, send).await?;
        sends.reverse();
        Ok(sends)
    }

    /// Files of a channel that are to be fetched now, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_media_due(
        &self,
        channel: i64,
        now: Micros,
        most: u32,
    ) -> Result<Vec<ChannelMedia>, StoreError> {
        const SQL: &str =
            "SELECT channel_media.key, channel, thread, conversation, conversation.id, client_id,
                message, tries, next_at
            FROM channel_media JOIN conversation ON conversation.key = channel_media.conversation
            WHERE channel = ? AND next_at <= ? ORDER BY channel_media.key LIMIT ?";
        self.all(SQL, Args::default().int(channel).int(now.0).int(i64::from(most)), media).await
    }

    /// When the next file of a channel is to be fetched, if any waits.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_next_media(&self, channel: i64) -> Result<Option<Micros>, StoreError> {
        const SQL: &str = "SELECT min(next_at) FROM channel_media WHERE channel = ?";
        Ok(self.one(SQL, Args::default().int(channel), optional).await?.flatten().map(Micros))
    }

    /// What came over a channel and could not be read, newest first, all of it `before` that number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn channel_refusals(
        &self,
        channel: i64,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<ChannelRefusal>, StoreError> {
        const SQL: &str = "SELECT number, channel, at, reason, request FROM channel_refused
            WHERE channel = ? AND number < ? ORDER BY number DESC LIMIT ?";
        let args = Args::default()
            .int(channel)
            .int(before.unwrap_or(i64::MAX))
            .int(i64::try_from(most).unwrap_or(i64::MAX));
        self.all(SQL, args, refusal).await
    }
}

fn optional(row: &SqliteRow) -> Result<Option<i64>, StoreError> {
    Columns::of(row).optional()
}

fn channel(row: &SqliteRow) -> Result<Channel, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Channel {
        key: columns.take()?,
        id: columns.uuid()?,
        inbox: InboxKey(columns.take()?),
        name: columns.take()?,
        yaml: columns.take()?,
        is_enabled: columns.take()?,
        sealed: columns.take()?,
        version: columns.take()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    })
}

fn thread(row: &SqliteRow) -> Result<ChannelThread, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ChannelThread {
        key: columns.take()?,
        channel: columns.take()?,
        thread: columns.take()?,
        sender: columns.take()?,
        visitor: VisitorKey(columns.take()?),
        conversation: ConversationKey(columns.take()?),
        context: columns.take()?,
        last_at: Micros(columns.take()?),
        reply_until: columns.optional()?.map(Micros),
        quota: columns.optional_number()?,
        sent: columns.number()?,
    })
}

fn send(row: &SqliteRow) -> Result<ChannelSend, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ChannelSend {
        key: columns.take()?,
        thread: columns.take()?,
        conversation: ConversationKey(columns.take()?),
        pos: columns.take()?,
        seq: columns.number()?,
        parts: columns.number()?,
        tries: columns.number()?,
        state: match columns.take::<i64>()? {
            0 => SendState::Waiting,
            1 => SendState::Sent,
            2 => SendState::Failed,
            3 => SendState::Changing,
            4 => SendState::Outdated,
            other => return Err(StoreError::corrupt(format!("{other} is no state of a message"))),
        },
        revisions: columns.number()?,
        next_at: Micros(columns.take()?),
        external_ids: columns.json("names of a message's parts")?,
        error: columns.optional()?,
    })
}

fn media(row: &SqliteRow) -> Result<ChannelMedia, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ChannelMedia {
        key: columns.take()?,
        channel: columns.take()?,
        thread: columns.take()?,
        conversation: ConversationKey(columns.take()?),
        conversation_id: columns.uuid()?,
        client_id: columns.uuid()?,
        message: columns.take()?,
        tries: columns.number()?,
        next_at: Micros(columns.take()?),
    })
}

fn refusal(row: &SqliteRow) -> Result<ChannelRefusal, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ChannelRefusal {
        number: columns.take()?,
        channel: columns.take()?,
        at: Micros(columns.take()?),
        reason: columns.take()?,
        request: columns.optional()?,
    })
}
