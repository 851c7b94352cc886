//! The load generator: one thread, one poller, any number of connections.
//!
//! It knows what to do with a socket and counts what it sees; when to open, send and end is for the
//! scenarios to say, between two turns.

mod conn;
mod counts;
mod peer;
mod scan;
mod stamp;
mod tally;
mod template;

pub(crate) use conn::Ended;
pub(crate) use counts::Counts;
pub(crate) use peer::{Positions, State, View};
pub(crate) use stamp::Stamp;
pub(crate) use tally::Tally;

use std::{
    io,
    time::{Duration, Instant},
};

use kefu_protocol::{
    frame::ClientFrame,
    ws::{Opcode, encode},
};
use kefu_traffic::Timer;
use mio::{Events, Interest, Poll, Token};
use uuid::Uuid;

use conn::Conn;
use peer::{Context, FIXED_MASK, Peer};
use template::Template;

use crate::target::Target;

/// One read takes at most so much.
const BUFFER_BYTES: usize = 64 * 1024;
/// One turn takes at most so many events.
const EVENTS: usize = 1024;
/// Longest time between two looks at the heartbeat.
const TICK: Duration = Duration::from_millis(100);
/// Until a server has said how often, in seconds.
const HEARTBEAT_S: u32 = 25;

const TIMER: Token = Token(usize::MAX);

/// A connection's place in the engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ConnId(usize);

pub(crate) struct Engine {
    pub(crate) tally: Tally,
    target: Target,
    start: Instant,
    run: u32,
    poll: Poll,
    events: Events,
    timer: Timer,
    conns: Vec<Conn>,
    tokens: Vec<Box<str>>,
    buffer: Box<[u8]>,
    scratch: Vec<u8>,
    template: Template,
    keys: Keys,
    heartbeat_s: u32,
    /// Who is next to send a sign of life, and until when that is done.
    pinged: usize,
    pinged_at: Duration,
    opening: usize,
    live: usize,
    failed: Vec<(ConnId, Ended)>,
}

impl Engine {
    /// Creates an engine without connections; the upper half of `seed` names the run, all of it feeds masks and nonces.
    pub(crate) fn new(target: Target, tally: Tally, seed: u64) -> io::Result<Self> {
        let poll = Poll::new()?;
        let timer = Timer::new(&poll, TIMER)?;
        Ok(Self {
            tally,
            target,
            start: Instant::now(),
            run: (seed >> 32) as u32,
            poll,
            events: Events::with_capacity(EVENTS),
            timer,
            conns: Vec::new(),
            tokens: Vec::new(),
            buffer: vec![0; BUFFER_BYTES].into(),
            scratch: Vec::new(),
            template: Template::new(),
            keys: Keys(seed | 1),
            heartbeat_s: HEARTBEAT_S,
            pinged: 0,
            pinged_at: Duration::ZERO,
            opening: 0,
            live: 0,
            failed: Vec::new(),
        })
    }

    /// Counts time from this moment on, as others do who take part; nothing may have been sent yet.
    pub(crate) fn begin(&mut self, start: Instant) {
        self.start = start;
        self.pinged_at = Duration::ZERO;
    }

    /// The time of a moment.
    pub(crate) fn at(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.start)
    }

    /// Time since the run began.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Adds a connection without opening it.
    pub(crate) fn add(&mut self, token: String, view: View) -> ConnId {
        self.conns.push(Conn::new(Peer::new(view)));
        self.tokens.push(token.into());
        ConnId(self.conns.len() - 1)
    }

    /// Connections between connect and `resumed`.
    pub(crate) fn opening(&self) -> usize {
        self.opening
    }

    /// Connections that are open and caught up.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn is_live(&self, id: ConnId) -> bool {
        self.conns[id.0].peer.state == State::Live
    }

    pub(crate) fn view(&self, id: ConnId) -> &View {
        &self.conns[id.0].peer.view
    }

    /// When this connection was last caught up.
    pub(crate) fn caught_up_at(&self, id: ConnId) -> Duration {
        self.conns[id.0].peer.caught_up_at
    }

    /// Connections that did not come to life since the last call, and why.
    pub(crate) fn take_failed(&mut self) -> Vec<(ConnId, Ended)> {
        std::mem::take(&mut self.failed)
    }

    /// Begins to open a connection.
    pub(crate) fn open(&mut self, id: ConnId) {
        let nonce = self.keys.nonce();
        let conn = &mut self.conns[id.0];
        self.opening += 1;
        let outcome = conn.connect(&self.target, id.0, nonce, &self.tokens[id.0]).and_then(|link| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(link.socket(), Token(id.0), interest)
        });
        if let Err(error) = outcome {
            self.end(id, error.into());
        }
    }

    /// Ends a connection without a word, as a lost network does.
    pub(crate) fn cut(&mut self, id: ConnId) {
        let conn = &mut self.conns[id.0];
        match conn.peer.state {
            State::Closed => return,
            State::Live => self.live -= 1,
            _ => self.opening -= 1,
        }
        drop(conn.close());
    }

    /// Sends a message that was due at `scheduled` to a conversation.
    pub(crate) fn send(&mut self, id: ConnId, sender: u32, conversation: Uuid, scheduled: Duration) {
        let now = self.now();
        let stamp = self.tally.send(sender, scheduled, now).pack(self.run);
        let mask = self.keys.mask();
        self.scratch.clear();
        self.template.write(stamp, conversation, mask, &mut self.scratch);
        if let Err(ended) = self.conns[id.0].write(&self.scratch) {
            self.end(id, ended);
        }
    }

    /// Sends a frame that does not count.
    pub(crate) fn say(&mut self, id: ConnId, frame: &ClientFrame<'_>) {
        self.scratch.clear();
        encode(Opcode::Text, frame.to_json().as_bytes(), Some(FIXED_MASK), &mut self.scratch);
        if let Err(ended) = self.conns[id.0].write(&self.scratch) {
            self.end(id, ended);
        }
    }

    /// Waits for something to happen, at most until `until`, and deals with it.
    pub(crate) fn turn(&mut self, until: Duration) -> io::Result<()> {
        let wait = until.saturating_sub(self.now()).min(TICK);
        // Nobody minds a tick that is a little late.
        let timeout = if wait < TICK { self.timer.arm(wait)? } else { wait };
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let polled = self.poll.poll(&mut events, Some(timeout));
        if polled.is_ok() {
            for event in &events {
                if event.token() != TIMER {
                    let ended = event.is_read_closed() || event.is_error();
                    self.ready(ConnId(event.token().0), event.is_readable(), event.is_writable(), ended);
                }
            }
        }
        self.events = events;
        self.beat();
        match polled {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    fn ready(&mut self, id: ConnId, readable: bool, writable: bool, ended: bool) {
        let now = self.now();
        let conn = &mut self.conns[id.0];
        let before = conn.peer.state;
        // Until TLS is open, what comes is for it.
        let is_opening = before == State::Connecting;
        let mut outcome = if writable || ended || is_opening { conn.writable() } else { Ok(()) };
        if outcome.is_ok() && (readable || ended) {
            self.scratch.clear();
            let mut context = Context {
                tally: &mut self.tally,
                replies: &mut self.scratch,
                heartbeat_s: &mut self.heartbeat_s,
                run: self.run,
                now,
            };
            outcome = conn.readable(&mut self.buffer, ended, &mut context);
            if outcome.is_ok() && !self.scratch.is_empty() {
                outcome = conn.write(&self.scratch);
            }
        }
        if before != State::Live && conn.peer.state == State::Live {
            self.opening -= 1;
            self.live += 1;
        }
        if let Err(ended) = outcome {
            self.end(id, ended);
        }
    }

    /// A connection ended, or never came to be.
    fn end(&mut self, id: ConnId, ended: Ended) {
        let conn = &mut self.conns[id.0];
        match conn.peer.state {
            State::Live => {
                self.live -= 1;
                *self.tally.closed.entry(ended.code()).or_default() += 1;
            }
            // Only `open` ends a connection that has no socket yet.
            _ => {
                self.opening -= 1;
                self.failed.push((id, ended));
            }
        }
        drop(conn.close());
    }

    /// Sends signs of life, spread evenly over the time between two.
    fn beat(&mut self) {
        let now = self.now();
        let period = Duration::from_secs(u64::from(self.heartbeat_s.max(1)));
        let each = period.div_f64(self.conns.len().max(1) as f64);
        let behind = now.saturating_sub(self.pinged_at).min(period);
        let due = (behind.as_secs_f64() / each.as_secs_f64()) as u32;
        if due == 0 {
            return;
        }
        self.pinged_at = now - (behind - each * due);
        let mut ping = Vec::new();
        encode(Opcode::Text, ClientFrame::Ping.to_json().as_bytes(), Some(FIXED_MASK), &mut ping);
        for _ in 0..due {
            self.pinged = (self.pinged + 1) % self.conns.len();
            let id = ConnId(self.pinged);
            if self.is_live(id)
                && let Err(ended) = self.conns[id.0].write(&ping)
            {
                self.end(id, ended);
            }
        }
    }
}

/// Masks and nonces: xorshift64 after Marsaglia, "Xorshift RNGs". They need not be secret here.
struct Keys(u64);

impl Keys {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn mask(&mut self) -> [u8; 4] {
        (self.next() as u32).to_ne_bytes()
    }

    fn nonce(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_ne_bytes()
    }
}
