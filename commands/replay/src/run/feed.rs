//! Requests from files, prepared ahead of their time on a thread of their own.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use kefu_app::{Failure, Language, Stop};
use kefu_traffic::{
    Schedule,
    gor::{Kind, Record},
};
use mio::Waker;

use super::{
    prepare::{Prepared, Rewrites, Skipped, connection},
    sockets::{Player, Sockets},
};
use crate::{
    args::Speed,
    source::{Outcome, Source},
    translate::{Translated, Translator},
};

/// A batch is handed on when it has so many bytes or requests.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_REQUESTS: usize = 256;
/// So many batches are ahead of their time.
const BATCHES: usize = 16;

/// A request and when it is to be sent, from the start of the run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) due: Duration,
    pub(super) prepared: Prepared,
    /// The bytes that it counts for.
    pub(super) len: usize,
    /// What it is, if that is to be translated when its turn has come.
    pub(super) original: Option<Box<Record>>,
    /// What follows before it is done, and what its answers belong to.
    pub(super) steps: VecDeque<Vec<u8>>,
    pub(super) translated: Option<Box<Translated>>,
}

impl Job {
    fn new(due: Duration, prepared: Prepared) -> Self {
        let len = prepared.bytes.len();
        Self { due, prepared, len, original: None, steps: VecDeque::new(), translated: None }
    }
}

/// When requests are due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// By the recording.
    Recorded(Speed),
    /// By a schedule of their own.
    Scheduled(Schedule),
}

/// What is not sent, by why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Left {
    pub(crate) malformed: u64,
    pub(crate) unsafe_method: u64,
    pub(crate) upgrade: u64,
}

impl Left {
    /// Counts a record that is not sent; what is no request never was to be.
    pub(crate) fn count(&mut self, why: Skipped) {
        match why {
            Skipped::NoRequest => {}
            Skipped::Malformed => self.malformed += 1,
            Skipped::UnsafeMethod => self.unsafe_method += 1,
            Skipped::Upgrade => self.upgrade += 1,
        }
    }
}

/// What the thread has read.
#[derive(Debug)]
pub(super) struct Fed {
    pub(super) outcome: Outcome,
    pub(super) left: Left,
    pub(super) sockets: Sockets,
}

/// The requests that come next.
pub(super) struct Feed {
    receiver: Receiver<VecDeque<Job>>,
    batch: VecDeque<Job>,
    is_over: bool,
    thread: JoinHandle<Result<Fed, Failure>>,
}

/// Makes who begins WebSocket sessions.
pub(super) type PlayerMaker = Box<dyn FnOnce() -> Player + Send>;

/// What a run reads, and how.
pub(super) struct Reading {
    pub(super) open: Box<dyn Fn() -> Result<Source, Failure> + Send>,
    pub(super) times: u64,
    pub(super) pace: Pace,
    pub(super) rewrites: Rewrites,
    pub(super) translator: Option<Arc<Translator>>,
    /// Who begins WebSocket sessions, made when the clock begins.
    pub(super) player: Option<PlayerMaker>,
    pub(super) language: Language,
    pub(super) stop: Stop,
}

impl Feed {
    /// Begins to read; `waker` is told of each batch.
    pub(super) fn start(reading: Reading, waker: Arc<Waker>) -> Self {
        let (sender, receiver) = sync_channel(BATCHES);
        let thread = std::thread::spawn(move || {
            let fed = reading.all(&sender, &waker);
            drop(sender);
            // Whoever waits for more sees that there is none.
            drop(waker.wake());
            fed
        });
        Self { receiver, batch: VecDeque::new(), is_over: false, thread }
    }

    /// When the next request is due, if it is there already.
    pub(super) fn due(&mut self) -> Option<Duration> {
        while self.batch.is_empty() && !self.is_over {
            match self.receiver.try_recv() {
                Ok(batch) => self.batch = batch,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => self.is_over = true,
            }
        }
        self.batch.front().map(|job| job.due)
    }

    pub(super) fn next(&mut self) -> Option<Job> {
        self.batch.pop_front()
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.is_over && self.batch.is_empty()
    }

    /// Waits for the thread, which must have nothing to hand on any more.
    pub(super) fn finish(self) -> Result<Fed, Failure> {
        drop(self.receiver);
        self.thread.join().unwrap_or_else(|_| Err(Failure::internal("the thread that reads has panicked")))
    }
}

impl Reading {
    fn all(mut self, sender: &SyncSender<VecDeque<Job>>, waker: &Waker) -> Result<Fed, Failure> {
        let mut player = self.player.take().map(|make| make());
        let mut left = Left::default();
        let mut outcome = Outcome::default();
        let mut clock = Clock { pace: self.pace, number: 0, first: None, begun: 0, last: 0, steps: 0 };
        let (mut batch, mut bytes) = (VecDeque::new(), 0);
        let mut is_wanted = true;
        for _ in 0..self.times {
            clock.begin();
            let source = (self.open)()?;
            let read = source.read(self.language, &self.stop, &mut |record| {
                if !is_wanted {
                    return Ok(());
                }
                let timestamp = record.timestamp;
                if let Some(player) = &mut player
                    && player.take(&record, || clock.due(timestamp))
                {
                    return Ok(());
                }
                let mut job = match self.job(record) {
                    Ok(job) => job,
                    Err(why) => {
                        left.count(why);
                        return Ok(());
                    }
                };
                job.due = clock.due(timestamp);
                bytes += job.len;
                batch.push_back(job);
                if bytes >= BATCH_BYTES || batch.len() >= BATCH_REQUESTS {
                    bytes = 0;
                    is_wanted = sender.send(std::mem::take(&mut batch)).is_ok();
                    drop(waker.wake());
                }
                Ok(())
            })?;
            outcome.complaints += read.complaints;
            outcome.is_stopped |= read.is_stopped;
            if outcome.is_stopped || !is_wanted {
                break;
            }
        }
        if !batch.is_empty() {
            // Nobody who waits for it is no mistake: the run was ended.
            drop(sender.send(batch));
        }
        let sockets = player.map_or_else(Sockets::default, |player| player.finish(&self.stop));
        Ok(Fed { outcome, left, sockets })
    }

    fn job(&self, record: Record) -> Result<Job, Skipped> {
        let Some(translator) = &self.translator else {
            return self.rewrites.prepare(record).map(|prepared| Job::new(Duration::ZERO, prepared));
        };
        match record.kind {
            Kind::Request => {}
            Kind::Response => {
                translator.recorded(record);
                return Err(Skipped::NoRequest);
            }
            _ => return Err(Skipped::NoRequest),
        }
        // What is sent shows when its turn has come: it may depend on answers before.
        let (id, connection) = (record.id.clone(), connection(&record));
        let prepared = Prepared { bytes: Vec::new(), id, connection, is_safe: false };
        let job = Job::new(Duration::ZERO, prepared);
        Ok(Job { len: record.payload.len(), original: Some(Box::new(record)), ..job })
    }
}

/// When requests are due, over all rounds.
#[derive(Debug)]
struct Clock {
    pace: Pace,
    number: u64,
    /// The first timestamp of this round.
    first: Option<i64>,
    /// Recorded time at which this round began, in nanoseconds.
    begun: i64,
    /// The last time given, and how many were in this round.
    last: i64,
    steps: i64,
}

impl Clock {
    /// Begins a round: it follows the one before at the distance that requests have on average.
    fn begin(&mut self) {
        if self.first.take().is_some() {
            let gap = (self.last - self.begun) / (self.steps - 1).max(1);
            self.begun = self.last + gap.max(0);
            self.steps = 0;
        }
    }

    fn due(&mut self, timestamp: i64) -> Duration {
        let number = self.number;
        self.number += 1;
        let first = *self.first.get_or_insert(timestamp);
        let recorded = self.begun.saturating_add(timestamp.saturating_sub(first).max(0));
        self.last = self.last.max(recorded);
        self.steps += 1;
        match self.pace {
            Pace::Scheduled(schedule) => schedule.offset(number),
            Pace::Recorded(Speed::Max) => Duration::ZERO,
            Pace::Recorded(Speed::Times(factor)) => scaled(recorded, factor),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a run of days is still right to the microsecond"
)]
fn scaled(nanos: i64, factor: f64) -> Duration {
    Duration::from_nanos((nanos as f64 / factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_follow_each_other_at_the_usual_distance() {
        let pace = Pace::Recorded(Speed::Times(2.0));
        let mut clock = Clock { pace, number: 0, first: None, begun: 0, last: 0, steps: 0 };
        let mut due = Vec::new();
        for _ in 0..2 {
            clock.begin();
            for timestamp in [1_000_000, 3_000_000, 2_000_000, 5_000_000, 9_000_000] {
                due.push(clock.due(timestamp).as_micros());
            }
        }
        assert_eq!(due, [0, 1000, 500, 2000, 4000, 5000, 6000, 5500, 7000, 9000]);
    }
}
