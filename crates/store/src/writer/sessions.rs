use kefu_core::Micros;
use sqlx::Row as _;

use super::Writer;
use crate::StoreError;
use crate::sql::{self, Args};

impl Writer {
    /// Looks at the next `most` sessions, in the order of their hashes and round and round, and deletes those that
    /// have expired by `now`; returns how many.
    ///
    /// There is no index by expiry, which every new session would have to pay for: called again and again, this
    /// comes past every session, and what it deletes at once lies together in the table.
    ///
    /// # Errors
    /// As [`Writer::commit`].
    pub async fn drop_expired_sessions(&mut self, now: Micros, most: u32) -> Result<u64, StoreError> {
        const LOOK: &str = "SELECT max(token_hash), count(*), count(*) FILTER (WHERE expires_at <= ?)
            FROM (SELECT token_hash, expires_at FROM session WHERE token_hash > ? ORDER BY token_hash LIMIT ?)";
        const DROP: &str = "DELETE FROM session WHERE token_hash > ? AND token_hash <= ? AND expires_at <= ?";
        self.check_sound()?;
        let args = Args::default().int(now.0).blob(&self.sessions_seen).int(i64::from(most));
        let Some(row) = sql::row(&mut self.conn, LOOK, args).await? else { return Ok(0) };
        let (seen, expired): (i64, i64) = (row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
        let last: Option<Vec<u8>> = row.try_get_unchecked(0)?;
        let mut dropped = 0;
        if let (1.., Some(last)) = (expired, &last) {
            let args = Args::default().blob(&self.sessions_seen).blob(last).int(now.0);
            dropped = sql::execute(&mut self.conn, DROP, args).await?;
            self.measure_wal();
            // A page of the table for some of them, one of each index for each.
            self.checkpointer.wrote(usize::try_from(dropped).unwrap_or(usize::MAX).saturating_mul(2) + 4);
        }
        // After the last one, from the beginning.
        self.sessions_seen = last.filter(|_| seen >= i64::from(most)).unwrap_or_default();
        Ok(dropped)
    }
}
