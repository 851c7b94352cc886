use std::{cmp::Reverse, collections::BinaryHeap};

use super::{GorError, Record};

/// Joins several sources into one sequence by time.
///
/// Within a source, records that are out of order by no more than the window are put in order; one that comes later
/// than that is given at once. Records of the same time keep the order of the sources, and within a source their own.
#[derive(Debug)]
pub struct Merge<I> {
    sources: Vec<Source<I>>,
    /// The earliest record of each source that has one.
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    window: usize,
    window_bytes: usize,
    is_started: bool,
    /// Errors met while looking ahead.
    errors: Vec<(usize, GorError)>,
}

#[derive(Debug)]
struct Source<I> {
    records: I,
    ahead: BinaryHeap<Reverse<Ahead>>,
    ahead_bytes: usize,
    read: u64,
    is_at_end: bool,
}

/// A record that was read ahead, ordered by time and then by its place.
#[derive(Debug)]
struct Ahead {
    place: (i64, u64),
    record: Record,
}

impl PartialEq for Ahead {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Ahead {}

impl PartialOrd for Ahead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ahead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

impl<I: Iterator<Item = Result<Record, GorError>>> Merge<I> {
    /// Joins `sources`, looking at most `window` records and `window_bytes` bytes ahead in each.
    pub fn new(sources: impl IntoIterator<Item = I>, window: usize, window_bytes: usize) -> Self {
        let sources = sources.into_iter().map(|records| Source {
            records,
            ahead: BinaryHeap::new(),
            ahead_bytes: 0,
            read: 0,
            is_at_end: false,
        });
        Self {
            sources: sources.collect(),
            heads: BinaryHeap::new(),
            window: window.max(1),
            window_bytes,
            is_started: false,
            errors: Vec::new(),
        }
    }

    /// Reads ahead in a source, and puts its earliest record among the heads.
    fn refill(&mut self, index: usize) {
        let source = &mut self.sources[index];
        while !source.is_at_end
            && source.ahead.len() < self.window
            && (source.ahead.is_empty() || source.ahead_bytes < self.window_bytes)
        {
            match source.records.next() {
                None => source.is_at_end = true,
                Some(Err(error)) => self.errors.push((index, error)),
                Some(Ok(record)) => {
                    source.ahead_bytes += record.payload.len();
                    source.ahead.push(Reverse(Ahead { place: (record.timestamp, source.read), record }));
                    source.read += 1;
                }
            }
        }
        if let Some(Reverse(first)) = source.ahead.peek() {
            self.heads.push(Reverse((first.place.0, index)));
        }
    }
}

impl<I: Iterator<Item = Result<Record, GorError>>> Iterator for Merge<I> {
    /// A record, or what is wrong with which source.
    type Item = Result<Record, (usize, GorError)>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.is_started {
            self.is_started = true;
            (0..self.sources.len()).for_each(|index| self.refill(index));
        }
        if !self.errors.is_empty() {
            return Some(Err(self.errors.remove(0)));
        }
        let Reverse((_, index)) = self.heads.pop()?;
        let source = &mut self.sources[index];
        let Reverse(first) = source.ahead.pop()?;
        source.ahead_bytes -= first.record.payload.len();
        self.refill(index);
        Some(Ok(first.record))
    }
}
