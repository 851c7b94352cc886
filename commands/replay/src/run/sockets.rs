//! WebSocket sessions of a recording, each over a connection of its own, with the recorded times between messages.
//!
//! They run beside the thread that sends requests: a message is due to the millisecond here, and to the microsecond there.

use std::{
    collections::HashMap,
    net::SocketAddr,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kefu_app::Stop;
use kefu_protocol::ws::{self, CloseCode, Incoming, Opcode, Role, accept_key};
use kefu_traffic::{
    gor::{Kind, Record},
    http::{Limits, Start, head_len, header_lines, parse_head},
    tcp::Side,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::prepare::Rewrites;
use crate::{account::Reason, args::HeaderLine, head::EditedHead, message::Parts};

/// Messages that are ahead of their time have at most so many bytes.
const AHEAD_BYTES: usize = 64 << 20;
/// Sessions at once; more are left out and counted.
const SESSIONS_MAX: usize = 10_000;
/// A longer head is no answer to a handshake.
const HEAD_MAX: usize = 64 << 10;
const READ: usize = 16 << 10;

/// What became of sessions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sockets {
    /// Sessions that began.
    pub(super) opened: u64,
    /// Those that did not: no connection, no agreement, or too many at once.
    pub(super) failed: u64,
    /// Those that the target ended while messages were left.
    pub(super) broken: u64,
    /// Messages that were sent.
    pub(super) sent: u64,
    /// Messages that were due and could not be sent.
    pub(super) unsent: u64,
    /// Messages that the target sent, and those that the recorded system did.
    pub(super) received: u64,
    pub(super) recorded: u64,
}

impl Sockets {
    /// Handshakes and messages of which it is known what became of them.
    pub(super) fn done(self) -> u64 {
        self.opened + self.failed + self.sent + self.unsent
    }

    /// Whether something could not be sent.
    pub(super) fn has_lost(self) -> bool {
        self.failed + self.broken + self.unsent > 0
    }
}

/// What comes next in a session.
enum Next {
    Message {
        due: Duration,
        is_text: bool,
        payload: Vec<u8>,
        _held: OwnedSemaphorePermit,
    },
    /// The recorded system said something.
    Heard,
}

/// Begins sessions as a recording has them.
pub(super) struct Player {
    target: SocketAddr,
    rewrites: Rewrites,
    timeout: Duration,
    message_max: u32,
    start: Instant,
    runtime: Handle,
    room: Arc<Semaphore>,
    figures: Arc<Mutex<Sockets>>,
    sessions: HashMap<String, mpsc::UnboundedSender<Next>>,
    tasks: JoinSet<()>,
}

impl Player {
    /// Will send to a server; times are from now on.
    pub(super) fn new(
        target: SocketAddr,
        rewrites: Rewrites,
        timeout: Duration,
        limits: Limits,
        runtime: Handle,
    ) -> Self {
        Self {
            target,
            rewrites,
            timeout,
            message_max: u32::try_from(limits.message).unwrap_or(u32::MAX),
            start: Instant::now(),
            runtime,
            room: Arc::new(Semaphore::new(AHEAD_BYTES)),
            figures: Arc::default(),
            sessions: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Takes a record that is of a WebSocket session, or says why nothing is sent of it; others are left alone.
    pub(super) fn take(
        &mut self,
        record: &Record,
        due: impl FnOnce() -> Duration,
    ) -> Option<Result<(), Reason>> {
        match record.kind {
            Kind::Request => {
                let is_websocket = Parts::of(record).is_some_and(|parts| {
                    parts.head.is_websocket && matches!(parts.request(), Some(("GET", _)))
                });
                is_websocket.then(|| {
                    self.open(record, due());
                    Ok(())
                })
            }
            Kind::ToServer => {
                let is_text = record.field("op") != Some("bin");
                let is_taken = self.next(&record.id, record.payload.len(), |held| Next::Message {
                    due: due(),
                    is_text,
                    payload: record.payload.clone(),
                    _held: held,
                });
                Some(is_taken.then_some(()).ok_or(Reason::NoSession))
            }
            Kind::ToClient => {
                self.next(&record.id, 0, |_| Next::Heard);
                Some(Err(Reason::Response))
            }
            _ => None,
        }
    }

    /// Waits until all sessions are at their end, or for the wish to stop, and says what became of them.
    pub(super) fn finish(self, stop: &Stop) -> Sockets {
        let Self { mut tasks, sessions, figures, runtime, .. } = self;
        // Nothing more comes: each ends after its last message.
        drop(sessions);
        runtime.block_on(async {
            let all = async { while tasks.join_next().await.is_some() {} };
            tokio::select! {
                () = all => {}
                () = stop.clone().requested() => {}
            }
        });
        count(&figures, |figures| *figures)
    }

    fn open(&mut self, record: &Record, due: Duration) {
        while self.tasks.try_join_next().is_some() {}
        self.sessions.retain(|_, session| !session.is_closed());
        if self.tasks.len() >= SESSIONS_MAX {
            count(&self.figures, |figures| figures.failed += 1);
            return;
        }
        let (sender, queue) = mpsc::unbounded_channel();
        self.sessions.insert(record.id.clone(), sender);
        let session = Session {
            target: self.target,
            request: record.clone(),
            headers: self.rewrites.headers.clone(),
            begin: self.start + due,
            start: self.start,
            timeout: self.timeout,
            message_max: self.message_max,
            figures: Arc::clone(&self.figures),
        };
        self.tasks.spawn_on(session.play(queue), &self.runtime);
    }

    /// Hands something to its session; says whether there is one.
    fn next(&mut self, id: &str, len: usize, next: impl FnOnce(OwnedSemaphorePermit) -> Next) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let permits = u32::try_from(len.min(AHEAD_BYTES)).unwrap_or(u32::MAX);
        let Ok(held) = self.runtime.block_on(Arc::clone(&self.room).acquire_many_owned(permits)) else {
            return false;
        };
        // A session that is at its end counts what it does not send.
        if let Err(mpsc::error::SendError(Next::Message { .. })) = session.send(next(held)) {
            count(&self.figures, |figures| figures.unsent += 1);
        }
        true
    }
}

fn count<T>(figures: &Mutex<Sockets>, change: impl FnOnce(&mut Sockets) -> T) -> T {
    change(&mut figures.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One session.
struct Session {
    target: SocketAddr,
    request: Record,
    headers: Vec<HeaderLine>,
    begin: Instant,
    start: Instant,
    timeout: Duration,
    message_max: u32,
    figures: Arc<Mutex<Sockets>>,
}

/// An open connection, and what was read with the answer to the handshake.
struct Open {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Session {
    async fn play(self, mut queue: mpsc::UnboundedReceiver<Next>) {
        sleep_until(self.begin).await;
        let opened = timeout(self.timeout, self.open()).await;
        let Some(Open { mut stream, mut rest }) = opened.ok().flatten() else {
            count(&self.figures, |figures| figures.failed += 1);
            self.give_up(queue).await;
            return;
        };
        count(&self.figures, |figures| figures.opened += 1);
        let mut reader = ws::Reader::new(Role::Client, self.message_max);
        let mut heard = Heard::default();
        let mut is_open = self.hear(&mut reader, &mut rest, &mut stream, &mut heard).await;
        let mut buffer = vec![0; READ];
        // The message whose time is next, and whether more may come.
        let (mut next, mut is_over) = (None, false);
        let mut end = None;
        while is_open && !(is_over && next.is_none() && end.is_some_and(|end| Instant::now() >= end)) {
            if is_over && next.is_none() {
                if heard.received >= heard.recorded {
                    break;
                }
                end.get_or_insert(Instant::now() + self.timeout);
            }
            let due = match &next {
                Some(Next::Message { due, .. }) => Some(self.start + *due),
                _ => end,
            };
            tokio::select! {
                more = queue.recv(), if next.is_none() && !is_over => match more {
                    None => is_over = true,
                    Some(Next::Heard) => heard.recorded += 1,
                    Some(message) => next = Some(message),
                },
                () = sleep_until(due.unwrap_or(self.start)), if due.is_some() => {
                    if let Some(Next::Message { is_text, payload, .. }) = next.take() {
                        let opcode = if is_text { Opcode::Text } else { Opcode::Binary };
                        is_open = send(&mut stream, opcode, &payload).await;
                        count(&self.figures, |figures| {
                            *(if is_open { &mut figures.sent } else { &mut figures.unsent }) += 1;
                        });
                    }
                }
                read = stream.read(&mut buffer) => {
                    let read = read.unwrap_or_default();
                    is_open = read > 0 && self.hear(&mut reader, &mut buffer[..read], &mut stream, &mut heard).await;
                }
            }
        }
        count(&self.figures, |figures| {
            figures.received += heard.received;
            figures.recorded += heard.recorded;
        });
        if is_open {
            let code = CloseCode::NORMAL.0.to_be_bytes();
            send(&mut stream, Opcode::Close, &code).await;
            return;
        }
        let pending = u64::from(matches!(next, Some(Next::Message { .. })));
        let left = pending + self.give_up(queue).await;
        count(&self.figures, |figures| {
            figures.unsent += pending;
            figures.broken += u64::from(left > 0);
        });
    }

    /// Counts the messages that are not sent any more, and says how many there are.
    async fn give_up(&self, mut queue: mpsc::UnboundedReceiver<Next>) -> u64 {
        queue.close();
        let mut left = 0;
        while let Some(next) = queue.recv().await {
            left += u64::from(matches!(next, Next::Message { .. }));
        }
        count(&self.figures, |figures| figures.unsent += left);
        left
    }

    /// Makes the connection, and agrees on the protocol.
    async fn open(&self) -> Option<Open> {
        let mut stream = TcpStream::connect(self.target).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let parts = Parts::of(&self.request)?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).ok()?;
        let key = BASE64_STANDARD.encode(nonce);
        let mut head = EditedHead::of(parts.head_bytes);
        head.set("Sec-WebSocket-Key", &key);
        // What was agreed on was between the recorded client and its server: messages are recorded as they are.
        head.remove("Sec-WebSocket-Extensions");
        for HeaderLine { name, value } in &self.headers {
            head.set(name, value);
        }
        stream.write_all(&head.bytes()).await.ok()?;
        let mut bytes = Vec::new();
        let len = loop {
            if let Some(len) = head_len(&bytes, 0) {
                break len;
            }
            if bytes.len() > HEAD_MAX || stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let rest = bytes.split_off(len);
        let head = parse_head(Side::Server, &bytes).ok()?;
        let accepted =
            header_lines(&bytes).find(|(name, _)| name.eq_ignore_ascii_case(b"sec-websocket-accept"));
        let is_agreed = head.start == Start::Response { status: 101 }
            && accepted.is_some_and(|(_, value)| value == accept_key(&key).as_bytes());
        is_agreed.then_some(Open { stream, rest })
    }

    /// Reads what the target says; says whether the session goes on.
    async fn hear(
        &self,
        reader: &mut ws::Reader,
        bytes: &mut [u8],
        stream: &mut TcpStream,
        heard: &mut Heard,
    ) -> bool {
        let mut pongs = Vec::new();
        let read = reader.feed(bytes, |incoming| match incoming {
            Incoming::Text(_) | Incoming::Binary(_) => {
                heard.received += 1;
                ControlFlow::Continue(())
            }
            Incoming::Ping(payload) => {
                pongs.push(payload.to_vec());
                ControlFlow::Continue(())
            }
            Incoming::Pong(_) => ControlFlow::Continue(()),
            Incoming::Close(_) => ControlFlow::Break(()),
        });
        for pong in pongs {
            if !send(stream, Opcode::Pong, &pong).await {
                return false;
            }
        }
        matches!(read, Ok(ControlFlow::Continue(())))
    }
}

/// Messages of the server.
#[derive(Debug, Default)]
struct Heard {
    received: u64,
    recorded: u64,
}

/// Sends a message; says whether it could be.
async fn send(stream: &mut TcpStream, opcode: Opcode, payload: &[u8]) -> bool {
    let mut mask = [0; 4];
    if getrandom::fill(&mut mask).is_err() {
        return false;
    }
    let mut frame = Vec::new();
    ws::encode(opcode, payload, Some(mask), &mut frame);
    stream.write_all(&frame).await.is_ok()
}

#[cfg(test)]
mod tests;
