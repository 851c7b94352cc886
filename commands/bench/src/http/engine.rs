//! The one thread that sends requests when they are due and looks at their answers.
//!
//! It waits for no answer to send what is due: as long as a connection is free, what the server does with the others
//! does not matter. When none is, what is due waits for one, and that wait is the server's.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use kefu_app::{Failure, Stop, Text};
use kefu_traffic::{Lateness, Timer};
use mio::{Events, Poll, Token};

use super::{
    Plan,
    answer::Whole,
    conn::{Conn, Current, Event},
    figures::{Figures, Trouble},
    no_poller,
};
use crate::{
    INVALID, process,
    procs::cpu,
    progress::Progress,
    queue::Queue,
    series::{Interval, Series},
};

/// One read takes at most so much.
const READ: usize = 64 << 10;
/// One turn takes at most so many events, and sends so much of what is due before it reads.
const EVENTS: usize = 256;
const BURST: usize = 32;
/// After so many events what is due is looked at.
const BETWEEN: usize = 4;
/// Time between two looks at what takes too long.
const TICK: Duration = Duration::from_millis(50);
/// Connections being opened at the same time.
const IN_TURN: usize = 200;
/// In a closed loop, a connection that failed is left alone for so long.
const REST: Duration = Duration::from_millis(10);
/// After a stop, answers are waited for so long.
const STOPPING: Duration = Duration::from_secs(1);

const TIMER: Token = Token(usize::MAX);

/// Is told how far the run is, several times a second, and of each interval that has ended.
pub(super) type Look<'a> = dyn FnMut(Duration, Option<&Interval>) + 'a;

pub(super) struct Engine<'a> {
    plan: &'a Plan,
    poll: Poll,
    timer: Timer,
    /// What the timer is set to.
    armed: Duration,
    conns: Vec<Conn>,
    /// Connections without a request, the one that has been so for longest first.
    idle: VecDeque<usize>,
    resting: VecDeque<(Duration, usize)>,
    start: Instant,
    queue: Queue,
    under_way: usize,
    /// Until when what is due is measured.
    end: Duration,
    lateness: Lateness,
    series: Series,
    figures: Figures,
}

impl<'a> Engine<'a> {
    /// Gets ready.
    ///
    /// # Errors
    ///
    /// The system gives no poller.
    pub(super) fn new(plan: &'a Plan) -> io::Result<Self> {
        let poll = Poll::new()?;
        let timer = Timer::new(&poll, TIMER)?;
        let end = plan.warmup + plan.duration;
        Ok(Self {
            plan,
            poll,
            timer,
            armed: Duration::ZERO,
            conns: std::iter::repeat_with(Conn::default).take(plan.connections).collect(),
            idle: VecDeque::new(),
            resting: VecDeque::new(),
            start: Instant::now(),
            queue: Queue::new(&plan.pace, plan.requests),
            under_way: 0,
            end,
            lateness: Lateness::default(),
            series: Series::new(plan.warmup, end),
            figures: Figures::default(),
        })
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Opens all connections, if they are to be kept.
    ///
    /// # Errors
    ///
    /// One of them cannot be opened.
    pub(super) fn open(&mut self, stop: &Stop, progress: &mut Progress) -> Result<(), Failure> {
        let total = self.conns.len();
        if !self.plan.keep_alive {
            self.idle = (0..total).collect();
            return Ok(());
        }
        progress.begin("connections", total as u64);
        let mut events = Events::with_capacity(EVENTS);
        // A read without room gives nothing, which is what the end of a connection gives.
        let mut buffer = vec![0; READ];
        let (mut begun, mut last_change) = (0, (0, self.now()));
        while self.idle.len() < total && !stop.is_requested() {
            while begun < total && begun - self.idle.len() < IN_TURN {
                self.connect(begun).map_err(|error| self.cannot_open(Trouble::of(&error)))?;
                begun += 1;
            }
            let until = self.now() + TICK;
            self.wait(&mut events, until).map_err(no_poller)?;
            for event in &events {
                let Some(conn) = self.conns.get_mut(event.token().0) else { continue };
                let mut none = 0;
                match conn.ready(self.plan, &mut buffer, &mut none, false) {
                    Event::Opened => self.idle.push_back(event.token().0),
                    Event::Ended(_, why) => return Err(self.cannot_open(why)),
                    Event::Pending | Event::Answered(..) => {}
                }
            }
            let now = self.now();
            if last_change.0 != self.idle.len() {
                last_change = (self.idle.len(), now);
                progress.set(self.idle.len() as u64);
            } else if now > last_change.1 + self.plan.timeout {
                return Err(self.cannot_open(Trouble::Timeout));
            }
        }
        Ok(())
    }

    fn connect(&mut self, index: usize) -> io::Result<()> {
        self.conns[index].open(self.plan, index, self.poll.registry())?;
        self.figures.opened += 1;
        Ok(())
    }

    fn cannot_open(&self, why: Trouble) -> Failure {
        let (total, open) = (self.conns.len(), self.idle.len());
        let why = why.name();
        Failure::new(
            INVALID,
            Text::new(
                format!("the run is invalid: cannot open {total} connections, {open} are open: {why}"),
                format!("测试无效: 无法打开 {total} 个连接, 已打开 {open} 个: {why}"),
            ),
        )
        .hint(Text::new(
            "see whether the server listens there, and its limit of connections and open files",
            "请查看服务是否在该地址监听, 以及其连接数和打开文件数的限制",
        ))
    }

    /// Sends everything that is due, and waits for the answers.
    ///
    /// # Errors
    ///
    /// The poller fails.
    pub(super) fn run(mut self, stop: &Stop, look: &mut Look<'_>) -> Result<Figures, Failure> {
        let mut events = Events::with_capacity(EVENTS);
        let mut buffer = vec![0; READ];
        self.start = Instant::now();
        let (mut looked, mut used) = (Duration::ZERO, (cpu(), None));
        loop {
            let now = self.now();
            if now < self.plan.warmup {
                used.0 = cpu();
            } else if now >= self.end {
                used.1.get_or_insert_with(cpu);
            }
            if stop.is_requested() && !self.figures.is_interrupted {
                self.figures.is_interrupted = true;
                self.end = self.end.min(now);
                self.queue.stop();
            }
            self.dispatch();
            if self.is_over(now) {
                break;
            }
            let until = self.next_due(now);
            self.wait(&mut events, until).map_err(no_poller)?;
            for (number, ready) in events.iter().enumerate() {
                // What is due does not wait until all of many answers are read.
                if number % BETWEEN == BETWEEN - 1 {
                    self.dispatch();
                }
                let index = ready.token().0;
                let Some(conn) = self.conns.get_mut(index) else { continue };
                let is_ended = ready.is_read_closed() || ready.is_error();
                let received = &mut self.figures.bytes_received;
                let event = conn.ready(self.plan, &mut buffer, received, is_ended);
                self.proceed(index, event);
            }
            let now = self.now();
            if now - looked >= TICK {
                looked = now;
                self.give_up_late(now);
                look(now, self.series.tick(now));
            }
        }
        let used = used.1.unwrap_or_else(cpu).saturating_sub(used.0);
        Ok(self.finish(used))
    }

    fn is_over(&mut self, now: Duration) -> bool {
        let patience = if self.figures.is_interrupted { STOPPING } else { self.plan.timeout };
        let is_done = self.under_way == 0 && self.queue.is_over(now, self.end);
        is_done || now > self.end + patience
    }

    /// Until when there is nothing to do unless a connection has something.
    fn next_due(&mut self, now: Duration) -> Duration {
        let is_waiting = !self.idle.is_empty() && self.queue.is_waiting(now, self.end);
        if is_waiting {
            return now;
        }
        let rested = self.resting.front().map(|(until, _)| *until);
        [self.queue.next_due(), rested].into_iter().flatten().fold(now + TICK, Duration::min)
    }

    /// Sleeps until something is ready, or until then.
    fn wait(&mut self, events: &mut Events, until: Duration) -> io::Result<()> {
        let wait = until.saturating_sub(self.now());
        let timeout = if wait.is_zero() || wait >= TICK {
            wait
        } else if self.armed == until {
            wait + TICK
        } else {
            self.armed = until;
            self.timer.arm(wait)?
        };
        match self.poll.poll(events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Sends what is due as far as connections are free.
    fn dispatch(&mut self) {
        let mut now = self.now();
        while self.resting.front().is_some_and(|(until, _)| *until <= now) {
            self.idle.extend(self.resting.pop_front().map(|(_, index)| index));
        }
        for _ in 0..BURST {
            let Some(&index) = self.idle.front() else {
                // What waits for a connection from here on is not late by our doing.
                while let Some(due) = self.queue.notice(now) {
                    self.late(due, now);
                }
                return;
            };
            if !self.queue.has_waiting()
                && let Some(due) = self.queue.notice(now)
            {
                self.late(due, now);
            }
            let Some(due) = self.queue.take(now, self.end) else { return };
            self.idle.pop_front();
            self.begin(index, due, now);
            now = self.now();
        }
    }

    fn late(&mut self, due: Duration, now: Duration) {
        if self.is_measured(due) {
            self.lateness.record(due, now);
        }
    }

    fn is_measured(&self, due: Duration) -> bool {
        self.plan.warmup <= due && due < self.end
    }

    fn begin(&mut self, index: usize, due: Duration, now: Duration) {
        self.under_way += 1;
        self.figures.bytes_sent += self.plan.request.len() as u64;
        let opened = if self.conns[index].has_link() { Ok(()) } else { self.connect(index) };
        let mut event = self.conns[index].begin(self.plan, due, now);
        if let Err(error) = opened {
            event = self.conns[index].close(Trouble::of(&error));
        }
        self.proceed(index, event);
    }

    /// Notes what became of a request.
    fn proceed(&mut self, index: usize, event: Event) {
        let now = self.now();
        match event {
            Event::Pending | Event::Opened | Event::Ended(None, _) => {}
            Event::Answered(current, whole) => {
                self.under_way -= 1;
                self.idle.push_back(index);
                self.answered(current, whole, now);
            }
            Event::Ended(Some(current), why) => {
                self.under_way -= 1;
                if self.queue.is_closed() {
                    self.resting.push_back((now + REST, index));
                } else {
                    self.idle.push_back(index);
                }
                self.failed(current.due, Some(current.begun), why, now);
            }
        }
    }

    fn answered(&mut self, current: Current, whole: Whole, now: Duration) {
        let latency = now.saturating_sub(current.due);
        self.series.answered(now, latency);
        if whole.status >= 400 {
            self.series.failed(now);
        }
        let figures = &mut self.figures;
        if self.plan.warmup <= now && now < self.end {
            figures.answered_meanwhile += 1;
        }
        if self.plan.warmup <= current.due && current.due < self.end {
            figures.answered += 1;
            *figures.statuses.entry(whole.status).or_default() += 1;
            figures.latency.record_duration(latency);
            figures.service.record(current.begun, now);
        }
    }

    fn failed(&mut self, due: Duration, begun: Option<Duration>, why: Trouble, now: Duration) {
        self.series.failed(now);
        if !self.is_measured(due) {
            return;
        }
        let figures = &mut self.figures;
        *figures.troubles.entry(why).or_default() += 1;
        if why.is_slow() {
            // It took so long at least.
            figures.latency.record(due, now);
            if let Some(begun) = begun {
                figures.service.record(begun, now);
            }
        }
    }

    fn give_up_late(&mut self, now: Duration) {
        let Some(deadline) = now.checked_sub(self.plan.timeout) else { return };
        for index in 0..self.conns.len() {
            if self.conns[index].is_late(deadline) {
                let event = self.conns[index].close(Trouble::Timeout);
                self.proceed(index, event);
            }
        }
    }

    fn finish(mut self, cpu: Duration) -> Figures {
        let now = self.now();
        // A stop is nobody's fault: what it cut off is not counted.
        if !self.figures.is_interrupted {
            for index in 0..self.conns.len() {
                if let Some(current) = self.conns[index].current {
                    self.failed(current.due, Some(current.begun), Trouble::Timeout, now);
                }
            }
            while self.queue.has_waiting()
                && let Some(due) = self.queue.take(now, self.end)
            {
                self.failed(due, None, Trouble::Unsent, now);
            }
        }
        let ended = if self.plan.is_counted { now.min(self.end) } else { self.end };
        self.figures.measured = ended.saturating_sub(self.plan.warmup);
        self.figures.intervals = self.series.finish(ended);
        self.figures.late = self.lateness.latency().clone();
        self.figures.cpu = cpu;
        self.figures.rss = process::usage(std::process::id()).map_or(0, |usage| usage.rss);
        self.figures
    }
}
