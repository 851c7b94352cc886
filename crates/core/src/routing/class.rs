use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{ranked::Rank, rules::Profile};
use crate::{AgentKey, SkillKey, TeamKey, keys::KeyMap};

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
    /// Whether `agent` may take it, as far as its teams are right and it waits for nobody else.
    pub(super) fn suits(&self, agent: AgentKey, profile: &Profile) -> bool {
        self.excluded.binary_search(&agent).is_err() && profile.knows_all(&self.skills)
    }

    /// Whether `agent` may take it, as far as its teams are right.
    pub(super) fn admits(&self, agent: AgentKey, profile: &Profile) -> bool {
        self.only.is_none_or(|only| only == agent) && self.suits(agent, profile)
    }

    /// Whether its teams are right.
    pub(super) fn reaches(&self, profile: &Profile) -> bool {
        self.teams.is_empty() || self.way_in(profile).is_some()
    }

    /// The first of its teams that the agent works for.
    fn way_in(&self, profile: &Profile) -> Option<TeamKey> {
        self.teams.iter().copied().find(|team| profile.is_in(*team))
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
}

/// A class in the table of classes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct ClassId(u64);

#[derive(Debug)]
pub(super) struct Class {
    pub(super) key: Arc<ClassKey>,
    pub(super) waiting: BTreeSet<Rank>,
    /// How many agents could take one of it now.
    pub(super) free: usize,
    /// Under which rank it stands among those that are ready.
    listed: Option<Rank>,
}

/// The classes in which something waits, and which of them have somebody who is free.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub(super) by_id: KeyMap<ClassId, Class>,
    ids: HashMap<Arc<ClassKey>, ClassId>,
    pub(super) ready: BTreeSet<(Rank, ClassId)>,
    last_id: u64,
    /// How many have excluded agents.
    excluding: usize,
}

impl Classes {
    pub(super) fn find(&self, key: &ClassKey) -> Option<ClassId> {
        self.ids.get(key).copied()
    }

    pub(super) fn get(&self, id: ClassId) -> Option<&Class> {
        self.by_id.get(&id)
    }

    /// Makes a class that `free` agents could take from. It must not exist yet.
    pub(super) fn open(&mut self, key: ClassKey, free: usize) -> ClassId {
        self.last_id += 1;
        let id = ClassId(self.last_id);
        let key = Arc::new(key);
        self.excluding += usize::from(!key.excluded.is_empty());
        self.ids.insert(Arc::clone(&key), id);
        self.by_id.insert(id, Class { key, waiting: BTreeSet::new(), free, listed: None });
        id
    }

    pub(super) fn enter(&mut self, id: ClassId, rank: Rank) {
        if let Some(class) = self.by_id.get_mut(&id) {
            class.waiting.insert(rank);
            relist(&mut self.ready, id, class);
        }
    }

    /// Takes an entry out; returns the key of the class when it was the last one and the class is gone.
    pub(super) fn exit(&mut self, id: ClassId, rank: &Rank) -> Option<Arc<ClassKey>> {
        let class = self.by_id.get_mut(&id)?;
        class.waiting.remove(rank);
        relist(&mut self.ready, id, class);
        if !class.waiting.is_empty() {
            return None;
        }
        let class = self.by_id.remove(&id)?;
        self.ids.remove(&class.key);
        self.excluding -= usize::from(!class.key.excluded.is_empty());
        Some(class.key)
    }

    /// Counts an agent who came to be (`true`) or ceased to be free, if it serves the class by way of `team`.
    pub(super) fn count(
        &mut self,
        id: ClassId,
        team: Option<TeamKey>,
        agent: AgentKey,
        profile: &Profile,
        more: bool,
    ) {
        if let Some(class) = self.by_id.get_mut(&id)
            && class.key.serves_by(team, agent, profile)
        {
            class.free = if more { class.free + 1 } else { class.free - 1 };
            relist(&mut self.ready, id, class);
        }
    }

    /// The class whose first conversation is the next to be given out.
    pub(super) fn first_ready(&self) -> Option<(Rank, &Class)> {
        let (rank, id) = self.ready.first()?;
        Some((*rank, self.by_id.get(id)?))
    }

    pub(super) fn any_excluding(&self) -> bool {
        self.excluding > 0
    }
}

fn relist(ready: &mut BTreeSet<(Rank, ClassId)>, id: ClassId, class: &mut Class) {
    let wanted = if class.free > 0 { class.waiting.first().copied() } else { None };
    if wanted == class.listed {
        return;
    }
    if let Some(listed) = class.listed {
        ready.remove(&(listed, id));
    }
    if let Some(wanted) = wanted {
        ready.insert((wanted, id));
    }
    class.listed = wanted;
}
