use std::sync::Arc;

use super::{
    Item, Place, Rank, Routing, Timer,
    class::ClassKey,
    rules::{LastAgent, Wait},
};
use crate::{AgentKey, ConversationKey, Micros};

/// A waiting conversation and the agent who gets it, or is asked to take it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// What waited.
    pub conversation: ConversationKey,
    /// Who gets it.
    pub agent: AgentKey,
    /// Until when the agent may accept; `None` when it is not asked.
    pub offer_until: Option<Micros>,
}

impl Routing {
    /// The next assignment that is due, if any: of what somebody who is free may take, the most urgent that has
    /// waited longest. It takes the agent's capacity from now on. The caller carries it out and says
    /// [`Routing::confirm`] or [`Routing::own`], or [`Routing::undo`] when it could not; before that it may ask
    /// for more.
    ///
    /// Who may take what is as of the last [`Routing::tick`].
    #[must_use]
    pub fn assign(&mut self, now: Micros) -> Option<Assignment> {
        self.look_for_ready();
        let &(Rank { conversation, .. }, class) = self.ready.first()?;
        let key = Arc::clone(&self.classes.get(class)?.key);
        let agent = self.choose(&key, &self.items.get(&conversation)?.wait, now)?;
        let item = self.take_out(conversation, now)?;
        let timeout = self.pool(item.wait.team).rules.accept_timeout_us;
        let offer_until = timeout.map(|timeout| now.plus(timeout.max(0)));
        let place = Place::Chosen { agent, until: offer_until };
        self.items.insert(conversation, Item { is_reserved: false, place, ..item });
        self.turn += 1;
        let turn = self.turn;
        self.change(agent, now, |desk| {
            desk.holds.insert(conversation);
            desk.load += 1;
            desk.turn = turn;
        });
        Some(Assignment { conversation, agent, offer_until })
    }

    /// An assignment was carried out: the agent owns the conversation, or has been asked.
    pub fn confirm(&mut self, conversation: ConversationKey, now: Micros) {
        let Some(item) = self.items.get_mut(&conversation) else { return };
        match item.place {
            Place::Chosen { agent, until: Some(until) } => {
                item.place = Place::Offered { agent, until };
                self.timers.set(Timer::Conversation(conversation), Some(until));
                self.withdraw_if_unwanted(conversation, agent, now);
            }
            Place::Chosen { agent, until: None } => self.own(conversation, agent, true, now),
            _ => {}
        }
    }

    /// An assignment could not be carried out: the conversation waits again at its old place.
    pub fn undo(&mut self, conversation: ConversationKey, now: Micros) {
        let is_chosen = |item: &Item| matches!(item.place, Place::Chosen { .. });
        if self.items.get(&conversation).is_some_and(is_chosen)
            && let Some(item) = self.take_out(conversation, now)
        {
            self.put_back(conversation, item.wait, item.excluded, now);
        }
    }

    /// `agent` does not want what it was offered; the conversation waits again, for somebody else if there is
    /// anybody. Returns whether there was such an offer.
    pub fn decline(&mut self, conversation: ConversationKey, agent: AgentKey, now: Micros) -> bool {
        let is_offer = self.offer_of(conversation).is_some_and(|(to, _)| to == agent);
        if is_offer {
            self.pass_on(conversation, Some(agent), now);
        }
        is_offer
    }

    /// `agent` owns a conversation, wherever it stood before; it takes capacity if it `counts`, also beyond what
    /// routing would give. The owner of an offer has accepted it. To own it again changes nothing.
    pub fn own(&mut self, conversation: ConversationKey, agent: AgentKey, counts: bool, now: Micros) {
        let before = self.items.get(&conversation).map(|item| item.place);
        if before == Some(Place::Owned { agent, counts }) {
            return;
        }
        let holder = before.and_then(|place| place.holder());
        let wait = if holder == Some((agent, counts)) {
            self.timers.set(Timer::Conversation(conversation), None);
            self.items.remove(&conversation).map(|item| item.wait)
        } else {
            let item = self.take_out(conversation, now);
            self.hold(agent, conversation, counts, now);
            item.map(|item| item.wait)
        };
        let wait = wait.unwrap_or_else(|| Wait::since(now));
        // What never waited says nothing about how long others will.
        if !matches!(before, None | Some(Place::Owned { .. })) && now > wait.since {
            self.pool_mut(wait.team).pace.handed_out(now);
        }
        if matches!(before, Some(Place::Offered { agent: asked, .. }) if asked == agent)
            && let Some(desk) = self.desks.get_mut(&agent)
        {
            desk.missed = 0;
        }
        self.keep(conversation, agent, counts, wait, now);
    }

    /// `agent` owns a conversation since before this process; if it has to be put back, it waits like `wait`.
    pub fn restore(
        &mut self,
        conversation: ConversationKey,
        agent: AgentKey,
        counts: bool,
        wait: Wait,
        now: Micros,
    ) {
        self.take_out(conversation, now);
        self.hold(agent, conversation, counts, now);
        self.keep(conversation, agent, counts, wait.normalised(), now);
    }

    /// Puts an owned conversation back at its old place in the queue: what [`crate::Due::Requeue`] asks for.
    pub fn requeue(&mut self, conversation: ConversationKey, now: Micros) {
        if let Some(agent) = self.owner_of(conversation)
            && let Some(Item { mut wait, .. }) = self.take_out(conversation, now)
        {
            wait.last = Some(LastAgent { agent, at: now });
            self.put_back(conversation, wait, Vec::new(), now);
        }
    }

    /// Puts an offered conversation back in the queue, for somebody else than `excluded`.
    pub(super) fn pass_on(&mut self, conversation: ConversationKey, excluded: Option<AgentKey>, now: Micros) {
        if let Some(mut item) = self.take_out(conversation, now) {
            if let Some(agent) = excluded {
                Self::exclude(&mut item.excluded, agent);
            }
            self.put_back(conversation, item.wait, item.excluded, now);
        }
    }

    /// Notes an owner; one who is not there has the usual time to come.
    fn keep(
        &mut self,
        conversation: ConversationKey,
        agent: AgentKey,
        counts: bool,
        wait: Wait,
        now: Micros,
    ) {
        let place = Place::Owned { agent, counts };
        self.items.insert(conversation, Item { wait, excluded: Vec::new(), is_reserved: false, place });
        let Some(desk) = self.desks.get(&agent) else { return };
        let is_lost = desk.sockets == 0 && desk.grace_until.is_none() && counts;
        let due = match self.grace_us {
            _ if desk.profile.disabled => Some(now),
            Some(grace) if is_lost => Some(now.plus(grace.max(0))),
            _ => None,
        };
        self.timers.set(Timer::Conversation(conversation), due);
    }

    /// Who gets a conversation: its last agent if that is preferred, else the best of its team, else of those
    /// who help out.
    fn choose(&self, key: &ClassKey, wait: &Wait, now: Micros) -> Option<AgentKey> {
        if let Some((last, sticky)) = wait.last.zip(self.pool(wait.team).rules.sticky)
            && now < last.at.plus(sticky.window_us.max(0))
            && let Some(desk) = self.desks.get(&last.agent)
            && desk.standing().seat.is_some()
            && key.serves(last.agent, &desk.profile)
        {
            return Some(last.agent);
        }
        if key.teams.is_empty() {
            return self.general.best(&self.desks, key, &wait.skills);
        }
        key.teams.iter().find_map(|team| self.pool(Some(*team)).best(&self.desks, key, &wait.skills))
    }
}
