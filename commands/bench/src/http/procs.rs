//! A load that several processes send, each a part of it, and what they measured as one.
//!
//! A worker opens its connections, says so in a line, waits for a line that begins the run, and ends with its figures in
//! JSON. So all begin together, and the parts of a schedule lie between each other as they should.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Stop, Text};
use rustix::process::{Pid, Signal, kill_process};

use super::{HttpSettings, Plan, Watching, engine::Engine, figures::Figures, no_poller};
use crate::{INVALID, progress::Progress};

/// Tells a process which part of the load is its own.
const SHARE: &str = "KEFU_BENCH_SHARE";
const READY: &str = "ready";
const GO: &str = "go";
/// Figures of a process are not longer than this.
const FIGURES_MAX: u64 = 16 << 20;
/// Two looks at how far the run is lie so far apart.
const TICK: Duration = Duration::from_millis(100);

/// Sends a part of the load for the process that started this one.
pub(super) fn work(plan: &Plan, stop: &Stop) -> Result<(), Failure> {
    let mut engine = Engine::new(plan).map_err(no_poller)?;
    engine.open(stop, &mut Progress::Silent)?;
    say(READY)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(broken)?;
    if line.trim_end() != GO {
        // Whoever waited for the figures is gone.
        return Ok(());
    }
    let figures = engine.run(stop, &mut |_, _| {})?;
    say(&serde_json::to_string(&figures).map_err(Failure::internal)?)
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(broken)
}

/// Starts the processes, has them send, and adds up what they measured.
pub(super) fn gather(
    settings: &HttpSettings,
    stop: &Stop,
    progress: &mut Progress,
    watch: &mut Watching<'_>,
) -> Result<Option<Figures>, Failure> {
    let (sender, receiver) = channel();
    let mut workers = Vec::new();
    for number in 0..settings.procs {
        workers.push(Worker::start(number, settings.procs, sender.clone())?);
    }
    drop(sender);
    let (mut ready, mut done, mut gathered) = (0, 0, Figures::default());
    let (mut began, mut is_stopping) = (None, false);
    progress.begin("processes ready", u64::from(settings.procs));
    while done < settings.procs {
        if stop.is_requested() && !is_stopping {
            is_stopping = true;
            workers.iter().for_each(Worker::stop);
        }
        match receiver.recv_timeout(TICK) {
            Ok(Said::Ready) => {
                ready += 1;
                progress.set(u64::from(ready));
                if ready == settings.procs {
                    began = Some(Instant::now());
                    workers.iter_mut().try_for_each(Worker::begin)?;
                    progress.begin("seconds", (settings.plan.warmup + settings.plan.duration).as_secs());
                }
            }
            Ok(Said::Done(figures)) => {
                done += 1;
                gathered.merge(&figures);
            }
            Ok(Said::Lost(number)) if is_stopping && ready < settings.procs => {
                tracing::debug!(number, "a process ended before it began");
                return Ok(None);
            }
            Ok(Said::Lost(_)) | Err(RecvTimeoutError::Disconnected) => return Err(lost()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(began) = began {
            let now = began.elapsed();
            watch.tick(now);
            progress.set(now.as_secs());
        }
    }
    Ok(Some(gathered))
}

/// What a worker has said.
enum Said {
    Ready,
    Done(Box<Figures>),
    /// It ended without its figures.
    Lost(u32),
}

struct Worker {
    child: Child,
    stdin: ChildStdin,
}

impl Worker {
    fn start(number: u32, of: u32, said: Sender<Said>) -> Result<Self, Failure> {
        let cannot = |error| {
            let text = Text::new("cannot start a process of the load", "无法启动负载进程");
            Failure::new(Exit::Unavailable, text).because(error)
        };
        let mut child = Command::new(std::env::current_exe().map_err(cannot)?)
            .args(std::env::args_os().skip(1))
            .env(SHARE, format!("{number}/{of}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal to all of them would reach it twice.
            .process_group(0)
            .spawn()
            .map_err(cannot)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::internal("a pipe that was asked for is missing"));
        };
        // It ends with the worker's output.
        std::thread::spawn(move || listen(number, stdout, &said));
        Ok(Self { child, stdin })
    }

    fn begin(&mut self) -> Result<(), Failure> {
        writeln!(self.stdin, "{GO}").map_err(broken)
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

fn listen(number: u32, stdout: ChildStdout, said: &Sender<Said>) {
    let mut lines = BufReader::new(stdout.take(FIGURES_MAX)).lines();
    let ready = lines.next();
    if !ready.is_some_and(|line| line.is_ok_and(|line| line == READY)) {
        drop(said.send(Said::Lost(number)));
        return;
    }
    drop(said.send(Said::Ready));
    let figures = lines.next().and_then(|line| serde_json::from_str(&line.ok()?).ok());
    drop(said.send(figures.map_or(Said::Lost(number), Said::Done)));
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
