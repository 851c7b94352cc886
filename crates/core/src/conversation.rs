use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AgentKey, Audience, ConversationKey, Entry, Event, EventCode, InboxKey, MessageKind, Micros, Principal,
    Priority, TeamKey, VisitorKey,
};

/// How many agents may take part in a conversation beside its own.
pub const JOINED_MAX: usize = 8;

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Made with the visitor's session; nothing was written yet.
    New,
    /// Waits for an agent.
    Queued,
    /// An agent answers it, or the bot when there is no agent.
    Open,
    /// Its agent waits for something outside; takes no capacity.
    Pending,
    /// Ended; a new message reopens it.
    Resolved,
}

/// What the visitor thought of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rating {
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// May be empty.
    pub comment: String,
    /// When it was given.
    pub created_at: Micros,
}

/// Why a change of a conversation is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It has an agent already.
    #[error("the conversation is assigned already")]
    Taken,
    /// The change makes no sense in this state.
    #[error("the conversation is {}", .0.as_str())]
    State(State),
    /// [`JOINED_MAX`] agents take part already.
    #[error("{JOINED_MAX} agents have joined the conversation already")]
    Crowded,
    /// Nobody but the bot has it.
    #[error("the bot has the conversation: take it over first")]
    Bot,
    /// A score outside 1 to 5.
    #[error("the score is not between 1 and 5")]
    Score,
}

impl State {
    /// The word that stands for it in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Queued => "queued",
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Resolved => "resolved",
        }
    }
}

/// A conversation's head: everything but the entries of its log.
///
/// Its methods are the only way to change it. Each takes the entries that the change adds, in
/// order, into `log`; the caller gives them their position and writes them with the changed head in
/// one transaction.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Row number.
    pub key: ConversationKey,
    /// Public id.
    pub id: Uuid,
    /// Where it came in.
    pub inbox: InboxKey,
    /// Whose it is.
    pub visitor: VisitorKey,
    /// Where it stands.
    pub state: State,
    /// Who answers it; at most one agent at a time.
    pub assignee: Option<AgentKey>,
    /// Agents who take part beside that one, in the order in which they came.
    pub joined: Vec<AgentKey>,
    /// Who had it, or the visitor's conversation before it, last.
    pub last_assignee: Option<AgentKey>,
    /// When that agent and the visitor last met.
    pub last_met_at: Option<Micros>,
    /// The team that it waits for; anybody when there is none.
    pub team: Option<TeamKey>,
    /// How urgent it is.
    pub priority: Priority,
    /// `seq` of the last entry; 0 when there is none.
    pub last_seq: u64,
    /// `seq` of the last entry that a visitor may see.
    pub last_public_seq: u64,
    /// Position of the last entry in the store's log; 0 when there is none.
    pub last_pos: i64,
    /// Position of the last message or note; 0 when there is none.
    pub last_message_pos: i64,
    /// Position of the last message that is no note; 0 when there is none.
    pub last_public_message_pos: i64,
    /// The visitor has read up to here.
    pub visitor_read_seq: u64,
    /// The agents have read up to here.
    pub agent_read_seq: u64,
    /// Since when it waits.
    pub queued_at: Option<Micros>,
    /// When the visitor first wrote since it was opened or reopened.
    pub asked_at: Option<Micros>,
    /// When an agent first answered that.
    pub answered_at: Option<Micros>,
    /// When the visitor wrote what nobody has answered yet; the first of it.
    pub unanswered_at: Option<Micros>,
    /// Until when it is set aside, if that is not open.
    pub snoozed_until: Option<Micros>,
    /// An agent wants to come back to it, whatever was read.
    pub marked_unread: bool,
    /// When it was made.
    pub created_at: Micros,
    /// When its log last grew.
    pub updated_at: Micros,
    /// When it ended.
    pub resolved_at: Option<Micros>,
    /// The visitor's rating; few conversations have one.
    pub rating: Option<Box<Rating>>,
}

impl Conversation {
    /// A conversation in which nothing was written yet.
    #[must_use]
    pub fn new(key: ConversationKey, id: Uuid, inbox: InboxKey, visitor: VisitorKey, now: Micros) -> Self {
        Self {
            key,
            id,
            inbox,
            visitor,
            state: State::New,
            assignee: None,
            joined: Vec::new(),
            last_assignee: None,
            last_met_at: None,
            team: None,
            priority: Priority::Normal,
            last_seq: 0,
            last_public_seq: 0,
            last_pos: 0,
            last_message_pos: 0,
            last_public_message_pos: 0,
            visitor_read_seq: 0,
            agent_read_seq: 0,
            queued_at: None,
            asked_at: None,
            answered_at: None,
            unanswered_at: None,
            snoozed_until: None,
            marked_unread: false,
            created_at: now,
            updated_at: now,
            resolved_at: None,
            rating: None,
        }
    }

    /// The greatest `seq` that `audience` may see.
    #[must_use]
    pub fn last_seq(&self, audience: Audience) -> u64 {
        match audience {
            Audience::Agent => self.last_seq,
            Audience::Visitor => self.last_public_seq,
        }
    }

    /// Whether it takes a place of its agent's capacity.
    #[must_use]
    pub fn takes_capacity(&self) -> bool {
        self.state == State::Open && self.assignee.is_some()
    }

    /// Whether the bot answers it: it is open, but no agent has it.
    #[must_use]
    pub fn is_with_bot(&self) -> bool {
        self.state == State::Open && self.assignee.is_none()
    }

    /// Whether `agent` has nothing to do with it: it is at somebody's desk or was, and neither has nor joined it.
    #[must_use]
    pub fn is_foreign_to(&self, agent: AgentKey) -> bool {
        !matches!(self.state, State::New | State::Queued)
            && self.assignee != Some(agent)
            && !self.joined.contains(&agent)
    }

    /// Lets the bot answer first; returns whether it does, which is when nothing was written yet.
    pub fn meet_bot(&mut self) -> bool {
        let is_new = self.state == State::New;
        if is_new {
            self.enter(State::Open);
        }
        is_new
    }

    /// Has it wait for an agent instead of the bot, which may have answered or not. The event that says so,
    /// [`EventCode::HandedOver`], goes before the one that is returned.
    ///
    /// # Errors
    /// When it is not the bot's.
    pub fn hand_over(&mut self, now: Micros) -> Result<Event, Refusal> {
        if self.state != State::New && !self.is_with_bot() {
            return Err(Refusal::State(self.state));
        }
        let event = self.queue(EventCode::Queued, now);
        // What agents are measured by begins here.
        self.asked_at = Some(now);
        self.unanswered_at = Some(now);
        Ok(event)
    }

    /// Gives `entry` its place in this log: position, `seq` and what stands before it.
    pub fn append(&mut self, entry: &mut Entry, pos: i64) {
        entry.pos = pos;
        entry.conversation = self.key;
        entry.seq = self.last_seq + 1;
        entry.prev_pos = self.last_pos;
        entry.prev_public_seq = self.last_public_seq;
        self.last_seq = entry.seq;
        self.last_pos = pos;
        self.updated_at = self.updated_at.max(entry.created_at);
        if Audience::Visitor.sees(entry.kind) {
            self.last_public_seq = entry.seq;
        }
        if entry.kind != MessageKind::Event && entry.event.is_none() {
            self.last_message_pos = pos;
            if entry.kind.is_public_message() {
                self.last_public_message_pos = pos;
            }
        }
        if entry.kind.is_public_message() {
            match entry.sender {
                Principal::Visitor(_) => {
                    self.asked_at.get_or_insert(entry.created_at);
                    self.unanswered_at.get_or_insert(entry.created_at);
                }
                Principal::Agent(_) => {
                    self.unanswered_at = None;
                    if self.asked_at.is_some() {
                        self.answered_at.get_or_insert(entry.created_at);
                    }
                }
                Principal::Bot => self.unanswered_at = None,
                Principal::System => {}
            }
        }
        match entry.sender {
            Principal::Visitor(_) => self.visitor_read_seq = entry.seq,
            Principal::Agent(_) if entry.kind != MessageKind::Event => {
                self.agent_read_seq = entry.seq;
                self.marked_unread = false;
            }
            _ => {}
        }
    }

    /// What a message or note of `sender` changes besides the log: returns the event that follows it.
    pub fn on_message(&mut self, sender: Principal, kind: MessageKind, now: Micros) -> Option<Event> {
        if !kind.is_public_message() {
            return None;
        }
        match (self.state, sender) {
            (State::New, Principal::Visitor(_)) => Some(self.queue(EventCode::Queued, now)),
            (State::Resolved, Principal::Visitor(_)) => Some(self.queue(EventCode::Reopened, now)),
            (State::Resolved, Principal::Agent(agent)) => Some(self.reopen(Some(agent))),
            (State::Pending, _) if self.assignee.is_some() => {
                self.enter(State::Open);
                Some(self.event(EventCode::Reopened, self.assignee))
            }
            (State::New | State::Queued, Principal::Agent(agent)) if !self.joined.contains(&agent) => {
                Some(self.assign_to(agent, EventCode::Assigned))
            }
            (State::Open, Principal::Agent(agent)) if self.assignee.is_none() => {
                Some(self.assign_to(agent, EventCode::Assigned))
            }
            _ => None,
        }
    }

    /// Gives the conversation to `agent`, if it waits or the bot has it.
    ///
    /// # Errors
    /// When neither is so.
    pub fn assign(&mut self, agent: AgentKey) -> Result<Event, Refusal> {
        match (self.state, self.assignee) {
            (_, Some(_)) => Err(Refusal::Taken),
            (State::Queued | State::Open, None) => Ok(self.assign_to(agent, EventCode::Assigned)),
            (state, None) => Err(Refusal::State(state)),
        }
    }

    /// Hands it to a team: back to the queue, for whoever of that team is free.
    ///
    /// # Errors
    /// When nobody wrote in it yet or it has ended.
    pub fn transfer_to_team(&mut self, team: TeamKey, now: Micros) -> Result<Event, Refusal> {
        if matches!(self.state, State::New | State::Resolved) {
            return Err(Refusal::State(self.state));
        }
        self.team = Some(team);
        // Who hands it on does not want it back.
        let since = self.queued_at.unwrap_or(now);
        let event = self.queue(EventCode::Transferred, since);
        self.last_assignee = None;
        Ok(event)
    }

    /// Puts it back in the queue at its old place, because its agent is gone.
    ///
    /// # Errors
    /// When it is not assigned.
    pub fn requeue(&mut self, since: Micros) -> Result<Event, Refusal> {
        if self.assignee.is_none() || !matches!(self.state, State::Open | State::Pending) {
            return Err(Refusal::State(self.state));
        }
        Ok(self.queue(EventCode::Transferred, since))
    }

    /// Tells the visitor that it will end soon.
    ///
    /// # Errors
    /// When it is not open.
    pub fn warn_idle(&mut self) -> Result<Event, Refusal> {
        if self.state != State::Open {
            return Err(Refusal::State(self.state));
        }
        Ok(Event::of(EventCode::IdleWarned))
    }

    /// Moves it to `agent`, or back to the queue.
    ///
    /// # Errors
    /// When nobody wrote in it yet or it has ended.
    pub fn transfer(&mut self, agent: Option<AgentKey>, now: Micros) -> Result<Event, Refusal> {
        match (self.state, agent) {
            (State::New | State::Resolved, _) => Err(Refusal::State(self.state)),
            (_, Some(agent)) if self.assignee == Some(agent) => Err(Refusal::Taken),
            (_, Some(agent)) => Ok(self.assign_to(agent, EventCode::Transferred)),
            (State::Queued, None) => Err(Refusal::State(State::Queued)),
            (_, None) => {
                let event = self.queue(EventCode::Transferred, now);
                // Who puts it back does not want it back.
                self.last_assignee = None;
                Ok(event)
            }
        }
    }

    /// Has `agent` take part beside the agent who has it; returns nothing when it takes part already.
    ///
    /// # Errors
    /// When nobody has it, or too many have joined.
    pub fn join(&mut self, agent: AgentKey) -> Result<Option<Event>, Refusal> {
        if self.is_with_bot() {
            return Err(Refusal::Bot);
        }
        if self.assignee.is_none() || !matches!(self.state, State::Open | State::Pending) {
            return Err(Refusal::State(self.state));
        }
        if self.assignee == Some(agent) || self.joined.contains(&agent) {
            return Ok(None);
        }
        if self.joined.len() >= JOINED_MAX {
            return Err(Refusal::Crowded);
        }
        self.joined.push(agent);
        Ok(Some(Event { agent: Some(agent), ..Event::of(EventCode::Joined) }))
    }

    /// Has `agent` take part no longer; returns nothing when it had not joined.
    pub fn leave(&mut self, agent: AgentKey) -> Option<Event> {
        let place = self.joined.iter().position(|joined| *joined == agent)?;
        self.joined.remove(place);
        Some(Event { agent: Some(agent), ..Event::of(EventCode::Left) })
    }

    /// Gives it to `agent`, whoever has it and however much the agent has; returns nothing when it has it already.
    ///
    /// # Errors
    /// When nobody wrote in it yet or it has ended.
    pub fn take_over(&mut self, agent: AgentKey) -> Result<Option<Event>, Refusal> {
        if matches!(self.state, State::New | State::Resolved) {
            return Err(Refusal::State(self.state));
        }
        if self.assignee == Some(agent) {
            return Ok(None);
        }
        Ok(Some(self.assign_to(agent, EventCode::TakenOver)))
    }

    /// Sets it aside until something outside happens, or until a time. What is set aside already may get a time.
    ///
    /// # Errors
    /// When it is not open.
    pub fn pend(&mut self, until: Option<Micros>) -> Result<Event, Refusal> {
        if self.is_with_bot() {
            return Err(Refusal::Bot);
        }
        let is_postponed = self.state == State::Pending && until.is_some();
        if self.state != State::Open && !is_postponed {
            return Err(Refusal::State(self.state));
        }
        self.enter(State::Pending);
        self.snoozed_until = until;
        Ok(Event { until, ..self.event(EventCode::Pending, self.assignee) })
    }

    /// Takes it up again because the time until which it was set aside has come.
    ///
    /// # Errors
    /// When it is not set aside until a time.
    pub fn wake(&mut self) -> Result<Event, Refusal> {
        if self.snoozed_until.is_none() {
            return Err(Refusal::State(self.state));
        }
        Ok(self.reopen(self.assignee))
    }

    /// Ends it. Its agent stays on record.
    ///
    /// # Errors
    /// When nobody wrote in it yet or it has ended.
    pub fn resolve(&mut self, now: Micros) -> Result<Event, Refusal> {
        if matches!(self.state, State::New | State::Resolved) {
            return Err(Refusal::State(self.state));
        }
        self.enter(State::Resolved);
        self.joined.clear();
        self.queued_at = None;
        self.unanswered_at = None;
        self.marked_unread = false;
        self.resolved_at = Some(now);
        Ok(self.event(EventCode::Resolved, self.assignee))
    }

    /// Ends it because its visitor has had enough, of waiting or of talking; returns nothing when it has ended already.
    ///
    /// # Errors
    /// When nobody wrote in it yet.
    pub fn end(&mut self, now: Micros) -> Result<Option<Event>, Refusal> {
        if self.state == State::Resolved { Ok(None) } else { self.resolve(now).map(Some) }
    }

    /// Takes a pending or ended conversation up again, for `agent`.
    ///
    /// # Errors
    /// When it is neither pending nor ended.
    pub fn take_up(&mut self, agent: AgentKey) -> Result<Event, Refusal> {
        match self.state {
            State::Pending => Ok(self.reopen(self.assignee.or(Some(agent)))),
            State::Resolved => Ok(self.reopen(Some(agent))),
            state => Err(Refusal::State(state)),
        }
    }

    /// Records the visitor's rating; a later one replaces it.
    ///
    /// # Errors
    /// When the score is out of range or nobody wrote in it yet.
    pub fn rate(&mut self, rating: Rating) -> Result<Event, Refusal> {
        if !(1..=5).contains(&rating.score) {
            return Err(Refusal::Score);
        }
        if self.state == State::New {
            return Err(Refusal::State(State::New));
        }
        let score = rating.score;
        self.rating = Some(Box::new(rating));
        Ok(Event { score: Some(score), ..self.event(EventCode::Rated, self.assignee) })
    }

    /// Asks the visitor for a rating.
    ///
    /// # Errors
    /// When nobody wrote in it yet.
    pub fn invite_rating(&mut self) -> Result<Event, Refusal> {
        if matches!(self.state, State::New | State::Queued) {
            return Err(Refusal::State(self.state));
        }
        Ok(self.event(EventCode::RatingInvited, self.assignee))
    }

    /// Moves a read mark forward; returns whether it moved.
    pub fn read(&mut self, audience: Audience, seq: u64) -> bool {
        let last = self.last_seq(audience);
        if audience == Audience::Agent {
            self.marked_unread = false;
        }
        let mark = match audience {
            Audience::Visitor => &mut self.visitor_read_seq,
            Audience::Agent => &mut self.agent_read_seq,
        };
        let moved = seq > *mark && seq <= last;
        if moved {
            *mark = seq;
        }
        moved
    }

    /// Goes on to `state`; the time until which it was set aside says nothing about that.
    fn enter(&mut self, state: State) {
        self.state = state;
        self.snoozed_until = None;
    }

    fn queue(&mut self, code: EventCode, now: Micros) -> Event {
        if matches!(code, EventCode::Queued | EventCode::Reopened) {
            self.asked_at = None;
            self.answered_at = None;
        }
        self.enter(State::Queued);
        if self.assignee.is_some() {
            self.last_assignee = self.assignee;
            self.last_met_at = Some(self.updated_at);
        }
        self.assignee = None;
        self.resolved_at = None;
        self.queued_at = Some(now);
        self.event(code, None)
    }

    fn assign_to(&mut self, agent: AgentKey, code: EventCode) -> Event {
        self.enter(State::Open);
        self.assignee = Some(agent);
        self.joined.retain(|joined| *joined != agent);
        self.queued_at = None;
        self.event(code, Some(agent))
    }

    fn reopen(&mut self, agent: Option<AgentKey>) -> Event {
        self.enter(State::Open);
        self.assignee = agent;
        self.joined.retain(|joined| Some(*joined) != agent);
        self.resolved_at = None;
        self.event(EventCode::Reopened, agent)
    }

    fn event(&self, code: EventCode, agent: Option<AgentKey>) -> Event {
        Event { agent, team: self.team, ..Event::of(code) }
    }
}

#[cfg(test)]
mod tests;
