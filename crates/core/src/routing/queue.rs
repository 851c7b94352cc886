use super::{
    EXCLUDED_MAX, Item, Place, Pool, REACH_MAX, Rank, Routing, Timer,
    class::{ClassId, ClassKey},
    rules::Wait,
};
use crate::{AgentKey, ConversationKey, Micros, TeamKey, keys::KeyMap};

/// What a visitor who waits can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outlook {
    /// The place in the team's queue; 1 is next.
    pub position: usize,
    /// How long it will take, in microseconds, at the pace of the last hand-outs of that queue; `None` while
    /// there were none.
    pub wait_us: Option<i64>,
}

/// Who may take a conversation at a moment, and when that changes.
struct Classified {
    key: ClassKey,
    home: Option<TeamKey>,
    is_relaxed: bool,
    next: Option<Micros>,
}

impl Routing {
    /// Puts a conversation in the queue, wherever it stood before. One that waits just so already keeps its state.
    pub fn wait(&mut self, conversation: ConversationKey, wait: Wait, now: Micros) {
        let wait = wait.normalised();
        let excluded = match self.items.get(&conversation) {
            Some(item) if matches!(item.place, Place::Waiting { .. }) => {
                if item.wait == wait {
                    return;
                }
                item.excluded.clone()
            }
            _ => Vec::new(),
        };
        self.take_out(conversation, now);
        self.put_back(conversation, wait, excluded, now);
    }

    /// Forgets a conversation: it neither waits nor takes anybody's capacity.
    pub fn leave(&mut self, conversation: ConversationKey, now: Micros) {
        self.take_out(conversation, now);
    }

    /// Since when a conversation waits; `None` when it does not.
    #[must_use]
    pub fn waiting_since(&self, conversation: ConversationKey) -> Option<Micros> {
        let item = self.items.get(&conversation)?;
        matches!(item.place, Place::Waiting { .. }).then_some(item.wait.since)
    }

    /// How many conversations wait.
    #[must_use]
    pub fn waiting_count(&self) -> usize {
        self.waiting
    }

    /// How many conversations wait for `team` first; `None` asks for those that wait for anybody.
    #[must_use]
    pub fn waiting_in(&self, team: Option<TeamKey>) -> usize {
        self.pool(team).queue.len()
    }

    /// How many more conversations may wait for `team`; `None` when there is no limit. Routing itself refuses
    /// none: the caller asks first, and offers to leave a message when there is no room.
    #[must_use]
    pub fn room_in(&self, team: Option<TeamKey>) -> Option<usize> {
        let pool = self.pool(team);
        let max = usize::try_from(pool.rules.max_queue?).unwrap_or(usize::MAX);
        Some(max.saturating_sub(pool.queue.len()))
    }

    /// Where a waiting conversation stands; `None` when it does not wait.
    #[must_use]
    pub fn outlook(&self, conversation: ConversationKey, now: Micros) -> Option<Outlook> {
        let item = self.items.get(&conversation)?;
        let Place::Waiting { home, .. } = item.place else { return None };
        let pool = self.pool(home);
        let position = pool.queue.position(&Rank::new(conversation, &item.wait))? + 1;
        let interval = pool.pace.interval_us(now);
        let places = i64::try_from(position).unwrap_or(i64::MAX);
        Some(Outlook { position, wait_us: interval.map(|interval| interval.saturating_mul(places)) })
    }

    /// Takes a conversation out of everything.
    pub(super) fn take_out(&mut self, conversation: ConversationKey, now: Micros) -> Option<Item> {
        let item = self.items.remove(&conversation)?;
        self.timers.set(Timer::Conversation(conversation), None);
        match item.place {
            Place::Waiting { class, home, .. } => self.exit_queue(conversation, &item, class, home, now),
            Place::Chosen { agent, .. } | Place::Offered { agent, .. } => {
                self.release(agent, conversation, true, now);
            }
            Place::Owned { agent, counts } => self.release(agent, conversation, counts, now),
        }
        Some(item)
    }

    /// Puts a conversation that is nowhere in the queue; it may come to wait for its last agent.
    pub(super) fn put_back(
        &mut self,
        conversation: ConversationKey,
        wait: Wait,
        excluded: Vec<AgentKey>,
        now: Micros,
    ) {
        self.enter_queue(conversation, wait, excluded, true, now);
    }

    /// Looks again at who may take a waiting conversation, because of somebody else. If more may by now, that is
    /// for the next tick to tell.
    pub(super) fn revise(&mut self, conversation: ConversationKey, stays_reserved: bool, now: Micros) {
        let told = self.items.get(&conversation).and_then(|item| item.place.width());
        self.reclassify(conversation, stays_reserved, now);
        if let Some(item) = self.items.get_mut(&conversation)
            && item.place.width() != told
            && let (Some(told), Place::Waiting { reach, is_relaxed, .. }) = (told, &mut item.place)
        {
            (*reach, *is_relaxed) = told;
            self.timers.set(Timer::Conversation(conversation), Some(now));
        }
    }

    /// Looks again at who may take a waiting conversation.
    pub(super) fn reclassify(&mut self, conversation: ConversationKey, stays_reserved: bool, now: Micros) {
        if let Some(item) = self.take_out(conversation, now) {
            let is_reserved = item.is_reserved && stays_reserved;
            self.enter_queue(conversation, item.wait, item.excluded, is_reserved, now);
        }
    }

    /// Takes everything out that waits, lets `how` change the teams, and puts it back.
    pub(super) fn rebuild(&mut self, now: Micros, how: impl FnOnce(&mut Self)) {
        let waiting = |item: &Item| matches!(item.place, Place::Waiting { .. });
        let keys: Vec<_> = self.items.iter().filter(|(_, item)| waiting(item)).map(|(key, _)| *key).collect();
        let items: Vec<_> =
            keys.into_iter().filter_map(|key| Some((key, self.take_out(key, now)?))).collect();
        // No team is to keep a place in the order that it would not find again.
        self.look_for_ready();
        how(self);
        for (key, item) in items {
            self.enter_queue(key, item.wait, item.excluded, item.is_reserved, now);
        }
    }

    /// Remembers that `agent` let a conversation pass.
    pub(super) fn exclude(excluded: &mut Vec<AgentKey>, agent: AgentKey) {
        if excluded.len() == EXCLUDED_MAX {
            excluded.remove(0);
        }
        excluded.push(agent);
    }

    /// Whether anybody who has not let it pass could take it, now or as soon as there is room.
    pub(super) fn anyone_left(&self, key: &ClassKey) -> bool {
        let mut pools: Vec<_> = key.teams.iter().map(|team| self.pool(Some(*team))).collect();
        if pools.is_empty() {
            pools.push(&self.general);
        }
        let mut present = pools.into_iter().flat_map(|pool| &pool.present);
        present.any(|agent| self.desks.get(agent).is_some_and(|desk| key.suits(*agent, &desk.profile)))
    }

    fn enter_queue(
        &mut self,
        conversation: ConversationKey,
        wait: Wait,
        mut excluded: Vec<AgentKey>,
        may_be_reserved: bool,
        now: Micros,
    ) {
        let Classified { mut key, home, is_relaxed, next } =
            self.classify(&wait, &excluded, may_be_reserved, now);
        if !excluded.is_empty() && !self.anyone_left(&key) {
            excluded.clear();
            key.excluded.clear();
        }
        // It waits only for somebody who is at work or just dropped off, and may take it.
        key.only = key.only.filter(|agent| {
            let desk = self.desks.get(agent).filter(|desk| desk.standing().expected);
            desk.is_some_and(|desk| key.serves(*agent, &desk.profile))
        });
        let (reach, reserved_for) = (key.teams.len(), key.only);
        let rank = Rank::new(conversation, &wait);
        let class = match self.classes.find(&key) {
            Some(class) => {
                self.classes.enter(class, rank);
                class
            }
            None => self.open_class(key, rank),
        };
        if self.classes.free(class) > 0 {
            self.stale.add(home);
        }
        let pool = self.pool_mut(home);
        pool.queue.insert(rank);
        pool.pace.filled(now);
        if let Some(agent) = reserved_for {
            self.desks.entry(agent).or_default().reserved.insert(conversation);
        }
        self.timers.set(Timer::Conversation(conversation), next);
        self.waiting += 1;
        let place = Place::Waiting { class, home, reach, is_relaxed };
        self.items.insert(conversation, Item { wait, excluded, is_reserved: reserved_for.is_some(), place });
    }

    fn exit_queue(
        &mut self,
        conversation: ConversationKey,
        item: &Item,
        class: ClassId,
        home: Option<TeamKey>,
        now: Micros,
    ) {
        let rank = Rank::new(conversation, &item.wait);
        if self.classes.free(class) > 0 {
            self.stale.add(home);
        }
        if let Some(key) = self.classes.exit(class, &rank) {
            self.each_pool(&key.teams, |_, pool| pool.forget(class));
        }
        let pool = self.pool_mut(home);
        pool.queue.remove(&rank);
        if pool.queue.is_empty() {
            pool.pace.emptied(now);
        }
        if let Some(last) = item.wait.last.filter(|_| item.is_reserved)
            && let Some(desk) = self.desks.get_mut(&last.agent)
        {
            desk.reserved.remove(&conversation);
        }
        self.waiting -= 1;
    }

    fn open_class(&mut self, key: ClassKey, rank: Rank) -> ClassId {
        let entries = key.clone();
        let free = self.count_free(&key);
        let class = self.classes.open(key, free, rank);
        self.each_pool(&entries.teams, |place, pool| pool.open(entries.entry(class, place), place == 0));
        class
    }

    /// Does something to each of these teams, first to last, or to everybody when there are none.
    fn each_pool(&mut self, teams: &[TeamKey], mut what: impl FnMut(usize, &mut Pool)) {
        if teams.is_empty() {
            return what(0, &mut self.general);
        }
        for (place, team) in teams.iter().enumerate() {
            if let Some(pool) = self.teams.get_mut(team) {
                what(place, pool);
            }
        }
    }

    /// How many agents could take a conversation of this class now.
    fn count_free(&self, key: &ClassKey) -> u32 {
        let count = |team: Option<TeamKey>| {
            let free = self.pool(team).free_for(&self.desks, key);
            free.filter(|(agent, desk)| key.serves_by(team, *agent, &desk.profile)).count()
        };
        let count = if key.teams.is_empty() {
            count(None)
        } else {
            key.teams.iter().map(|team| count(Some(*team))).sum()
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Brings the order of what can be taken now up to date.
    pub(super) fn look_for_ready(&mut self) {
        let stale = self.stale.take();
        // All old places go before any new one comes: a conversation that went from one team to another may
        // have the same place, in a class with a number that was used again.
        for team in &stale {
            if let Some(before) = self.pool_mut(*team).ready.take() {
                self.ready.remove(&before);
            }
        }
        for team in stale {
            let ready = self.classes.first_ready(&self.pool(team).own);
            self.pool_mut(team).ready = ready;
            self.ready.extend(ready);
        }
    }

    /// Who may take a conversation that waits like this at `now`.
    fn classify(&self, wait: &Wait, excluded: &[AgentKey], may_be_reserved: bool, now: Micros) -> Classified {
        let home = wait.team.filter(|team| self.teams.contains_key(team));
        let rules = &self.pool(home).rules;
        let mut next: Option<Micros> = None;
        let mut is_due = |at: Micros| {
            if now < at {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
            now >= at
        };
        let teams = home.map_or_else(Vec::new, |home| reach(&self.teams, home, wait.since, &mut is_due));
        let relax = rules.relax_after_us.filter(|_| !wait.skills.is_empty());
        let is_relaxed = relax.is_some_and(|after| is_due(wait.since.plus(after.max(0))));
        let reserved = if may_be_reserved { wait.last.zip(rules.sticky) } else { None };
        let only = reserved.and_then(|(last, sticky)| {
            let until = wait.since.plus(sticky.wait_us.max(0)).min(last.at.plus(sticky.window_us.max(0)));
            (!is_due(until)).then_some(last.agent)
        });
        let skills = if is_relaxed { Vec::new() } else { wait.skills.clone() };
        let mut excluded = excluded.to_vec();
        excluded.sort_unstable();
        Classified { key: ClassKey { teams, skills, excluded, only }, home, is_relaxed, next }
    }
}

/// The team and those who help out by now. The times of a chain add up; a team that is not known ends it.
fn reach(
    teams: &KeyMap<TeamKey, Pool>,
    home: TeamKey,
    since: Micros,
    is_due: &mut impl FnMut(Micros) -> bool,
) -> Vec<TeamKey> {
    let mut reached = vec![home];
    let (mut current, mut at) = (home, since);
    while reached.len() < REACH_MAX
        && let Some(overflow) = teams.get(&current).and_then(|pool| pool.rules.overflow)
        && teams.contains_key(&overflow.team)
        && !reached.contains(&overflow.team)
    {
        at = at.plus(overflow.after_us.max(0));
        if !is_due(at) {
            break;
        }
        reached.push(overflow.team);
        current = overflow.team;
    }
    reached
}
