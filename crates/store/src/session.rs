use kefu_core::{InboxKey, Micros, Principal};
use uuid::Uuid;

/// A sign-in of an agent or a visitor. Its token is kept as a hash only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// Hash of the bearer token.
    pub token_hash: [u8; 32],
    /// Public id.
    pub id: Uuid,
    /// Who is signed in.
    pub principal: Principal,
    /// Where a visitor came in.
    pub inbox: Option<InboxKey>,
    /// When it began.
    pub created_at: Micros,
    /// When it was last used.
    pub last_seen_at: Micros,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Micros>,
    /// What the client calls itself; may be empty.
    pub user_agent: String,
    /// Where the client connects from; may be empty.
    pub address: String,
}
