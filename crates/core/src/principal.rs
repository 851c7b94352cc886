use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{FieldVersions, InboxSettings, Micros, Rights, versions::differing};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub struct $name(pub i64);
    };
}

key! {
    /// A conversation's row number in the store; never leaves the process.
    ConversationKey
}
key! {
    /// A visitor's row number in the store; never leaves the process.
    VisitorKey
}
key! {
    /// An agent's row number in the store; never leaves the process.
    AgentKey
}
key! {
    /// An inbox's row number in the store; never leaves the process.
    InboxKey
}
key! {
    /// A team's row number in the store; never leaves the process.
    TeamKey
}
key! {
    /// A skill's row number in the store; never leaves the process.
    SkillKey
}

/// Who did or wrote something.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Principal {
    /// A person on the company's site or in one of its channels.
    Visitor(VisitorKey),
    /// A person of the company.
    Agent(AgentKey),
    /// An automatic answer.
    Bot,
    /// kefu itself: assignments by routing, for example.
    System,
}

/// What an agent may do; each role includes the ones after it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers the conversations assigned to it.
    Agent,
    /// Sees, transfers and joins every conversation.
    Supervisor,
    /// Also changes agents and inboxes.
    Admin,
}

/// What an agent says of itself; without an open socket it counts as offline whatever it says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentStatus {
    /// Takes new conversations.
    Online,
    /// Finishes its conversations, takes no new ones.
    Busy,
    /// Not at the desk.
    Away,
    /// Has no open socket. Never stored.
    Offline,
}

/// A person of the company who answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Row number.
    pub key: AgentKey,
    /// Public id.
    pub id: Uuid,
    /// Shown to visitors.
    pub name: Arc<str>,
    /// Log-in name, kept in lower case.
    pub email: String,
    /// What it is, and what it may do unless `custom_role` says something else.
    pub role: Role,
    /// Public id of the [`CustomRole`] that says what it may do.
    pub custom_role: Option<Uuid>,
    /// What it says of itself: online, busy or away.
    pub status: AgentStatus,
    /// Why it is busy or away, if it says so: a word of the configuration.
    pub status_reason: Option<Arc<str>>,
    /// Since when it says so.
    pub status_at: Micros,
    /// How many open conversations routing may give it.
    pub capacity: u32,
    /// Cannot sign in and gets nothing.
    pub disabled: bool,
    /// The teams that it works for.
    pub teams: Vec<TeamKey>,
    /// What it knows, and how well: 1 to 5.
    pub skills: BTreeMap<String, u8>,
    /// When it was made.
    pub created_at: Micros,
}

/// What agents may do, under a name of the company's own: takes the place of what their [`Role`] brings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CustomRole {
    /// Public id.
    pub id: Uuid,
    /// No two have the same one.
    pub name: String,
    /// What comes with it.
    pub rights: Rights,
    /// When it was made.
    pub created_at: Micros,
}

/// A person on the other side.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Row number.
    pub key: VisitorKey,
    /// Public id.
    pub id: Uuid,
    /// The inbox that it belongs to.
    pub inbox: InboxKey,
    /// The company's own id of this person.
    pub external_id: Option<String>,
    /// Whether `external_id` was proven by a signature.
    pub verified: bool,
    /// May be empty.
    pub name: Arc<str>,
    /// May be empty.
    pub email: String,
    /// A JSON object of the site's own fields.
    pub attributes: String,
    /// When it was first seen.
    pub created_at: Micros,
    /// When it last opened a session.
    pub last_seen_at: Micros,
    /// From when on nothing is left of it but its ids: its conversations take nothing more.
    pub erased_at: Option<Micros>,
}

/// One channel instance: a site's widget, an API.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// Row number.
    pub key: InboxKey,
    /// Public id.
    pub id: Uuid,
    /// The name in embed codes, such as `web`.
    pub slug: String,
    /// Shown to people.
    pub name: String,
    /// Shown by the widget before the first message; may be empty.
    pub greeting: String,
    /// Origins whose pages may talk to this inbox; empty means the daemon's own and every other.
    pub origins: Vec<String>,
    /// Whether a visitor must prove who it is.
    pub identity_required: bool,
    /// What it wants of its conversations.
    pub settings: InboxSettings,
    /// The sealed secret that signs visitors' identities.
    pub sealed_secret: Vec<u8>,
    /// How often it was changed.
    pub versions: FieldVersions,
    /// When it was made.
    pub created_at: Micros,
}

impl Inbox {
    /// The fields that are not as they were in `before`. Its secret is none of them: nobody sees it.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let fields = [
            ("name", self.name != before.name),
            ("greeting", self.greeting != before.greeting),
            ("origins", self.origins != before.origins),
            ("identity_required", self.identity_required != before.identity_required),
        ];
        let changed = fields.into_iter().filter(|(_, is_changed)| *is_changed);
        let changed = changed.map(|(name, _)| name.to_owned());
        changed.chain(differing(&before.settings, &self.settings)).collect()
    }
}
