use std::{collections::BTreeSet, sync::Arc};

use super::{Place, Routing, Timer, marks::Marks, rules::Profile};
use crate::{AgentKey, AgentStatus, ConversationKey, Micros};

/// An agent as routing sees it.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) profile: Arc<Profile>,
    pub(super) sockets: u32,
    /// Until when it may come back as if nothing had happened.
    pub(super) grace_until: Option<Micros>,
    /// How many of what it holds count.
    pub(super) load: u32,
    /// The number of the last hand-out that it got.
    pub(super) turn: u64,
    /// What it owns, was offered, or is about to get.
    pub(super) holds: BTreeSet<ConversationKey>,
    /// Conversations that wait for it alone.
    pub(super) reserved: BTreeSet<ConversationKey>,
    /// Offers in a row that it let pass.
    pub(super) missed: u32,
}

/// What an agent's place in the indexes depends on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Standing {
    /// Load and turn of who may take one more now.
    pub(super) seat: Option<(u32, u64)>,
    /// Takes work when it has room.
    pub(super) takes_work: bool,
    /// Has an open socket and says it is online.
    pub(super) online: bool,
    /// Takes work, or will after a short absence.
    pub(super) expected: bool,
}

impl Desk {
    pub(super) fn standing(&self) -> Standing {
        let willing = self.profile.status == AgentStatus::Online && !self.profile.disabled;
        let online = willing && self.sockets > 0;
        let takes_work = online && self.profile.capacity > 0;
        Standing {
            seat: (takes_work && self.load < self.profile.capacity).then_some((self.load, self.turn)),
            takes_work,
            online,
            expected: takes_work || (willing && self.profile.capacity > 0 && self.grace_until.is_some()),
        }
    }
}

impl Routing {
    /// Makes `agent` known, or changes what it may take. Disabling it makes everything that it has due to be put
    /// back; whoever stops being online loses the offers that it has not accepted.
    pub fn set_agent(&mut self, agent: AgentKey, profile: Profile, now: Micros) {
        let profile = Arc::new(profile.normalised());
        let desk = self.desks.entry(agent).or_default();
        let (old, before) = (Arc::clone(&desk.profile), desk.standing());
        if old == profile {
            return;
        }
        let disables = profile.disabled && !old.disabled;
        let withdraws = profile.disabled || profile.status != AgentStatus::Online;
        let due = desk.holds.iter().copied().filter(|conversation| {
            let place = self.items.get(conversation).map(|item| &item.place);
            match place {
                Some(Place::Owned { .. }) => disables,
                Some(Place::Offered { .. }) => withdraws,
                _ => false,
            }
        });
        for conversation in due {
            self.timers.set(Timer::Conversation(conversation), Some(now));
        }
        desk.profile = Arc::clone(&profile);
        let after = desk.standing();
        if old.teams == profile.teams && old.skills == profile.skills {
            self.reindex(agent, &profile, before, after);
            self.settle(agent, &old, before, after, now);
        } else {
            self.reindex(agent, &old, before, Standing::default());
            self.reindex(agent, &profile, Standing::default(), after);
            // With other teams or skills it may be nobody's last hope any more.
            let lost = Standing { takes_work: false, expected: false, ..after };
            self.settle(agent, &old, before, lost, now);
        }
    }

    /// Counts an opened (`true`) or ended socket of `agent`; returns whether it came or went.
    pub fn socket(&mut self, agent: AgentKey, opened: bool, now: Micros) -> bool {
        let grace = self.grace_us.map(|grace| now.plus(grace.max(0)));
        let (changes, until) = self.change(agent, now, |desk| {
            let before = desk.sockets;
            desk.sockets = if opened { before + 1 } else { before.saturating_sub(1) };
            let changes = (before == 0) != (desk.sockets == 0);
            if changes {
                desk.grace_until = if opened { None } else { grace };
            }
            (changes, desk.grace_until)
        });
        if changes {
            self.timers.set(Timer::Agent(agent), until);
        }
        changes
    }

    /// Changes an agent's desk, but for its teams and skills, and has the indexes follow.
    pub(super) fn change<T>(&mut self, agent: AgentKey, now: Micros, how: impl FnOnce(&mut Desk) -> T) -> T {
        let desk = self.desks.entry(agent).or_default();
        let before = desk.standing();
        let result = how(desk);
        let after = desk.standing();
        if before != after {
            let profile = Arc::clone(&desk.profile);
            self.reindex(agent, &profile, before, after);
            self.settle(agent, &profile, before, after, now);
        }
        result
    }

    /// Gives `agent` a conversation, or takes it away.
    pub(super) fn hold(&mut self, agent: AgentKey, conversation: ConversationKey, counts: bool, now: Micros) {
        self.change(agent, now, |desk| {
            if desk.holds.insert(conversation) {
                desk.load += u32::from(counts);
            }
        });
    }

    pub(super) fn release(
        &mut self,
        agent: AgentKey,
        conversation: ConversationKey,
        counts: bool,
        now: Micros,
    ) {
        self.change(agent, now, |desk| {
            if desk.holds.remove(&conversation) {
                desk.load -= u32::from(counts);
            }
        });
    }

    /// Moves an agent in every index from `before` to `after`.
    fn reindex(&mut self, agent: AgentKey, profile: &Profile, before: Standing, after: Standing) {
        self.online = self.online + usize::from(after.online) - usize::from(before.online);
        let marks = Marks::of(profile);
        let (flips, more) = (before.seat.is_some() != after.seat.is_some(), after.seat.is_some());
        let Self { general, teams, classes, stale, .. } = self;
        general.reseat(agent, marks, before, after);
        if flips {
            classes.count(&general.classes, None, (agent, profile, marks), more, |home| stale.add(home));
        }
        for team in &profile.teams {
            let Some(pool) = teams.get_mut(team) else { continue };
            pool.reseat(agent, marks, before, after);
            if flips {
                let team = Some(*team);
                classes.count(&pool.classes, team, (agent, profile, marks), more, |home| stale.add(home));
            }
        }
    }

    /// Looks after what counted on an agent who no longer takes work.
    fn settle(&mut self, agent: AgentKey, profile: &Profile, before: Standing, after: Standing, now: Micros) {
        if before.expected && !after.expected {
            let reserved = self.desks.get_mut(&agent).map(|desk| std::mem::take(&mut desk.reserved));
            for conversation in reserved.into_iter().flatten() {
                self.revise(conversation, false, now);
            }
        }
        if before.takes_work && !after.takes_work && self.classes.any_excluding() {
            for conversation in self.stranded(agent, profile) {
                self.revise(conversation, true, now);
            }
        }
    }

    /// Conversations that others have let pass, and for which `agent` was the last one left.
    fn stranded(&self, agent: AgentKey, profile: &Profile) -> Vec<ConversationKey> {
        let pools = profile.teams.iter().filter_map(|team| self.teams.get(team));
        let ids = pools.chain([&self.general]).flat_map(|pool| &pool.classes).map(|entry| entry.class);
        let classes = ids.filter_map(|id| self.classes.get(id)).filter(|class| {
            !class.key.excluded.is_empty()
                && class.key.reaches(profile)
                && class.key.suits(agent, profile)
                && !self.anyone_left(&class.key)
        });
        classes.flat_map(|class| &class.waiting).map(|rank| rank.conversation).collect()
    }
}
