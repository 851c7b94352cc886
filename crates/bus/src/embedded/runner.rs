use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use kefu_core::Micros;
use kefu_store::{DeliveryState, EventChange, EventDelivery, EventGroup, EventPosition, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{info, warn};

use super::turns::{Item, Turns};
use super::{Counters, Embedded, Listener, NotKept, Telling, Told, delivery_id};
use crate::Outcome;
use crate::happened::{Kind, Place};

/// Places that are looked at in one go.
const SLICE: i64 = 512;
/// Events of a group that are in memory at most.
const WINDOW: usize = 1024;
/// After news it is waited for more of them for so long: what is read costs the same for one entry and for many.
const PACE: Duration = Duration::from_millis(3);
/// Changes that are written at once at most.
const CHANGES_MAX: usize = 256;
/// How long what is settled waits to be written with more of it.
const WRITE_AFTER: Duration = Duration::from_millis(20);
/// How long the place of a group waits, when it is all there is to write: what was told since is told again after a
/// crash.
const PLACE_AFTER: Duration = Duration::from_millis(500);
/// How long it takes until it is tried again when the store cannot be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Failures in a row after which a group is only tried now and then.
const FAILURES_MAX: u32 = 5;
/// How often.
const PROBE_EVERY_SECONDS: i64 = 30;
/// What is waited for at most until it is looked again.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a stop waits for what is being told.
const FAREWELL: Duration = Duration::from_secs(3);

/// What a group is asked while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// To hear again of everything behind this.
    Rewind(EventPosition),
    /// To look for rows that others changed.
    Look,
    /// To end.
    Stop,
}

/// Why a group ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// Nothing was taken for too long.
    GaveUp,
}

/// Tells a group what it is to hear.
pub struct Runner {
    bus: Arc<Embedded>,
    listener: Arc<Listener>,
    group: EventGroup,
    turns: Turns,
    tasks: JoinSet<(Item, Told)>,
    /// Rows that are being told.
    rows_told: usize,
    /// Changes that are not written yet.
    changes: Vec<EventChange>,
    skipped: u64,
    /// When what is not written is.
    write_at: Option<Instant>,
    /// The end of the log was read.
    is_at_end: bool,
    /// When it is looked for rows.
    look_at: Option<Micros>,
    /// Failures since something was last taken.
    failures: u32,
    /// While only now and then something is tried: when next.
    probe_at: Option<Micros>,
    gave_up: bool,
}

impl Runner {
    /// Takes up the group where it was; it must have been begun.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn new(bus: Arc<Embedded>, listener: Listener) -> Result<Self, NotKept> {
        let failed = |error: StoreError| NotKept(error.to_string());
        let store = bus.reader.store();
        let group = store.event_group(&listener.name).await.map_err(failed)?;
        let group = group.ok_or_else(|| NotKept(format!("the group {} was never begun", listener.name)))?;
        let mut turns = Turns::from(group.at);
        turns.set_held(store.event_keys_waiting(group.key).await.map_err(failed)?);
        let look_at = Some((bus.clock)());
        Ok(Self {
            bus,
            listener: Arc::new(listener),
            group,
            turns,
            tasks: JoinSet::new(),
            rows_told: 0,
            changes: Vec::new(),
            skipped: 0,
            write_at: None,
            is_at_end: false,
            look_at,
            failures: 0,
            probe_at: None,
            gave_up: false,
        })
    }

    /// Runs until it is asked to stop, by an order or by the end of `orders`, or gives up.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) -> Ended {
        let mut news = self.bus.news.subscribe();
        let mut read_at = Instant::now();
        loop {
            if let Err(error) = self.step(read_at).await {
                warn!(group = self.group.name, %error, "events are told later");
                sleep(STORE_PAUSE).await;
            }
            if self.gave_up {
                self.end().await;
                return Ended::GaveUp;
            }
            let has_more = !self.is_at_end && self.turns.queued() < WINDOW;
            let wake = if has_more { read_at } else { self.wake_at() };
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Rewind(to)) => self.rewind(to).await,
                    Some(Order::Look) => self.look_again().await,
                    Some(Order::Stop) | None => {
                        self.end().await;
                        return Ended::Stopped;
                    }
                },
                Some(told) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.settle_all(told);
                }
                changed = news.changed(), if self.is_at_end => {
                    if changed.is_err() {
                        self.end().await;
                        return Ended::Stopped;
                    }
                    self.is_at_end = false;
                    read_at = Instant::now() + PACE;
                }
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Reads, begins, writes.
    async fn step(&mut self, read_at: Instant) -> Result<(), NotKept> {
        self.flush_if_due().await?;
        if !self.is_at_end && self.turns.queued() < WINDOW && read_at <= Instant::now() {
            self.read().await?;
        }
        if self.look_at.is_some_and(|at| at <= self.now()) {
            self.begin_rows().await?;
        }
        self.begin_new();
        Ok(())
    }

    /// Writes what has waited for long enough, and notes when the rest will have.
    async fn flush_if_due(&mut self) -> Result<(), NotKept> {
        let now = Instant::now();
        let wait = match (self.changes.is_empty(), self.turns.place() == self.group.at && self.skipped == 0) {
            (true, true) => None,
            (true, false) => Some(PLACE_AFTER),
            (false, _) => Some(WRITE_AFTER),
        };
        let latest = wait.map(|wait| now + wait);
        self.write_at = self.write_at.into_iter().chain(latest).min();
        let is_due = self.changes.len() >= CHANGES_MAX || self.is_behind();
        if is_due || self.write_at.is_some_and(|at| at <= now) {
            self.flush().await?;
        }
        Ok(())
    }

    fn now(&self) -> Micros {
        (self.bus.clock)()
    }

    /// The place that is written lags by more than is good to tell again.
    fn is_behind(&self) -> bool {
        self.turns.place().pos - self.group.at.pos >= 8 * SLICE
    }

    fn wake_at(&self) -> Instant {
        let probe = self.probe_at.filter(|_| self.tasks.is_empty() && self.turns.queued() > 0);
        let wait = self.look_at.into_iter().chain(probe).min().map_or(PATIENCE, |at| {
            Duration::from_micros(at.0.saturating_sub(self.now().0).max(0).unsigned_abs()).min(PATIENCE)
        });
        let wake = Instant::now() + wait;
        self.write_at.map_or(wake, |at| at.min(wake))
    }

    async fn read(&mut self) -> Result<(), NotKept> {
        let listener = Arc::clone(&self.listener);
        let slice = self.bus.reader.slice(self.turns.read, SLICE, |kind| listener.wants(kind)).await;
        let slice = slice.map_err(|error| NotKept(error.to_string()))?;
        let now = self.now();
        let oldest = now.plus_seconds(-self.bus.limits.keep_seconds);
        for heard in slice.heard {
            if !self.listener.is_for(&heard) {
                continue;
            }
            if heard.event.at < oldest && !self.was_asked_for(heard.place) {
                self.skipped += 1;
                continue;
            }
            let item = Item { heard, tries: 0, created_at: now, has_row: false };
            if self.turns.is_held(item.key()) && self.turns.rows() < self.bus.limits.waiting_max {
                self.turns.add_row(item.key());
                self.changes.push(self.delivery(&item, DeliveryState::Waiting, now, None));
            } else {
                self.turns.add(item);
            }
        }
        self.turns.read = slice.upto;
        self.is_at_end = slice.is_last;
        Ok(())
    }

    fn was_asked_for(&self, place: Place) -> bool {
        match place.source {
            kefu_store::EventSource::Log => place.pos <= self.group.asked.pos,
            kefu_store::EventSource::Records => place.pos <= self.group.asked.number,
        }
    }

    /// Begins with what is due of the rows.
    async fn begin_rows(&mut self) -> Result<(), NotKept> {
        // What is settled and not written yet would be told again.
        self.flush().await?;
        let failed = |error: StoreError| NotKept(error.to_string());
        let room = self.listener.side_by_side.saturating_sub(self.tasks.len());
        let bus = Arc::clone(&self.bus);
        let store = bus.reader.store();
        let due = store.event_deliveries_due(self.group.key, self.now(), room + self.rows_told).await;
        for row in due.map_err(failed)? {
            if self.tasks.len() >= self.listener.side_by_side || !self.turns.begin_row(&row.key) {
                continue;
            }
            let place = Place { source: row.source, pos: row.pos };
            let heard = match Kind::from_topic(&row.topic) {
                Some(kind) => bus.reader.at(place, kind).await.map_err(failed)?,
                None => None,
            };
            match heard {
                Some(heard) => {
                    let item = Item { heard, tries: row.tries, created_at: row.created_at, has_row: true };
                    self.rows_told += 1;
                    self.begin(item);
                }
                // Its ticket or its kind is gone: there is nothing to tell.
                None => {
                    self.turns.end_row(&row.key, true);
                    self.changes.push(EventChange::Delivered(row.id));
                }
            }
        }
        let next = store.event_next_due(self.group.key).await.map_err(failed)?;
        // What is due and could not begin is looked for when something is settled.
        self.look_at = next.filter(|at| self.tasks.is_empty() || *at > self.now());
        Ok(())
    }

    /// Begins with what was read.
    fn begin_new(&mut self) {
        while self.tasks.len() < self.listener.side_by_side && self.turns.rows() < self.bus.limits.waiting_max
        {
            if let Some(at) = self.probe_at {
                if at > self.now() || !self.tasks.is_empty() {
                    return;
                }
                self.probe_at = Some(self.now().plus_seconds(PROBE_EVERY_SECONDS));
            }
            let Some(item) = self.turns.next() else { return };
            self.begin(item);
        }
    }

    fn begin(&mut self, item: Item) {
        let listener = Arc::clone(&self.listener);
        let delivery = delivery_id(&self.group.name, item.heard.event.id);
        self.tasks.spawn(async move {
            let telling = Telling { delivery, heard: &item.heard, attempt: item.tries.saturating_add(1) };
            // Within a future of ours: a subscriber may panic before it gives its own.
            let telling = async { listener.subscriber.tell(telling).await };
            let told = AssertUnwindSafe(telling).catch_unwind().await;
            let told = told.unwrap_or_else(|_| Told {
                outcome: Outcome::Again { after: None, why: "the subscriber panicked".to_owned() },
                attempt: None,
            });
            (item, told)
        });
    }

    fn settle_all(&mut self, first: Result<(Item, Told), tokio::task::JoinError>) {
        let mut next = Some(first);
        while let Some(told) = next {
            // Panics are caught within, and nobody aborts these tasks while this runs.
            if let Ok((item, told)) = told {
                self.settle(&item, told);
            }
            next = if self.changes.len() < CHANGES_MAX { self.tasks.try_join_next() } else { None };
        }
    }

    fn settle(&mut self, item: &Item, Told { outcome, attempt }: Told) {
        let now = self.now();
        let tries = item.tries.saturating_add(1);
        if item.has_row {
            self.rows_told -= 1;
        }
        // There is a place free again for a row that could not begin.
        if item.has_row || (self.look_at.is_none() && self.turns.rows() > 0) {
            self.look_at = Some(now);
        }
        let outcome = match outcome {
            Outcome::Again { why, .. } if self.listener.waits.len() < tries as usize => Outcome::Dead { why },
            outcome => outcome,
        };
        let counters = &self.bus.counters;
        match outcome {
            Outcome::Done => {
                Counters::add(&counters.done, 1);
                if self.listener.keeps_done {
                    self.changes.push(self.delivery(item, DeliveryState::Done, now, attempt));
                } else if item.has_row {
                    let id = delivery_id(&self.group.name, item.heard.event.id);
                    self.changes.push(EventChange::Delivered(id));
                }
                self.settled(item);
                self.taken(now);
            }
            Outcome::Again { after, why } => {
                Counters::add(&counters.again, 1);
                // Whoever asks for less than that would soon have used up all attempts.
                let wait = jittered(self.listener.waits[tries as usize - 1]).max(after.unwrap_or_default());
                let next_at = now.plus(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
                self.look_at = Some(self.look_at.map_or(next_at, |at| at.min(next_at)));
                let attempt = attempt.or_else(|| Some(reason(&why, now)));
                self.changes.push(self.delivery(item, DeliveryState::Waiting, next_at, attempt));
                if item.has_row {
                    self.turns.end_row(item.key(), false);
                } else {
                    for behind in self.turns.park(item) {
                        self.changes.push(self.delivery(&behind, DeliveryState::Waiting, now, None));
                    }
                }
                self.refused(now);
            }
            Outcome::Dead { why } => {
                Counters::add(&counters.dead, 1);
                let attempt = attempt.or_else(|| Some(reason(&why, now)));
                self.changes.push(self.delivery(item, DeliveryState::Dead, now, attempt));
                self.settled(item);
                if tries > 1 {
                    self.refused(now);
                }
            }
        }
    }

    fn settled(&mut self, item: &Item) {
        match item.has_row {
            true => self.turns.end_row(item.key(), true),
            false => self.turns.settle(item),
        }
    }

    /// Something was taken: what waited because nothing was is tried at once.
    fn taken(&mut self, at: Micros) {
        let group = self.group.key;
        if self.probe_at.take().is_some() && self.turns.rows() > 0 {
            self.changes.push(EventChange::Hurry { group, at });
            self.look_at = Some(at);
        }
        self.failures = 0;
        if self.group.failing_since.take().is_some() {
            self.changes.push(EventChange::Health { group, failing_since: None, stopped_at: None });
        }
    }

    fn refused(&mut self, now: Micros) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX && self.probe_at.is_none() {
            info!(group = self.group.name, "nothing is taken: from now on it is tried now and then");
            self.probe_at = Some(now.plus_seconds(PROBE_EVERY_SECONDS));
        }
        let since = *self.group.failing_since.get_or_insert(now);
        let is_long = now.0 - since.0 > self.bus.limits.give_up_seconds.saturating_mul(1_000_000);
        self.gave_up |= is_long;
        if is_long || since == now {
            let stopped_at = is_long.then_some(now);
            let (group, failing_since) = (self.group.key, Some(since));
            self.changes.push(EventChange::Health { group, failing_since, stopped_at });
        }
    }

    fn delivery(
        &self,
        item: &Item,
        state: DeliveryState,
        next_at: Micros,
        attempt: Option<String>,
    ) -> EventChange {
        let event = &item.heard.event;
        EventChange::Deliver(Box::new(EventDelivery {
            number: 0,
            id: delivery_id(&self.group.name, event.id),
            group: self.group.key,
            event: event.id,
            topic: event.topic.to_string(),
            key: event.key.clone(),
            source: item.heard.place.source,
            pos: item.heard.place.pos,
            state,
            tries: item.tries.saturating_add(u32::from(attempt.is_some())),
            attempts: attempt.unwrap_or_default(),
            next_at,
            created_at: item.created_at,
            updated_at: self.now(),
        }))
    }

    /// Writes what is settled, and how far the group is.
    async fn flush(&mut self) -> Result<(), NotKept> {
        let to = self.turns.place();
        if self.changes.is_empty() && to == self.group.at && self.skipped == 0 {
            return Ok(());
        }
        let mut changes = self.changes.clone();
        // In one transaction: nothing is between the place and the rows.
        if to != self.group.at || self.skipped > 0 {
            changes.push(EventChange::Advance { group: self.group.key, to, skipped: self.skipped });
        }
        self.bus.keeper.keep(changes).await?;
        if self.skipped > 0 {
            Counters::add(&self.bus.counters.skipped, self.skipped);
            let (group, skipped) = (&self.group.name, self.skipped);
            warn!(group, skipped, "events were too old when their turn came: they are not told");
        }
        self.changes.clear();
        (self.skipped, self.write_at) = (0, None);
        self.group.at = to;
        Ok(())
    }

    /// Looks for rows that others changed.
    async fn look_again(&mut self) {
        let looked = async {
            self.flush().await?;
            let held = self.bus.reader.store().event_keys_waiting(self.group.key).await;
            self.turns.set_held(held.map_err(|error| NotKept(error.to_string()))?);
            Ok::<_, NotKept>(())
        };
        if let Err(error) = looked.await {
            warn!(group = self.group.name, %error, "what is to be told again is told later");
        }
        self.look_at = Some(self.now());
    }

    /// Settles what is being told, then goes back.
    async fn rewind(&mut self, to: EventPosition) {
        while let Some(told) = self.tasks.join_next().await {
            self.settle_all(told);
        }
        let rewound = async {
            self.flush().await?;
            let asked = self.bus.reader.end().await.map_err(|error| NotKept(error.to_string()))?;
            self.bus.keeper.keep(vec![EventChange::Rewind { group: self.group.key, to, asked }]).await?;
            Ok::<_, NotKept>(asked)
        };
        match rewound.await {
            Ok(asked) => {
                let mut turns = Turns::from(to);
                turns.set_held(self.turns.take_held());
                self.turns = turns;
                (self.group.at, self.group.asked) = (to, asked);
                self.is_at_end = false;
            }
            Err(error) => warn!(group = self.group.name, %error, "cannot go back"),
        }
    }

    /// Waits a little for what is being told, and writes down what came of it.
    async fn end(&mut self) {
        let settled = async {
            while let Some(told) = self.tasks.join_next().await {
                self.settle_all(told);
            }
        };
        // What is cut off is told again by the next run, under the same id.
        if timeout(FAREWELL, settled).await.is_err() {
            self.tasks.shutdown().await;
        }
        if let Err(error) = self.flush().await {
            warn!(group = self.group.name, %error, "some events will be told again");
        }
    }
}

/// What is kept of an attempt of which nothing but its reason is known.
fn reason(why: &str, at: Micros) -> String {
    let why: String = why.chars().take(1000).collect();
    serde_json::json!({"at_us": at.0, "error": why}).to_string()
}

/// A wait, a fifth more or less by chance: what failed together does not come back together.
fn jittered(wait: Duration) -> Duration {
    let chance = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    wait.mul_f64(0.8 + 0.4 * chance)
}
