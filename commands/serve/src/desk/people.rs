//! Visitors, agents, inboxes and sessions.

use std::{collections::BTreeMap, sync::Arc};

use kefu_core::{
    Agent, AgentKey, AgentStatus, Audience, Conversation, ConversationKey, FieldVersions, Inbox, InboxKey,
    InboxSettings, Micros, Permission, Principal, Role, State, Visitor, VisitorKey,
};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Change, Session};

use super::{
    api::{AgentChange, Answer, InboxChange, NewVisitor, OpenedVisitor, agent_view},
    batch::{Pending, Work},
    task::Task,
};
use crate::{
    problem::Problem,
    view::{AgentView, Directory, VisitorBrief},
};

/// Capacity of an agent for whom none was given.
const DEFAULT_CAPACITY: u32 = 8;

/// Refuses a change of `what` that was made for another version than the one that there is, and names what changed.
pub(super) fn check_version(what: &str, versions: &FieldVersions, seen: Option<u32>) -> Result<(), Problem> {
    let version = versions.version();
    let Some(seen) = seen.filter(|seen| *seen != version) else { return Ok(()) };
    let changed: Vec<_> = versions.since(seen).collect();
    let detail = match changed.is_empty() {
        true => format!("the {what} has version {version}"),
        false => format!("the {what} has version {version} by now: others changed {}", changed.join(", ")),
    };
    Err(Problem { field: Some("version"), ..Problem::new(ErrorCode::Conflict, detail) })
}

impl Task {
    /// Opens a visitor's session in the group. `known` is the visitor's row, if it has one.
    pub(super) fn apply_visitor(
        &mut self,
        new: NewVisitor,
        known: Option<Visitor>,
        latest: Option<ConversationKey>,
        reply: Answer<OpenedVisitor>,
        now: Micros,
        work: &mut Work,
    ) {
        // It was known when it was asked for, and is erased by now.
        if known.as_ref().is_some_and(|known| known.erased_at.is_some()) {
            return drop(reply.send(Err(Problem::unauthorized())));
        }
        if let Err(problem) = self.directory.check_switched(new.inbox, Audience::Visitor) {
            return drop(reply.send(Err(problem)));
        }
        let visitor = self.visitor_row(&new, known, now);
        let brief = Arc::new(VisitorBrief::from(&visitor));
        let existing = latest.and_then(|key| self.hot.get_mut(key)).filter(|hot| {
            hot.conversation.state != State::Resolved && hot.conversation.visitor == visitor.key
        });
        let (conversation_id, last_seq) = match existing {
            Some(hot) => {
                hot.visitor = brief;
                (hot.conversation.id, hot.conversation.last_public_seq)
            }
            None => {
                let before =
                    latest.and_then(|key| self.hot.get(key)).map(|hot| Arc::clone(&hot.conversation));
                let before = before.filter(|before| before.visitor == visitor.key);
                let conversation = self.begin_conversation(new.inbox, visitor.key, before.as_deref(), now);
                let id = conversation.id;
                work.create(conversation, brief);
                (id, 0)
            }
        };
        let session = if new.is_renewal {
            Change::SessionRenewed {
                token_hash: new.token_hash,
                at: now,
                expires_at: new.expires_at,
                user_agent: new.user_agent,
                address: new.address,
            }
        } else {
            Change::Session(Session {
                token_hash: new.token_hash,
                id: self.ids.next(now),
                principal: Principal::Visitor(visitor.key),
                inbox: Some(new.inbox),
                created_at: now,
                last_seen_at: now,
                expires_at: new.expires_at,
                user_agent: new.user_agent,
                address: new.address,
            })
        };
        let opened = OpenedVisitor { visitor_id: visitor.id, conversation_id, last_seq };
        work.changes.push(Change::Visitor(visitor));
        work.changes.push(session);
        work.answers.push(Pending::Opened { opened, reply });
    }

    /// A conversation that begins: with its inbox's team, and with who it was with before.
    pub(super) fn begin_conversation(
        &mut self,
        inbox: InboxKey,
        visitor: VisitorKey,
        before: Option<&Conversation>,
        now: Micros,
    ) -> Conversation {
        let key = self.writer.next_conversation_key();
        let (last_assignee, last_met_at) =
            before.map_or((None, None), |before| (before.assignee, Some(before.updated_at)));
        let team = self.directory.inboxes.get(&inbox).and_then(|inbox| inbox.settings.team_id);
        let team = team.and_then(|id| self.directory.team(id)).map(|team| team.key);
        Conversation {
            team,
            last_assignee,
            last_met_at,
            ..Conversation::new(key, self.ids.next(now), inbox, visitor, now)
        }
    }

    fn visitor_row(&mut self, new: &NewVisitor, known: Option<Visitor>, now: Micros) -> Visitor {
        let mut visitor = known.unwrap_or_else(|| Visitor {
            key: self.writer.next_visitor_key(),
            id: self.ids.next(now),
            inbox: new.inbox,
            external_id: None,
            verified: false,
            name: "".into(),
            email: String::new(),
            attributes: "{}".to_owned(),
            created_at: now,
            last_seen_at: now,
            erased_at: None,
        });
        visitor.last_seen_at = now;
        // A proven identity is never replaced by one that is merely claimed.
        if new.external_id.is_some() && (new.verified || !visitor.verified) {
            visitor.external_id.clone_from(&new.external_id);
            visitor.verified = new.verified;
        }
        if let Some(name) = &new.name {
            visitor.name = name.as_str().into();
        }
        if let Some(email) = &new.email {
            visitor.email.clone_from(email);
        }
        if let Some(attributes) = &new.attributes {
            visitor.attributes.clone_from(attributes);
        }
        visitor
    }

    /// Makes or changes an agent in the group.
    pub(super) fn apply_agent(
        &mut self,
        change: AgentChange,
        reply: Answer<AgentView>,
        now: Micros,
        work: &mut Work,
    ) {
        match self.agent_row(&change, now, work) {
            Ok(agent) => {
                let ends = agent.disabled && change.disabled == Some(true);
                if ends {
                    work.changes.push(Change::EndSessionsOf(Principal::Agent(agent.key)));
                    self.requeue_all(agent.key, now, work);
                }
                work.audit(change.audit, ("agent", agent.id));
                work.changes.push(Change::Agent(agent.clone()));
                if let Some(hash) = change.password_hash {
                    work.changes.push(Change::Password { agent: agent.key, hash });
                }
                work.answers.push(Pending::Agent { agent, ends, reply });
            }
            Err(problem) => drop(reply.send(Err(problem))),
        }
    }

    fn agent_row(&mut self, change: &AgentChange, now: Micros, work: &Work) -> Result<Agent, Problem> {
        let mut agent = match change.id {
            Some(id) => {
                let pending = work.answers.iter().rev().find_map(|pending| match pending {
                    Pending::Agent { agent, .. } if agent.id == id => Some(agent),
                    _ => None,
                });
                pending
                    .or_else(|| self.directory.agent(id))
                    .cloned()
                    .ok_or_else(|| Problem::not_found("agent"))?
            }
            None => Agent {
                key: self.writer.next_agent_key(),
                id: self.ids.next(now),
                name: "".into(),
                email: String::new(),
                role: Role::Agent,
                status: AgentStatus::Online,
                status_reason: None,
                status_at: now,
                capacity: DEFAULT_CAPACITY,
                disabled: false,
                teams: Vec::new(),
                skills: BTreeMap::new(),
                custom_role: None,
                created_at: now,
            },
        };
        if let Some(email) = &change.email {
            let taken = |other: &Agent| other.key != agent.key && other.email == *email;
            let in_group =
                work.answers.iter().any(|p| matches!(p, Pending::Agent { agent, .. } if taken(agent)));
            if in_group || self.directory.agents.values().any(taken) {
                let detail = "another agent has this e-mail address";
                return Err(Problem { field: Some("email"), ..Problem::new(ErrorCode::Conflict, detail) });
            }
            agent.email.clone_from(email);
        }
        if let Some(name) = &change.name {
            agent.name = name.as_str().into();
        }
        if let Some(teams) = &change.teams {
            let known = teams.iter().map(|id| self.directory.team(*id).map(|team| team.key));
            let known: Option<Vec<_>> = known.collect();
            agent.teams = known.ok_or_else(|| Problem::invalid("teams", "there is no such team"))?;
        }
        if let Some(skills) = &change.skills {
            agent.skills.clone_from(skills);
        }
        agent.role = change.role.unwrap_or(agent.role);
        if let Some(status) = change.status
            && (status, &change.status_reason) != (agent.status, &agent.status_reason)
        {
            agent.status = status;
            agent.status_reason.clone_from(&change.status_reason);
            agent.status_at = now;
        }
        agent.capacity = change.capacity.unwrap_or(agent.capacity);
        agent.disabled = change.disabled.unwrap_or(agent.disabled);
        agent.custom_role = change.custom_role.unwrap_or(agent.custom_role);
        if change.role.is_some() || change.disabled.is_some() || change.custom_role.is_some() {
            self.check_rights(&agent, work)?;
        }
        Ok(agent)
    }

    /// Puts an agent's conversations back in the queue.
    fn requeue_all(&mut self, agent: AgentKey, now: Micros, work: &mut Work) {
        let keys: Vec<_> =
            self.desks.get(&agent).map(|desk| desk.iter().copied().collect()).unwrap_or_default();
        for key in keys {
            let Some(hot) = self.hot.get(key) else { continue };
            let touched = work.touch(&hot.conversation);
            if touched.conversation.assignee != Some(agent) {
                continue;
            }
            if let Ok(event) = touched.head_mut().transfer(None, now) {
                self.append_event(key, event, Principal::System, now, work);
            }
        }
    }

    /// Makes or changes an inbox in the group.
    pub(super) fn apply_inbox(
        &mut self,
        change: InboxChange,
        reply: Answer<Inbox>,
        now: Micros,
        work: &mut Work,
    ) {
        let pending = |work: &Work, is: &dyn Fn(&Inbox) -> bool| {
            work.answers.iter().rev().find_map(|pending| match pending {
                Pending::Inbox { inbox, .. } if is(inbox) => Some(inbox.clone()),
                _ => None,
            })
        };
        let mut inbox = match change.id {
            Some(id) => {
                match pending(work, &|inbox| inbox.id == id).or_else(|| self.directory.inbox(id).cloned()) {
                    Some(inbox) => inbox,
                    None => return drop(reply.send(Err(Problem::not_found("inbox")))),
                }
            }
            None => Inbox {
                key: self.writer.next_inbox_key(),
                id: self.ids.next(now),
                slug: String::new(),
                name: String::new(),
                greeting: String::new(),
                origins: Vec::new(),
                identity_required: false,
                settings: InboxSettings::default(),
                sealed_secret: Vec::new(),
                versions: FieldVersions::default(),
                created_at: now,
            },
        };
        if let Err(problem) = check_version("inbox", &inbox.versions, change.seen) {
            return drop(reply.send(Err(problem)));
        }
        let before = inbox.clone();
        if let Some(slug) = change.slug {
            let taken = |other: &Inbox| other.key != inbox.key && other.slug == slug;
            if self.directory.inboxes.values().any(taken) || pending(work, &taken).is_some() {
                let conflict = Problem::new(ErrorCode::Conflict, "another inbox has this key");
                return drop(reply.send(Err(Problem { field: Some("key"), ..conflict })));
            }
            inbox.slug = slug;
        }
        inbox.name = change.name.unwrap_or(inbox.name);
        inbox.greeting = change.greeting.unwrap_or(inbox.greeting);
        inbox.origins = change.origins.unwrap_or(inbox.origins);
        inbox.identity_required = change.identity_required.unwrap_or(inbox.identity_required);
        inbox.settings = change.settings.unwrap_or(inbox.settings);
        inbox.sealed_secret = change.sealed_secret.unwrap_or(inbox.sealed_secret);
        if let Some((before, after)) = change.resealed_secret
            && inbox.sealed_secret == before
        {
            inbox.sealed_secret = after;
        }
        if change.id.is_some() {
            inbox.versions.change(inbox.changed_since(&before));
        }
        work.audit(change.audit, ("inbox", inbox.id));
        work.changes.push(Change::Inbox(Box::new(inbox.clone())));
        work.answers.push(Pending::Inbox { inbox, reply });
    }

    /// Makes a committed agent known to routing and to everybody else.
    pub(super) fn agent_committed(&mut self, agent: &Agent, ends: bool, now: Micros) -> AgentView {
        let key = agent.key;
        let rights_before = self.directory.agents.get(&key).map(|before| self.directory.rights_of(before));
        self.change_directory(|directory| drop(directory.agents.insert(key, agent.clone())));
        let profile = self.profile(agent);
        self.routing.set_agent(key, profile, now);
        if !self.directory.rights_of(agent).has(Permission::AllConversations) {
            self.absent.insert(key, now);
        }
        // Connections know the rights that they began with.
        if ends || rights_before.is_some_and(|before| before != self.directory.rights_of(agent)) {
            self.close_connections_of(Principal::Agent(key));
        }
        self.announce_presence(key);
        self.view_of(agent)
    }

    /// An agent with what it is doing.
    pub(super) fn view_of(&self, agent: &Agent) -> AgentView {
        let teams = self.directory.team_ids(&agent.teams);
        agent_view(
            agent,
            self.directory.rights_of(agent),
            self.standing_of(agent),
            self.routing.load_of(agent.key),
            teams,
        )
    }

    /// What an agent is doing, and since when: nobody is online for longer than it has a connection, and since when
    /// somebody is offline is known for as long as the daemon runs.
    pub(super) fn standing_of(&self, agent: &Agent) -> (AgentStatus, Option<Micros>) {
        let status = self.routing.status_of(agent.key);
        let moved_at = self.moved_at.get(&agent.key).copied();
        let since = match status {
            AgentStatus::Offline => moved_at,
            AgentStatus::Online => moved_at.map(|at| at.max(agent.status_at)),
            AgentStatus::Busy | AgentStatus::Away => Some(agent.status_at),
        };
        (status, since)
    }

    /// Replaces the directory that everybody reads.
    pub(super) fn change_directory(&mut self, how: impl FnOnce(&mut Directory)) {
        how(Arc::make_mut(&mut self.directory));
        let mut shared = self.shared.directory.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *shared = Arc::clone(&self.directory);
    }
}
