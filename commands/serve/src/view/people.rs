//! Agents and teams, and whoever else is named.

use std::{collections::BTreeMap, sync::Arc};

use kefu_core::{AgentStatus, InboxKey, Permission, Role};
use kefu_protocol::frame::{Party, PartyKind, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::settings::Settings;

/// An agent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AgentView {
    pub(crate) id: Uuid,
    /// Shown to visitors.
    pub(crate) name: Arc<str>,
    /// Log-in name; empty when the reader may not see it.
    pub(crate) email: String,
    #[schema(value_type = String, example = "agent")]
    pub(crate) role: Role,
    /// The role of the company's own that says what it may do, in place of `role`.
    pub(crate) custom_role_id: Option<Uuid>,
    /// What it may do; see `GET /permissions`.
    #[schema(value_type = Vec<String>, example = json!(["chat", "customers", "tickets"]))]
    pub(crate) permissions: Vec<Permission>,
    /// `online`, `busy`, `away`, or `offline` without an open socket.
    #[schema(value_type = String, example = "online")]
    pub(crate) status: AgentStatus,
    /// Why it is busy or away, if it says so: one of `GET /agents/break-reasons`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "meal")]
    pub(crate) status_reason: Option<Arc<str>>,
    /// Since when it is what `status` says, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) status_since: Option<Timestamp>,
    /// How many open conversations routing may give it.
    pub(crate) capacity: u32,
    /// How many it has.
    pub(crate) load: u32,
    pub(crate) disabled: bool,
    /// The teams that it works for.
    pub(crate) teams: Vec<Uuid>,
    /// What it knows, and how well: 1 to 5.
    pub(crate) skills: BTreeMap<String, u8>,
    /// The largest file that is taken, in bytes: only of the agent that asks who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upload_bytes_max: Option<u64>,
}

impl AgentView {
    /// With what only the agent itself is told.
    pub(crate) fn of_caller(self, settings: &Settings) -> Self {
        Self { upload_bytes_max: Some(settings.files.max_size.0), ..self }
    }
}

/// An agent, by id and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AgentRef {
    pub(crate) id: Uuid,
    pub(crate) name: Arc<str>,
}

/// A team, by id and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TeamRef {
    pub(crate) id: Uuid,
    pub(crate) name: String,
}

/// An inbox, by id, key and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InboxRef {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) name: String,
}

/// The visitor of a conversation, as others see it.
#[derive(Clone, Debug)]
pub(crate) struct VisitorBrief {
    pub(crate) id: Uuid,
    pub(crate) name: Arc<str>,
    pub(crate) verified: bool,
    /// Nothing is left of it: its conversations take nothing more.
    pub(crate) erased: bool,
    /// Where it came in.
    pub(crate) inbox: InboxKey,
}

/// A visitor, by id and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VisitorRef {
    pub(crate) id: Uuid,
    pub(crate) name: Arc<str>,
    /// Its identity is proven.
    pub(crate) verified: bool,
}

/// Who wrote or did something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PartyView {
    /// `visitor`, `agent`, `bot` or `system`.
    #[schema(value_type = String, example = "agent")]
    pub(crate) kind: PartyKind,
    pub(crate) id: Option<Uuid>,
    pub(crate) name: String,
}

impl From<Party<'_>> for PartyView {
    fn from(party: Party<'_>) -> Self {
        Self { kind: party.kind, id: party.id, name: party.name.into_owned() }
    }
}
