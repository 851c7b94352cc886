//! One connection to the target, and the requests that are to go over it one after the other.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read as _, Write as _},
    time::Duration,
};

use kefu_traffic::{
    http::{Limits, Message, Output, Session},
    tcp::Side,
};
use mio::{Interest, Registry, Token, net::TcpStream};

use super::feed::Job;
use crate::target::Target;

/// A place for a connection.
#[derive(Debug, Default)]
pub(super) struct Slot {
    link: Option<Link>,
    pub(super) queue: VecDeque<Job>,
    pub(super) current: Option<Current>,
}

#[derive(Debug)]
struct Link {
    stream: TcpStream,
    is_connected: bool,
    /// What of the greeting is not written yet.
    greeting: Vec<u8>,
    session: Session,
    /// How much of the current request is written.
    written: usize,
    /// Answers that came over it.
    answers: u64,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) job: Job,
    /// When its turn came.
    pub(super) begun: Duration,
    /// When its first byte was written.
    pub(super) sent: Option<Duration>,
    /// Something of its answer has come.
    has_answer: bool,
    is_again: bool,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Lost {
    /// No connection could be made.
    Connect,
    /// The connection ended before the answer did.
    Closed,
    /// It took too long.
    Timeout,
    /// The answer is no HTTP, or too large.
    Unreadable,
}

/// What became of the current request.
#[derive(Debug)]
pub(super) enum Progress {
    /// It goes on.
    Open,
    /// It has its answer.
    Answered(Current, Box<Message>),
    /// It has none.
    Lost(Current, Lost),
    /// It is not sent at all.
    Left(Job),
}

impl Current {
    pub(super) fn new(job: Job, begun: Duration) -> Self {
        Self { job, begun, sent: None, has_answer: false, is_again: false }
    }
}

/// What slots need of the run.
pub(super) struct Means<'a> {
    pub(super) registry: &'a Registry,
    pub(super) target: Target,
    pub(super) limits: Limits,
    pub(super) token: Token,
    pub(super) now: Duration,
    /// Connections that were made.
    pub(super) opened: &'a mut u64,
    /// Requests that were sent again because the connection had been closed meanwhile.
    pub(super) again: &'a mut u64,
}

impl Slot {
    /// Sends the current request, over a new connection if there is none.
    pub(super) fn send(&mut self, means: &mut Means<'_>) -> Progress {
        if self.link.is_none() {
            match Link::open(means) {
                Ok(link) => self.link = Some(link),
                Err(_) => return self.lose(Lost::Connect),
            }
        }
        self.write(means)
    }

    /// The connection is ready for something.
    pub(super) fn ready(&mut self, means: &mut Means<'_>, buffer: &mut [u8]) -> Progress {
        let Some(link) = &mut self.link else { return Progress::Open };
        if !link.is_connected {
            match link.stream.take_error() {
                Ok(None) => match link.stream.peer_addr() {
                    Ok(_) => link.is_connected = true,
                    Err(error) if error.kind() == ErrorKind::NotConnected => return Progress::Open,
                    Err(_) => return self.lose(Lost::Connect),
                },
                _ => return self.lose(Lost::Connect),
            }
        }
        match self.write(means) {
            Progress::Open => self.read(means, buffer),
            progress => progress,
        }
    }

    /// Gives the current request up.
    pub(super) fn lose(&mut self, why: Lost) -> Progress {
        self.link = None;
        self.current.take().map_or(Progress::Open, |current| Progress::Lost(current, why))
    }

    fn write(&mut self, means: &mut Means<'_>) -> Progress {
        let (Some(link), Some(current)) = (&mut self.link, &mut self.current) else { return Progress::Open };
        let bytes = &current.job.prepared.bytes;
        while link.is_connected && link.written < bytes.len() {
            let is_greeting = !link.greeting.is_empty();
            let next = if is_greeting { link.greeting.as_slice() } else { &bytes[link.written..] };
            match link.stream.write(next) {
                Ok(0) => return self.closed(means),
                Ok(written) if is_greeting => drop(link.greeting.drain(..written)),
                Ok(written) => {
                    current.sent.get_or_insert(means.now);
                    if link.written == 0 {
                        // What the answer has to be read by is the request as a whole.
                        link.session.data(Side::Client, bytes, 0, &mut |_| {});
                    }
                    link.written += written;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.closed(means),
            }
        }
        Progress::Open
    }

    fn read(&mut self, means: &mut Means<'_>, buffer: &mut [u8]) -> Progress {
        loop {
            let Some(link) = &mut self.link else { return Progress::Open };
            match link.stream.read(buffer) {
                Ok(0) => return self.closed(means),
                Ok(read) => {
                    if let Some(current) = &mut self.current {
                        current.has_answer = true;
                    }
                    match self.received(Some(&buffer[..read])) {
                        Progress::Open => {}
                        progress => return progress,
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Open,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.closed(means),
            }
        }
    }

    /// Takes a part of an answer, or with none its end.
    fn received(&mut self, bytes: Option<&[u8]>) -> Progress {
        let Some(link) = &mut self.link else { return Progress::Open };
        let dropped = link.session.totals().responses.dropped();
        let mut answer = None;
        let mut out = |output: Output| {
            if let Output::Response { message, .. } = output {
                answer = Some(Box::new(message));
            }
        };
        match bytes {
            Some(bytes) => link.session.data(Side::Server, bytes, 0, &mut out),
            None => link.session.ended(Side::Server, &mut out),
        }
        let is_unreadable =
            link.session.totals().responses.dropped() > dropped || link.session.totals().other_bytes > 0;
        match (answer, self.current.take()) {
            // Nobody has asked for it: the connection is of no more use.
            (_, None) => self.lose(Lost::Unreadable),
            (Some(answer), Some(current)) => {
                link.answers += 1;
                // What is not written yet will not be asked for any more.
                let is_whole = link.written == current.job.prepared.bytes.len();
                link.written = 0;
                if answer.head.is_last || bytes.is_none() || !is_whole {
                    self.link = None;
                }
                Progress::Answered(current, answer)
            }
            (None, Some(current)) if is_unreadable && bytes.is_some() => {
                self.current = Some(current);
                self.lose(Lost::Unreadable)
            }
            (None, Some(current)) => {
                self.current = Some(current);
                Progress::Open
            }
        }
    }

    /// The server has closed the connection.
    fn closed(&mut self, means: &mut Means<'_>) -> Progress {
        if self.current.as_ref().is_some_and(|current| current.has_answer) {
            return match self.received(None) {
                Progress::Open => self.lose(Lost::Closed),
                progress => progress,
            };
        }
        let answers = self.link.take().map_or(0, |link| link.answers);
        match &mut self.current {
            // It was closed before the request came, so the request was not seen; whether that is so is not sure.
            Some(current) if answers > 0 && !current.is_again && current.job.prepared.is_safe => {
                current.is_again = true;
                current.sent = None;
                *means.again += 1;
                self.send(means)
            }
            Some(_) => self.lose(Lost::Closed),
            None => Progress::Open,
        }
    }
}

impl Link {
    fn open(means: &mut Means<'_>) -> io::Result<Self> {
        let mut stream = TcpStream::connect(means.target.address)?;
        // Requests are small and each is awaited.
        drop(stream.set_nodelay(true));
        means.registry.register(&mut stream, means.token, Interest::READABLE | Interest::WRITABLE)?;
        *means.opened += 1;
        let (session, greeting) = (Session::new(means.limits), means.target.greeting().to_vec());
        Ok(Self { stream, is_connected: false, greeting, session, written: 0, answers: 0 })
    }
}
