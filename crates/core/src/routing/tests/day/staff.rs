//! Who works at the desk, and when.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{AGENTS, CLOSING, Day, Dice, Happening, MINUTE, SECOND, SKILLS, STICKY, TEAMS};
use crate::{
    AgentKey, AgentStatus, SkillKey, TeamKey,
    routing::{Level, Overflow, Profile, Rules, Strategy},
};

impl Day {
    /// Teams of every kind, and agents with the course of their day.
    pub(super) fn hire(&mut self) {
        let strategies = [Strategy::LeastBusy, Strategy::RoundRobin, Strategy::Skill];
        for team in 0..TEAMS {
            let helper = TeamKey((team + 1 + self.dice.roll(TEAMS - 1)) % TEAMS);
            let after_us = MINUTE + self.dice.roll(4 * MINUTE);
            let rules = Rules {
                strategy: strategies[usize::try_from(self.dice.roll(3)).unwrap()],
                sticky: (!self.dice.one_in(3)).then_some(STICKY),
                overflow: (!self.dice.one_in(4)).then_some(Overflow { after_us, team: helper }),
                accept_timeout_us: self.dice.one_in(2).then_some(25 * SECOND),
                max_queue: None,
                relax_after_us: (!self.dice.one_in(4)).then_some(6 * MINUTE),
            };
            self.routing.set_team(Some(TeamKey(team)), rules, self.now);
            self.teams.insert(TeamKey(team), rules);
        }
        for agent in (0..AGENTS).map(AgentKey) {
            let teams: BTreeSet<_> =
                (0..=self.dice.roll(2)).map(|_| TeamKey(self.dice.roll(TEAMS))).collect();
            let skills: BTreeSet<_> =
                (0..self.dice.roll(5)).map(|_| SkillKey(self.dice.roll(SKILLS))).collect();
            let level = |dice: &mut Dice| Level::new(u8::try_from(dice.roll(5) + 1).unwrap()).unwrap();
            let profile = Profile {
                status: AgentStatus::Online,
                capacity: u32::try_from(self.dice.roll(4) + 1).unwrap(),
                disabled: false,
                teams: teams.into_iter().collect(),
                skills: skills.into_iter().map(|skill| (skill, level(&mut self.dice))).collect(),
            };
            self.routing.set_agent(agent, profile.clone(), self.now);
            self.profiles.insert(agent, profile);
            let comes = self.dice.roll(120 * MINUTE);
            self.plan(comes, Happening::Comes(agent));
            for _ in 0..self.dice.roll(4) {
                let at = comes + self.dice.roll(8 * 60 * MINUTE);
                self.plan(at, Happening::Drops(agent));
            }
            for _ in 0..self.dice.roll(4) {
                let at = comes + self.dice.roll(8 * 60 * MINUTE);
                self.plan(at, Happening::Breaks(agent));
            }
            if self.dice.one_in(8) {
                let at = comes + self.dice.roll(8 * 60 * MINUTE);
                self.plan(at, Happening::IsDisabled(agent));
            }
            self.agenda.push(Reverse((CLOSING, Happening::GoesHome(agent))));
        }
    }
}
