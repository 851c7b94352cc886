//! Routing as one would write it without a thought for speed: everything is found by looking at everything.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::super::{Due, EXCLUDED_MAX, LastAgent, Profile, REACH_MAX, Rules, Strategy, Wait, tick::RETRY_US};
use crate::{AgentKey, AgentStatus, ConversationKey, Micros, SkillKey, TeamKey};

#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) profile: Profile,
    pub(super) sockets: u32,
    pub(super) grace_until: Option<Micros>,
    pub(super) turn: u64,
    pub(super) missed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stand {
    Waiting,
    Chosen {
        agent: AgentKey,
        until: Option<Micros>,
    },
    Offered {
        agent: AgentKey,
        until: Micros,
    },
    /// `told_at`: when it is told next that the agent has lost it.
    Owned {
        agent: AgentKey,
        counts: bool,
        told_at: Option<Micros>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) wait: Wait,
    pub(super) excluded: Vec<AgentKey>,
    pub(super) is_reserved: bool,
    pub(super) stand: Stand,
    /// What was told of its widening so far: teams and relaxation.
    reach: usize,
    is_relaxed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) people: BTreeMap<AgentKey, Person>,
    pub(super) general: Rules,
    pub(super) teams: BTreeMap<TeamKey, Rules>,
    pub(super) cases: BTreeMap<ConversationKey, Case>,
    pub(super) grace_us: Option<i64>,
    pub(super) turn: u64,
    pub(super) now: Micros,
}

impl Person {
    fn is_willing(&self) -> bool {
        self.profile.status == AgentStatus::Online && !self.profile.disabled && self.profile.capacity > 0
    }

    fn takes_work(&self) -> bool {
        self.is_willing() && self.sockets > 0
    }

    fn is_expected(&self) -> bool {
        self.is_willing() && (self.sockets > 0 || self.grace_until.is_some())
    }

    fn level(&self, skill: SkillKey) -> Option<u8> {
        self.profile.skills.iter().filter(|(known, _)| *known == skill).map(|(_, level)| level.get()).max()
    }
}

impl Model {
    pub(super) fn load(&self, agent: AgentKey) -> u32 {
        let holds = |case: &&Case| match case.stand {
            Stand::Waiting => false,
            Stand::Chosen { agent: a, .. } | Stand::Offered { agent: a, .. } => a == agent,
            Stand::Owned { agent: a, counts, .. } => a == agent && counts,
        };
        u32::try_from(self.cases.values().filter(holds).count()).unwrap()
    }

    fn home(&self, wait: &Wait) -> Option<TeamKey> {
        wait.team.filter(|team| self.teams.contains_key(team))
    }

    fn rules(&self, team: Option<TeamKey>) -> &Rules {
        team.map_or(&self.general, |team| &self.teams[&team])
    }

    /// The teams that may take it by now; none is anybody.
    fn reach(&self, wait: &Wait) -> Vec<TeamKey> {
        let Some(home) = self.home(wait) else { return Vec::new() };
        let mut reach = vec![home];
        let mut waited = self.now.0 - wait.since.0;
        while reach.len() < REACH_MAX {
            let Some(overflow) = self.teams[reach.last().unwrap()].overflow else { break };
            waited -= overflow.after_us;
            if waited < 0 || !self.teams.contains_key(&overflow.team) || reach.contains(&overflow.team) {
                break;
            }
            reach.push(overflow.team);
        }
        reach
    }

    fn is_relaxed(&self, wait: &Wait) -> bool {
        let after = self.rules(self.home(wait)).relax_after_us;
        !wait.skills.is_empty() && after.is_some_and(|after| self.now.0 - wait.since.0 >= after)
    }

    /// Whether teams and skills are right and the agent has not let it pass.
    fn suits(&self, agent: AgentKey, case: &Case) -> bool {
        let person = &self.people[&agent];
        let reach = self.reach(&case.wait);
        let knows = |skill: &SkillKey| person.level(*skill).is_some();
        (reach.is_empty() || reach.iter().any(|team| person.profile.teams.contains(team)))
            && (self.is_relaxed(&case.wait) || case.wait.skills.iter().all(knows))
            && !case.excluded.contains(&agent)
    }

    /// Who may take a waiting conversation now.
    pub(super) fn takers(&self, case: &Case) -> Vec<AgentKey> {
        let only = case.wait.last.filter(|_| case.is_reserved).map(|last| last.agent);
        let free = self
            .people
            .iter()
            .filter(|(agent, person)| person.takes_work() && self.load(**agent) < person.profile.capacity);
        let free = free.map(|(agent, _)| *agent).filter(|agent| only.is_none_or(|only| only == *agent));
        free.filter(|agent| self.suits(*agent, case)).collect()
    }

    /// Waiting conversations in order.
    pub(super) fn queue(&self) -> Vec<ConversationKey> {
        let mut queue: Vec<_> =
            self.cases.iter().filter(|(_, case)| case.stand == Stand::Waiting).map(|(key, _)| *key).collect();
        queue.sort_by_key(|key| {
            let wait = &self.cases[key].wait;
            (Reverse(wait.priority), wait.since, *key)
        });
        queue
    }

    /// The place in the queue of its team, from 1.
    pub(super) fn position(&self, conversation: ConversationKey) -> Option<usize> {
        let home = self.home(&self.cases.get(&conversation)?.wait);
        let mut queue = self.queue();
        queue.retain(|key| self.home(&self.cases[key].wait) == home);
        queue.iter().position(|key| *key == conversation).map(|place| place + 1)
    }

    pub(super) fn assign(&mut self) -> Option<(ConversationKey, AgentKey, Option<Micros>)> {
        let queue = self.queue();
        let conversation = *queue.iter().find(|key| !self.takers(&self.cases[*key]).is_empty())?;
        let case = &self.cases[&conversation];
        let agent = self.choose(case);
        let timeout = self.rules(self.home(&case.wait)).accept_timeout_us;
        let until = timeout.map(|timeout| self.now.plus(timeout));
        let case = self.cases.get_mut(&conversation).unwrap();
        case.stand = Stand::Chosen { agent, until };
        case.is_reserved = false;
        self.turn += 1;
        self.people.get_mut(&agent).unwrap().turn = self.turn;
        Some((conversation, agent, until))
    }

    fn choose(&self, case: &Case) -> AgentKey {
        let takers = self.takers(case);
        if let (Some(last), Some(sticky)) = (case.wait.last, self.rules(self.home(&case.wait)).sticky)
            && self.now < last.at.plus(sticky.window_us)
            && takers.contains(&last.agent)
        {
            return last.agent;
        }
        let best = |team: Option<TeamKey>| {
            let strategy = self.rules(team).strategy;
            let of_team =
                |agent: &&AgentKey| team.is_none_or(|t| self.people[agent].profile.teams.contains(&t));
            takers.iter().copied().filter(|agent| of_team(&agent)).min_by_key(|agent| {
                let person = &self.people[agent];
                let (load, turn) = (u64::from(self.load(*agent)), person.turn);
                let score: u32 =
                    case.wait.skills.iter().filter_map(|s| person.level(*s)).map(u32::from).sum();
                match strategy {
                    Strategy::LeastBusy => (Reverse(0), load, turn, *agent),
                    Strategy::RoundRobin => (Reverse(0), turn, 0, *agent),
                    Strategy::Skill => (Reverse(score), load, turn, *agent),
                }
            })
        };
        let reach = self.reach(&case.wait);
        if reach.is_empty() {
            return best(None).unwrap();
        }
        reach.into_iter().find_map(|team| best(Some(team))).unwrap()
    }

    pub(super) fn set_agent(&mut self, agent: AgentKey, profile: &Profile) {
        let person = self.people.entry(agent).or_default();
        let before = std::mem::replace(&mut person.profile, profile.clone());
        if before.teams != profile.teams || before.skills != profile.skills {
            self.release_reserved(agent);
        }
        if profile.disabled && !before.disabled {
            self.lose(agent, true);
        }
        self.settle();
    }

    pub(super) fn socket(&mut self, agent: AgentKey, opened: bool) {
        let grace = self.grace_us.map(|grace| self.now.plus(grace));
        let person = self.people.entry(agent).or_default();
        match (person.sockets, opened) {
            (0, false) => {}
            (0, true) => (person.sockets, person.grace_until) = (1, None),
            (1, false) => (person.sockets, person.grace_until) = (0, grace),
            (n, _) => person.sockets = if opened { n + 1 } else { n - 1 },
        }
        self.settle();
    }

    pub(super) fn wait(&mut self, conversation: ConversationKey, wait: Wait) {
        let waited = self.cases.get(&conversation).filter(|case| case.stand == Stand::Waiting);
        if waited.is_some_and(|case| case.wait == wait) {
            return;
        }
        let excluded = waited.map(|case| case.excluded.clone()).unwrap_or_default();
        self.enqueue(conversation, wait, excluded);
    }

    fn enqueue(&mut self, conversation: ConversationKey, wait: Wait, excluded: Vec<AgentKey>) {
        let (reach, is_relaxed) = (self.reach(&wait).len(), self.is_relaxed(&wait));
        let case = Case { wait, excluded, is_reserved: false, stand: Stand::Waiting, reach, is_relaxed };
        self.cases.insert(conversation, case);
        self.clear_exclusions();
        let is_reserved = self.may_be_reserved(&self.cases[&conversation]);
        self.cases.get_mut(&conversation).unwrap().is_reserved = is_reserved;
        self.settle();
    }

    fn may_be_reserved(&self, case: &Case) -> bool {
        let (Some(last), Some(sticky)) = (case.wait.last, self.rules(self.home(&case.wait)).sticky) else {
            return false;
        };
        self.now < case.wait.since.plus(sticky.wait_us)
            && self.now < last.at.plus(sticky.window_us)
            && self.people.get(&last.agent).is_some_and(Person::is_expected)
            && self.suits(last.agent, case)
    }

    pub(super) fn own(&mut self, conversation: ConversationKey, agent: AgentKey, counts: bool) {
        let before = self.cases.get(&conversation).cloned();
        if let Some(Case { stand: Stand::Owned { agent: a, counts: c, .. }, .. }) = before
            && (a, c) == (agent, counts)
        {
            return;
        }
        if matches!(&before, Some(Case { stand: Stand::Offered { agent: a, .. }, .. }) if *a == agent) {
            self.people.get_mut(&agent).unwrap().missed = 0;
        }
        let wait = before.map_or_else(|| Wait::since(self.now), |case| case.wait);
        let person = self.people.entry(agent).or_default();
        let is_lapsed = person.sockets == 0 && person.grace_until.is_none();
        let told_at = match self.grace_us {
            _ if person.profile.disabled => Some(self.now),
            Some(grace) if is_lapsed && counts => Some(self.now.plus(grace)),
            _ => None,
        };
        let stand = Stand::Owned { agent, counts, told_at };
        let case =
            Case { wait, excluded: Vec::new(), is_reserved: false, stand, reach: 0, is_relaxed: false };
        self.cases.insert(conversation, case);
        self.settle();
    }

    pub(super) fn confirm(&mut self, conversation: ConversationKey) {
        let case = self.cases.get_mut(&conversation).unwrap();
        match case.stand {
            Stand::Chosen { agent, until: Some(until) } => case.stand = Stand::Offered { agent, until },
            Stand::Chosen { agent, until: None } => self.own(conversation, agent, true),
            _ => {}
        }
    }

    pub(super) fn undo(&mut self, conversation: ConversationKey) {
        let case = self.cases[&conversation].clone();
        if matches!(case.stand, Stand::Chosen { .. }) {
            self.enqueue(conversation, case.wait, case.excluded);
        }
    }

    pub(super) fn requeue(&mut self, conversation: ConversationKey) {
        if let Some(case) = self.cases.get(&conversation).cloned()
            && let Stand::Owned { agent, .. } = case.stand
        {
            let last = Some(LastAgent { agent, at: self.now });
            self.enqueue(conversation, Wait { last, ..case.wait }, Vec::new());
        }
    }

    pub(super) fn pass_on(&mut self, conversation: ConversationKey, excluded: Option<AgentKey>) {
        let mut case = self.cases[&conversation].clone();
        if let Some(agent) = excluded {
            case.excluded.push(agent);
            assert!(case.excluded.len() <= EXCLUDED_MAX);
        }
        self.enqueue(conversation, case.wait, case.excluded);
    }

    pub(super) fn has_lost(&self, agent: AgentKey, counts: bool) -> bool {
        let person = &self.people[&agent];
        let is_lapsed = self.grace_us.is_some() && person.sockets == 0 && person.grace_until.is_none();
        person.profile.disabled || (is_lapsed && counts)
    }

    /// What comes due by now, in no order.
    pub(super) fn tick(&mut self) -> Vec<Due> {
        let mut told = Vec::new();
        let lapsing: Vec<_> = self
            .people
            .iter()
            .filter(|(_, p)| p.grace_until.is_some_and(|at| at <= self.now))
            .map(|(a, _)| *a)
            .collect();
        for agent in lapsing {
            self.people.get_mut(&agent).unwrap().grace_until = None;
            self.lose(agent, false);
        }
        self.settle();
        for conversation in self.cases.keys().copied().collect::<BTreeSet<_>>() {
            let case = &self.cases[&conversation];
            match case.stand {
                Stand::Waiting => self.tell_widened(conversation, &mut told),
                Stand::Chosen { .. } => {}
                Stand::Offered { agent, until } => {
                    let person = &self.people[&agent];
                    let is_gone = self.has_lost(agent, true);
                    if is_gone || person.profile.status != AgentStatus::Online {
                        self.pass_on(conversation, None);
                        told.push(Due::OfferWithdrawn { conversation, agent });
                    } else if self.now >= until {
                        let person = self.people.get_mut(&agent).unwrap();
                        person.missed += 1;
                        let in_a_row = person.missed;
                        self.pass_on(conversation, Some(agent));
                        told.push(Due::OfferMissed { conversation, agent, in_a_row });
                    }
                }
                Stand::Owned { agent, counts, told_at } => {
                    if told_at.is_some_and(|at| at <= self.now) {
                        let has_lost = self.has_lost(agent, counts);
                        let since = case.wait.since;
                        let told_at = has_lost.then(|| self.now.plus(RETRY_US));
                        let stand = Stand::Owned { agent, counts, told_at };
                        self.cases.get_mut(&conversation).unwrap().stand = stand;
                        if has_lost {
                            told.push(Due::Requeue { conversation, agent, since });
                        }
                    }
                }
            }
        }
        told
    }

    fn tell_widened(&mut self, conversation: ConversationKey, told: &mut Vec<Due>) {
        let wait = self.cases[&conversation].wait.clone();
        let (reach, is_relaxed) = (self.reach(&wait), self.is_relaxed(&wait));
        let case = self.cases.get_mut(&conversation).unwrap();
        told.extend(reach.iter().skip(case.reach).map(|team| Due::Overflowed { conversation, team: *team }));
        if is_relaxed && !case.is_relaxed {
            told.push(Due::Relaxed { conversation });
        }
        (case.reach, case.is_relaxed) = (reach.len(), is_relaxed);
    }

    /// What an agent owns is told as lost at the next tick.
    fn lose(&mut self, agent: AgentKey, everything: bool) {
        for case in self.cases.values_mut() {
            if let Stand::Owned { agent: owner, counts, told_at } = &mut case.stand
                && *owner == agent
                && (*counts || everything)
            {
                *told_at = Some(self.now);
            }
        }
    }

    fn release_reserved(&mut self, agent: AgentKey) {
        for case in self.cases.values_mut() {
            if case.is_reserved && case.wait.last.is_some_and(|last| last.agent == agent) {
                case.is_reserved = false;
            }
        }
    }

    /// Whom everybody has let pass may be offered to all again.
    fn clear_exclusions(&mut self) {
        let nobody_left = |case: &Case| {
            let left =
                |(agent, person): (&AgentKey, &Person)| person.takes_work() && self.suits(*agent, case);
            case.stand == Stand::Waiting && !case.excluded.is_empty() && !self.people.iter().any(left)
        };
        let cleared: Vec<_> =
            self.cases.iter().filter(|(_, case)| nobody_left(case)).map(|(key, _)| *key).collect();
        for key in cleared {
            self.cases.get_mut(&key).unwrap().excluded.clear();
        }
    }

    /// Ends what no longer holds.
    pub(super) fn settle(&mut self) {
        self.clear_exclusions();
        let ended = |case: &Case| case.is_reserved && !self.may_be_reserved(case);
        let ended: Vec<_> = self.cases.iter().filter(|(_, case)| ended(case)).map(|(key, _)| *key).collect();
        for key in ended {
            self.cases.get_mut(&key).unwrap().is_reserved = false;
        }
    }

    /// Teams have changed: nothing that is told of a widening is told for that.
    pub(super) fn teams_changed(&mut self) {
        self.settle();
        for key in self.queue() {
            let wait = self.cases[&key].wait.clone();
            let (reach, is_relaxed) = (self.reach(&wait).len(), self.is_relaxed(&wait));
            let case = self.cases.get_mut(&key).unwrap();
            (case.reach, case.is_relaxed) = (reach, is_relaxed);
        }
    }
}
