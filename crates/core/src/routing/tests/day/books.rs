//! What the desk's own books say, found by looking at all of them.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Book, Day, Stands};
use crate::{
    AgentKey, AgentStatus, ConversationKey, SkillKey, TeamKey,
    routing::{REACH_MAX, Wait},
};

impl Day {
    /// Nothing that the agent could have had comes before what it got.
    pub(super) fn nobody_was_passed_over(
        &self,
        given: ConversationKey,
        agent: AgentKey,
        failed: &[ConversationKey],
    ) {
        let rank = |key: ConversationKey| {
            let wait = &self.books[&key].wait;
            (Reverse(wait.priority), wait.since, key)
        };
        for (key, book) in &self.books {
            let waits = book.stands == Stands::Waiting && book.offer.is_none() && !failed.contains(key);
            if waits && rank(*key) < rank(given) {
                assert!(!self.may_take(agent, book), "{key:?} comes before {given:?} for {agent:?}");
            }
        }
    }

    pub(super) fn takes_work(&self, agent: AgentKey) -> bool {
        let profile = &self.profiles[&agent];
        let is_there = self.sockets.get(&agent).is_some_and(|sockets| *sockets > 0);
        is_there && profile.status == AgentStatus::Online && !profile.disabled
    }

    /// How many conversations each agent has or is offered.
    pub(super) fn loads(&self) -> BTreeMap<AgentKey, u32> {
        let mut loads: BTreeMap<_, _> = self.profiles.keys().map(|agent| (*agent, 0)).collect();
        for book in self.books.values() {
            let owner = if let Stands::Open(agent) = book.stands { Some(agent) } else { book.offer };
            owner.and_then(|agent| loads.get_mut(&agent)).into_iter().for_each(|load| *load += 1);
        }
        loads
    }

    pub(super) fn reach(&self, wait: &Wait) -> Vec<TeamKey> {
        let mut reach: Vec<TeamKey> = wait.team.into_iter().collect();
        let mut at = wait.since;
        while let Some(overflow) = reach.last().and_then(|team| self.teams[team].overflow)
            && reach.len() < REACH_MAX
        {
            at = at.plus(overflow.after_us);
            if self.now < at || reach.contains(&overflow.team) {
                break;
            }
            reach.push(overflow.team);
        }
        reach
    }

    /// Whether teams and skills are right.
    pub(super) fn suits(&self, agent: AgentKey, wait: &Wait) -> bool {
        let profile = &self.profiles[&agent];
        let relax = wait.team.and_then(|team| self.teams[&team].relax_after_us);
        let is_relaxed = relax.is_some_and(|after| self.now >= wait.since.plus(after));
        let knows = |skill: &SkillKey| profile.skills.iter().any(|(known, _)| known == skill);
        let reach = self.reach(wait);
        (reach.is_empty() || reach.iter().any(|team| profile.teams.contains(team)))
            && (is_relaxed || wait.skills.iter().all(knows))
    }

    /// Whether there is no reason not to give it to this agent, if it has room.
    pub(super) fn may_take(&self, agent: AgentKey, book: &Book) -> bool {
        let sticky = book.wait.team.and_then(|team| self.teams[&team].sticky);
        // It may wait for its last agent from when it began to wait.
        let may_wait = sticky.zip(book.wait.last).is_some_and(|(sticky, last)| {
            last.agent != agent && self.now < book.wait.since.plus(sticky.wait_us)
        });
        self.takes_work(agent) && self.suits(agent, &book.wait) && !book.passed.contains(&agent) && !may_wait
    }

    /// The invariants.
    pub(super) fn examine(&self) {
        let mut waiting = 0;
        for (key, book) in &self.books {
            let owner = if let Stands::Open(agent) = book.stands { Some(agent) } else { None };
            let waits = book.stands == Stands::Waiting && book.offer.is_none();
            waiting += usize::from(waits);
            assert_eq!(self.routing.owner_of(*key), owner, "{key:?}");
            assert_eq!(self.routing.offer_of(*key).map(|(agent, _)| agent), book.offer, "{key:?}");
            assert_eq!(self.routing.waiting_since(*key), waits.then_some(book.wait.since), "{key:?}");
            assert_eq!(self.routing.outlook(*key, self.now).is_some(), waits);
        }
        assert_eq!(self.routing.waiting_count(), waiting);
        let loads = self.loads();
        let free: Vec<_> = self
            .profiles
            .iter()
            .filter(|(agent, profile)| {
                let load = loads[*agent];
                assert_eq!(self.routing.load_of(**agent), load, "{agent:?}");
                assert!(load <= profile.capacity, "{agent:?} has more than it can");
                self.takes_work(**agent) && load < profile.capacity
            })
            .map(|(agent, _)| *agent)
            .collect();
        for book in self.books.values().filter(|book| book.stands == Stands::Waiting && book.offer.is_none())
        {
            for agent in &free {
                assert!(!self.may_take(*agent, book), "{agent:?} is free and {book:?} waits");
            }
        }
    }
}
