//! Agents, roles, teams and inboxes, and who may do what with a conversation.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use kefu_core::{
    Action, Agent, AgentKey, Audience, Content, Conversation, CustomRole, Inbox, InboxKey, Principal, Rights,
    Role, Team, TeamKey, may,
};
use kefu_protocol::frame::{self, ErrorCode, Party, PartyKind};
use uuid::Uuid;

use super::{AgentRef, InboxRef, TeamRef, VisitorBrief};
use crate::{files::Links, identity::Identity, masking::Masking, problem::Problem};

/// When visitors are to ask again for an inbox that is not switched yet.
const NOT_YET_MS: u32 = 30_000;

/// Agents, roles and inboxes, as of one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) agents: HashMap<AgentKey, Agent>,
    pub(crate) roles: HashMap<Uuid, CustomRole>,
    pub(crate) inboxes: HashMap<InboxKey, Inbox>,
    pub(crate) teams: HashMap<TeamKey, Team>,
    /// Inboxes that an older system has still: nothing but what it feeds changes them.
    #[cfg(feature = "migrate")]
    pub(crate) fed: std::collections::HashSet<InboxKey>,
    /// What agents get masked of personal data.
    pub(crate) masking: Masking,
    /// Makes the addresses of files.
    pub(crate) links: Links,
}

impl Directory {
    /// The agent with this public id.
    pub(crate) fn agent(&self, id: Uuid) -> Option<&Agent> {
        self.agents.values().find(|agent| agent.id == id)
    }

    /// What an agent may do: what its own role says, or else what comes with its base role.
    pub(crate) fn rights_of(&self, agent: &Agent) -> Rights {
        let own = agent.custom_role.and_then(|id| self.roles.get(&id));
        own.map_or_else(|| agent.role.rights(), |role| role.rights)
    }

    /// Whether `conversation`, if it waits, is for `principal` to take: it waits for anybody, for a team that is gone,
    /// or for one that the agent works for.
    pub(crate) fn serves(&self, principal: Principal, conversation: &Conversation) -> bool {
        let Principal::Agent(agent) = principal else { return false };
        let team = conversation.team.filter(|team| self.teams.contains_key(team));
        team.is_none_or(|team| self.agents.get(&agent).is_some_and(|agent| agent.teams.contains(&team)))
    }

    /// Whether `who` may do `action` with `conversation`, offers aside.
    pub(crate) fn may(&self, who: &Identity, action: Action, conversation: &Conversation) -> bool {
        may(who.principal, who.rights, self.serves(who.principal, conversation), action, conversation)
    }

    /// The agents whom a note in `conversation` calls.
    ///
    /// # Errors
    /// When one of them is not there, or may not read what it is called to.
    pub(crate) fn called(
        &self,
        content: &Content,
        conversation: &Conversation,
    ) -> Result<Vec<AgentKey>, Problem> {
        let called = Content::mentions(content.kind, content.data.as_deref()).into_iter().map(|id| {
            let agent = self.agent(id).filter(|agent| !agent.disabled);
            let agent = agent.ok_or_else(|| Problem::invalid("data.mentions", "there is no such agent"))?;
            let (principal, rights) = (Principal::Agent(agent.key), self.rights_of(agent));
            let serves = self.serves(principal, conversation);
            if may(principal, rights, serves, Action::Read, conversation) {
                Ok(agent.key)
            } else {
                let detail = format!("{} may not read this conversation", agent.name);
                Err(Problem::invalid("data.mentions", detail))
            }
        });
        called.collect()
    }

    /// Whether somebody who may do everything can sign in.
    pub(crate) fn has_admin(&self) -> bool {
        let all = Role::Admin.rights();
        self.agents.values().any(|agent| !agent.disabled && self.rights_of(agent).include(all))
    }

    /// The inbox with this public id.
    pub(crate) fn inbox(&self, id: Uuid) -> Option<&Inbox> {
        self.inboxes.values().find(|inbox| inbox.id == id)
    }

    /// Whether an older system has the inbox still.
    #[cfg(feature = "migrate")]
    pub(crate) fn is_fed(&self, inbox: InboxKey) -> bool {
        self.fed.contains(&inbox)
    }

    /// Nothing feeds a store here.
    #[cfg(not(feature = "migrate"))]
    pub(crate) fn is_fed(&self, _: InboxKey) -> bool {
        false
    }

    /// Refuses whatever would change something in an inbox that an older system has still.
    pub(crate) fn check_switched(&self, inbox: InboxKey, audience: Audience) -> Result<(), Problem> {
        match (self.is_fed(inbox), audience) {
            (false, _) => Ok(()),
            (true, Audience::Agent) => {
                let detail = "the older system has this inbox until it is switched: here it can only be read";
                Err(Problem::new(ErrorCode::InboxNotSwitched, detail))
            }
            (true, Audience::Visitor) => {
                let detail = "this inbox is not served here yet";
                Err(Problem { retry_after_ms: Some(NOT_YET_MS), ..Problem::unavailable(detail) })
            }
        }
    }

    /// The team with this public id.
    pub(crate) fn team(&self, id: Uuid) -> Option<&Team> {
        self.teams.values().find(|team| team.id == id)
    }

    pub(super) fn team_ref(&self, key: TeamKey) -> Option<TeamRef> {
        self.teams.get(&key).map(|team| TeamRef { id: team.id, name: team.name.clone() })
    }

    /// Public ids of the teams with these keys.
    pub(crate) fn team_ids(&self, keys: &[TeamKey]) -> Vec<Uuid> {
        keys.iter().filter_map(|key| self.teams.get(key)).map(|team| team.id).collect()
    }

    /// The inbox with this name in embed codes.
    pub(crate) fn inbox_by_slug(&self, slug: &str) -> Option<&Inbox> {
        self.inboxes.values().find(|inbox| inbox.slug == slug)
    }

    pub(super) fn agent_name(&self, key: AgentKey) -> Option<frame::Name<'_>> {
        self.agents.get(&key).map(|agent| frame::Name { id: agent.id, name: Cow::Borrowed(&*agent.name) })
    }

    /// `principal` as frames name it to `audience`; the conversation's visitor is `visitor`.
    pub(crate) fn party<'a>(
        &'a self,
        principal: Principal,
        visitor: &'a VisitorBrief,
        audience: Audience,
    ) -> Party<'a> {
        let nobody = |kind| Party { kind, id: None, name: Cow::Borrowed("") };
        match principal {
            Principal::Visitor(_) => {
                let name = self.masking.of(audience).text(&visitor.name);
                Party { kind: PartyKind::Visitor, id: Some(visitor.id), name }
            }
            Principal::Agent(key) => match self.agents.get(&key) {
                Some(agent) => {
                    Party { kind: PartyKind::Agent, id: Some(agent.id), name: Cow::Borrowed(&*agent.name) }
                }
                None => nobody(PartyKind::Agent),
            },
            Principal::Bot => {
                let bot = self.inboxes.get(&visitor.inbox).and_then(|inbox| inbox.settings.bot.as_deref());
                let name = bot.map_or("", |bot| &bot.name);
                Party { kind: PartyKind::Bot, id: None, name: Cow::Borrowed(name) }
            }
            Principal::System => nobody(PartyKind::System),
        }
    }

    /// An inbox by id, key and name.
    pub(crate) fn inbox_ref(&self, key: InboxKey) -> InboxRef {
        let inbox = self.inboxes.get(&key);
        InboxRef {
            id: inbox.map_or(Uuid::nil(), |inbox| inbox.id),
            key: inbox.map_or_else(String::new, |inbox| inbox.slug.clone()),
            name: inbox.map_or_else(String::new, |inbox| inbox.name.clone()),
        }
    }

    /// An agent by id and name, if there is one.
    pub(crate) fn agent_ref(&self, key: AgentKey) -> Option<AgentRef> {
        self.agents.get(&key).map(|agent| AgentRef { id: agent.id, name: Arc::clone(&agent.name) })
    }
}
