use std::sync::Arc;

use kefu_core::{Audience, InboxKey, Permission, Principal, Rights, Role};
use kefu_protocol::frame::{Party, PartyKind};
use uuid::Uuid;

/// Who is on the other side of a request or a connection.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Row number in the store.
    pub(crate) principal: Principal,
    /// Public id.
    pub(crate) id: Uuid,
    /// The name to show.
    pub(crate) name: Arc<str>,
    /// The role, of an agent.
    pub(crate) role: Option<Role>,
    /// What it may do besides what every visitor may.
    pub(crate) rights: Rights,
    /// The inbox, of a visitor.
    pub(crate) inbox: Option<InboxKey>,
    /// The session that proved it; of a program, its key.
    pub(crate) session: Uuid,
    /// The key, of a program that acts as an agent.
    pub(crate) key: Option<Uuid>,
}

impl Identity {
    /// Whether it is an agent who may do this.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.rights.has(permission)
    }

    /// Whether it is an agent who may know of conversations at all.
    pub(crate) fn hears_conversations(&self) -> bool {
        self.may(Permission::Chat) || self.may(Permission::AllConversations)
    }

    /// Which view of conversations it has.
    pub(crate) fn audience(&self) -> Audience {
        if self.role.is_some() { Audience::Agent } else { Audience::Visitor }
    }

    /// As frames name it.
    pub(crate) fn party(&self) -> Party<'_> {
        let kind = if self.role.is_some() { PartyKind::Agent } else { PartyKind::Visitor };
        Party { kind, id: Some(self.id), name: (&*self.name).into() }
    }
}
