use kefu_core::{Agent, AgentKey, Inbox, InboxKey, Role, Team, Visitor, VisitorKey};
use sqlx::Row as _;
use uuid::Uuid;

use super::{Store, first};
use crate::sql::{self, Args};
use crate::{StoreError, rows};

macro_rules! select {
    ($columns:ident, $rest:literal) => {
        concat!("SELECT ", rows::$columns!(), " FROM ", $rest)
    };
}

impl Store {
    /// All agents, disabled ones too, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        self.all(select!(agent_columns, "agent ORDER BY key"), Args::default(), rows::agent).await
    }

    /// The agent who signs in with `email`, and the hash of its password; empty when it has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn agent_by_email(&self, email: &str) -> Result<Option<(Agent, String)>, StoreError> {
        const SQL: &str =
            concat!("SELECT ", rows::agent_columns!(), ", password_hash FROM agent WHERE email = ?");
        let mut lease = self.pool.lease().await?;
        let row = sql::row(lease.conn(), SQL, Args::default().text(email)).await?;
        row.map(|row| Ok((rows::agent(&row)?, row.try_get_unchecked("password_hash")?))).transpose()
    }

    /// The hash of an agent's password; empty when it has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn password_hash(&self, agent: AgentKey) -> Result<Option<String>, StoreError> {
        let args = Args::default().int(agent.0);
        self.one("SELECT password_hash FROM agent WHERE key = ?", args, first).await
    }

    /// Whether there is an admin who can sign in.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT count(*) FROM agent
            WHERE role = ? AND NOT disabled AND coalesce(password_hash, '') != ''";
        let args = Args::default().int(rows::role_number(Role::Admin));
        Ok(self.one(SQL, args, first::<i64>).await?.is_some_and(|count| count > 0))
    }

    /// All teams, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn teams(&self) -> Result<Vec<Team>, StoreError> {
        self.all(select!(team_columns, "team ORDER BY key"), Args::default(), rows::team).await
    }

    /// All inboxes, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn inboxes(&self) -> Result<Vec<Inbox>, StoreError> {
        self.all(select!(inbox_columns, "inbox ORDER BY key"), Args::default(), rows::inbox).await
    }

    /// The inbox with this name in embed codes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn inbox_by_slug(&self, slug: &str) -> Result<Option<Inbox>, StoreError> {
        let args = Args::default().text(slug);
        self.one(select!(inbox_columns, "inbox WHERE slug = ?"), args, rows::inbox).await
    }

    /// A visitor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn visitor(&self, key: VisitorKey) -> Result<Option<Visitor>, StoreError> {
        let args = Args::default().int(key.0);
        self.one(select!(visitor_columns, "visitor WHERE key = ?"), args, rows::visitor).await
    }

    /// The visitor with this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn visitor_by_id(&self, id: Uuid) -> Result<Option<Visitor>, StoreError> {
        let args = Args::default().blob(id.as_bytes());
        self.one(select!(visitor_columns, "visitor WHERE id = ?"), args, rows::visitor).await
    }

    /// The visitors with these keys, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn visitors(&self, keys: &[VisitorKey]) -> Result<Vec<Visitor>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let args = Args::default().ints(keys.iter().map(|key| key.0));
        let sql = select!(visitor_columns, "visitor WHERE key IN (SELECT value FROM json_each(?))");
        self.all(sql, args, rows::visitor).await
    }

    /// The visitor of `inbox` that proved to be `external_id`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn verified_visitor(
        &self,
        inbox: InboxKey,
        external_id: &str,
    ) -> Result<Option<Visitor>, StoreError> {
        let args = Args::default().int(inbox.0).text(external_id);
        let sql = select!(
            visitor_columns,
            "visitor INDEXED BY visitor_verified WHERE inbox = ? AND verified = 1 AND external_id = ?"
        );
        self.one(sql, args, rows::visitor).await
    }
}
