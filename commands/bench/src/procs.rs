//! A load that several processes send, each a part of it, and what they measured as one.
//!
//! A worker says in a line when it is ready for the next part of the run, waits for a line that begins it for all, and
//! ends with its figures in JSON. The line that begins something says when, by the clock that all processes share, so that
//! the parts of a schedule lie between each other as they should.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        LazyLock,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Stop, Text};
use rustix::{
    process::{Pid, Signal, kill_process},
    time::{ClockId, clock_gettime},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{INVALID, progress::Progress, series::Interval};

/// Tells a process which part of the load is its own.
const SHARE: &str = "KEFU_BENCH_SHARE";
const READY: &str = "ready";
const GO: &str = "go";
const SECOND: &str = "second";
/// All that a process says is not longer than this: an hour of seconds, and which of some hundred million messages came.
const SAID_MAX: u64 = 256 << 20;
/// Two looks at how far the run is lie so far apart.
const TICK: Duration = Duration::from_millis(100);
/// Two readings of clocks that are nearer than this are of one moment; they are made so many times at most.
const NEAR: Duration = Duration::from_micros(50);
const READINGS: usize = 100;

/// Time since this machine was started, the same in all its processes.
fn clock() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// One moment by both clocks: if this process is kept from running between the readings, they are made again.
fn both_clocks() -> (Instant, Duration) {
    let read = || {
        let (before, instant, after) = (clock(), Instant::now(), clock());
        (after.saturating_sub(before), instant, before)
    };
    let mut best = read();
    for _ in 1..READINGS {
        if best.0 < NEAR {
            break;
        }
        let next = read();
        if next.0 < best.0 {
            best = next;
        }
    }
    (best.1, best.2)
}

/// Processor time that this process has used.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// What a worker has to do with the process that started it.
pub(crate) struct Parent {
    lines: Receiver<String>,
}

/// Whether all have come to a point of the run.
pub(crate) enum Met {
    NotYet,
    /// They have, at this moment.
    At(Instant),
    /// Whoever waited for the figures is gone.
    Gone,
}

impl Parent {
    pub(crate) fn new() -> Self {
        let (sender, lines) = channel();
        // It ends with the parent, or with this process.
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                if line.is_ok_and(|line| sender.send(line).is_ok()) {
                    continue;
                }
                return;
            }
        });
        Self { lines }
    }

    /// Says that this process has come to the next point of the run.
    pub(crate) fn arrive(&self) -> Result<(), Failure> {
        say(READY)
    }

    /// Looks whether all have.
    pub(crate) fn look(&self) -> Met {
        match self.lines.try_recv() {
            Ok(line) => met(&line),
            Err(TryRecvError::Empty) => Met::NotYet,
            Err(TryRecvError::Disconnected) => Met::Gone,
        }
    }

    /// Waits until all have; `None` when nobody waits any more.
    pub(crate) fn wait(&self) -> Option<Instant> {
        match met(&self.lines.recv().ok()?) {
            Met::At(at) => Some(at),
            Met::NotYet | Met::Gone => None,
        }
    }

    /// Tells of a second that has ended.
    pub(crate) fn second(&self, interval: &Interval) -> Result<(), Failure> {
        say(&format!("{SECOND} {}", serde_json::to_string(interval).map_err(Failure::internal)?))
    }

    /// Tells what was measured.
    pub(crate) fn tell(&self, figures: &impl Serialize) -> Result<(), Failure> {
        say(&serde_json::to_string(figures).map_err(Failure::internal)?)
    }
}

fn met(line: &str) -> Met {
    let nanos = line.strip_prefix(GO).and_then(|nanos| nanos.trim().parse().ok());
    let Some(nanos) = nanos else { return Met::Gone };
    // One pair of readings for all moments: what lies between two of them is the same in every process, to the
    // nanosecond, and so are the edges of what is measured.
    static READ: LazyLock<(Instant, Duration)> = LazyLock::new(both_clocks);
    let (instant, read) = *READ;
    let at = Duration::from_nanos(nanos);
    Met::At(match at.checked_sub(read) {
        Some(later) => instant.checked_add(later).unwrap_or(instant),
        None => instant.checked_sub(read - at).unwrap_or(instant),
    })
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(broken)
}

/// What the processes have come to.
pub(crate) enum Moment {
    /// All wait at a point of the run, the first of which is 0, and go on when this has been looked at.
    Met(u32),
    /// Some time has passed.
    Tick,
}

/// Starts processes and has them send; gives what each measured, or nothing if it was stopped before that.
pub(crate) fn gather<F: DeserializeOwned + Send + 'static>(
    procs: u32,
    stop: &Stop,
    progress: &mut Progress,
    look: &mut dyn FnMut(&mut Progress, Moment),
) -> Result<Option<Vec<F>>, Failure> {
    let run = getrandom::u64().map_err(Failure::internal)?;
    let (sender, receiver) = channel();
    let mut workers = Vec::new();
    for number in 0..procs {
        workers.push(Worker::start(&format!("{number}/{procs}/{run}"), sender.clone())?);
    }
    drop(sender);
    let (mut ready, mut meetings, mut figures) = (0, 0, Vec::new());
    let (mut is_stopping, mut seconds) = (false, Seconds::new(procs));
    progress.begin("processes ready", u64::from(procs));
    while figures.len() < procs as usize {
        if stop.is_requested() && !is_stopping {
            is_stopping = true;
            workers.iter().for_each(Worker::stop);
        }
        match receiver.recv_timeout(TICK) {
            Ok(Said::Ready) => {
                ready += 1;
                if meetings == 0 {
                    progress.set(u64::from(ready));
                }
                if ready == procs {
                    look(progress, Moment::Met(meetings));
                    let now = clock();
                    workers.iter_mut().try_for_each(|worker| worker.go(now))?;
                    (ready, meetings) = (0, meetings + 1);
                }
            }
            Ok(Said::Second(interval)) => {
                if let Some(whole) = seconds.add(interval) {
                    progress.interval(whole.at_s as u64 + 1, &whole);
                }
            }
            Ok(Said::Done(found)) => figures.push(*found),
            Ok(Said::Lost) if is_stopping && figures.is_empty() => return Ok(None),
            Ok(Said::Lost) | Err(RecvTimeoutError::Disconnected) => return Err(lost()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        look(progress, Moment::Tick);
    }
    Ok(Some(figures))
}

/// Seconds of which not all processes have told.
struct Seconds {
    procs: u32,
    told: Vec<(u32, Interval)>,
}

impl Seconds {
    fn new(procs: u32) -> Self {
        Self { procs, told: Vec::new() }
    }

    /// Adds one process's second; gives the whole when all have told of it.
    fn add(&mut self, interval: Interval) -> Option<Interval> {
        let same = |(_, told): &(u32, Interval)| told.at_s.total_cmp(&interval.at_s).is_eq();
        let place = self.told.iter().position(same).unwrap_or_else(|| {
            self.told.push((0, Interval::default()));
            self.told.len() - 1
        });
        let (count, told) = &mut self.told[place];
        *count += 1;
        told.merge(&interval);
        if *count < self.procs { None } else { Some(self.told.swap_remove(place).1) }
    }
}

/// What a worker has said.
enum Said<F> {
    Ready,
    Second(Interval),
    Done(Box<F>),
    /// It ended without its figures.
    Lost,
}

struct Worker {
    /// With its standard input, so that waiting for it closes that first: it may be waiting for a line.
    child: Child,
}

impl Worker {
    fn start<F: DeserializeOwned + Send + 'static>(
        share: &str,
        said: Sender<Said<F>>,
    ) -> Result<Self, Failure> {
        let cannot = |error| {
            let text = Text::new("cannot start a process of the load", "无法启动负载进程");
            Failure::new(Exit::Unavailable, text).because(error)
        };
        let mut child = Command::new(std::env::current_exe().map_err(cannot)?)
            .args(std::env::args_os().skip(1))
            .env(SHARE, share)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal to all of them would reach it twice.
            .process_group(0)
            .spawn()
            .map_err(cannot)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(Failure::internal("a pipe that was asked for is missing"));
        };
        // It ends with the worker's output.
        std::thread::spawn(move || listen(stdout, &said));
        Ok(Self { child })
    }

    fn go(&mut self, now: Duration) -> Result<(), Failure> {
        let Some(stdin) = &mut self.child.stdin else {
            return Err(Failure::internal("a pipe that was asked for is missing"));
        };
        writeln!(stdin, "{GO} {}", now.as_nanos()).map_err(broken)
    }

    fn stop(&self) {
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(pid) = Pid::from_raw(pid)
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::debug!(%error, "a process has ended by itself");
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has told its figures ends by itself; of the others nobody wants to hear.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.stop();
        }
        drop(self.child.wait());
    }
}

/// Passes on what a worker says, until it has told its figures or ended.
fn listen<F: DeserializeOwned>(stdout: ChildStdout, said: &Sender<Said<F>>) {
    for line in BufReader::new(stdout.take(SAID_MAX)).lines() {
        let heard = match line {
            Ok(line) if line == READY => Said::Ready,
            Ok(line) => match line.strip_prefix(SECOND) {
                Some(second) => serde_json::from_str(second).map_or(Said::Lost, Said::Second),
                None => serde_json::from_str(&line).map_or(Said::Lost, Said::Done),
            },
            Err(_) => Said::Lost,
        };
        let is_last = matches!(heard, Said::Done(_) | Said::Lost);
        if said.send(heard).is_err() || is_last {
            return;
        }
    }
    drop(said.send(Said::Lost));
}

fn lost() -> Failure {
    let text = Text::new(
        "the run is invalid: a process of the load ended before its time",
        "测试无效: 有负载进程提前结束",
    );
    Failure::new(INVALID, text).hint(Text::new("see what it said above", "请查看上方它的输出"))
}

fn broken(error: std::io::Error) -> Failure {
    let text = Text::new("cannot talk to the processes of the load", "无法与负载进程通信");
    Failure::new(Exit::Io, text).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_in_every_process() {
        let before = Instant::now();
        let Met::At(at) = met(&format!("{GO} {}", clock().as_nanos())) else { panic!("it is a moment") };
        assert!(at.saturating_duration_since(before) < Duration::from_secs(1));
        let moment = |nanos: u64| match met(&format!("{GO} {nanos}")) {
            Met::At(at) => at,
            Met::NotYet | Met::Gone => panic!("it is a moment"),
        };
        let nanos = clock().as_nanos() as u64;
        assert_eq!(moment(nanos + 1_234_567_890) - moment(nanos), Duration::from_nanos(1_234_567_890));
        assert_eq!(moment(nanos) - moment(nanos - 1_001), Duration::from_nanos(1_001));
        assert!(matches!(met("stop"), Met::Gone));
    }

    #[test]
    fn one_that_waits_for_a_line_does_not_keep_whoever_gives_it_up() {
        // As one that has met nobody yet, and takes a signal for later.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; cat"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let worker = Worker { child: command.spawn().unwrap() };
        let (ended, is_over) = channel();
        std::thread::spawn(move || {
            drop(worker);
            ended.send(())
        });
        is_over.recv_timeout(Duration::from_secs(20)).expect("it is given up");
    }

    #[test]
    fn a_second_is_shown_when_all_have_told_of_it() {
        let mut seconds = Seconds::new(2);
        let second = |at_s: f64| Interval { at_s, answered: 2, ..Interval::default() };
        assert_eq!(seconds.add(second(0.0)), None);
        assert_eq!(seconds.add(second(1.0)), None);
        assert_eq!(seconds.add(second(0.0)), Some(Interval { answered: 4, ..second(0.0) }));
        assert_eq!(seconds.told.len(), 1);
    }
}
