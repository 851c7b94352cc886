use super::{Place, Routing, Timer};
use crate::{AgentKey, AgentStatus, ConversationKey, Micros, TeamKey};

/// How many things one call of [`Routing::tick`] tells at most.
const TICK_MAX: usize = 256;

/// After how long something that the caller did not carry out is due again.
pub(super) const RETRY_US: i64 = 5_000_000;

/// What time has brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// The agent let an offer run out. The conversation waits again, for somebody else if there is anybody.
    OfferMissed {
        /// What was offered.
        conversation: ConversationKey,
        /// To whom.
        agent: AgentKey,
        /// How many offers the agent has let run out since it last accepted one.
        in_a_row: u32,
    },
    /// The agent takes no new work any more; what it was offered waits again.
    OfferWithdrawn {
        /// What was offered.
        conversation: ConversationKey,
        /// To whom.
        agent: AgentKey,
    },
    /// The owner did not come back in time or was disabled. The caller puts the conversation back and says
    /// [`Routing::requeue`]; until then it is told again from time to time.
    Requeue {
        /// What is to be put back.
        conversation: ConversationKey,
        /// Who had it.
        agent: AgentKey,
        /// Since when it then waits: its old place in the queue.
        since: Micros,
    },
    /// Another team may take a waiting conversation, too.
    Overflowed {
        /// What waits.
        conversation: ConversationKey,
        /// Who helps out.
        team: TeamKey,
    },
    /// A waiting conversation no longer needs the skills that it asked for.
    Relaxed {
        /// What waits.
        conversation: ConversationKey,
    },
}

impl Routing {
    /// When [`Routing::tick`] next has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        self.timers.next()
    }

    /// What has come due by `now`. At most some hundred at once: while [`Routing::next_deadline`] has passed,
    /// there is more.
    #[must_use]
    pub fn tick(&mut self, now: Micros) -> Vec<Due> {
        let mut due = Vec::new();
        while due.len() < TICK_MAX
            && let Some(timer) = self.timers.pop(now)
        {
            match timer {
                Timer::Agent(agent) => self.lapse(agent, now),
                Timer::Conversation(conversation) => self.look_at(conversation, now, &mut due),
            }
        }
        due
    }

    /// The agent did not come back in time.
    fn lapse(&mut self, agent: AgentKey, now: Micros) {
        self.change(agent, now, |desk| desk.grace_until = None);
        for conversation in self.desks.get(&agent).into_iter().flat_map(|desk| &desk.holds) {
            let place = self.items.get(conversation).map(|item| item.place);
            if matches!(place, Some(Place::Owned { counts: true, .. } | Place::Offered { .. })) {
                self.timers.set(Timer::Conversation(*conversation), Some(now));
            }
        }
    }

    fn look_at(&mut self, conversation: ConversationKey, now: Micros, due: &mut Vec<Due>) {
        let Some(item) = self.items.get(&conversation) else { return };
        let since = item.wait.since;
        match item.place {
            Place::Waiting { reach, is_relaxed, .. } => {
                self.reclassify(conversation, true, now);
                self.tell_widened(conversation, reach, is_relaxed, due);
            }
            Place::Chosen { .. } => {}
            Place::Offered { agent, until } => {
                if self.is_unwanted(agent) {
                    self.pass_on(conversation, None, now);
                    due.push(Due::OfferWithdrawn { conversation, agent });
                } else if now < until {
                    self.timers.set(Timer::Conversation(conversation), Some(until));
                } else {
                    let in_a_row = self.change(agent, now, |desk| {
                        desk.missed = desk.missed.saturating_add(1);
                        desk.missed
                    });
                    self.pass_on(conversation, Some(agent), now);
                    due.push(Due::OfferMissed { conversation, agent, in_a_row });
                }
            }
            Place::Owned { agent, counts } => {
                if self.has_lost(agent, counts) {
                    self.timers.set(Timer::Conversation(conversation), Some(now.plus(RETRY_US)));
                    due.push(Due::Requeue { conversation, agent, since });
                }
            }
        }
    }

    /// Tells who else may take a conversation since `reach` teams could.
    fn tell_widened(
        &self,
        conversation: ConversationKey,
        reach: usize,
        was_relaxed: bool,
        due: &mut Vec<Due>,
    ) {
        let Some(item) = self.items.get(&conversation) else { return };
        let Place::Waiting { class, is_relaxed, .. } = item.place else { return };
        let teams = self.classes.get(class).map(|class| class.key.teams.iter().skip(reach));
        for team in teams.into_iter().flatten() {
            due.push(Due::Overflowed { conversation, team: *team });
        }
        if is_relaxed && !was_relaxed {
            due.push(Due::Relaxed { conversation });
        }
    }

    /// Whether what was offered to `agent` had better be offered to somebody else.
    fn is_unwanted(&self, agent: AgentKey) -> bool {
        self.desks.get(&agent).is_none_or(|desk| {
            let is_gone = desk.sockets == 0 && desk.grace_until.is_none() && self.grace_us.is_some();
            desk.profile.disabled || desk.profile.status != AgentStatus::Online || is_gone
        })
    }

    /// Makes an offer due at once when the agent has stopped taking work while it was on its way.
    pub(super) fn withdraw_if_unwanted(
        &mut self,
        conversation: ConversationKey,
        agent: AgentKey,
        now: Micros,
    ) {
        if self.is_unwanted(agent) {
            self.timers.set(Timer::Conversation(conversation), Some(now));
        }
    }

    /// Whether an agent loses what it owns: it was disabled, or has stayed away too long and what it owns
    /// takes capacity. What it has set aside waits for something else than an agent.
    fn has_lost(&self, agent: AgentKey, counts: bool) -> bool {
        self.desks.get(&agent).is_some_and(|desk| {
            let is_gone = desk.sockets == 0 && desk.grace_until.is_none() && self.grace_us.is_some();
            desk.profile.disabled || (is_gone && counts)
        })
    }
}
