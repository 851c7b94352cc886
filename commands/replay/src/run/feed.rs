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
    prepare::{Prepared, Rewrites, connection},
    sockets::Player,
};
use crate::{
    account::{Account, Reason},
    args::Speed,
    middleware::{self, Middleware},
    screen::{Rules, Screen},
    socket::Figures as Sockets,
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
pub(crate) struct Job {
    pub(crate) due: Duration,
    pub(crate) prepared: Prepared,
    /// The bytes that it counts for.
    pub(super) len: usize,
    /// What it is, if that is to be translated when its turn has come.
    pub(super) original: Option<Box<Record>>,
    /// What follows before it is done, and what its answers belong to.
    pub(super) steps: VecDeque<Vec<u8>>,
    pub(super) translated: Option<Box<Translated>>,
}

impl Job {
    pub(crate) fn new(due: Duration, prepared: Prepared) -> Self {
        let len = prepared.bytes.len();
        Self { due, prepared, len, original: None, steps: VecDeque::new(), translated: None }
    }

    /// What is sent of it shows when its turn has come: it may depend on answers before.
    fn to_be_translated(due: Duration, record: Record) -> Self {
        let (id, connection) = (record.id.clone(), connection(&record));
        let prepared = Prepared { bytes: Vec::new(), id, connection, is_safe: false };
        let len = record.payload.len();
        Self { len, original: Some(Box::new(record)), ..Self::new(due, prepared) }
    }
}

/// When requests are due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// By the recording.
    Recorded(Speed),
    /// By a schedule of their own.
    Scheduled(Schedule),
}

/// What the thread has read.
#[derive(Debug)]
pub(super) struct Fed {
    pub(super) outcome: Outcome,
    /// What became of records up to here; what was prepared or given to the player stands under `emitted`.
    pub(super) account: Account,
    /// Requests that nobody took, because the run was stopped.
    pub(super) untaken: u64,
    /// Handshakes and messages of WebSocket sessions that were given to the player, and what became of them.
    pub(super) played: u64,
    pub(super) sockets: Sockets,
}

/// The requests that come next.
pub(crate) struct Feed {
    receiver: Receiver<VecDeque<Job>>,
    batch: VecDeque<Job>,
    is_over: bool,
}

/// A thread that reads files for a feed.
pub(super) struct FileFeed {
    pub(super) feed: Feed,
    thread: JoinHandle<Result<Fed, Failure>>,
}

/// Makes who begins WebSocket sessions.
pub(super) type PlayerMaker = Box<dyn FnOnce() -> Player + Send>;

/// What a run reads, and how.
pub(super) struct Reading {
    pub(super) open: Box<dyn Fn() -> Result<Source, Failure> + Send>,
    pub(super) times: u64,
    pub(super) pace: Pace,
    pub(super) rules: Rules,
    pub(super) middleware: Option<Middleware>,
    pub(super) rewrites: Rewrites,
    pub(super) translator: Option<Arc<Translator>>,
    /// Who begins WebSocket sessions, made when the clock begins.
    pub(super) player: Option<PlayerMaker>,
    pub(super) language: Language,
    pub(super) stop: Stop,
}

impl FileFeed {
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
        Self { feed: Feed::new(receiver), thread }
    }

    /// Waits for the thread, which has read everything or sees that the run is stopped.
    pub(super) fn finish(self) -> Result<Fed, Failure> {
        let untaken = self.feed.untaken();
        let fed = self.thread.join();
        let fed = fed.unwrap_or_else(|_| Err(Failure::internal("the thread that reads has panicked")))?;
        Ok(Fed { untaken, ..fed })
    }

    /// Ends without what is still to come: the run has failed.
    pub(super) fn abandon(self) {
        drop(self.feed);
        // What the thread says of it is of no more use.
        drop(self.thread.join());
    }
}

impl Feed {
    /// Will give what is sent to `receiver`.
    pub(crate) fn new(receiver: Receiver<VecDeque<Job>>) -> Self {
        Self { receiver, batch: VecDeque::new(), is_over: false }
    }

    /// When the next request is due, if it is there already.
    pub(crate) fn due(&mut self) -> Option<Duration> {
        while self.batch.is_empty() && !self.is_over {
            match self.receiver.try_recv() {
                Ok(batch) => self.batch = batch,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => self.is_over = true,
            }
        }
        self.batch.front().map(|job| job.due)
    }

    pub(crate) fn next(&mut self) -> Option<Job> {
        self.batch.pop_front()
    }

    /// Whether nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over && self.batch.is_empty()
    }

    /// Waits until nothing more comes, and says how many requests nobody took.
    pub(crate) fn untaken(self) -> u64 {
        let coming: usize = self.receiver.iter().map(|batch| batch.len()).sum();
        (self.batch.len() + coming) as u64
    }
}

impl Reading {
    fn all(self, sender: &SyncSender<VecDeque<Job>>, waker: &Waker) -> Result<Fed, Failure> {
        let Self { open, times, pace, rules, mut middleware, rewrites, translator, player, language, stop } =
            self;
        let clock = Clock { pace, number: 0, first: None, begun: 0, last: 0, steps: 0 };
        let mut preparing = Preparing {
            screen: Screen::new(rules),
            player: player.map(|make| make()),
            played: 0,
            rewrites,
            translator,
            clock,
            account: Account::default(),
            batch: VecDeque::new(),
            bytes: 0,
            is_wanted: true,
            sender,
            waker,
        };
        let mut outcome = Outcome::default();
        for _ in 0..times {
            preparing.clock.begin();
            let source = open()?;
            let read = source.read(language, &stop, &mut |record| match &mut middleware {
                Some(middleware) if middleware::is_known(record.kind) => {
                    middleware.exchange(record, &mut |record| preparing.take(record))
                }
                _ => preparing.take(record),
            })?;
            outcome.complaints += read.complaints;
            outcome.is_stopped |= read.is_stopped;
            if outcome.is_stopped || !preparing.is_wanted {
                break;
            }
        }
        if let Some(middleware) = &mut middleware {
            middleware.finish(&mut |record| preparing.take(record))?;
            let Middleware { given, returned, .. } = *middleware;
            preparing.account.seen += given.saturating_sub(returned);
            preparing.account.dropped(Reason::Middleware, given.saturating_sub(returned));
        }
        preparing.hand_on();
        let Preparing { account, player, played, .. } = preparing;
        let sockets = player.map_or_else(Sockets::default, |player| player.finish(&stop));
        Ok(Fed { outcome, account, untaken: 0, played, sockets })
    }
}

/// Makes requests of records, and hands them on.
struct Preparing<'a> {
    screen: Screen,
    player: Option<Player>,
    /// What was given to the player.
    played: u64,
    rewrites: Rewrites,
    translator: Option<Arc<Translator>>,
    clock: Clock,
    account: Account,
    batch: VecDeque<Job>,
    bytes: usize,
    is_wanted: bool,
    sender: &'a SyncSender<VecDeque<Job>>,
    waker: &'a Waker,
}

impl Preparing<'_> {
    fn take(&mut self, mut record: Record) -> Result<(), Failure> {
        self.account.seen += 1;
        let passed = self.screen.apply(&mut record);
        match passed.and_then(|()| self.give(record)) {
            Ok(()) => self.account.emitted += 1,
            Err(reason) => self.account.dropped(reason, 1),
        }
        Ok(())
    }

    /// Gives a record to the player, or makes a request of it.
    fn give(&mut self, record: Record) -> Result<(), Reason> {
        let timestamp = record.timestamp;
        if let Some(player) = &mut self.player
            && let Some(taken) = player.take(&record, || self.clock.due(timestamp))
        {
            self.played += u64::from(taken.is_ok());
            return taken;
        }
        let job = match (&self.translator, record.kind) {
            (None, _) => {
                let prepared = self.rewrites.prepare(record)?;
                Job::new(self.clock.due(timestamp), prepared)
            }
            (Some(_), Kind::Request) => Job::to_be_translated(self.clock.due(timestamp), record),
            (Some(translator), kind) => {
                if kind == Kind::Response {
                    translator.recorded(record);
                }
                return Err(Reason::Response);
            }
        };
        self.bytes += job.len;
        self.batch.push_back(job);
        if self.bytes >= BATCH_BYTES || self.batch.len() >= BATCH_REQUESTS {
            self.hand_on();
        }
        Ok(())
    }

    fn hand_on(&mut self) {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if !batch.is_empty() {
            // Nobody who waits for it is no mistake: the run has failed.
            self.is_wanted &= self.sender.send(batch).is_ok();
            drop(self.waker.wake());
        }
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
