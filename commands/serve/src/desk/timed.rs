//! What comes with time: offers that run out, agents who do not come back, targets that are missed, silence.

use std::sync::Arc;

use kefu_core::{
    Alarm, Audience, Clock, ClockRules, Conversation, ConversationKey, Due, Entry, Micros, Principal,
    Refusal, State,
};
use kefu_protocol::frame::Change;
use kefu_store::StoreError;

use super::{batch::Work, deliver::Hint, task::Task};
use crate::clock;

/// How many waiting visitors are told of their place in one round at most.
const TOLD_MAX: usize = 500;

/// How many conversations are taken up in one commit at most.
const WOKEN_MAX: usize = 256;

impl Task {
    /// Starts the clocks of what was open when the daemon started.
    pub(super) async fn start_clocks(&mut self, keys: &[ConversationKey]) -> Result<(), StoreError> {
        for keys in keys.chunks(TOLD_MAX) {
            let heads = self.writer.conversations_by_key(keys).await?;
            let places: Vec<_> = heads.iter().map(|head| head.last_public_message_pos).collect();
            let last = self.store.entries_at(&places).await?;
            for head in &heads {
                self.watch_clock(head);
                let visitor = Principal::Visitor(head.visitor);
                let asked = head.asked_at.map(|at| (visitor, at));
                let answered = head.answered_at.zip(head.assignee.or(head.last_assignee));
                let answered = answered.map(|(at, agent)| (Principal::Agent(agent), at));
                let last = last.iter().find(|entry| entry.conversation == head.key);
                let last = last.map(|entry| (entry.sender, entry.created_at));
                for (by, at) in [asked, answered, last].into_iter().flatten() {
                    self.clocks.wrote(head.key, by, at);
                }
            }
        }
        Ok(())
    }

    /// Follows a changed head with its clocks.
    pub(super) fn watch_clock(&mut self, head: &Conversation) {
        let rules = self.directory.inboxes.get(&head.inbox).map(|inbox| inbox.settings.clock_rules());
        let rules = rules.unwrap_or_default();
        if rules == ClockRules::default() {
            return self.clocks.ends(head.key);
        }
        // No agent owes an answer to who talks to the bot.
        let rules = match head.is_with_bot() {
            true => ClockRules { first_response_us: None, ..rules },
            false => rules,
        };
        match head.state {
            State::Queued => self.clocks.waits(head.key, head.queued_at.unwrap_or(head.updated_at), rules),
            State::Open => self.clocks.opens(head.key, head.updated_at, rules),
            State::Pending => self.clocks.rests(head.key),
            State::New | State::Resolved => self.clocks.ends(head.key),
        }
    }

    /// Follows an entry with the clocks.
    pub(super) fn note_clock(&mut self, entry: &Entry) {
        if !self.clocks.is_empty() && entry.kind.is_public_message() {
            self.clocks.wrote(entry.conversation, entry.sender, entry.created_at);
        }
    }

    /// Carries out what has come due.
    pub(super) async fn keep_time(&mut self) {
        let now = clock::now();
        while self.routing.next_deadline().is_some_and(|at| at <= now) {
            let due = self.routing.tick(now);
            if due.is_empty() || !self.carry_out(due, now).await {
                break;
            }
        }
        while self.clocks.next_deadline().is_some_and(|at| at <= now) {
            let alarms = self.clocks.tick(now);
            if alarms.is_empty() || !self.heed(alarms, now).await {
                break;
            }
        }
        while self.snoozed.first().is_some_and(|(until, _)| *until <= now) {
            if !self.wake(now).await {
                break;
            }
        }
        self.keep_bots_in_time(now).await;
        self.part_absent(now).await;
        self.route(now).await;
        self.tell_places(now);
        self.flush_hints();
    }

    /// Returns whether it went well.
    async fn carry_out(&mut self, due: Vec<Due>, now: Micros) -> bool {
        let mut lost = Vec::new();
        for due in due {
            match due {
                Due::OfferMissed { conversation, agent, in_a_row } => {
                    self.metrics.offers_missed(1);
                    if let Some(agent) = self.directory.agents.get(&agent) {
                        tracing::info!(agent = %agent.id, in_a_row, "an offer ran out");
                    }
                    self.hints.push(Hint {
                        conversation,
                        change: Change::OfferMissed,
                        was_queued: true,
                        lost_by: None,
                    });
                }
                Due::OfferWithdrawn { conversation, .. } => {
                    self.hints.push(Hint {
                        conversation,
                        change: Change::OfferMissed,
                        was_queued: true,
                        lost_by: None,
                    });
                }
                Due::Requeue { conversation, since, .. } => lost.push((conversation, since)),
                // Who else may take it hears of it when it is given out.
                Due::Overflowed { .. } | Due::Relaxed { .. } => {}
            }
        }
        let since = |key| lost.iter().find(|(lost, _)| *lost == key).map_or(now, |(_, since)| *since);
        let keys: Vec<_> = lost.iter().map(|(key, _)| *key).collect();
        let changed = self.change_all(&keys, now, |head| head.requeue(since(head.key))).await;
        for key in keys {
            // It went back to the queue with the commit; what was gone already has no place to go back to.
            if changed && self.routing.owner_of(key).is_some() {
                self.routing.requeue(key, now);
            }
        }
        changed
    }

    /// Takes up what was set aside until now; returns whether it went well.
    async fn wake(&mut self, now: Micros) -> bool {
        let due = self.snoozed.iter().take_while(|(until, _)| *until <= now).take(WOKEN_MAX);
        let due: Vec<_> = due.copied().collect();
        let keys: Vec<_> = due.iter().map(|(_, key)| *key).collect();
        let directory = Arc::clone(&self.directory);
        let answers = |agent| directory.agents.get(&agent).is_some_and(|agent| !agent.disabled);
        let woken = self.change_all(&keys, now, |head| match head.assignee {
            Some(agent) if answers(agent) => head.wake(),
            // Who had it is gone: whoever is free goes on.
            _ => head.requeue(now),
        });
        let went_well = woken.await;
        if went_well {
            // What could not be taken up is not tried again.
            for place in &due {
                self.snoozed.remove(place);
            }
        }
        went_well
    }

    /// Has agents who did not come back leave what they joined.
    async fn part_absent(&mut self, now: Micros) {
        let due: Vec<_> = self.absent.iter().filter(|(_, at)| **at <= now).map(|(agent, _)| *agent).collect();
        for agent in due {
            let keys: Vec<_> = self.desks.get(&agent).into_iter().flatten().copied().collect();
            let leave = |head: &mut Conversation| head.leave(agent).ok_or(Refusal::State(head.state));
            if self.change_all(&keys, now, leave).await {
                self.absent.remove(&agent);
            }
        }
    }

    /// Returns whether it went well.
    async fn heed(&mut self, alarms: Vec<Alarm>, now: Micros) -> bool {
        let of = |wanted: fn(&Alarm) -> Option<ConversationKey>| -> Vec<_> {
            alarms.iter().filter_map(wanted).collect()
        };
        let warned = of(|alarm| match alarm {
            Alarm::WarnIdle { conversation, .. } => Some(*conversation),
            _ => None,
        });
        let closed = of(|alarm| match alarm {
            Alarm::CloseIdle { conversation } => Some(*conversation),
            _ => None,
        });
        let done = self.change_all(&warned, now, Conversation::warn_idle).await
            && self.change_all(&closed, now, |head| head.resolve(now)).await;
        if !done {
            return false;
        }
        for alarm in &alarms {
            if let Alarm::Breach { conversation, clock, .. } = alarm {
                match clock {
                    Clock::Waiting => self.metrics.waiting_overdue(1),
                    Clock::FirstResponse => self.metrics.answers_overdue(1),
                }
                self.hints.push(Hint {
                    conversation: *conversation,
                    change: Change::Overdue,
                    was_queued: false,
                    lost_by: None,
                });
            }
            self.clocks.confirm(alarm, now);
        }
        true
    }

    /// Changes conversations on kefu's own behalf, in one commit; those that do not allow it stay as they are.
    /// Returns whether it went well.
    async fn change_all(
        &mut self,
        keys: &[ConversationKey],
        now: Micros,
        how: impl Fn(&mut Conversation) -> Result<kefu_core::Event, Refusal>,
    ) -> bool {
        if keys.is_empty() {
            return true;
        }
        let loaded = self.hot.load(&mut self.writer, &self.store, Vec::new(), keys.to_vec()).await;
        if let Err(error) = loaded {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot read what has come due");
            return false;
        }
        let mut work = Work::new(self.writer.next_pos());
        for key in keys {
            let Some(hot) = self.hot.get(*key) else { continue };
            let mut changed = Conversation::clone(&hot.conversation);
            let Ok(event) = how(&mut changed) else { continue };
            work.touch(&hot.conversation).conversation = Arc::new(changed);
            self.append_event(*key, event, Principal::System, now, &mut work);
        }
        self.commit(work, now).await
    }

    /// Tells visitors who wait when their place has changed.
    fn tell_places(&mut self, now: Micros) {
        let routing = &self.routing;
        let moved = self
            .hot
            .queue_places(TOLD_MAX, |key| routing.outlook(key, now).map_or(0, |outlook| outlook.position));
        for key in moved {
            let Some(hot) = self.hot.peek(key) else { continue };
            let frame = self.hint_frame(hot, Change::Updated, Audience::Visitor);
            self.hub.publish(&key, None, |conn| {
                frame.clone().filter(|_| conn.meta.who.audience() == Audience::Visitor)
            });
        }
    }
}
