use kefu_core::Principal;

use super::Store;
use crate::sql::Args;
use crate::{Session, StoreError, rows};

impl Store {
    /// The session whose token has this hash. Whether it has expired is for the caller to judge.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        const SQL: &str = concat!("SELECT ", rows::session_columns!(), " FROM session WHERE token_hash = ?");
        self.one(SQL, Args::default().blob(token_hash), rows::session).await
    }

    /// The sessions of a visitor or an agent, last used first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sessions_of(&self, principal: Principal) -> Result<Vec<Session>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::session_columns!(),
            " FROM session WHERE principal_kind = ? AND principal = ? ORDER BY last_seen_at DESC"
        );
        let (kind, key) = rows::principal_number(principal);
        self.all(SQL, Args::default().int(kind).int(key), rows::session).await
    }
}
