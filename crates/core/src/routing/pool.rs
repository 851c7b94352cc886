use std::collections::BTreeSet;

use super::{
    agents::{Desk, Standing},
    class::{ClassId, ClassKey, Entry},
    marks::{Marks, bits},
    pace::Pace,
    rank::Rank,
    rules::{Level, Rules, Strategy},
    sorted::Sorted,
};
use crate::{AgentKey, SkillKey, keys::KeyMap};

/// A team: its agents who may take work, and what waits for it. There is one more for what waits for anybody.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub(super) rules: Rules,
    /// Agents with room, best first by the team's strategy.
    pub(super) free: Sorted<Seat>,
    /// Agents who take work when they have room.
    pub(super) present: BTreeSet<AgentKey>,
    /// Classes of conversations that the team may take from, in no order.
    pub(super) classes: Vec<Entry>,
    /// The same, to find one by.
    ids: Vec<ClassId>,
    /// Those of them whose home it is, in no order.
    pub(super) own: Vec<ClassId>,
    /// The first conversation that waits for this team and that somebody could take now, as of the last look.
    pub(super) ready: Option<(Rank, ClassId)>,
    /// What waits for this team first.
    pub(super) queue: Sorted<Rank>,
    pub(super) pace: Pace,
}

/// An agent with room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Seat {
    order: (u64, u64),
    pub(super) agent: AgentKey,
    skills: u128,
}

impl Pool {
    /// A team without agents.
    pub(super) fn new(rules: Rules, pace: Pace) -> Self {
        Self { rules, pace, ..Self::default() }
    }

    /// Follows an agent of the team from `before` to `after`.
    pub(super) fn reseat(&mut self, agent: AgentKey, marks: Marks, before: Standing, after: Standing) {
        if before.seat != after.seat {
            if let Some(seat) = before.seat {
                self.free.remove(&self.seat(agent, marks, seat));
            }
            if let Some(seat) = after.seat {
                self.free.insert(self.seat(agent, marks, seat));
            }
        }
        if before.takes_work != after.takes_work {
            if after.takes_work {
                self.present.insert(agent);
            } else {
                self.present.remove(&agent);
            }
        }
    }

    fn seat(&self, agent: AgentKey, marks: Marks, (load, turn): (u32, u64)) -> Seat {
        let order = match self.rules.strategy {
            Strategy::LeastBusy | Strategy::Skill => (u64::from(load), turn),
            Strategy::RoundRobin => (turn, 0),
        };
        Seat { order, agent, skills: marks.skills }
    }

    /// Adds a class that the team may take from.
    pub(super) fn open(&mut self, entry: Entry, is_own: bool) {
        self.classes.push(entry);
        self.ids.push(entry.class);
        if is_own {
            self.own.push(entry.class);
        }
    }

    /// Forgets a class.
    pub(super) fn forget(&mut self, class: ClassId) {
        if let Some(place) = self.ids.iter().position(|id| *id == class) {
            self.classes.swap_remove(place);
            self.ids.swap_remove(place);
        }
        if let Some(place) = self.own.iter().position(|own| *own == class) {
            self.own.swap_remove(place);
        }
    }

    /// The free agents of the team whose skills are right for `key`, in the order of the strategy.
    pub(super) fn free_for<'a>(
        &'a self,
        desks: &'a KeyMap<AgentKey, Desk>,
        key: &ClassKey,
    ) -> impl Iterator<Item = (AgentKey, &'a Desk)> {
        // Those whose skills cannot be right are not even looked up.
        let needed = bits(key.skills.iter().map(|skill| skill.0)).bits;
        let seats = self.free.iter().filter(move |seat| needed & !seat.skills == 0);
        seats.filter_map(|seat| Some((seat.agent, desks.get(&seat.agent)?)))
    }

    /// The agent of the team who is to get a conversation of this class, if one is free. Looks at free agents
    /// in the order of the strategy until one fits; for the most skilled, until none can be better.
    pub(super) fn best(
        &self,
        desks: &KeyMap<AgentKey, Desk>,
        key: &ClassKey,
        wanted: &[SkillKey],
    ) -> Option<AgentKey> {
        let mut fitting = self.free_for(desks, key).filter(|(agent, desk)| key.admits(*agent, &desk.profile));
        if self.rules.strategy != Strategy::Skill || wanted.is_empty() {
            return fitting.next().map(|(agent, _)| agent);
        }
        let highest = u32::from(Level::MAX.get()) * u32::try_from(wanted.len()).unwrap_or(u32::MAX / 8);
        let mut best: Option<(u32, AgentKey)> = None;
        for (agent, desk) in fitting {
            let score = desk.profile.score(wanted);
            // The first of equals is the least busy.
            if best.is_none_or(|(so_far, _)| score > so_far) {
                best = Some((score, agent));
            }
            if score >= highest {
                break;
            }
        }
        best.map(|(_, agent)| agent)
    }
}
