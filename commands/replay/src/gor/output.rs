//! Outputs, each on a thread of its own.

use std::{
    collections::VecDeque,
    io::{self, BufWriter, Write as _},
    net::TcpStream,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Stop, Text};
use kefu_traffic::{
    gor::{Chunks, FileWriter, Kind, Pattern, write_record},
    http::Limits,
};
use mio::Waker;

use super::{
    input::Item,
    pace::Throttle,
    plan::{Http, MESSAGE_MAX, Output, To},
};
use crate::{
    account::{Account, Reason},
    run::{Engine, Feed, Figures, Job, Plan, Rewrites, mark},
};

/// So many messages wait for an output.
const QUEUE: usize = 1024;
/// What was written is handed to the system so often.
const FLUSH: Duration = Duration::from_secs(1);

/// An output that runs.
pub(super) struct Running {
    pub(super) name: String,
    throttle: Throttle,
    account: Account,
    way: Way,
}

enum Way {
    /// Messages are written.
    Written { sender: SyncSender<Item>, thread: JoinHandle<Result<(u64, u64), Failure>> },
    /// Requests are sent.
    Sent {
        sender: SyncSender<VecDeque<Job>>,
        waker: Arc<Waker>,
        rewrites: Rewrites,
        thread: JoinHandle<Result<(Figures, u64), Failure>>,
    },
}

/// What became of an output.
pub(super) struct Done {
    pub(super) name: String,
    pub(super) account: Account,
    /// Of requests.
    pub(super) figures: Option<Figures>,
}

/// Where messages are written.
enum Writer {
    Null,
    Stdout(BufWriter<io::Stdout>),
    Tcp(BufWriter<TcpStream>),
    Files { files: Box<FileWriter>, bytes: u64, bytes_max: u64 },
}

/// Opens an output and has it run.
///
/// # Errors
///
/// It cannot be opened.
pub(super) fn start(output: Output, begun: Instant) -> Result<Running, Failure> {
    let Output { name, to, limit } = output;
    let way = match to {
        To::Http(http) => sending(*http)?,
        To::Null => writing(Writer::Null, &name, begun),
        To::Stdout => writing(Writer::Stdout(BufWriter::new(io::stdout())), &name, begun),
        To::Tcp(address) => {
            let stream = TcpStream::connect(address).map_err(|error| {
                let text = Text::new(format!("cannot connect to {name}"), format!("无法连接 {name}"));
                Failure::new(Exit::Unavailable, text).because(error)
            })?;
            writing(Writer::Tcp(BufWriter::new(stream)), &name, begun)
        }
        To::File { pattern, chunks, bytes_max } => writing(files(pattern, chunks, bytes_max), &name, begun),
    };
    Ok(Running { name, throttle: Throttle::new(limit), account: Account::default(), way })
}

fn files(pattern: Pattern, chunks: Chunks, bytes_max: u64) -> Writer {
    Writer::Files { files: Box::new(FileWriter::new(pattern, chunks)), bytes: 0, bytes_max }
}

fn writing(writer: Writer, name: &str, begun: Instant) -> Way {
    let (sender, receiver) = sync_channel(QUEUE);
    let name = name.to_owned();
    let thread = std::thread::spawn(move || {
        writer.run(&receiver, begun).map_err(|error| {
            let text = Text::new(format!("cannot write {name}"), format!("无法写入 {name}"));
            Failure::new(Exit::Io, text).because(error)
        })
    });
    Way::Written { sender, thread }
}

fn sending(http: Http) -> Result<Way, Failure> {
    let Http { address, mut headers, connections, timeout } = http;
    headers.push(mark()?);
    let limits = Limits { message: MESSAGE_MAX as usize, ..Limits::default() };
    let plan = Plan { target: address.into(), connections, timeout, limits };
    let (engine, waker) = Engine::new(plan, None, None).map_err(Failure::internal)?;
    let (sender, receiver) = sync_channel(QUEUE);
    // It ends when nothing more comes and every answer is there or given up.
    let (_, stop) = Stop::new();
    let thread = std::thread::spawn(move || {
        let mut feed = Feed::new(receiver);
        let figures = engine.run(&mut feed, &stop)?;
        Ok((figures, feed.untaken()))
    });
    Ok(Way::Sent { sender, waker, rewrites: Rewrites { headers, unsafe_methods: true }, thread })
}

impl Running {
    /// Takes a message, and waits while there is no room for it; says whether the output goes on.
    pub(super) fn take(&mut self, item: Item) -> bool {
        if matches!(self.way, Way::Sent { .. }) && item.record.kind != Kind::Request {
            return true;
        }
        self.account.seen += 1;
        if !self.throttle.lets_pass(&item.record, item.due) {
            self.account.dropped(Reason::Rate, 1);
            return true;
        }
        let is_taken = match &self.way {
            Way::Written { sender, .. } => sender.send(item).is_ok(),
            Way::Sent { sender, waker, rewrites, .. } => match rewrites.prepare(item.record) {
                Ok(prepared) => {
                    let is_taken = sender.send(VecDeque::from([Job::new(item.due, prepared)])).is_ok();
                    drop(waker.wake());
                    is_taken
                }
                Err(why) => {
                    self.account.dropped(why.into(), 1);
                    return true;
                }
            },
        };
        if is_taken {
            self.account.emitted += 1;
        } else {
            self.account.dropped(Reason::Unread, 1);
        }
        is_taken
    }

    /// Waits until everything is written or answered.
    ///
    /// # Errors
    ///
    /// What the output met.
    pub(super) fn finish(self) -> Result<Done, Failure> {
        let Self { name, mut account, way, .. } = self;
        let panicked = || Failure::internal("the thread of an output has panicked");
        match way {
            Way::Written { sender, thread } => {
                drop(sender);
                let (written, unread) = thread.join().map_err(|_| panicked())??;
                account.emitted = written;
                account.dropped(Reason::Unread, unread);
                Ok(Done { name, account, figures: None })
            }
            Way::Sent { sender, waker, thread, .. } => {
                drop(sender);
                drop(waker.wake());
                let (figures, untaken) = thread.join().map_err(|_| panicked())??;
                account.emitted = figures.sent;
                account.dropped(Reason::NotSent, figures.never_sent);
                account.in_flight = figures.unsent + untaken;
                Ok(Done { name, account, figures: Some(figures) })
            }
        }
    }
}

impl Writer {
    /// Writes messages when they are due; says how many, and how many nobody reads.
    fn run(mut self, receiver: &Receiver<Item>, begun: Instant) -> io::Result<(u64, u64)> {
        let (mut written, mut unread) = (0, 0);
        let mut flushed = Instant::now();
        loop {
            match receiver.recv_timeout(FLUSH) {
                Ok(_) if unread > 0 => unread += 1,
                Ok(item) => {
                    let wait = item.due.saturating_sub(begun.elapsed());
                    if wait >= Duration::from_millis(1) {
                        std::thread::sleep(wait);
                    }
                    match self.write(&item) {
                        Ok(()) => written += 1,
                        // A reader that has gone away (`| head`) is no mistake.
                        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => unread += 1,
                        Err(error) => return Err(error),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if flushed.elapsed() >= FLUSH && unread == 0 {
                flushed = Instant::now();
                self.flush()?;
            }
        }
        let ended = match self {
            Self::Null => Ok(()),
            Self::Stdout(mut out) => out.flush(),
            Self::Tcp(mut out) => out.flush(),
            Self::Files { files, .. } => files.finish().map(|_| ()),
        };
        match ended {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok((written, unread)),
            ended => ended.map(|()| (written, unread)),
        }
    }

    fn write(&mut self, item: &Item) -> io::Result<()> {
        match self {
            Self::Null => Ok(()),
            Self::Stdout(out) => write_record(out, &item.record).map(|_| ()),
            Self::Tcp(out) => write_record(out, &item.record).map(|_| ()),
            Self::Files { files, bytes, bytes_max } => {
                *bytes += item.record.payload.len() as u64;
                if *bytes > *bytes_max {
                    return Err(io::Error::other("--output-file-max-size-limit is reached"));
                }
                files.write(&item.record, jiff::ZonedDateTime::now().datetime())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Null => Ok(()),
            Self::Stdout(out) => out.flush(),
            Self::Tcp(out) => out.flush(),
            Self::Files { files, .. } => files.flush(),
        }
    }
}
