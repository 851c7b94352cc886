//! The one thread that sends requests when they are due and reads their answers.
//!
//! It never waits for an answer to send what is due: only the order of a connection's requests is kept. What the
//! target does not take piles up to a limit, then reading stops, and how late requests are sent is measured.

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kefu_app::{Exit, Failure, Stop, Text};
use kefu_traffic::{
    Latency, Timer,
    gor::{FileWriter, Kind, Record},
    http::{Limits, Message, Start},
};
use mio::{Events, Poll, Token, Waker};

use super::{
    feed::{Feed, Job},
    slot::{Current, Lost, Means, Progress, Slot},
};
use crate::{target::Target, translate::Translator};

const WAKER: Token = Token(usize::MAX);
const TIMER: Token = Token(usize::MAX - 1);
/// One turn takes at most so many events before it looks at what is due.
const EVENTS: usize = 128;
const READ: usize = 64 << 10;
/// Time between two looks at what takes too long.
const TICK: Duration = Duration::from_millis(50);
/// Shorter waits than this are spent looking at the connections.
const SPIN: Duration = Duration::from_micros(60);
/// So many requests wait for their connection; then no more are taken up.
const PILE_MAX: usize = 20_000;
/// And so many bytes of them.
const PILE_BYTES: usize = 64 << 20;
/// After a stop, answers are waited for so long.
const DRAIN: Duration = Duration::from_secs(2);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) connections: usize,
    pub(crate) timeout: Duration,
    pub(crate) limits: Limits,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) sent: u64,
    pub(crate) answered: u64,
    pub(crate) statuses: BTreeMap<u16, u64>,
    pub(crate) lost: BTreeMap<Lost, u64>,
    /// Requests that had their turn and were given up before a byte of them was written.
    pub(crate) never_sent: u64,
    /// Requests that were due and not done, because the run was stopped.
    pub(crate) unsent: u64,
    /// Requests that were not translated.
    pub(crate) untranslated: u64,
    /// Requests that waited for the one before them on their connection.
    pub(crate) waited: u64,
    pub(crate) opened: u64,
    pub(crate) again: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// From when it was due to when its turn came.
    pub(crate) late: Latency,
    /// From when it was due to when its first byte was written: lateness, waits and connections.
    pub(crate) send_error: Latency,
    /// From when it was due to the end of the answer.
    pub(crate) latency: Latency,
    /// From when its first byte was written to the end of the answer.
    pub(crate) service: Latency,
    /// How late the last request was.
    pub(crate) drift: Duration,
    pub(crate) elapsed: Duration,
}

/// The run as it goes.
pub(crate) struct Engine {
    plan: Plan,
    poll: Poll,
    timer: Timer,
    slots: Vec<Slot>,
    start: Instant,
    wall: SystemTime,
    /// Requests that are taken up and not done.
    pile: usize,
    pile_bytes: usize,
    output: Option<FileWriter>,
    translator: Option<Arc<Translator>>,
    pub(crate) figures: Figures,
}

impl Engine {
    /// Gets ready.
    ///
    /// # Errors
    ///
    /// The system gives no poller.
    pub(crate) fn new(
        plan: Plan,
        output: Option<FileWriter>,
        translator: Option<Arc<Translator>>,
    ) -> io::Result<(Self, Arc<Waker>)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let timer = Timer::new(&poll, TIMER)?;
        let slots = std::iter::repeat_with(Slot::default).take(plan.connections).collect();
        let (start, wall) = (Instant::now(), SystemTime::now());
        let figures = Figures::default();
        let (pile, pile_bytes) = (0, 0);
        let engine =
            Self { plan, poll, timer, slots, start, wall, pile, pile_bytes, output, translator, figures };
        Ok((engine, waker))
    }

    /// Sends everything that the feed gives, and waits for the answers.
    ///
    /// # Errors
    ///
    /// The poller or the output fails.
    pub(crate) fn run(mut self, feed: &mut Feed, stop: &Stop) -> Result<Figures, Failure> {
        let mut events = Events::with_capacity(EVENTS);
        let mut buffer = vec![0; READ];
        // The clock begins when the first request is there, not while files are opened.
        while feed.due().is_none() && !feed.is_over() && !stop.is_requested() {
            self.wait(&mut events, TICK)?;
        }
        (self.start, self.wall) = (Instant::now(), SystemTime::now());
        let (mut looked, mut stopped) = (Duration::ZERO, None);
        loop {
            let now = self.start.elapsed();
            if stop.is_requested() {
                stopped.get_or_insert(now);
            }
            if let Some(stopped) = stopped {
                if self.pile == 0 || now - stopped > DRAIN {
                    break;
                }
            } else {
                self.dispatch(feed)?;
                if feed.is_over() && self.pile == 0 {
                    break;
                }
            }
            let wait = match feed.due() {
                Some(due) if stopped.is_none() && self.has_room() => due.saturating_sub(self.start.elapsed()),
                _ => TICK,
            };
            self.wait(&mut events, wait.min(TICK))?;
            for event in &events {
                if let Some(index) = Some(event.token().0).filter(|index| *index < self.slots.len()) {
                    let (slot, mut means) = self.slot(index);
                    let progress = slot.ready(&mut means, &mut buffer);
                    self.proceed(index, progress)?;
                }
            }
            let now = self.start.elapsed();
            if now - looked >= TICK {
                looked = now;
                self.give_up_late(now)?;
            }
        }
        self.figures.unsent = self.pile as u64;
        self.figures.elapsed = self.start.elapsed();
        if let Some(output) = self.output.take() {
            output.finish().map_err(cannot_write)?;
        }
        Ok(self.figures)
    }

    /// Sleeps until something is ready, or for so long.
    fn wait(&mut self, events: &mut Events, wait: Duration) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            Failure::new(Exit::Io, Text::new("cannot wait for connections", "无法等待连接")).because(error)
        };
        let timeout = match wait.checked_sub(SPIN) {
            Some(wait) => self.timer.arm(wait).map_err(failed)?,
            None => Duration::ZERO,
        };
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(failed(error)),
            _ => Ok(()),
        }
    }

    fn has_room(&self) -> bool {
        self.pile < PILE_MAX && self.pile_bytes < PILE_BYTES
    }

    /// Takes up what is due.
    fn dispatch(&mut self, feed: &mut Feed) -> Result<(), Failure> {
        while self.has_room()
            && let Some(due) = feed.due()
        {
            let now = self.start.elapsed();
            if due > now {
                break;
            }
            let Some(job) = feed.next() else { break };
            self.figures.late.record(due, now);
            self.pile += 1;
            self.pile_bytes += job.len;
            let index = (job.prepared.connection % self.slots.len() as u64) as usize;
            let slot = &mut self.slots[index];
            if slot.current.is_some() || !slot.queue.is_empty() {
                self.figures.waited += 1;
                slot.queue.push_back(job);
            } else {
                let progress = self.begin(index, job);
                self.proceed(index, progress)?;
            }
        }
        Ok(())
    }

    fn slot(&mut self, index: usize) -> (&mut Slot, Means<'_>) {
        let means = Means {
            registry: self.poll.registry(),
            target: self.plan.target,
            limits: self.plan.limits,
            token: Token(index),
            now: self.start.elapsed(),
            opened: &mut self.figures.opened,
            again: &mut self.figures.again,
        };
        (&mut self.slots[index], means)
    }

    fn begin(&mut self, index: usize, mut job: Job) -> Progress {
        if let (Some(translator), Some(original)) = (&self.translator, job.original.take()) {
            let Ok(translated) = translator.request(*original) else { return Progress::Left(job) };
            job.prepared = translated.prepared.clone();
            job.steps = translated.before.clone().into();
            job.steps.push_back(std::mem::take(&mut job.prepared.bytes));
            job.prepared.bytes = job.steps.pop_front().unwrap_or_default();
            job.translated = Some(Box::new(translated));
        }
        let (slot, mut means) = self.slot(index);
        slot.current = Some(Current::new(job, means.now));
        slot.send(&mut means)
    }

    /// Notes what became of a request, and goes on with the next of the connection.
    fn proceed(&mut self, index: usize, mut progress: Progress) -> Result<(), Failure> {
        loop {
            match progress {
                Progress::Open => return Ok(()),
                Progress::Answered(mut current, answer) => match current.job.steps.pop_front() {
                    // It was one of those before the request that is meant.
                    Some(next) => {
                        current.job.prepared.bytes = next;
                        progress = self.begin(index, current.job);
                        continue;
                    }
                    None => self.answered(current, *answer)?,
                },
                Progress::Lost(current, why) => self.lost(&current, why),
                Progress::Left(job) => {
                    self.pile -= 1;
                    self.pile_bytes -= job.len;
                    self.figures.untranslated += 1;
                }
            }
            let Some(job) = self.slots[index].queue.pop_front() else { return Ok(()) };
            progress = self.begin(index, job);
        }
    }

    fn done(&mut self, current: &Current) {
        let Current { job, sent, .. } = current;
        self.pile -= 1;
        self.pile_bytes -= job.len;
        if let Some(sent) = *sent {
            self.figures.sent += 1;
            self.figures.bytes_sent += job.prepared.bytes.len() as u64;
            self.figures.send_error.record(job.due, sent);
            self.figures.drift = sent.saturating_sub(job.due);
        } else {
            self.figures.never_sent += 1;
        }
    }

    fn answered(&mut self, current: Current, answer: Message) -> Result<(), Failure> {
        self.done(&current);
        let now = self.start.elapsed();
        let sent = current.sent.unwrap_or(now);
        let figures = &mut self.figures;
        figures.answered += 1;
        figures.bytes_received += answer.bytes.len() as u64;
        figures.latency.record(current.job.due, now);
        figures.service.record(sent, now);
        if let Start::Response { status } = answer.head.start {
            *figures.statuses.entry(status).or_default() += 1;
        }
        let payload = match (&self.translator, current.job.translated) {
            (Some(translator), Some(translated)) => translator.answer(*translated, answer.bytes, None),
            _ => answer.bytes,
        };
        let Some(output) = &mut self.output else { return Ok(()) };
        let wall = (self.wall + sent).duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = Record {
            kind: Kind::Replayed,
            id: current.job.prepared.id,
            timestamp: i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX),
            latency: i64::try_from((now - sent).as_nanos()).ok(),
            extra: String::new(),
            payload,
        };
        output.write(&record, jiff::civil::DateTime::ZERO).map_err(cannot_write)
    }

    fn lost(&mut self, current: &Current, why: Lost) {
        self.done(current);
        *self.figures.lost.entry(why).or_default() += 1;
    }

    fn give_up_late(&mut self, now: Duration) -> Result<(), Failure> {
        for index in 0..self.slots.len() {
            let current = self.slots[index].current.as_ref();
            if current.is_some_and(|current| now.saturating_sub(current.begun) > self.plan.timeout) {
                let progress = self.slots[index].lose(Lost::Timeout);
                self.proceed(index, progress)?;
            }
        }
        Ok(())
    }
}

fn cannot_write(error: io::Error) -> Failure {
    Failure::new(Exit::Io, Text::new("cannot write the answers", "无法写入应答")).because(error)
}
