//! Listens in on one connection, and passes on what it understands. It never waits.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use kefu_traffic::{
    gor::{Kind, Record},
    http::{Limits, Message, Output, Session, Start, Totals},
    tcp::Side,
};

use super::{copies::Copies, record::Recorder, shadow::Shadow, statistics::Statistics};

/// Whoever wants to know what is said.
pub(super) struct Listeners {
    pub(super) shadow: Option<Arc<Shadow>>,
    pub(super) recorder: Option<Recorder>,
    pub(super) statistics: Arc<Statistics>,
    pub(super) limits: Limits,
    /// Bytes of messages under way, of all connections, and how many there may be.
    pub(super) held: AtomicUsize,
    pub(super) held_max: usize,
    /// What all ids of this run begin with.
    pub(super) run: u32,
}

/// One connection.
pub(super) struct Tap {
    listeners: Arc<Listeners>,
    number: u64,
    /// The fields that its records have.
    addresses: String,
    heard: Mutex<Heard>,
}

struct Heard {
    session: Session,
    totals: Totals,
    held: usize,
    copies: Option<Copies>,
    /// How often something was said.
    said: u64,
}

impl Tap {
    /// Begins to listen to a connection of a client to a server.
    pub(super) fn new(
        listeners: Arc<Listeners>,
        number: u64,
        client: SocketAddr,
        server: SocketAddr,
    ) -> Self {
        let session = Session::new(listeners.limits);
        let copies = listeners.shadow.clone().map(|shadow| Copies::new(shadow, number));
        let heard = Heard { session, totals: Totals::default(), held: 0, copies, said: 0 };
        Self { listeners, number, addresses: format!("c={client} s={server}"), heard: Mutex::new(heard) }
    }

    /// One side says something.
    pub(super) fn data(&self, side: Side, bytes: &[u8]) {
        self.hear(|session, mut out| session.data(side, bytes, now(), &mut out));
    }

    /// One side has said everything.
    pub(super) fn ended(&self, side: Side) {
        self.hear(|session, mut out| session.ended(side, &mut out));
    }

    /// How often something was said.
    pub(super) fn said(&self) -> u64 {
        self.heard().said
    }

    /// Whether the client and the upstream speak another protocol by now.
    pub(super) fn is_upgraded(&self) -> bool {
        self.heard().session.is_upgraded()
    }

    /// Whether nothing is lost if the connection ends now.
    pub(super) fn is_idle(&self) -> bool {
        self.heard().session.is_idle()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, hear: impl FnOnce(&mut Session, &mut dyn FnMut(Output))) {
        let mut heard = self.heard();
        heard.said += 1;
        let Listeners { held, held_max, statistics, .. } = &*self.listeners;
        let others = held.load(Ordering::Relaxed).saturating_sub(heard.held);
        heard.session.set_room(held_max.saturating_sub(others));
        let mut outputs = Vec::new();
        hear(&mut heard.session, &mut |output| outputs.push(output));
        self.held_is(&mut heard);
        let (before, totals) = (heard.totals, heard.session.totals());
        heard.totals = totals;
        statistics.seen(before, totals);
        for output in outputs {
            self.pass_on(output, &mut heard.copies);
        }
        if totals.frames.dropped() > before.frames.dropped()
            && let Some(copies) = &mut heard.copies
        {
            copies.lost();
        }
    }

    /// Tells the others how much this one holds.
    fn held_is(&self, heard: &mut Heard) {
        let (before, now) = (heard.held, heard.session.held());
        heard.held = now;
        let all = &self.listeners.held;
        if now >= before {
            all.fetch_add(now - before, Ordering::Relaxed);
        } else {
            all.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    fn pass_on(&self, output: Output, copies: &mut Option<Copies>) {
        let recorder = &self.listeners.recorder;
        let write = |record: Record| {
            if let Some(recorder) = recorder {
                recorder.take(record);
            }
        };
        match output {
            Output::Request { of, message } => {
                let record = self.record(Kind::Request, of.number, "", &message);
                if let Some(copies) = copies {
                    copies.request(record.clone(), of.number, message.head.is_websocket);
                }
                write(record);
            }
            Output::Response { of, message } => {
                let number = of.map_or(0, |of| of.number);
                let flags = if of.is_none() { " flags=unmatched" } else { "" };
                if recorder.is_some() {
                    write(self.record(Kind::Response, number, flags, &message));
                }
                if let (Some(of), Some(copies)) = (of, copies)
                    && let Start::Response { status } = message.head.start
                {
                    copies.response(of.number, status, message.bytes);
                }
            }
            Output::Frame { of, side, is_text, time, payload } => {
                let operation = if is_text { "text" } else { "bin" };
                let record = Record {
                    kind: if side == Side::Client { Kind::ToServer } else { Kind::ToClient },
                    id: self.id(of.number),
                    timestamp: time,
                    latency: Some(0),
                    extra: format!("{} n={} op={operation}", self.addresses, of.number),
                    payload,
                };
                if let Some(copies) = copies {
                    copies.message(record.clone());
                }
                write(record);
            }
        }
    }

    fn record(&self, kind: Kind, number: u64, flags: &str, message: &Message) -> Record {
        let Message { bytes, at, ended, .. } = message;
        Record {
            kind,
            id: self.id(number),
            timestamp: at.time,
            latency: Some(ended.saturating_sub(at.time).max(0)),
            extra: format!("{} n={number}{flags}", self.addresses),
            payload: bytes.clone(),
        }
    }

    /// 24 digits as those of captures: the run, the connection, the request.
    fn id(&self, number: u64) -> String {
        format!("{:08x}{:08x}{:08x}", self.listeners.run, self.number & 0xffff_ffff, number & 0xffff_ffff)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // Whatever ended it, what was under way is cut off, and is counted.
        self.ended(Side::Client);
        self.ended(Side::Server);
        let held = self.heard().held;
        self.listeners.held.fetch_sub(held, Ordering::Relaxed);
    }
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}
