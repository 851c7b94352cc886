//! The indexes hold what a look at everything finds.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Place, Rank, Routing, class::ClassId, pool::Pool};
use crate::{AgentKey, TeamKey};

impl Routing {
    /// Compares every index with what it stands for.
    pub(super) fn check(&self) {
        self.check_desks();
        self.check_pool(None, &self.general);
        for (team, pool) in &self.teams {
            self.check_pool(Some(*team), pool);
        }
        self.check_classes();
        self.check_items();
    }

    fn check_desks(&self) {
        let mut online = 0;
        for (agent, desk) in &self.desks {
            online += usize::from(desk.standing().online);
            let held = |counting: bool| {
                let items = self.items.iter().filter(move |(_, item)| {
                    item.place
                        .holder()
                        .is_some_and(|(holder, counts)| holder == *agent && (counts || !counting))
                });
                items.map(|(key, _)| *key).collect::<BTreeSet<_>>()
            };
            assert_eq!(desk.holds, held(false), "{agent:?} holds");
            assert_eq!(desk.load as usize, held(true).len(), "load of {agent:?}");
            let reserved = self.items.iter().filter(|(_, item)| {
                item.is_reserved && item.wait.last.is_some_and(|last| last.agent == *agent)
            });
            assert_eq!(desk.reserved, reserved.map(|(key, _)| *key).collect(), "reserved for {agent:?}");
        }
        assert_eq!(self.online, online);
    }

    fn check_pool(&self, team: Option<TeamKey>, pool: &Pool) {
        let members = self.desks.iter().filter(|(_, desk)| team.is_none_or(|team| desk.profile.is_in(team)));
        let members: Vec<_> = members.collect();
        let agents = |wanted: &dyn Fn(&super::super::Desk) -> bool| {
            let agents = members.iter().filter(|(_, desk)| wanted(desk));
            agents.map(|(agent, _)| **agent).collect::<BTreeSet<AgentKey>>()
        };
        assert_eq!(pool.present, agents(&|desk| desk.standing().takes_work), "present in {team:?}");
        let free: BTreeSet<_> = pool.free.iter().map(|seat| seat.agent).collect();
        assert_eq!(free.len(), pool.free.len(), "each is free once in {team:?}");
        assert_eq!(free, agents(&|desk| desk.standing().seat.is_some()), "free in {team:?}");
        let place = |class: ClassId| {
            let teams = &self.classes.get(class).unwrap().key.teams;
            match team {
                Some(team) => teams.iter().position(|other| *other == team),
                None => teams.is_empty().then_some(0),
            }
        };
        let classes: BTreeSet<_> = self.classes.ids().filter(|class| place(*class).is_some()).collect();
        let entries: BTreeSet<_> = pool.classes.iter().map(|entry| entry.class).collect();
        assert_eq!((entries.len(), &entries), (pool.classes.len(), &classes), "classes of {team:?}");
        for entry in &pool.classes {
            let key = &self.classes.get(entry.class).unwrap().key;
            assert_eq!(*entry, key.entry(entry.class, place(entry.class).unwrap()));
        }
        let own: BTreeSet<_> = pool.own.iter().copied().collect();
        let home = classes.into_iter().filter(|class| place(*class) == Some(0)).collect();
        assert_eq!((own.len(), own), (pool.own.len(), home), "own classes of {team:?}");
        let queued = self
            .items
            .values()
            .filter(|item| matches!(item.place, Place::Waiting { home, .. } if home == team));
        assert_eq!(pool.queue.len(), queued.count(), "queue of {team:?}");
    }

    /// As of the last [`Routing::assign`], which brings the order up to date.
    fn check_classes(&self) {
        let mut ready: BTreeMap<Option<TeamKey>, (Rank, ClassId)> = BTreeMap::new();
        for id in self.classes.ids() {
            let class = self.classes.get(id).unwrap();
            assert!(!class.waiting.is_empty(), "an empty class is gone");
            assert_eq!(self.classes.find(&class.key), Some(id));
            let free = self.desks.iter().filter(|(agent, desk)| {
                desk.standing().seat.is_some() && class.key.serves(**agent, &desk.profile)
            });
            let free = free.count();
            assert_eq!(self.classes.free(id) as usize, free, "free for {:?}", class.key);
            if free > 0 {
                let first = (*class.waiting.first().unwrap(), id);
                let best = ready.entry(class.key.home()).or_insert(first);
                *best = first.min(*best);
            }
        }
        if self.stale.is_empty() {
            assert_eq!(self.ready, ready.into_values().collect());
        }
    }

    fn check_items(&self) {
        let mut waiting = 0;
        let mut seen: BTreeSet<(ClassId, _)> = BTreeSet::new();
        for (conversation, item) in &self.items {
            assert!(!item.is_reserved || matches!(item.place, Place::Waiting { .. }));
            if let Place::Waiting { class, .. } = item.place {
                waiting += 1;
                let rank = Rank::new(*conversation, &item.wait);
                assert!(self.classes.get(class).unwrap().waiting.contains(&rank));
                seen.insert((class, rank));
            }
        }
        assert_eq!((self.waiting, seen.len()), (waiting, waiting));
        let in_classes = self.classes.ids().map(|id| self.classes.get(id).unwrap().waiting.len());
        assert_eq!(in_classes.sum::<usize>(), waiting);
    }
}
