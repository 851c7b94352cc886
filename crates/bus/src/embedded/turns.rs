use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use kefu_core::Micros;
use kefu_store::{EventPosition, EventSource};

use crate::happened::{Heard, Place};

/// An event whose turn is to come.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) heard: Heard,
    /// How often it was told since it was last asked for.
    pub(super) tries: u32,
    /// When it was first told or had to wait.
    pub(super) created_at: Micros,
    /// It has a row, and the group's place is past it.
    pub(super) has_row: bool,
}

impl Item {
    pub(super) fn key(&self) -> &str {
        &self.heard.event.key
    }
}

/// Whose turn it is: one event of each key at a time, in order.
///
/// A key is *held* while rows of it wait: what comes behind them waits, too.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Events that were read and are not begun, by key.
    queues: HashMap<String, VecDeque<Item>>,
    /// Keys of which the first may begin.
    ready: VecDeque<String>,
    busy: HashSet<String>,
    /// Rows that wait, by key.
    held: HashMap<String, usize>,
    rows: usize,
    /// Places of events that were read and are neither settled nor have a row.
    open: BTreeMap<Place, usize>,
    /// Events in `queues`.
    queued: usize,
    /// Everything up to here was read.
    pub(super) read: EventPosition,
}

impl Turns {
    pub(super) fn from(read: EventPosition) -> Self {
        Self { read, ..Self::default() }
    }

    /// Says how many rows wait, by key, as the store has it.
    pub(super) fn set_held(&mut self, held: impl IntoIterator<Item = (String, usize)>) {
        self.held = held.into_iter().collect();
        self.rows = self.held.values().sum();
        let free: Vec<_> = self.queues.keys().filter(|key| !self.held.contains_key(*key)).cloned().collect();
        for key in free {
            self.make_ready(key);
        }
    }

    /// Takes away what it knows of rows.
    pub(super) fn take_held(&mut self) -> HashMap<String, usize> {
        std::mem::take(&mut self.held)
    }

    /// Rows that wait.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Events that were read and not begun.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    pub(super) fn is_held(&self, key: &str) -> bool {
        self.held.contains_key(key)
    }

    /// Takes an event that was read.
    pub(super) fn add(&mut self, item: Item) {
        *self.open.entry(item.heard.place).or_default() += 1;
        self.queued += 1;
        let key = item.key().to_owned();
        self.queues.entry(key.clone()).or_default().push_back(item);
        self.make_ready(key);
    }

    /// Counts an event that was read as one with a row.
    pub(super) fn add_row(&mut self, key: &str) {
        *self.held.entry(key.to_owned()).or_default() += 1;
        self.rows += 1;
    }

    /// The next event that may be told; its key is busy from then on.
    pub(super) fn next(&mut self) -> Option<Item> {
        loop {
            let key = self.ready.pop_front()?;
            if self.busy.contains(&key) || self.held.contains_key(&key) {
                continue;
            }
            let Some(item) = self.queues.get_mut(&key).and_then(VecDeque::pop_front) else { continue };
            self.queued -= 1;
            if self.queues.get(&key).is_some_and(VecDeque::is_empty) {
                self.queues.remove(&key);
            }
            self.busy.insert(key);
            return Some(item);
        }
    }

    /// Makes a key busy with one of its rows, unless it is busy already.
    pub(super) fn begin_row(&mut self, key: &str) -> bool {
        self.busy.insert(key.to_owned())
    }

    /// An event without a row is settled.
    pub(super) fn settle(&mut self, item: &Item) {
        self.close(item.heard.place);
        self.busy.remove(item.key());
        self.make_ready(item.key().to_owned());
    }

    /// An event without a row gets one; returns those behind it, which get one, too.
    pub(super) fn park(&mut self, item: &Item) -> Vec<Item> {
        let key = item.key();
        self.close(item.heard.place);
        self.busy.remove(key);
        let behind: Vec<Item> = self.queues.remove(key).unwrap_or_default().into();
        self.queued -= behind.len();
        behind.iter().for_each(|item| self.close(item.heard.place));
        *self.held.entry(key.to_owned()).or_default() += behind.len() + 1;
        self.rows += behind.len() + 1;
        behind
    }

    /// The telling of a row is over; `is_settled` if it does not wait any more.
    pub(super) fn end_row(&mut self, key: &str, is_settled: bool) {
        self.busy.remove(key);
        if is_settled && let Some(rows) = self.held.get_mut(key) {
            *rows -= 1;
            self.rows -= 1;
            if *rows == 0 {
                self.held.remove(key);
                self.make_ready(key.to_owned());
            }
        }
    }

    /// Everything up to here is settled or has a row.
    pub(super) fn place(&self) -> EventPosition {
        let first = |source| {
            let from = Place { source, pos: i64::MIN };
            self.open.range(from..).next().map(|(place, _)| place).filter(|place| place.source == source)
        };
        EventPosition {
            pos: first(EventSource::Log).map_or(self.read.pos, |place| place.pos - 1),
            number: first(EventSource::Records).map_or(self.read.number, |place| place.pos - 1),
        }
    }

    fn close(&mut self, place: Place) {
        if let Some(count) = self.open.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&place);
            }
        }
    }

    fn make_ready(&mut self, key: String) {
        if self.queues.contains_key(&key) && !self.busy.contains(&key) && !self.held.contains_key(&key) {
            self.ready.push_back(key);
        }
    }
}
