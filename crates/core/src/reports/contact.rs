use crate::{AgentKey, Event, EventCode, Micros, Principal, TeamKey};

/// An entry of a conversation's log, as far as reports look at it: notes are none of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// When it was written.
    pub at: Micros,
    /// Who wrote or did it.
    pub sender: Principal,
    /// The change; `None` for a message.
    pub event: Option<Event>,
}

/// Something that is counted. Durations are microseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Occurrence {
    /// A contact began.
    Opened,
    /// It was handed to an agent, having waited so long.
    Waited(i64),
    /// It ended while it still waited, after so long.
    Abandoned(i64),
    /// An agent wrote for the first time since having it.
    Handled,
    /// An agent answered what the contact began with, after so long.
    FirstResponse(i64),
    /// An agent answered what was not answered yet, after so long; first responses are among them.
    Response(i64),
    /// It ended, or went on to somebody else, after an agent had it so long.
    Held(i64),
    /// Somebody handed it on.
    Transferred,
    /// It ended.
    Resolved {
        /// Because nobody wrote any more.
        by_clock: bool,
    },
    /// It ended so long after the visitor's first message without any agent having answered.
    Missed(i64),
    /// The visitor was asked for a rating.
    Invited,
    /// The visitor gave one.
    Rated(u8),
    /// The visitor wrote.
    Received,
    /// An agent wrote.
    Sent,
    /// A bot, or kefu itself, wrote.
    SentByBot,
}

/// Something that happened in a conversation at a moment, to an agent and for a team.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fact {
    /// When.
    pub at: Micros,
    /// Whose doing, or who had the conversation then.
    pub agent: Option<AgentKey>,
    /// The team that the conversation was for.
    pub team: Option<TeamKey>,
    /// What.
    pub what: Occurrence,
}

/// Where a conversation stands in its log. A contact lasts from when it is opened, or opened again, to its end.
///
/// What stands before the last `resolved` does not matter: a conversation may be followed from there on.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    phase: Phase,
    team: Option<TeamKey>,
    /// The visitor's first message.
    asked_at: Option<Micros>,
    is_answered: bool,
    /// The visitor's first message that no agent answered yet.
    unanswered_since: Option<Micros>,
    /// A message that the next entry is due to: it is told after that.
    early: Option<Step>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Phase {
    /// Not begun, or over.
    #[default]
    Resting,
    Waiting {
        since: Micros,
    },
    Held {
        agent: AgentKey,
        since: Micros,
        wrote: bool,
    },
}

impl Contact {
    /// Whether nothing is going on: the last entry with a meaning ended it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Resting && self.early.is_none()
    }

    /// Takes the next entry, and adds what it completes to `facts`.
    pub fn apply(&mut self, step: Step, facts: &mut Vec<Fact>) {
        let Some(event) = step.event else {
            self.flush(facts);
            if self.is_due(step.sender) {
                self.early = Some(step);
            } else {
                self.message(step, facts);
            }
            return;
        };
        self.event(event, step, facts);
        self.flush(facts);
    }

    /// Whether a message of `sender` opens the conversation or takes it, which the entry behind it says.
    fn is_due(&self, sender: Principal) -> bool {
        match sender {
            Principal::Visitor(_) => self.phase == Phase::Resting,
            Principal::Agent(_) => !matches!(self.phase, Phase::Held { .. }),
            Principal::Bot | Principal::System => false,
        }
    }

    fn flush(&mut self, facts: &mut Vec<Fact>) {
        if let Some(early) = self.early.take() {
            self.message(early, facts);
        }
    }

    fn holder(&self) -> Option<AgentKey> {
        match self.phase {
            Phase::Held { agent, .. } => Some(agent),
            _ => None,
        }
    }

    fn message(&mut self, step: Step, facts: &mut Vec<Fact>) {
        let at = step.at;
        let (holder, team) = (self.holder(), self.team);
        let mut tell = |agent, what| facts.push(Fact { at, agent, team, what });
        match step.sender {
            Principal::Visitor(_) => {
                self.asked_at.get_or_insert(at);
                self.unanswered_since.get_or_insert(at);
                tell(holder, Occurrence::Received);
            }
            Principal::Agent(agent) => {
                let agent = Some(agent);
                tell(agent, Occurrence::Sent);
                if let Some(since) = self.unanswered_since.take() {
                    tell(agent, Occurrence::Response(span(since, at)));
                }
                if let Some(asked) = self.asked_at.filter(|_| !self.is_answered) {
                    self.is_answered = true;
                    tell(agent, Occurrence::FirstResponse(span(asked, at)));
                }
                if let Phase::Held { wrote, .. } = &mut self.phase
                    && agent == holder
                    && !std::mem::replace(wrote, true)
                {
                    tell(agent, Occurrence::Handled);
                }
            }
            Principal::Bot | Principal::System => tell(holder, Occurrence::SentByBot),
        }
    }

    fn event(&mut self, event: Event, step: Step, facts: &mut Vec<Fact>) {
        let at = step.at;
        let (holder, before) = (self.holder(), self.team);
        match event.code {
            EventCode::Queued
            | EventCode::Reopened
            | EventCode::Assigned
            | EventCode::Transferred
            | EventCode::TakenOver => {
                self.team = event.team;
                // Taking up what was set aside begins nothing.
                let is_new = self.phase == Phase::Resting;
                if is_new {
                    (self.asked_at, self.is_answered, self.unanswered_since) = (None, false, None);
                    facts.push(Fact { at, agent: event.agent, team: self.team, what: Occurrence::Opened });
                }
                let moves = match event.code {
                    EventCode::Transferred => step.sender != Principal::System,
                    EventCode::TakenOver => holder.is_some(),
                    _ => false,
                };
                if moves {
                    facts.push(Fact { at, agent: holder, team: before, what: Occurrence::Transferred });
                }
                self.pass(event.agent, at, before, facts);
            }
            // To people, it begins here: what the bot was asked before is no question to them.
            EventCode::HandedOver => {
                self.flush(facts);
                *self = Self {
                    team: event.team,
                    asked_at: Some(at),
                    unanswered_since: Some(at),
                    ..Self::default()
                };
                self.phase = Phase::Waiting { since: at };
                facts.push(Fact { at, agent: None, team: self.team, what: Occurrence::Opened });
            }
            EventCode::Resolved => self.resolve(step, step.sender == Principal::System, facts),
            EventCode::RatingInvited | EventCode::Rated => {
                let score = event.score.unwrap_or_default();
                let is_rating = event.code == EventCode::Rated;
                let what = if is_rating { Occurrence::Rated(score) } else { Occurrence::Invited };
                facts.push(Fact { at, agent: event.agent, team: event.team, what });
            }
            EventCode::Pending
            | EventCode::Edited
            | EventCode::Recalled
            | EventCode::IdleWarned
            | EventCode::Joined
            | EventCode::Left
            | EventCode::TicketCreated
            | EventCode::TicketUpdated
            | EventCode::TicketCommented
            | EventCode::TicketFailed
            | EventCode::TicketUnknown => {}
            // What had ended before ends no second time.
            EventCode::Erased if self.phase == Phase::Resting => {}
            EventCode::Erased => self.resolve(step, false, facts),
        }
    }

    /// Hands it to an agent, or puts it in the queue.
    fn pass(&mut self, to: Option<AgentKey>, at: Micros, before: Option<TeamKey>, facts: &mut Vec<Fact>) {
        match (self.phase, to) {
            (Phase::Held { agent, .. }, Some(to)) if agent == to => return,
            (Phase::Held { agent, since, .. }, _) => {
                let what = Occurrence::Held(span(since, at));
                facts.push(Fact { at, agent: Some(agent), team: before, what });
            }
            // What moves to another team's queue has waited all the time.
            (Phase::Waiting { .. }, None) => return,
            (Phase::Waiting { since }, Some(_)) => {
                let what = Occurrence::Waited(span(since, at));
                facts.push(Fact { at, agent: to, team: self.team, what });
            }
            (Phase::Resting, _) => {}
        }
        self.phase = match to {
            Some(agent) => Phase::Held { agent, since: at, wrote: false },
            None => Phase::Waiting { since: at },
        };
    }

    fn resolve(&mut self, step: Step, by_clock: bool, facts: &mut Vec<Fact>) {
        let (at, agent, team) = (step.at, self.holder(), self.team);
        let mut tell = |what| facts.push(Fact { at, agent, team, what });
        match self.phase {
            Phase::Resting => {}
            Phase::Waiting { since } => tell(Occurrence::Abandoned(span(since, at))),
            Phase::Held { since, .. } => tell(Occurrence::Held(span(since, at))),
        }
        let is_missed = !self.is_answered && self.phase != Phase::Resting;
        if let Some(asked) = self.asked_at.filter(|_| is_missed) {
            tell(Occurrence::Missed(span(asked, at)));
        }
        tell(Occurrence::Resolved { by_clock });
        *self = Self::default();
    }
}

/// From one moment to another; a clock that was set back makes none of it negative.
fn span(from: Micros, to: Micros) -> i64 {
    to.since(from).max(0)
}
