//! Rehearsals: stores from which nothing leaves, and what would have.

use kefu_core::Micros;

use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError};

/// How many calls are kept; the oldest of more go.
pub const SHADOW_CALLS_MAX: i64 = 100_000;

/// A call that was not made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShadowCall {
    /// 1, 2, 3 …; whatever it is when it is written.
    pub number: i64,
    /// When it would have been made.
    pub at: Micros,
    /// What it would have been, in a word.
    pub kind: String,
    /// Whom it would have reached.
    pub target: String,
    /// What it was about; no personal data.
    pub summary: String,
}

/// A change of a rehearsal's store.
#[derive(Clone, Debug)]
pub enum ShadowChange {
    /// Makes the store that of a rehearsal, for ever.
    Mark,
    /// Lists a call.
    Call(ShadowCall),
}

impl Store {
    /// Whether this is the store of a rehearsal.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_shadow(&self) -> Result<bool, StoreError> {
        let found: Option<i64> = self.meta("shadow").await?;
        Ok(found.is_some())
    }

    /// At most `limit` calls that were not made, newest first, all of them `before` that number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn shadow_calls(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<ShadowCall>, StoreError> {
        const SQL: &str = "SELECT number, at, kind, target, summary FROM shadow_call
            WHERE number < ? ORDER BY number DESC LIMIT ?";
        let args =
            Args::default().int(before.unwrap_or(i64::MAX)).int(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(SQL, args, |row| {
            let mut columns = Columns::of(row);
            Ok(ShadowCall {
                number: columns.take()?,
                at: Micros(columns.take()?),
                kind: columns.take()?,
                target: columns.take()?,
                summary: columns.take()?,
            })
        })
        .await
    }
}
