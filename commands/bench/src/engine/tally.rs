use std::{collections::BTreeMap, ops::Range, time::Duration};

use kefu_protocol::{frame::ErrorCode, ws::CloseCode};
use kefu_traffic::{Latency, Lateness};

use super::{
    counts::{Bits, Counts, Marks},
    stamp::Stamp,
};
use crate::{queue::Window, series::Series};

/// Everything that a run counts.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Latencies count for messages that are due within this time.
    window: Window,
    /// A message is for an agent, and its delivery is what counts; otherwise its ack.
    has_receivers: bool,
    /// From when a message was really sent to the ack or the receiver.
    pub(crate) service: Latency,
    series: Option<Series>,
    /// From the schedule to the ack.
    pub(crate) ack: Latency,
    /// From the schedule to the receiver.
    pub(crate) delivery: Latency,
    /// From the schedule to a supervisor who looks on.
    pub(crate) watched: Latency,
    /// Watches that the server confirmed.
    pub(crate) watches: u64,
    /// How late the generator itself was.
    pub(crate) lateness: Lateness,
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) delivered: u64,
    /// Messages both acked and delivered, and those of them that became so within the window.
    pub(crate) complete: u64,
    pub(crate) complete_in_window: u64,
    pub(crate) acked_in_window: u64,
    pub(crate) delivered_in_window: u64,
    pub(crate) sent_in_window: u64,
    /// Messages that reached a receiver again.
    pub(crate) duplicates: u64,
    /// Entries whose number did not rise.
    pub(crate) reordered: u64,
    /// Entries whose predecessor was not the one before.
    pub(crate) gaps: u64,
    /// Acks and deliveries of messages that were never sent.
    pub(crate) strangers: u64,
    /// Frames that are none.
    pub(crate) broken: u64,
    pub(crate) errors: BTreeMap<&'static str, u64>,
    /// How open connections ended: a close code, or `None` for a broken connection.
    pub(crate) closed: BTreeMap<Option<CloseCode>, u64>,
    senders: Vec<Sender>,
    /// Which of the senders are of this process; the others send from another.
    own: Range<u32>,
}

/// In so fine steps it is remembered how late a message was sent, up to two thirds of a second.
const LATE_STEP: Duration = Duration::from_micros(10);

/// The messages of one conversation, by their counter.
#[derive(Debug, Default)]
struct Sender {
    sent: u32,
    /// How much later than scheduled each was sent, in steps of [`LATE_STEP`].
    late: Vec<u16>,
    acked: Bits,
    delivered: Bits,
}

impl Tally {
    pub(crate) fn new(senders: u32, has_receivers: bool) -> Self {
        Self {
            window: Window::NEVER,
            has_receivers,
            service: Latency::new(),
            series: None,
            ack: Latency::new(),
            delivery: Latency::new(),
            watched: Latency::new(),
            watches: 0,
            lateness: Lateness::default(),
            sent: 0,
            acked: 0,
            delivered: 0,
            complete: 0,
            complete_in_window: 0,
            acked_in_window: 0,
            delivered_in_window: 0,
            sent_in_window: 0,
            duplicates: 0,
            reordered: 0,
            gaps: 0,
            strangers: 0,
            broken: 0,
            errors: BTreeMap::new(),
            closed: BTreeMap::new(),
            senders: std::iter::repeat_with(Sender::default).take(senders as usize).collect(),
            own: 0..senders,
        }
    }

    /// Takes only these senders for those of this process: what others get of theirs is counted when all is added up.
    pub(crate) fn of(self, own: Range<u32>) -> Self {
        Self { own, ..self }
    }

    /// What it came to; of single messages nothing is known afterwards.
    pub(crate) fn counts(&mut self) -> Counts {
        let named = |name: Option<String>, count: &u64| (name.unwrap_or_else(|| "broken".into()), *count);
        let marks = std::mem::take(&mut self.senders).into_iter().map(|sender| {
            let Sender { sent, acked, delivered, .. } = sender;
            Marks { sent, acked, delivered }
        });
        Counts {
            sent: self.sent,
            acked: self.acked,
            delivered: self.delivered,
            acked_in_window: self.acked_in_window,
            delivered_in_window: self.delivered_in_window,
            complete_in_window: self.complete_in_window,
            duplicates: self.duplicates,
            reordered: self.reordered,
            gaps: self.gaps,
            nonsense: self.strangers + self.broken,
            errors: self.errors.iter().map(|(code, count)| named(Some((*code).to_owned()), count)).collect(),
            closed: self
                .closed
                .iter()
                .map(|(code, count)| named(code.map(|code| code.to_string()), count))
                .collect(),
            ack: self.ack.clone(),
            delivery: self.delivery.clone(),
            watched: self.watched.clone(),
            service: self.service.clone(),
            late: self.lateness.latency().clone(),
            marks: marks.collect(),
        }
    }

    /// Measures what is due within a window.
    pub(crate) fn measure(&mut self, window: Window) {
        self.window = window;
        self.series = Some(Series::new(window.from, window.to));
    }

    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// The seconds of the window.
    pub(crate) fn series(&mut self) -> Option<&mut Series> {
        self.series.as_mut()
    }

    /// The seconds of the window, to be reported.
    pub(crate) fn take_series(&mut self) -> Option<Series> {
        self.series.take()
    }

    /// The window ends before its time.
    pub(crate) fn cut(&mut self, now: Duration) {
        self.window.to = self.window.to.min(now).max(self.window.from);
    }

    /// Counts a message that is being sent now and was due at `scheduled`; returns its stamp.
    pub(crate) fn send(&mut self, sender: u32, scheduled: Duration, now: Duration) -> Stamp {
        let track = &mut self.senders[sender as usize];
        let counter = track.sent;
        track.sent += 1;
        let late = now.saturating_sub(scheduled).as_nanos() / LATE_STEP.as_nanos();
        track.late.push(late.try_into().unwrap_or(u16::MAX));
        self.sent += 1;
        if self.window.holds(scheduled) {
            self.sent_in_window += 1;
            self.lateness.record(scheduled, now);
        }
        Stamp { sender, counter, micros: scheduled.as_micros() as u64 }
    }

    /// Counts an ack; repeats count once.
    pub(crate) fn ack(&mut self, stamp: Stamp, now: Duration) {
        let Some(track) = self.track(stamp) else { return };
        if !track.acked.set(stamp.counter) {
            return;
        }
        let complete = track.delivered.has(stamp.counter);
        self.acked += 1;
        if self.window.holds(now) {
            self.acked_in_window += 1;
        }
        let scheduled = Duration::from_micros(stamp.micros);
        if self.window.holds(scheduled) {
            self.ack.record(scheduled, now);
        }
        if !self.has_receivers {
            self.arrived(stamp, scheduled, now);
        }
        self.finish(complete, now);
    }

    /// Counts a message at its receiver.
    pub(crate) fn deliver(&mut self, stamp: Stamp, now: Duration) {
        let Some(track) = self.track(stamp) else { return };
        if !track.delivered.set(stamp.counter) {
            self.duplicates += 1;
            return;
        }
        let complete = track.acked.has(stamp.counter);
        self.delivered += 1;
        if self.window.holds(now) {
            self.delivered_in_window += 1;
        }
        let scheduled = Duration::from_micros(stamp.micros);
        if self.window.holds(scheduled) {
            self.delivery.record(scheduled, now);
        }
        if self.has_receivers {
            self.arrived(stamp, scheduled, now);
        }
        self.finish(complete, now);
    }

    /// A message is where it was to go.
    fn arrived(&mut self, stamp: Stamp, scheduled: Duration, now: Duration) {
        if let Some(series) = &mut self.series {
            series.answered(now, now.saturating_sub(scheduled));
        }
        let late =
            self.senders.get(stamp.sender as usize).and_then(|track| track.late.get(stamp.counter as usize));
        if let Some(late) = late.filter(|_| self.window.holds(scheduled)) {
            self.service.record(scheduled + LATE_STEP * u32::from(*late), now);
        }
    }

    /// Counts a message at somebody who looks on.
    pub(crate) fn watch(&mut self, stamp: Stamp, now: Duration) {
        let scheduled = Duration::from_micros(stamp.micros);
        if self.track(stamp).is_some() && self.window.holds(scheduled) {
            self.watched.record(scheduled, now);
        }
    }

    /// Whether this message has already reached its receiver.
    pub(crate) fn is_delivered(&self, stamp: Stamp) -> bool {
        self.senders.get(stamp.sender as usize).is_some_and(|track| track.delivered.has(stamp.counter))
    }

    pub(crate) fn error(&mut self, code: ErrorCode, now: Duration) {
        if let Some(series) = &mut self.series {
            series.failed(now);
        }
        *self.errors.entry(code.as_str()).or_default() += 1;
    }

    /// Senders that have a message acked but none delivered.
    pub(crate) fn unheard(&self) -> usize {
        self.senders.iter().filter(|track| !track.acked.is_empty() && track.delivered.is_empty()).count()
    }

    fn finish(&mut self, complete: bool, now: Duration) {
        if complete {
            self.complete += 1;
            if self.window.holds(now) {
                self.complete_in_window += 1;
            }
        }
    }

    fn track(&mut self, stamp: Stamp) -> Option<&mut Sender> {
        let is_foreign = !self.own.contains(&stamp.sender);
        match self.senders.get_mut(stamp.sender as usize) {
            Some(track) if is_foreign || stamp.counter < track.sent => Some(track),
            _ => {
                self.strangers += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn loss_duplicates_and_strangers_are_told_apart() {
        let mut tally = Tally::new(2, true);
        let first = tally.send(1, SECOND, SECOND);
        let second = tally.send(1, SECOND, SECOND);
        assert_eq!((first.counter, second.counter), (0, 1));
        tally.ack(first, SECOND);
        tally.ack(second, SECOND);
        tally.ack(second, SECOND);
        assert_eq!((tally.acked, tally.unheard()), (2, 1));
        tally.deliver(second, SECOND);
        tally.deliver(second, SECOND);
        assert_eq!((tally.delivered, tally.duplicates, tally.complete), (1, 1, 1));
        tally.deliver(Stamp { counter: 2, ..first }, SECOND);
        tally.ack(Stamp { sender: 9, ..first }, SECOND);
        let counts = tally.counts();
        assert_eq!((counts.nonsense(), counts.lost()), (2, 1));
    }

    #[test]
    fn what_another_process_sent_is_counted_where_it_arrives() {
        let mut tally = Tally::new(3, true).of(0..1);
        let foreign = Stamp { sender: 2, counter: 5, micros: 0 };
        tally.deliver(foreign, SECOND);
        tally.deliver(foreign, SECOND);
        tally.deliver(Stamp { sender: 0, ..foreign }, SECOND);
        assert_eq!((tally.delivered, tally.duplicates, tally.strangers), (1, 1, 1));
        assert_eq!(tally.service.count(), 0);
    }

    #[test]
    fn only_what_is_due_in_the_window_is_measured() {
        let mut tally = Tally::new(1, true);
        tally.measure(Window { from: SECOND, to: 2 * SECOND });
        for (due, done) in [(0.5, 1.2), (1.5, 1.6), (1.9, 2.5), (2.5, 2.6)]
            .map(|(due, done): (f64, f64)| (Duration::from_secs_f64(due), Duration::from_secs_f64(done)))
        {
            let stamp = tally.send(0, due, due);
            tally.deliver(stamp, done);
            tally.ack(stamp, done);
        }
        assert_eq!((tally.ack.count(), tally.delivery.count(), tally.sent_in_window), (2, 2, 2));
        // Throughput counts by when it happened.
        assert_eq!((tally.acked_in_window, tally.complete_in_window, tally.sent), (2, 2, 4));
        assert!((tally.delivery.max_ms() - 600.0).abs() < 1.0);
    }
}
