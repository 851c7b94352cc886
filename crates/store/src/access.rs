//! Who gets in and with which rights, besides passwords and sessions: the company's own roles, keys of programs,
//! second factors.

use kefu_core::{AgentKey, CustomRole, Micros, Permission, Rights};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::{self, Columns};
use crate::sql::Args;
use crate::{Store, StoreError};

/// A program's key, which acts as its owner. Its token is kept as a hash only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKey {
    /// Hash of the token.
    pub token_hash: [u8; 32],
    /// Public id.
    pub id: Uuid,
    /// The agent as whom it acts.
    pub owner: AgentKey,
    /// What it is for.
    pub name: String,
    /// What it may do at most: never more than its owner may.
    pub scopes: Rights,
    /// Address ranges that it works from; none means all.
    pub networks: Vec<String>,
    /// When it was made.
    pub created_at: Micros,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Micros>,
    /// When it was last used, roughly.
    pub last_used_at: Option<Micros>,
}

/// An agent's second factor: a secret shared with a program that shows codes (RFC 6238).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Totp {
    /// Whose.
    pub agent: AgentKey,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// A first code has proved that the agent has it: from then on it is asked for.
    pub is_confirmed: bool,
    /// The last step whose code was taken; none is taken twice.
    pub last_step: i64,
}

/// A change of who gets in and with which rights.
#[derive(Clone, Debug)]
pub enum AccessChange {
    /// Adds or replaces a role.
    Role(CustomRole),
    /// Deletes a role.
    DropRole(Uuid),
    /// Adds a key.
    Key(ApiKey),
    /// A key was used.
    KeySeen {
        /// Its public id.
        id: Uuid,
        /// When.
        at: Micros,
    },
    /// Deletes a key; [`StoreError::Stale`] when it is gone.
    DropKey(Uuid),
    /// Sets a secret that waits for its first code; [`StoreError::Stale`] when another one is confirmed.
    Totp {
        /// Whose.
        agent: AgentKey,
        /// The sealed secret.
        sealed: Vec<u8>,
    },
    /// Confirms a second factor that waits, with fresh recovery codes; [`StoreError::Stale`] when none waits.
    TotpConfirmed {
        /// Whose.
        agent: AgentKey,
        /// The secret that was confirmed, as it is sealed.
        sealed: Vec<u8>,
        /// The step of the code.
        step: i64,
        /// Hashes of the codes that let in instead.
        recovery: Vec<[u8; 32]>,
    },
    /// A code was taken; [`StoreError::Stale`] when its step is not later than the last one.
    TotpUsed {
        /// Whose.
        agent: AgentKey,
        /// The step of the code.
        step: i64,
    },
    /// A recovery code was taken; [`StoreError::Stale`] when it is none any more.
    RecoveryUsed {
        /// Whose.
        agent: AgentKey,
        /// Its hash.
        hash: [u8; 32],
    },
    /// Forgets a second factor and its recovery codes; [`StoreError::Stale`] when there is none.
    DropTotp(AgentKey),
    /// Seals a secret anew; does nothing when it is another one by now.
    TotpResealed {
        /// Whose.
        agent: AgentKey,
        /// As it was sealed.
        before: Vec<u8>,
        /// As it is sealed from now on.
        after: Vec<u8>,
    },
    /// The audit log was passed on up to this line.
    AuditSent(i64),
}

/// Rights as the store keeps them: a JSON list of words.
pub(crate) fn rights_text(rights: Rights) -> String {
    let words: Vec<_> = rights.iter().map(Permission::as_str).collect();
    serde_json::to_string(&words).expect("a list of words is plain JSON")
}

/// Words that this build does not know grant nothing.
fn rights(text: &str) -> Result<Rights, StoreError> {
    let words: Vec<String> = serde_json::from_str(text)
        .map_err(|error| StoreError::corrupt(format!("rights cannot be read: {error}")))?;
    Ok(words.iter().filter_map(|word| Permission::from_word(word)).collect())
}

macro_rules! keys {
    ($rest:literal) => {
        concat!(
            "SELECT token_hash, id, owner, name, scopes, networks, created_at, expires_at, last_used_at
             FROM api_key ",
            $rest
        )
    };
}

impl Store {
    /// The company's own roles, in no order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn roles(&self) -> Result<Vec<CustomRole>, StoreError> {
        self.all("SELECT id, name, permissions, created_at FROM role", Args::default(), role).await
    }

    /// All keys, in no order; expired ones and those of disabled agents, too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.all(keys!(""), Args::default(), api_key).await
    }

    /// The key whose token has this hash. Whether it has expired is for the caller to judge.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn api_key(&self, token_hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        self.one(keys!("WHERE token_hash = ?"), Args::default().blob(token_hash), api_key).await
    }

    /// An agent's second factor, confirmed or not.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn totp(&self, agent: AgentKey) -> Result<Option<Totp>, StoreError> {
        const SQL: &str = "SELECT agent, sealed, is_confirmed, last_step FROM totp WHERE agent = ?";
        self.one(SQL, Args::default().int(agent.0), totp).await
    }

    /// Second factors by agent, after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn totps(&self, after: AgentKey, limit: u32) -> Result<Vec<Totp>, StoreError> {
        const SQL: &str =
            "SELECT agent, sealed, is_confirmed, last_step FROM totp WHERE agent > ? ORDER BY agent LIMIT ?";
        self.all(SQL, Args::default().int(after.0).int(i64::from(limit)), totp).await
    }

    /// How many recovery codes an agent has left.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn recovery_codes(&self, agent: AgentKey) -> Result<u32, StoreError> {
        const SQL: &str = "SELECT count(*) FROM recovery_code WHERE agent = ?";
        let count: Option<i64> = self.one(SQL, Args::default().int(agent.0), first).await?;
        Ok(count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0))
    }

    /// The last line of the audit log that was passed on; 0 before the first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn audit_sent(&self) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT value FROM meta WHERE key = 'audit_sent'";
        Ok(self.one(SQL, Args::default(), first).await?.unwrap_or(0))
    }
}

fn role(row: &SqliteRow) -> Result<CustomRole, StoreError> {
    let mut columns = Columns::of(row);
    Ok(CustomRole {
        id: columns.uuid()?,
        name: columns.take()?,
        rights: rights(columns.take()?)?,
        created_at: Micros(columns.take()?),
    })
}

fn api_key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ApiKey {
        token_hash: rows::hash(columns.take()?)?,
        id: columns.uuid()?,
        owner: AgentKey(columns.take()?),
        name: columns.take()?,
        scopes: rights(columns.take()?)?,
        networks: serde_json::from_str(columns.take()?)
            .map_err(|error| StoreError::corrupt(format!("a key's ranges cannot be read: {error}")))?,
        created_at: Micros(columns.take()?),
        expires_at: columns.optional()?.map(Micros),
        last_used_at: columns.optional()?.map(Micros),
    })
}

fn totp(row: &SqliteRow) -> Result<Totp, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Totp {
        agent: AgentKey(columns.take()?),
        sealed: columns.take()?,
        is_confirmed: columns.take()?,
        last_step: columns.take()?,
    })
}

#[cfg(test)]
mod tests;
