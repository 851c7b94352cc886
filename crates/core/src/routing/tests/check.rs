//! The indexes hold what a look at everything finds.

use std::collections::BTreeSet;

use super::super::{Place, Routing, class::ClassId, pool::Pool};
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
        let free: BTreeSet<_> = pool.free.iter().map(|(_, _, agent)| *agent).collect();
        assert_eq!(free.len(), pool.free.len(), "each is free once in {team:?}");
        assert_eq!(free, agents(&|desk| desk.standing().seat.is_some()), "free in {team:?}");
        let classes = self.classes.by_id.iter().filter(|(_, class)| match team {
            Some(team) => class.key.teams.contains(&team),
            None => class.key.teams.is_empty(),
        });
        assert_eq!(pool.classes, classes.map(|(id, _)| *id).collect(), "classes of {team:?}");
        let queued = self
            .items
            .values()
            .filter(|item| matches!(item.place, Place::Waiting { home, .. } if home == team));
        assert_eq!(pool.queue.len(), queued.count(), "queue of {team:?}");
    }

    fn check_classes(&self) {
        let mut ready = BTreeSet::new();
        for (id, class) in &self.classes.by_id {
            assert!(!class.waiting.is_empty(), "an empty class is gone");
            assert_eq!(self.classes.find(&class.key), Some(*id));
            let free = self.desks.iter().filter(|(agent, desk)| {
                desk.standing().seat.is_some() && class.key.serves(**agent, &desk.profile)
            });
            assert_eq!(class.free, free.count(), "free for {:?}", class.key);
            if class.free > 0 {
                ready.insert((*class.waiting.first().unwrap(), *id));
            }
        }
        assert_eq!(self.classes.ready, ready);
    }

    fn check_items(&self) {
        let mut waiting = 0;
        let mut seen: BTreeSet<(ClassId, _)> = BTreeSet::new();
        for (conversation, item) in &self.items {
            assert!(!item.is_reserved || matches!(item.place, Place::Waiting { .. }));
            if let Place::Waiting { class, .. } = item.place {
                waiting += 1;
                let rank = super::super::Rank::new(*conversation, &item.wait);
                assert!(self.classes.get(class).unwrap().waiting.contains(&rank));
                seen.insert((class, rank));
            }
        }
        assert_eq!((self.waiting, seen.len()), (waiting, waiting));
        assert_eq!(self.classes.by_id.values().map(|class| class.waiting.len()).sum::<usize>(), waiting);
    }
}
