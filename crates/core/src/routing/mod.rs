//! Who gets which conversation.
//!
//! [`Routing`] knows agents, teams, what waits and who has what. It decides, the caller carries out:
//! [`Routing::assign`] names a pair and counts it at once; the caller commits it to disk and then says
//! [`Routing::confirm`] (or [`Routing::own`]), or [`Routing::undo`] when that failed. What comes with time
//! (offers that run out, agents who do not come back, teams that help out) is due at
//! [`Routing::next_deadline`] and comes out of [`Routing::tick`].
//!
//! *Invariants*, held whenever [`Routing::tick`] and then [`Routing::assign`] have nothing more to say:
//! nothing waits while somebody who may take it is free; no agent was given more than its capacity by
//! routing; a conversation waits, is being handed out, is offered or has an owner, and never two of these.
//!
//! Waiting conversations that the same agents may take form a class, and each class counts who of them is
//! free. An agent who comes to be free, or ceases to be, is counted in the classes that its teams may take from;
//! the first conversation of each team that has somebody free stands in one order. A decision is the first of
//! that order and a look at the free agents of its team: what cannot be served is not looked at.

mod agents;
mod assign;
mod class;
mod marks;
mod pace;
mod pool;
mod queue;
mod rank;
mod rules;
mod sorted;
mod stale;
mod tick;

use std::collections::BTreeSet;

use agents::Desk;
use class::{ClassId, Classes};
use pool::Pool;
use rank::Rank;
use stale::Stale;

pub use assign::Assignment;
pub use queue::Outlook;
pub use rules::{LastAgent, Level, Overflow, Priority, Profile, Rules, Sticky, Strategy, Wait};
pub use tick::Due;

use crate::{AgentKey, AgentStatus, ConversationKey, Micros, TeamKey, keys::KeyMap, timers::Timers};

/// How many teams may take one conversation: its own and those who help out, one after the other.
pub(crate) const REACH_MAX: usize = 5;

/// How many agents who let a conversation pass are remembered with it.
const EXCLUDED_MAX: usize = 16;

/// Who may take work, and what waits. See the module.
#[derive(Debug, Default)]
pub struct Routing {
    desks: KeyMap<AgentKey, Desk>,
    /// Everybody, and what waits for anybody.
    general: Pool,
    teams: KeyMap<TeamKey, Pool>,
    items: KeyMap<ConversationKey, Item>,
    classes: Classes,
    /// The first conversation of each team that somebody could take now.
    ready: BTreeSet<(Rank, ClassId)>,
    /// Teams for which that has to be looked up again.
    stale: Stale,
    timers: Timers<Timer>,
    grace_us: Option<i64>,
    /// How many hand-outs there were.
    turn: u64,
    /// Agents with an open socket who say they are online.
    online: usize,
    waiting: usize,
}

/// What has one moment at which it is looked at again.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Timer {
    Agent(AgentKey),
    Conversation(ConversationKey),
}

/// A conversation that waits or has somebody.
#[derive(Debug)]
struct Item {
    /// How it waits, or would if it were put back.
    wait: Wait,
    /// Who let it pass, first to last.
    excluded: Vec<AgentKey>,
    /// It waits for its last agent alone.
    is_reserved: bool,
    place: Place,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Waiting {
        class: ClassId,
        home: Option<TeamKey>,
        /// How many teams may take it, as far as was told.
        reach: usize,
        /// Needs no skills any more, as far as was told.
        is_relaxed: bool,
    },
    /// Given out, and not yet confirmed.
    Chosen {
        agent: AgentKey,
        until: Option<Micros>,
    },
    Offered {
        agent: AgentKey,
        until: Micros,
    },
    Owned {
        agent: AgentKey,
        counts: bool,
    },
}

impl Place {
    /// How many teams may take what waits, and whether it is relaxed.
    fn width(&self) -> Option<(usize, bool)> {
        match *self {
            Self::Waiting { reach, is_relaxed, .. } => Some((reach, is_relaxed)),
            _ => None,
        }
    }

    /// Who has it, and whether it takes that agent's capacity.
    fn holder(&self) -> Option<(AgentKey, bool)> {
        match *self {
            Self::Waiting { .. } => None,
            Self::Chosen { agent, .. } | Self::Offered { agent, .. } => Some((agent, true)),
            Self::Owned { agent, counts } => Some((agent, counts)),
        }
    }
}

impl Routing {
    /// Sets how long conversations stay with an agent whose last socket has ended, in microseconds, for ends from
    /// now on. Without it, which is the default, they stay until somebody moves them.
    pub fn set_grace(&mut self, grace_us: Option<i64>) {
        self.grace_us = grace_us;
    }

    /// Makes a team known, or changes its rules; `None` is the queue of what waits for anybody, whose overflow is
    /// not used. Everything that waits is looked at again.
    pub fn set_team(&mut self, team: Option<TeamKey>, rules: Rules, now: Micros) {
        if self.is_known(team) && self.pool(team).rules == rules {
            return;
        }
        self.rebuild(now, |routing| {
            let pace = routing.pool(team).pace.clone();
            let mut pool = Pool::new(rules, pace);
            for (agent, desk) in &routing.desks {
                if team.is_none_or(|team| desk.profile.is_in(team)) {
                    let marks = marks::Marks::of(&desk.profile);
                    pool.reseat(*agent, marks, agents::Standing::default(), desk.standing());
                }
            }
            match team {
                None => routing.general = pool,
                Some(team) => drop(routing.teams.insert(team, pool)),
            }
        });
    }

    /// Forgets a team. What waits for it waits for anybody.
    pub fn remove_team(&mut self, team: TeamKey, now: Micros) {
        if self.teams.contains_key(&team) {
            self.rebuild(now, |routing| drop(routing.teams.remove(&team)));
        }
    }

    /// Whether any agent has an open socket and says it is online.
    #[must_use]
    pub fn anyone_online(&self) -> bool {
        self.online > 0
    }

    /// Whether anybody of `team` takes work, now or as soon as there is room; `None` asks for anybody at all.
    #[must_use]
    pub fn anyone_in(&self, team: Option<TeamKey>) -> bool {
        !self.pool(team).present.is_empty()
    }

    /// How many conversations take `agent`'s capacity: its own, those offered to it and those on their way.
    #[must_use]
    pub fn load_of(&self, agent: AgentKey) -> u32 {
        self.desks.get(&agent).map_or(0, |desk| desk.load)
    }

    /// What others see of `agent`.
    #[must_use]
    pub fn status_of(&self, agent: AgentKey) -> AgentStatus {
        match self.desks.get(&agent) {
            Some(desk) if desk.sockets > 0 => desk.profile.status,
            _ => AgentStatus::Offline,
        }
    }

    /// Who owns a conversation.
    #[must_use]
    pub fn owner_of(&self, conversation: ConversationKey) -> Option<AgentKey> {
        match self.items.get(&conversation)?.place {
            Place::Owned { agent, .. } => Some(agent),
            _ => None,
        }
    }

    /// To whom a conversation is offered, and until when.
    #[must_use]
    pub fn offer_of(&self, conversation: ConversationKey) -> Option<(AgentKey, Micros)> {
        match self.items.get(&conversation)?.place {
            Place::Offered { agent, until } => Some((agent, until)),
            _ => None,
        }
    }

    fn is_known(&self, team: Option<TeamKey>) -> bool {
        team.is_none_or(|team| self.teams.contains_key(&team))
    }

    /// The team of that key; for a team that is not known, everybody.
    fn pool(&self, team: Option<TeamKey>) -> &Pool {
        team.and_then(|team| self.teams.get(&team)).unwrap_or(&self.general)
    }

    fn pool_mut(&mut self, team: Option<TeamKey>) -> &mut Pool {
        team.and_then(|team| self.teams.get_mut(&team)).unwrap_or(&mut self.general)
    }
}

#[cfg(test)]
mod tests;
