//! Who gets what waits: routing's decisions carried out.

use std::sync::{Arc, atomic::Ordering};

use kefu_core::{
    Agent, Assignment, Conversation, ConversationKey, EventCode, LastAgent, Level, Micros, Permission,
    Principal, Profile, SkillKey, State, Wait,
};
use kefu_protocol::frame::Change;
use kefu_store::OpenWork;

use super::{batch::Work, deliver::Hint, task::Task};

/// How many conversations one round of routing gives out at most.
const ASSIGN_MAX: usize = 256;

impl Task {
    /// What routing has to know of an agent; who may not answer gets nothing.
    pub(super) fn profile(&mut self, agent: &Agent) -> Profile {
        let skills = agent
            .skills
            .iter()
            .map(|(name, level)| (self.skill(name), Level::new(*level).unwrap_or_default()))
            .collect();
        let capacity = if self.directory.rights_of(agent).has(Permission::Chat) { agent.capacity } else { 0 };
        Profile { capacity, teams: agent.teams.clone(), skills, ..Profile::from(agent) }
    }

    /// The key of a skill, by its name.
    fn skill(&mut self, name: &str) -> SkillKey {
        if let Some(key) = self.skills.get(name) {
            return *key;
        }
        let key = SkillKey(i64::try_from(self.skills.len()).unwrap_or(i64::MAX));
        self.skills.insert(name.to_owned(), key);
        key
    }

    /// How a conversation waits.
    pub(super) fn wait_of(&mut self, conversation: &OpenWork) -> Wait {
        let since = conversation.queued_at.unwrap_or(conversation.updated_at);
        let last = conversation
            .last_assignee
            .map(|agent| LastAgent { agent, at: conversation.last_met_at.unwrap_or(since) });
        let inbox = self.directory.inboxes.get(&conversation.inbox);
        let names = inbox.map(|inbox| inbox.settings.skills.clone()).unwrap_or_default();
        let skills = names.iter().map(|name| self.skill(name)).collect();
        Wait { since, team: conversation.team, skills, priority: conversation.priority, last }
    }

    /// Puts what begins to wait in this group in the queue, ahead of the commit.
    pub(super) fn queue_new(&mut self, now: Micros, work: &mut Work) -> Vec<ConversationKey> {
        let mut new = Vec::new();
        for (key, touched) in &work.touched {
            // What was put back may have been taken from an agent whom this group changes: that is for `route`.
            if matches!(touched.change, Some(EventCode::Queued | EventCode::Reopened))
                && touched.conversation.state == State::Queued
                && self.routing.waiting_since(*key).is_none()
                && self.routing.owner_of(*key).is_none()
            {
                let wait = self.wait_of(&OpenWork::from(&*touched.conversation));
                self.routing.wait(*key, wait, now);
                new.push(*key);
            }
        }
        new
    }

    /// Gives what this group touches to who is free, within the group: the agent then hears of the
    /// conversation from its first entry on.
    pub(super) fn assign_new(&mut self, now: Micros, work: &mut Work) -> Vec<Assignment> {
        let mut given = Vec::new();
        while let Some(assignment) = self.routing.assign(now) {
            let touched = work.touched.get_mut(&assignment.conversation);
            if assignment.offer_until.is_some() && touched.is_some() {
                work.offers.push(assignment);
                given.push(assignment);
                continue;
            }
            let event = touched.and_then(|touched| touched.head_mut().assign(assignment.agent).ok());
            let Some(event) = event else {
                self.routing.undo(assignment.conversation, now);
                break;
            };
            self.append_event(assignment.conversation, event, Principal::System, now, work);
            given.push(assignment);
        }
        given
    }

    /// Gives what waits to who is free.
    pub(super) async fn route(&mut self, now: Micros) {
        loop {
            let chosen: Vec<_> = std::iter::from_fn(|| self.routing.assign(now)).take(ASSIGN_MAX).collect();
            if chosen.is_empty() {
                break;
            }
            let keys = chosen.iter().map(|assignment| assignment.conversation).collect();
            let loaded = self.hot.load(&mut self.writer, &self.store, Vec::new(), keys).await;
            let mut work = Work::new(self.writer.next_pos());
            for assignment in &chosen {
                self.give(assignment, loaded.is_ok(), now, &mut work);
            }
            if let Err(error) = &loaded {
                tracing::error!(error = error as &dyn std::error::Error, "cannot read what waits");
            }
            let is_idle = work.is_empty();
            let is_durable = self.commit(work, now).await;
            if !is_durable {
                chosen.iter().for_each(|assignment| self.routing.undo(assignment.conversation, now));
            }
            if !is_durable || (is_idle && loaded.is_err()) {
                break;
            }
        }
        self.shared.anyone_online.store(self.routing.anyone_online(), Ordering::Relaxed);
        self.metrics.waiting_conversations(self.routing.waiting_count());
    }

    /// Adds what an assignment changes to the group.
    fn give(&mut self, assignment: &Assignment, is_loaded: bool, now: Micros, work: &mut Work) {
        let key = assignment.conversation;
        let changed = self.hot.get(key).and_then(|hot| {
            let mut changed = Conversation::clone(&hot.conversation);
            let event = changed.assign(assignment.agent).ok()?;
            if assignment.offer_until.is_none() {
                work.touch(&hot.conversation).conversation = Arc::new(changed);
            }
            Some(event)
        });
        match changed {
            Some(_) if assignment.offer_until.is_some() => work.offers.push(*assignment),
            Some(event) => self.append_event(key, event, Principal::System, now, work),
            // It does not wait after all, or could not be read and waits on.
            None if is_loaded => self.routing.leave(key, now),
            None => self.routing.undo(key, now),
        }
    }

    /// Asks agents to accept what they are offered, once what goes with it is durable.
    pub(super) fn make_offers(&mut self, offers: &[Assignment], now: Micros) {
        for offer in offers {
            self.routing.confirm(offer.conversation, now);
            self.hints.push(Hint {
                conversation: offer.conversation,
                change: Change::Offered,
                was_queued: true,
                lost_by: None,
            });
        }
    }
}
