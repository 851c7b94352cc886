use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::queue::Window;

/// What became of the messages that visitors and agents of a run said to each other.
#[derive(Debug)]
pub(in crate::scenario) struct Ledger {
    window: Window,
    pub(super) counts: Counts,
    /// What has not both its ack and its receiver.
    under_way: HashMap<Uuid, Track>,
    /// Conversations whose visitor has gone for good: nobody waits for what is said there.
    left: HashSet<Uuid>,
    /// Who wants to know when a visitor goes, by conversation.
    leaving: HashMap<Uuid, Rc<Notify>>,
}

#[derive(Debug)]
struct Track {
    conversation: Uuid,
    by_visitor: bool,
    is_acked: bool,
    is_delivered: bool,
    /// Somebody waits until it has both.
    is_over: Option<Rc<Notify>>,
}

/// What is counted of them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(in crate::scenario) struct Counts {
    pub(in crate::scenario) sent: u64,
    pub(in crate::scenario) acked: u64,
    pub(in crate::scenario) delivered: u64,
    pub(in crate::scenario) acked_in_window: u64,
    pub(in crate::scenario) delivered_in_window: u64,
    /// Neither acked nor refused at the end.
    pub(in crate::scenario) unanswered: u64,
    /// Acked, and not delivered at the end.
    pub(in crate::scenario) lost: u64,
    pub(in crate::scenario) duplicates: u64,
    pub(in crate::scenario) reordered: u64,
    pub(in crate::scenario) gaps: u64,
    /// Frames that are none of the protocol.
    pub(in crate::scenario) nonsense: u64,
}

impl Counts {
    /// Adds what another process counted.
    pub(in crate::scenario) fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        self.acked += other.acked;
        self.delivered += other.delivered;
        self.acked_in_window += other.acked_in_window;
        self.delivered_in_window += other.delivered_in_window;
        self.unanswered += other.unanswered;
        self.lost += other.lost;
        self.duplicates += other.duplicates;
        self.reordered += other.reordered;
        self.gaps += other.gaps;
        self.nonsense += other.nonsense;
    }
}

/// Where an entry stands to the one before it on a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Next,
    /// Something is missing before it.
    AfterGap,
    /// It does not come after what has come.
    Behind,
}

impl Ledger {
    pub(in crate::scenario) fn new(window: Window) -> Self {
        Self {
            window,
            counts: Counts::default(),
            under_way: HashMap::new(),
            left: HashSet::new(),
            leaving: HashMap::new(),
        }
    }

    /// Somebody says something.
    pub(super) fn say(&mut self, client_id: Uuid, conversation: Uuid, by_visitor: bool) {
        self.counts.sent += 1;
        let track = Track { conversation, by_visitor, is_acked: false, is_delivered: false, is_over: None };
        self.under_way.insert(client_id, track);
    }

    /// The server has what was said.
    pub(super) fn ack(&mut self, client_id: Uuid, now: Duration) {
        self.update(
            client_id,
            now,
            |track| &mut track.is_acked,
            |counts| (&mut counts.acked, &mut counts.acked_in_window),
        );
    }

    /// The other side has it.
    pub(super) fn deliver(&mut self, client_id: Uuid, now: Duration) {
        self.update(
            client_id,
            now,
            |track| &mut track.is_delivered,
            |counts| (&mut counts.delivered, &mut counts.delivered_in_window),
        );
    }

    fn update(
        &mut self,
        client_id: Uuid,
        now: Duration,
        mark: impl Fn(&mut Track) -> &mut bool,
        count: impl Fn(&mut Counts) -> (&mut u64, &mut u64),
    ) {
        let Some(track) = self.under_way.get_mut(&client_id) else { return };
        if std::mem::replace(mark(track), true) {
            return;
        }
        // Nobody waits for what is said to somebody who has gone.
        let is_over = track.is_acked && (track.is_delivered || self.left.contains(&track.conversation));
        if is_over {
            self.remove(client_id);
        }
        let (all, in_window) = count(&mut self.counts);
        *all += 1;
        *in_window += u64::from(self.window.holds(now));
    }

    /// The server does not take it.
    pub(super) fn refuse(&mut self, client_id: Uuid) {
        self.remove(client_id);
    }

    fn remove(&mut self, client_id: Uuid) {
        if let Some(is_over) = self.under_way.remove(&client_id).and_then(|track| track.is_over) {
            is_over.notify_waiters();
        }
    }

    /// Whether it has not both its ack and its receiver.
    pub(super) fn is_under_way(&self, client_id: Uuid) -> bool {
        self.under_way.contains_key(&client_id)
    }

    /// Tells when it has, if it has not.
    pub(super) fn arrival(&mut self, client_id: Uuid) -> Option<Rc<Notify>> {
        let track = self.under_way.get_mut(&client_id)?;
        Some(Rc::clone(track.is_over.get_or_insert_default()))
    }

    /// Holds an entry against the last that came before it.
    pub(super) fn place(
        &mut self,
        last_seq: &mut u64,
        seq: u64,
        prev_seq: u64,
        client_id: Option<Uuid>,
    ) -> Place {
        if seq > *last_seq {
            let is_next = prev_seq == *last_seq;
            *last_seq = seq;
            if is_next {
                return Place::Next;
            }
            self.counts.gaps += 1;
            return Place::AfterGap;
        }
        let is_late =
            client_id.and_then(|id| self.under_way.get(&id)).is_some_and(|track| !track.is_delivered);
        *(if is_late { &mut self.counts.reordered } else { &mut self.counts.duplicates }) += 1;
        Place::Behind
    }

    /// Tells when the visitor of a conversation goes.
    pub(super) fn departure(&mut self, conversation: Uuid) -> Rc<Notify> {
        Rc::clone(self.leaving.entry(conversation).or_default())
    }

    /// Whether the visitor of a conversation has gone for good.
    pub(super) fn has_left(&self, conversation: Uuid) -> bool {
        self.left.contains(&conversation)
    }

    /// A visitor goes for good; one who went because it waited in vain still counts what it has not got.
    pub(super) fn leave(&mut self, conversation: Uuid, is_content: bool) {
        self.left.insert(conversation);
        if let Some(leaving) = self.leaving.remove(&conversation) {
            leaving.notify_waiters();
        }
        if !is_content {
            return;
        }
        let is_for_it =
            |track: &Track| track.conversation == conversation && !track.by_visitor && track.is_acked;
        let unwanted = self.under_way.iter().filter(|(_, track)| is_for_it(track)).map(|(id, _)| *id);
        for client_id in unwanted.collect::<Vec<_>>() {
            self.remove(client_id);
        }
    }

    /// Messages that are acked and on their way.
    pub(in crate::scenario) fn on_their_way(&self) -> usize {
        self.under_way.values().filter(|track| track.is_acked && !track.is_delivered).count()
    }

    /// What it came to; without agents nobody is there for messages to reach.
    pub(in crate::scenario) fn finish(self, has_agents: bool) -> Counts {
        let lost = if has_agents { self.on_their_way() as u64 } else { 0 };
        let unanswered = self.under_way.values().filter(|track| !track.is_acked).count() as u64;
        Counts { lost, unanswered, ..self.counts }
    }
}

/// Waits until something holds; `changed` tells when to look again.
pub(super) async fn until<T>(changed: &Notify, mut holds: impl FnMut() -> Option<T>) -> T {
    loop {
        let next = changed.notified();
        if let Some(found) = holds() {
            return found;
        }
        next.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Uuid = Uuid::from_u128(1);

    fn ledger() -> Ledger {
        Ledger::new(Window { from: Duration::ZERO, to: Duration::MAX })
    }

    #[test]
    fn what_is_acked_and_never_delivered_is_lost() {
        let mut ledger = ledger();
        for id in 1..=3 {
            ledger.say(Uuid::from_u128(id), ROOM, true);
            ledger.ack(Uuid::from_u128(id), Duration::ZERO);
        }
        ledger.say(Uuid::from_u128(4), ROOM, true);
        ledger.deliver(Uuid::from_u128(1), Duration::ZERO);
        assert!(!ledger.is_under_way(Uuid::from_u128(1)) && ledger.is_under_way(Uuid::from_u128(2)));
        let counts = ledger.finish(true);
        assert_eq!((counts.sent, counts.acked, counts.delivered), (4, 3, 1));
        assert_eq!((counts.lost, counts.unanswered), (2, 1));
    }

    #[test]
    fn nobody_waits_for_what_is_said_to_who_has_gone() {
        let mut ledger = ledger();
        let (before, after) = (Uuid::from_u128(1), Uuid::from_u128(2));
        ledger.say(before, ROOM, false);
        ledger.ack(before, Duration::ZERO);
        ledger.leave(ROOM, true);
        ledger.say(after, ROOM, false);
        ledger.ack(after, Duration::ZERO);
        assert_eq!(ledger.finish(true).lost, 0);
    }

    #[test]
    fn who_went_because_it_waited_in_vain_has_lost_it() {
        let mut ledger = ledger();
        ledger.say(Uuid::from_u128(1), ROOM, false);
        ledger.ack(Uuid::from_u128(1), Duration::ZERO);
        ledger.leave(ROOM, false);
        assert_eq!(ledger.finish(true).lost, 1);
    }

    #[test]
    fn places() {
        let (mut ledger, mut last, message) = (ledger(), 0, Uuid::from_u128(9));
        assert_eq!(ledger.place(&mut last, 1, 0, None), Place::Next);
        assert_eq!(ledger.place(&mut last, 5, 4, None), Place::AfterGap);
        ledger.say(message, ROOM, true);
        assert_eq!(ledger.place(&mut last, 3, 2, Some(message)), Place::Behind);
        ledger.deliver(message, Duration::ZERO);
        assert_eq!(ledger.place(&mut last, 3, 2, Some(message)), Place::Behind);
        assert_eq!(
            (ledger.counts.gaps, ledger.counts.reordered, ledger.counts.duplicates, last),
            (1, 1, 1, 5)
        );
    }
}
