use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{AgentKey, AgentStatus, ConversationKey, Micros};

/// A waiting conversation and the agent who gets it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// What waited.
    pub conversation: ConversationKey,
    /// Who gets it.
    pub agent: AgentKey,
}

/// Who may take work, and what waits: least busy first, oldest first.
///
/// *Invariants*, held after every call of [`Routing::assign`] that returns `None`: nothing waits while
/// an online agent has free capacity; no agent was ever given more than its capacity by it.
#[derive(Debug, Default)]
pub struct Routing {
    desks: BTreeMap<AgentKey, Desk>,
    /// Agents who may take work now, least busy first, the longest without new work first among equals.
    free: BTreeSet<(u32, u64, AgentKey)>,
    waiting: BTreeSet<(Micros, ConversationKey)>,
    since: HashMap<ConversationKey, Micros>,
    turn: u64,
}

#[derive(Debug)]
struct Desk {
    status: AgentStatus,
    sockets: u32,
    capacity: u32,
    load: u32,
    last_turn: u64,
    disabled: bool,
}

impl Desk {
    fn slot(&self, agent: AgentKey) -> Option<(u32, u64, AgentKey)> {
        let takes_work = self.sockets > 0
            && self.status == AgentStatus::Online
            && !self.disabled
            && self.load < self.capacity;
        takes_work.then_some((self.load, self.last_turn, agent))
    }
}

impl Routing {
    /// Makes `agent` known, or changes what it may take.
    pub fn set_agent(&mut self, agent: AgentKey, status: AgentStatus, capacity: u32, disabled: bool) {
        self.change(agent, |desk| {
            desk.status = status;
            desk.capacity = capacity;
            desk.disabled = disabled;
        });
    }

    /// Counts an opened (`true`) or ended socket of `agent`; returns whether it came or went.
    pub fn socket(&mut self, agent: AgentKey, opened: bool) -> bool {
        self.change(agent, |desk| {
            let before = desk.sockets;
            desk.sockets = if opened { before + 1 } else { before.saturating_sub(1) };
            (before == 0) != (desk.sockets == 0)
        })
    }

    /// Counts a conversation that began (`true`) or ceased to take `agent`'s capacity.
    pub fn load(&mut self, agent: AgentKey, more: bool) {
        self.change(agent, |desk| {
            desk.load = if more { desk.load + 1 } else { desk.load.saturating_sub(1) };
        });
    }

    /// Puts a conversation in the queue.
    pub fn wait(&mut self, conversation: ConversationKey, since: Micros) {
        self.leave(conversation);
        self.waiting.insert((since, conversation));
        self.since.insert(conversation, since);
    }

    /// Takes a conversation out of the queue.
    pub fn leave(&mut self, conversation: ConversationKey) {
        if let Some(since) = self.since.remove(&conversation) {
            self.waiting.remove(&(since, conversation));
        }
    }

    /// The next assignment that is due, if any. The caller carries it out and calls
    /// [`Routing::leave`] and [`Routing::load`] before it asks again.
    #[must_use]
    pub fn assign(&mut self) -> Option<Assignment> {
        let &(_, conversation) = self.waiting.first()?;
        let &(_, _, agent) = self.free.first()?;
        self.turn += 1;
        let turn = self.turn;
        self.change(agent, |desk| desk.last_turn = turn);
        Some(Assignment { conversation, agent })
    }

    /// Since when a conversation waits; `None` when it does not.
    #[must_use]
    pub fn waiting_since(&self, conversation: ConversationKey) -> Option<Micros> {
        self.since.get(&conversation).copied()
    }

    /// How many conversations wait.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    /// Whether any agent has an open socket and says it is online.
    #[must_use]
    pub fn anyone_online(&self) -> bool {
        self.desks.values().any(|d| d.sockets > 0 && d.status == AgentStatus::Online && !d.disabled)
    }

    /// How many conversations take `agent`'s capacity.
    #[must_use]
    pub fn load_of(&self, agent: AgentKey) -> u32 {
        self.desks.get(&agent).map_or(0, |desk| desk.load)
    }

    /// What others see of `agent`.
    #[must_use]
    pub fn status_of(&self, agent: AgentKey) -> AgentStatus {
        match self.desks.get(&agent) {
            Some(desk) if desk.sockets > 0 => desk.status,
            _ => AgentStatus::Offline,
        }
    }

    fn change<T>(&mut self, agent: AgentKey, how: impl FnOnce(&mut Desk) -> T) -> T {
        let desk = self.desks.entry(agent).or_insert(Desk {
            status: AgentStatus::Away,
            sockets: 0,
            capacity: 0,
            load: 0,
            last_turn: 0,
            disabled: false,
        });
        if let Some(slot) = desk.slot(agent) {
            self.free.remove(&slot);
        }
        let result = how(desk);
        if let Some(slot) = desk.slot(agent) {
            self.free.insert(slot);
        }
        result
    }
}

#[cfg(test)]
mod tests;
