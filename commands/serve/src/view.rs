//! Conversations, messages and agents as the REST interface and the frames show them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use kefu_core::{
    Action, Agent, AgentKey, AgentStatus, Audience, Content, Conversation, CustomRole, Entry, Event,
    EventCode, Inbox, InboxKey, MessageKind, Micros, Permission, Principal, Priority, Revision, Rights, Role,
    State, Team, TeamKey, may,
};
use kefu_protocol::frame::{self, Party, PartyKind, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    files::Links, identity::Identity, masking::Masking, problem::Problem, settings::Settings,
};

/// How many characters of a message a list shows.
const PREVIEW_CHARS: usize = 160;

/// How many more are looked at: what is cut in two is then still known for what it is, and masked.
const MARGIN_CHARS: usize = 128;

/// Agents, roles and inboxes, as of one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) agents: HashMap<AgentKey, Agent>,
    pub(crate) roles: HashMap<Uuid, CustomRole>,
    pub(crate) inboxes: HashMap<InboxKey, Inbox>,
    pub(crate) teams: HashMap<TeamKey, Team>,
    /// What agents get masked of personal data.
    pub(crate) masking: Masking,
    /// Makes the addresses of files.
    pub(crate) links: Links,
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

/// Where a waiting conversation stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub(crate) struct QueueView {
    /// The place in the queue; 1 is next.
    pub(crate) position: usize,
    /// How long it will take at the pace of late; absent while nothing is known of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_ms: Option<i64>,
}

/// An inbox, by id, key and name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InboxRef {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) name: String,
}

/// A conversation that an agent is asked to accept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OfferView {
    pub(crate) agent: AgentRef,
    /// Afterwards somebody else is asked.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) until: Timestamp,
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

/// The visitor's rating.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RatingView {
    /// 1 (bad) to 5 (good).
    pub(crate) score: u8,
    pub(crate) comment: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// The last text or note of a conversation, shortened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    pub(crate) seq: u64,
    #[schema(value_type = String, example = "text")]
    pub(crate) kind: MessageKind,
    pub(crate) text: String,
    pub(crate) from: PartyView,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// What lists show of a message. There is one for every conversation in memory: it holds no more than that.
#[derive(Clone, Debug)]
pub(crate) struct LastMessage {
    pub(crate) seq: u64,
    kind: MessageKind,
    sender: Principal,
    /// The beginning of the text.
    text: Box<str>,
    created_at: Micros,
}

impl LastMessage {
    /// Forgets what it said.
    pub(crate) fn erase(&mut self) {
        self.text = Box::default();
    }
}

impl From<&Entry> for LastMessage {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            kind: entry.kind,
            sender: entry.sender,
            text: first_chars(&entry.text, PREVIEW_CHARS + MARGIN_CHARS).into(),
            created_at: entry.created_at,
        }
    }
}

/// A conversation's head, as one reader may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConversationView {
    pub(crate) id: Uuid,
    pub(crate) inbox: InboxRef,
    pub(crate) visitor: VisitorRef,
    /// `new`, `queued`, `open`, `pending` or `resolved`; what is `open` without an assignee is with the bot.
    #[schema(value_type = String, example = "open")]
    pub(crate) state: State,
    pub(crate) assignee: Option<AgentRef>,
    /// Agents who take part beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) joined: Vec<AgentRef>,
    /// The team that it waits for or was answered by; anybody when there is none.
    pub(crate) team: Option<TeamRef>,
    /// `low`, `normal`, `high` or `urgent`.
    #[schema(value_type = String, example = "normal")]
    pub(crate) priority: Priority,
    /// To whom it is offered, and until when: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offer: Option<OfferView>,
    /// While it waits: where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<QueueView>,
    /// The greatest `seq` that the reader may see.
    pub(crate) last_seq: u64,
    pub(crate) visitor_read_seq: u64,
    pub(crate) agent_read_seq: u64,
    pub(crate) last_message: Option<Preview>,
    /// Since when the visitor has no answer: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) unanswered_since: Option<Timestamp>,
    /// Until when it is set aside: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) snoozed_until: Option<Timestamp>,
    /// An agent marked it as unread, and none has read it since: for agents only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) marked_unread: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) queued_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) rating: Option<RatingView>,
    /// Ids of its tags, for agents; hints leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<Uuid>>,
}

/// What happened to a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// `queued`, `assigned`, `transferred`, `pending`, `resolved`, `reopened`, `rated`, `rating_invited`, `edited`,
    /// `recalled`, `idle_warned`, `joined`, `left`, `taken_over`, `handed_over`, `erased`, or of a ticket in a system of
    /// others `ticket.external.created`, `….updated`, `….commented`, `….failed` or `….unknown`.
    #[schema(value_type = String, example = "assigned")]
    pub(crate) code: EventCode,
    /// The agent who has the conversation now; of `joined` and `left` the one who came or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<AgentRef>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<PartyView>,
    /// The score of a rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<u8>,
    /// Number of the message that an edit or recall is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    /// Until when the conversation was set aside: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<Timestamp>,
}

/// An entry of a conversation's log; the `message` frame without its type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    pub(crate) conversation_id: Uuid,
    /// 1, 2, 3 … within the conversation.
    pub(crate) seq: u64,
    /// The number before it among those that the reader may see.
    pub(crate) prev_seq: u64,
    pub(crate) id: Uuid,
    /// The sender's own id of the message; events have none.
    pub(crate) client_id: Option<Uuid>,
    pub(crate) from: PartyView,
    #[schema(value_type = String, example = "text")]
    pub(crate) kind: MessageKind,
    /// The text; of an event its plain English fallback.
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<EventView>,
    /// What it holds besides its text, by kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) data: Option<Box<RawValue>>,
    /// Number of the message that it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quote_seq: Option<u64>,
    /// `edited`, `recalled` or `erased`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "edited")]
    pub(crate) revision: Option<frame::Revision>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
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

    /// The team with this public id.
    pub(crate) fn team(&self, id: Uuid) -> Option<&Team> {
        self.teams.values().find(|team| team.id == id)
    }

    fn team_ref(&self, key: TeamKey) -> Option<TeamRef> {
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

    fn agent_name(&self, key: AgentKey) -> Option<frame::Name<'_>> {
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

    /// `entry` as `audience` sees it.
    pub(crate) fn message<'a>(
        &'a self,
        entry: &'a Entry,
        conversation_id: Uuid,
        visitor: &'a VisitorBrief,
        audience: Audience,
    ) -> frame::Message<'a> {
        let masking = self.masking.of(audience);
        let event = entry.event.map(|event| frame::Event {
            code: event_word(event.code),
            agent: event.agent.and_then(|key| self.agent_name(key)),
            by: (entry.sender != Principal::System).then(|| self.party(entry.sender, visitor, audience)),
            score: event.score,
            seq: event.seq,
            until: event.until.filter(|_| audience == Audience::Agent).map(timestamp),
        });
        frame::Message {
            conversation_id,
            seq: entry.seq,
            prev_seq: entry.prev_seq(audience),
            id: entry.id,
            client_id: entry.client_id,
            from: self.party(entry.sender, visitor, audience),
            kind: kind_word(entry.kind),
            // What an event says is kefu's own.
            text: if event.is_some() { Cow::Borrowed(&entry.text) } else { masking.text(&entry.text) },
            event,
            data: self.data(entry, masking).map(frame::Json::new),
            quote_seq: entry.quote_seq,
            revision: revision_word(entry.revision),
            created_at: timestamp(entry.created_at),
        }
    }

    /// What an entry holds besides its text, as a reader gets it: masked, and a file with its address.
    fn data<'a>(&self, entry: &'a Entry, masking: Masking) -> Option<Cow<'a, str>> {
        let data = entry.data.as_deref()?;
        if entry.event.is_some() {
            // As with its text: numbers and addresses are not mistaken for somebody's.
            return Some(Cow::Borrowed(data));
        }
        if !entry.kind.has_file() {
            return Some(masking.data(data));
        }
        let data = masking.file(data);
        match self.links.add_to(&data) {
            Cow::Owned(linked) => Some(Cow::Owned(linked)),
            Cow::Borrowed(_) => Some(data),
        }
    }

    /// `entry` as an item of a page that `audience` reads.
    pub(crate) fn message_view(
        &self,
        entry: Entry,
        conversation_id: Uuid,
        visitor: &VisitorBrief,
        audience: Audience,
    ) -> MessageView {
        let from = PartyView::from(self.party(entry.sender, visitor, audience));
        self.view(entry, conversation_id, from, audience, self.masking.of(audience))
    }

    /// The same with nothing masked.
    pub(crate) fn whole_view(
        &self,
        entry: Entry,
        conversation_id: Uuid,
        from: PartyView,
        audience: Audience,
    ) -> MessageView {
        self.view(entry, conversation_id, from, audience, Masking::NONE)
    }

    fn view(
        &self,
        entry: Entry,
        conversation_id: Uuid,
        from: PartyView,
        audience: Audience,
        masking: Masking,
    ) -> MessageView {
        let data = self.data(&entry, masking).and_then(|data| RawValue::from_string(data.into_owned()).ok());
        MessageView {
            conversation_id,
            seq: entry.seq,
            prev_seq: entry.prev_seq(audience),
            id: entry.id,
            client_id: entry.client_id,
            event: entry.event.map(|event| EventView {
                code: event.code,
                agent: event.agent.and_then(|key| self.agent_ref(key)),
                by: (entry.sender != Principal::System).then(|| from.clone()),
                score: event.score,
                seq: event.seq,
                until: event.until.filter(|_| audience == Audience::Agent).map(timestamp),
            }),
            from,
            kind: entry.kind,
            // What an event says is kefu's own.
            text: if entry.event.is_some() { entry.text } else { masking.string(entry.text) },
            data,
            quote_seq: entry.quote_seq,
            revision: revision_word(entry.revision),
            created_at: timestamp(entry.created_at),
        }
    }

    /// A conversation as `audience` sees it; `last` is the last message that it may see.
    pub(crate) fn conversation(
        &self,
        conversation: &Conversation,
        visitor: &VisitorBrief,
        last: Option<&LastMessage>,
        audience: Audience,
    ) -> ConversationView {
        let masking = self.masking.of(audience);
        let for_agents = audience == Audience::Agent;
        ConversationView {
            id: conversation.id,
            inbox: self.inbox_ref(conversation.inbox),
            visitor: VisitorRef {
                id: visitor.id,
                name: masking.name(&visitor.name),
                verified: visitor.verified,
            },
            state: conversation.state,
            assignee: conversation.assignee.and_then(|key| self.agent_ref(key)),
            joined: conversation.joined.iter().filter_map(|key| self.agent_ref(*key)).collect(),
            team: conversation.team.and_then(|key| self.team_ref(key)),
            priority: conversation.priority,
            offer: None,
            queue: None,
            last_seq: conversation.last_seq(audience),
            visitor_read_seq: conversation.visitor_read_seq,
            agent_read_seq: conversation.agent_read_seq,
            last_message: last.map(|last| Preview {
                seq: last.seq,
                kind: last.kind,
                text: shorten(&masking.text(&last.text)).to_owned(),
                from: self.party(last.sender, visitor, audience).into(),
                created_at: timestamp(last.created_at),
            }),
            unanswered_since: conversation.unanswered_at.filter(|_| for_agents).map(timestamp),
            snoozed_until: conversation.snoozed_until.filter(|_| for_agents).map(timestamp),
            marked_unread: conversation.marked_unread && for_agents,
            queued_at: conversation.queued_at.map(timestamp),
            created_at: timestamp(conversation.created_at),
            updated_at: timestamp(conversation.updated_at),
            resolved_at: conversation.resolved_at.map(timestamp),
            rating: conversation.rating.as_ref().map(|rating| RatingView {
                score: rating.score,
                comment: masking.text(&rating.comment).into_owned(),
                created_at: timestamp(rating.created_at),
            }),
            tags: None,
        }
    }

    /// What an event that is `by`'s doing says in plain English, for clients that do not know its code.
    pub(crate) fn event_text(&self, event: Event, by: Principal) -> String {
        let agent = event.agent.and_then(|key| self.agents.get(&key)).map_or("", |agent| &*agent.name);
        match (event.code, agent) {
            (EventCode::Queued, _) => "waiting for an agent".to_owned(),
            (EventCode::Assigned, name) => format!("{name} takes the conversation"),
            (EventCode::Transferred, "") => "back in the queue".to_owned(),
            (EventCode::Transferred, name) => format!("transferred to {name}"),
            (EventCode::Pending, _) if event.until.is_some() => "set aside until a time".to_owned(),
            (EventCode::Pending, _) => "set aside until something outside happens".to_owned(),
            (EventCode::Resolved, _) if matches!(by, Principal::Visitor(_)) => {
                "the visitor has ended the conversation".to_owned()
            }
            (EventCode::Resolved, _) => "the conversation has ended".to_owned(),
            (EventCode::Reopened, _) => "the conversation is taken up again".to_owned(),
            (EventCode::RatingInvited, _) => "a rating is asked for".to_owned(),
            (EventCode::Edited, _) => "a message was edited".to_owned(),
            (EventCode::Recalled, _) => "a message was recalled".to_owned(),
            (EventCode::IdleWarned, _) => {
                "nobody has written for a while: the conversation will end soon".to_owned()
            }
            (EventCode::Joined, name) => format!("{name} joins the conversation"),
            (EventCode::Left, name) => format!("{name} leaves the conversation"),
            (EventCode::TakenOver, name) => format!("{name} takes the conversation over"),
            (EventCode::Erased, _) => "what was said is erased".to_owned(),
            (EventCode::HandedOver, _) => "the bot hands the conversation to a person".to_owned(),
            (EventCode::Rated, _) => format!("rated {} of 5", event.score.unwrap_or(0)),
            // Which one, `data` says: that goes with an erasure.
            (EventCode::TicketCreated, _) => "a ticket is made in the other system".to_owned(),
            (EventCode::TicketUpdated, _) => "a ticket in the other system is changed".to_owned(),
            (EventCode::TicketCommented, _) => "a ticket in the other system is commented on".to_owned(),
            (EventCode::TicketFailed, _) => "the other system has not done what was asked".to_owned(),
            (EventCode::TicketUnknown, _) => {
                "it is not known whether the other system has done what was asked".to_owned()
            }
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

impl From<Party<'_>> for PartyView {
    fn from(party: Party<'_>) -> Self {
        Self { kind: party.kind, id: party.id, name: party.name.into_owned() }
    }
}

/// A moment as the interface writes it.
pub(crate) fn timestamp(at: Micros) -> Timestamp {
    Timestamp::from_micros(at.0)
}

/// The first [`PREVIEW_CHARS`] characters.
fn shorten(text: &str) -> &str {
    first_chars(text, PREVIEW_CHARS)
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

/// The protocol's word for a kind as core's.
pub(crate) fn message_kind(kind: frame::SendKind) -> MessageKind {
    match kind {
        frame::SendKind::Text => MessageKind::Text,
        frame::SendKind::Note => MessageKind::Note,
        frame::SendKind::Location => MessageKind::Location,
        frame::SendKind::Card => MessageKind::Card,
        frame::SendKind::Form => MessageKind::Form,
        frame::SendKind::Image => MessageKind::Image,
        frame::SendKind::File => MessageKind::File,
        frame::SendKind::Voice => MessageKind::Voice,
        frame::SendKind::Video => MessageKind::Video,
    }
}

fn kind_word(kind: MessageKind) -> frame::MessageKind {
    match kind {
        MessageKind::Text => frame::MessageKind::Text,
        MessageKind::Note => frame::MessageKind::Note,
        MessageKind::Event => frame::MessageKind::Event,
        MessageKind::Image => frame::MessageKind::Image,
        MessageKind::File => frame::MessageKind::File,
        MessageKind::Voice => frame::MessageKind::Voice,
        MessageKind::Video => frame::MessageKind::Video,
        MessageKind::Location => frame::MessageKind::Location,
        MessageKind::Card => frame::MessageKind::Card,
        MessageKind::Form => frame::MessageKind::Form,
    }
}

fn revision_word(revision: Revision) -> Option<frame::Revision> {
    match revision {
        Revision::Intact => None,
        Revision::Edited => Some(frame::Revision::Edited),
        Revision::Recalled => Some(frame::Revision::Recalled),
        Revision::Erased => Some(frame::Revision::Erased),
    }
}

/// core's word for an event as the protocol's.
pub(crate) fn event_word(code: EventCode) -> frame::EventCode {
    match code {
        EventCode::Queued => frame::EventCode::Queued,
        EventCode::Assigned => frame::EventCode::Assigned,
        EventCode::Transferred => frame::EventCode::Transferred,
        EventCode::Pending => frame::EventCode::Pending,
        EventCode::Resolved => frame::EventCode::Resolved,
        EventCode::Reopened => frame::EventCode::Reopened,
        EventCode::Rated => frame::EventCode::Rated,
        EventCode::RatingInvited => frame::EventCode::RatingInvited,
        EventCode::Edited => frame::EventCode::Edited,
        EventCode::Recalled => frame::EventCode::Recalled,
        EventCode::IdleWarned => frame::EventCode::IdleWarned,
        EventCode::Joined => frame::EventCode::Joined,
        EventCode::Left => frame::EventCode::Left,
        EventCode::TakenOver => frame::EventCode::TakenOver,
        EventCode::Erased => frame::EventCode::Erased,
        EventCode::HandedOver => frame::EventCode::HandedOver,
        EventCode::TicketCreated => frame::EventCode::TicketCreated,
        EventCode::TicketUpdated => frame::EventCode::TicketUpdated,
        EventCode::TicketCommented => frame::EventCode::TicketCommented,
        EventCode::TicketFailed => frame::EventCode::TicketFailed,
        EventCode::TicketUnknown => frame::EventCode::TicketUnknown,
    }
}

/// The hint that goes with an event.
pub(crate) fn change_word(code: EventCode) -> frame::Change {
    match code {
        EventCode::Queued => frame::Change::Queued,
        EventCode::Assigned => frame::Change::Assigned,
        EventCode::Transferred => frame::Change::Transferred,
        EventCode::Pending => frame::Change::Pending,
        EventCode::Resolved => frame::Change::Resolved,
        EventCode::Reopened => frame::Change::Reopened,
        EventCode::Rated => frame::Change::Rated,
        EventCode::TakenOver => frame::Change::TakenOver,
        EventCode::RatingInvited
        | EventCode::Edited
        | EventCode::Recalled
        | EventCode::IdleWarned
        | EventCode::Joined
        | EventCode::Left
        | EventCode::Erased
        | EventCode::HandedOver
        | EventCode::TicketCreated
        | EventCode::TicketUpdated
        | EventCode::TicketCommented
        | EventCode::TicketFailed
        | EventCode::TicketUnknown => frame::Change::Updated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_are_cut_between_characters() {
        let text = "退".repeat(PREVIEW_CHARS + 5);
        assert_eq!(shorten(&text).chars().count(), PREVIEW_CHARS);
        assert_eq!(shorten("短"), "短");
    }
}
