//! Answers about many conversations whose work does not grow with them.

use kefu_core::{ConversationKey, InboxKey, Micros};
use sqlx::AssertSqlSafe;

use super::{Store, View, first};
use crate::StoreError;
use crate::sql::Args;

/// How many of the newest conversations are looked at for how fast agents answer.
const RESPONSES_MAX: i64 = 2_000;

impl Store {
    /// How many conversations `view` has: exact up to `limit`, which is answered when there are more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count(
        &self,
        view: View,
        inbox: Option<InboxKey>,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let args = Args::default().int(view.whose()).int(inbox.map(|inbox| inbox.0)).int(most);
        let count: Option<i64> = self.one(AssertSqlSafe(view.count_sql()), args, first).await?;
        Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(limit).min(limit))
    }

    /// What is set aside until a time, and until when.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn snoozed(&self) -> Result<Vec<(ConversationKey, Micros)>, StoreError> {
        const SQL: &str = "SELECT json_group_array(json_array(key, snoozed_until))
            FROM conversation INDEXED BY conversation_snoozed WHERE snoozed_until IS NOT NULL";
        let json: Option<String> = self.one(SQL, Args::default(), first).await?;
        read(json.as_deref(), "what is set aside")
    }

    /// How long visitors of an inbox waited for the first answer of an agent, in microseconds and in no order: of those
    /// who began after `since`, among the newest conversations of all inboxes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn first_responses(&self, inbox: InboxKey, since: Micros) -> Result<Vec<i64>, StoreError> {
        const SQL: &str = "SELECT json_group_array(answered_at - asked_at) FROM
            (SELECT inbox, asked_at, answered_at FROM conversation ORDER BY key DESC LIMIT ?3)
            WHERE inbox = ?1 AND asked_at > ?2 AND answered_at IS NOT NULL";
        let args = Args::default().int(inbox.0).int(since.0).int(RESPONSES_MAX);
        let json: Option<String> = self.one(SQL, args, first).await?;
        read(json.as_deref(), "response times")
    }
}

/// Rows that come as one value: on their way from the connection's thread each alone would take longer than its reading.
fn read<T: serde::de::DeserializeOwned>(json: Option<&str>, what: &str) -> Result<Vec<T>, StoreError> {
    serde_json::from_str(json.unwrap_or("[]"))
        .map_err(|error| StoreError::corrupt(format!("{what} cannot be read: {error}")))
}
