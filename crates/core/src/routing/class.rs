use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    marks::{Marks, bits},
    rank::Rank,
    rules::Profile,
};
use crate::{AgentKey, SkillKey, TeamKey};

/// Who may take a conversation: all waiting conversations with the same key are interchangeable but for their rank.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct ClassKey {
    /// The home team, then those who help out by now; anybody when empty.
    pub(super) teams: Vec<TeamKey>,
    /// What is needed, in order.
    pub(super) skills: Vec<SkillKey>,
    /// Who let it pass, in order.
    pub(super) excluded: Vec<AgentKey>,
    /// It waits for this agent alone.
    pub(super) only: Option<AgentKey>,
}

impl ClassKey {
    pub(super) fn home(&self) -> Option<TeamKey> {
        self.teams.first().copied()
    }

    /// Whether `agent` may take it, as far as its teams are right and it waits for nobody else.
    pub(super) fn suits(&self, agent: AgentKey, profile: &Profile) -> bool {
        self.excluded.binary_search(&agent).is_err() && profile.knows_all(&self.skills)
    }

    /// Whether `agent` may take it, as far as its teams are right.
    pub(super) fn admits(&self, agent: AgentKey, profile: &Profile) -> bool {
        self.only.is_none_or(|only| only == agent) && self.suits(agent, profile)
    }

    /// The first of its teams that the agent works for.
    fn way_in(&self, profile: &Profile) -> Option<TeamKey> {
        self.teams.iter().copied().find(|team| profile.is_in(*team))
    }

    /// Whether its teams are right.
    pub(super) fn reaches(&self, profile: &Profile) -> bool {
        self.teams.is_empty() || self.way_in(profile).is_some()
    }

    /// Whether `agent` may take it.
    pub(super) fn serves(&self, agent: AgentKey, profile: &Profile) -> bool {
        self.reaches(profile) && self.admits(agent, profile)
    }

    /// The same by way of `team` (`None`: of no team), so that an agent in several of its teams counts once.
    pub(super) fn serves_by(&self, team: Option<TeamKey>, agent: AgentKey, profile: &Profile) -> bool {
        self.way_in(profile) == team
            && (team.is_some() || self.teams.is_empty())
            && self.admits(agent, profile)
    }

    /// How it stands among the classes of `team`, the one of its teams at that place.
    pub(super) fn entry(&self, class: ClassId, place: usize) -> Entry {
        let skills = bits(self.skills.iter().map(|skill| skill.0));
        let earlier = bits(self.teams.iter().take(place).map(|team| team.0));
        let is_exact = skills.is_exact && earlier.is_exact && self.excluded.is_empty() && self.only.is_none();
        Entry { skills: skills.bits, earlier: earlier.bits, class, home: self.home(), is_exact }
    }
}

/// A class in the table of classes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct ClassId(u32);

/// A class among those that a team may take from. An agent who comes or goes is compared with all of them, so
/// what usually decides stands here, side by side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    skills: u128,
    /// Teams through which an agent would count already.
    earlier: u128,
    pub(super) class: ClassId,
    pub(super) home: Option<TeamKey>,
    /// Nothing but the above decides.
    is_exact: bool,
}

#[derive(Debug)]
pub(super) struct Class {
    pub(super) key: Arc<ClassKey>,
    pub(super) waiting: BTreeSet<Rank>,
}

/// The classes in which something waits.
#[derive(Debug, Default)]
pub(super) struct Classes {
    slots: Vec<Option<Class>>,
    /// How many agents could take one of each now.
    free: Vec<u32>,
    /// The first of each.
    first: Vec<Rank>,
    vacant: Vec<ClassId>,
    ids: HashMap<Arc<ClassKey>, ClassId>,
    /// How many have excluded agents.
    excluding: usize,
}

impl Classes {
    pub(super) fn find(&self, key: &ClassKey) -> Option<ClassId> {
        self.ids.get(key).copied()
    }

    pub(super) fn get(&self, id: ClassId) -> Option<&Class> {
        self.slots.get(id.0 as usize)?.as_ref()
    }

    pub(super) fn free(&self, id: ClassId) -> u32 {
        self.free[id.0 as usize]
    }

    pub(super) fn any_excluding(&self) -> bool {
        self.excluding > 0
    }

    /// Makes a class that `free` agents could take from. It must not exist yet.
    pub(super) fn open(&mut self, key: ClassKey, free: u32, rank: Rank) -> ClassId {
        let key = Arc::new(key);
        self.excluding += usize::from(!key.excluded.is_empty());
        let class = Some(Class { key: Arc::clone(&key), waiting: BTreeSet::from([rank]) });
        let id = match self.vacant.pop() {
            Some(id) => {
                let index = id.0 as usize;
                (self.slots[index], self.free[index], self.first[index]) = (class, free, rank);
                id
            }
            None => {
                // Each class has a conversation of its own in memory: four thousand million do not fit.
                let id = ClassId(u32::try_from(self.slots.len()).expect("memory ends before the numbers do"));
                self.slots.push(class);
                self.free.push(free);
                self.first.push(rank);
                id
            }
        };
        self.ids.insert(key, id);
        id
    }

    pub(super) fn enter(&mut self, id: ClassId, rank: Rank) {
        if let Some(Some(class)) = self.slots.get_mut(id.0 as usize) {
            class.waiting.insert(rank);
            self.first[id.0 as usize] = self.first[id.0 as usize].min(rank);
        }
    }

    /// Takes an entry out; returns the key of the class when it was the last one and the class is gone.
    pub(super) fn exit(&mut self, id: ClassId, rank: &Rank) -> Option<Arc<ClassKey>> {
        let slot = self.slots.get_mut(id.0 as usize)?;
        let class = slot.as_mut()?;
        class.waiting.remove(rank);
        if let Some(first) = class.waiting.first() {
            self.first[id.0 as usize] = *first;
            return None;
        }
        let class = slot.take()?;
        self.ids.remove(&class.key);
        self.vacant.push(id);
        self.excluding -= usize::from(!class.key.excluded.is_empty());
        Some(class.key)
    }

    /// Counts an agent of `team` who came to be (`true`) or ceased to be free in those of `entries` that it
    /// serves by way of that team; names the home team of each that has become ready or is no longer.
    pub(super) fn count(
        &mut self,
        entries: &[Entry],
        team: Option<TeamKey>,
        (agent, profile, marks): (AgentKey, &Profile, Marks),
        more: bool,
        mut changed: impl FnMut(Option<TeamKey>),
    ) {
        for entry in entries {
            if entry.skills & !marks.skills != 0 || entry.earlier & marks.teams != 0 {
                continue;
            }
            if !entry.is_exact
                && !self.get(entry.class).is_some_and(|class| class.key.serves_by(team, agent, profile))
            {
                continue;
            }
            let free = &mut self.free[entry.class.0 as usize];
            *free = if more { *free + 1 } else { *free - 1 };
            if *free == u32::from(more) {
                changed(entry.home);
            }
        }
    }

    /// Of those of `ids` that have somebody free, the one whose first conversation comes before all others.
    pub(super) fn first_ready(&self, ids: &[ClassId]) -> Option<(Rank, ClassId)> {
        let ready = ids.iter().filter(|id| self.free[id.0 as usize] > 0);
        ready.map(|id| (self.first[id.0 as usize], *id)).min()
    }

    /// How many classes there are.
    #[cfg(test)]
    pub(super) fn ids(&self) -> impl Iterator<Item = ClassId> {
        self.ids.values().copied()
    }
}
