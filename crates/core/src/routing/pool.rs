use std::collections::BTreeSet;

use super::{
    agents::{Desk, Standing},
    class::{ClassId, ClassKey},
    pace::Pace,
    ranked::Ranked,
    rules::{Level, Rules, Strategy},
};
use crate::{AgentKey, SkillKey, keys::KeyMap};

/// A team: its agents who may take work, and what waits for it. There is one more for what waits for anybody.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub(super) rules: Rules,
    /// Agents with room, best first by the team's strategy.
    pub(super) free: BTreeSet<(u64, u64, AgentKey)>,
    /// Agents who take work when they have room.
    pub(super) present: BTreeSet<AgentKey>,
    /// Classes of conversations that the team may take from.
    pub(super) classes: BTreeSet<ClassId>,
    /// What waits for this team first.
    pub(super) queue: Ranked,
    pub(super) pace: Pace,
}

impl Pool {
    /// Follows an agent of the team from `before` to `after`.
    pub(super) fn reseat(&mut self, agent: AgentKey, before: Standing, after: Standing) {
        if before.seat != after.seat {
            if let Some(seat) = before.seat {
                self.free.remove(&self.place(agent, seat));
            }
            if let Some(seat) = after.seat {
                self.free.insert(self.place(agent, seat));
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

    fn place(&self, agent: AgentKey, (load, turn): (u32, u64)) -> (u64, u64, AgentKey) {
        match self.rules.strategy {
            Strategy::LeastBusy | Strategy::Skill => (u64::from(load), turn, agent),
            Strategy::RoundRobin => (turn, 0, agent),
        }
    }

    /// The agent of the team who is to get a conversation of this class, if one is free. Looks at free agents
    /// in the order of the strategy until one fits; for the most skilled, until none can be better.
    pub(super) fn best(
        &self,
        desks: &KeyMap<AgentKey, Desk>,
        key: &ClassKey,
        wanted: &[SkillKey],
    ) -> Option<AgentKey> {
        let free = self.free.iter().map(|(_, _, agent)| *agent);
        let mut fitting = free.filter_map(|agent| {
            let profile = &desks.get(&agent)?.profile;
            key.admits(agent, profile).then_some((agent, profile))
        });
        if self.rules.strategy != Strategy::Skill || wanted.is_empty() {
            return fitting.next().map(|(agent, _)| agent);
        }
        let highest =
            u32::from(Level::MAX.get()).saturating_mul(u32::try_from(wanted.len()).unwrap_or(u32::MAX));
        let mut best: Option<(u32, AgentKey)> = None;
        for (agent, profile) in fitting {
            let score = profile.score(wanted);
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
