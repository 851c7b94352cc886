//! Inputs, each on a thread of its own.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::mpsc::{SyncSender, TrySendError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kefu_app::{ByteSize, Exit, Failure, Language, Stop, Text};
use kefu_traffic::gor::{Kind, Reader, Record};

use super::{
    pace::{FileClock, Throttle},
    plan::{Capture, Input, MESSAGE_MAX, Origin, Replay},
    value::Limit,
};
use crate::{
    account::{Account, Reason},
    args::{HeaderLine, LimitArgs, SourceArgs},
    head::EditedHead,
    live::Live,
    message::Parts,
    pipeline::Own,
    shown,
    source::{Sink, Source},
};

/// Messages of files are handed on so long before they are due.
const AHEAD: Duration = Duration::from_millis(100);
/// Looks at the wish to stop are so far apart.
const LOOK: Duration = Duration::from_millis(50);

/// A message and when it is due, from the start of the run.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) due: Duration,
    pub(super) record: Record,
}

/// What inputs have in common.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) sender: SyncSender<Item>,
    pub(super) start: Instant,
    pub(super) stop: Stop,
    pub(super) language: Language,
}

/// An input that is open.
pub(super) struct Opened {
    work: Work,
    limit: Option<Limit>,
}

enum Work {
    Dummy,
    Files(Replay),
    Live { live: Live, capture: Capture },
    Packets { path: PathBuf, ports: Vec<u16>, capture: Capture },
    Tcp(TcpListener),
}

fn limits() -> LimitArgs {
    LimitArgs { max_message: ByteSize(MESSAGE_MAX), max_memory: ByteSize(512 << 20) }
}

fn source(path: PathBuf, ports: &[u16]) -> Result<Source, Failure> {
    Source::open(&[path], &SourceArgs { port: ports.to_vec(), limits: limits() })
}

/// Opens an input, so that what is wrong shows before anything happens.
pub(super) fn open(input: Input) -> Result<Opened, Failure> {
    let Input { from, limit } = input;
    let work = match from {
        Origin::Dummy => Work::Dummy,
        Origin::Files(replay) => {
            drop(source(replay.pattern.clone(), &[])?);
            Work::Files(replay)
        }
        Origin::Live { args, ports, capture } => {
            Work::Live { live: Live::open(&args, &ports, limits())?, capture }
        }
        Origin::Packets { path, ports, capture } => {
            drop(source(path.clone(), &ports)?.only_packets()?);
            Work::Packets { path, ports, capture }
        }
        Origin::Tcp(address) => Work::Tcp(listen(address)?),
    };
    Ok(Opened { work, limit })
}

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = bound.map_err(|error| {
        let text = Text::new(format!("cannot listen on {address}"), format!("无法监听 {address}"));
        Failure::new(Exit::Unavailable, text).because(error)
    })?;
    Ok(listener)
}

impl Opened {
    /// Hands messages on until there are no more, or until the wish to stop.
    ///
    /// # Errors
    ///
    /// The input fails.
    pub(super) fn run(self, common: Common) -> Result<Account, Failure> {
        let language = common.language;
        let stop = common.stop.clone();
        let mut handing =
            Handing { common, throttle: Throttle::new(self.limit), account: Account::default() };
        match self.work {
            Work::Dummy => handing.dummy(),
            Work::Files(replay) => handing.files(&replay)?,
            Work::Live { live, capture } => {
                let mut sink = Captured { handing: &mut handing, capture, own: Own::default() };
                live.read(language, &stop, &mut sink)?;
            }
            Work::Packets { path, ports, capture } => {
                let mut sink = Captured { handing: &mut handing, capture, own: Own::default() };
                source(path, &ports)?.read(language, &stop, &mut |record| sink.take(record))?;
            }
            Work::Tcp(listener) => handing.tcp(&listener),
        }
        Ok(handing.account)
    }
}

/// Hands messages on, no more than the limit allows.
struct Handing {
    common: Common,
    throttle: Throttle,
    account: Account,
}

impl Handing {
    fn now(&self) -> Duration {
        self.common.start.elapsed()
    }

    fn hand(&mut self, record: Record, due: Duration) {
        self.account.seen += 1;
        if !self.throttle.lets_pass(&record, due) {
            self.account.dropped(Reason::Rate, 1);
            return;
        }
        match self.common.sender.send(Item { due, record }) {
            Ok(()) => self.account.emitted += 1,
            Err(_) => self.account.in_flight += 1,
        }
    }

    /// A request a second.
    fn dummy(&mut self) {
        let mut due = self.now();
        let mut number = 0_u64;
        while !self.common.stop.is_requested() {
            if self.now() < due {
                std::thread::sleep(LOOK.min(due.saturating_sub(self.now())));
                continue;
            }
            let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let record = Record {
                kind: Kind::Request,
                id: format!("{number:024x}"),
                timestamp: i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX),
                latency: Some(0),
                extra: String::new(),
                payload: b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kefu\r\n\r\n".to_vec(),
            };
            number += 1;
            self.hand(record, due);
            due += Duration::from_secs(1);
        }
    }

    /// Messages of files, by their recorded times.
    fn files(&mut self, replay: &Replay) -> Result<(), Failure> {
        let stop = self.common.stop.clone();
        let mut clock =
            FileClock { speed: replay.speed, max_wait: replay.max_wait, due: self.now(), last: None };
        loop {
            let before = self.account.seen;
            clock.last = None;
            let opened = source(replay.pattern.clone(), &[])?;
            opened.read(self.common.language, &stop, &mut |record| {
                if replay.is_dry {
                    self.account.seen += 1;
                    self.account.in_flight += 1;
                    return Ok(());
                }
                let due = clock.due(record.timestamp);
                while self.now() + AHEAD < due && !stop.is_requested() {
                    std::thread::sleep(LOOK.min(due.saturating_sub(self.now() + AHEAD)));
                }
                if stop.is_requested() {
                    self.account.seen += 1;
                    self.account.in_flight += 1;
                } else {
                    self.hand(record, due);
                }
                Ok(())
            })?;
            // What holds nothing would be read again without end.
            if !replay.is_endless || replay.is_dry || stop.is_requested() || self.account.seen == before {
                return Ok(());
            }
        }
    }

    /// Records that others send.
    fn tcp(&mut self, listener: &TcpListener) {
        let mut threads = Vec::new();
        while !self.common.stop.is_requested() {
            match listener.accept() {
                Ok((stream, _)) => {
                    let common = self.common.clone();
                    threads.push(std::thread::spawn(move || connection(stream, &common)));
                }
                Err(_) => std::thread::sleep(LOOK),
            }
        }
        for thread in threads {
            let handed = thread.join().unwrap_or_default();
            self.account.seen += handed;
            self.account.emitted += handed;
        }
    }
}

/// Hands on what one of the others sends; says how many records that were.
fn connection(stream: TcpStream, common: &Common) -> u64 {
    if stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(LOOK))).is_err() {
        return 0;
    }
    let stopping = Stopping { stream, stop: common.stop.clone() };
    let mut handed = 0;
    for record in Reader::new(stopping, MESSAGE_MAX as usize) {
        match record {
            Ok(record) => {
                let mut item = Item { due: common.start.elapsed(), record };
                loop {
                    match common.sender.try_send(item) {
                        Ok(()) => break handed += 1,
                        Err(TrySendError::Full(back)) => item = back,
                        Err(TrySendError::Disconnected(_)) => return handed,
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            Err(error) => shown::say(&Text::from(format!("--input-tcp: {error}")), common.language),
        }
    }
    handed
}

/// A stream that ends with the wish to stop.
struct Stopping {
    stream: TcpStream,
    stop: Stop,
}

impl io::Read for Stopping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.stop.is_requested() {
                        return Ok(0);
                    }
                }
                read => return read,
            }
        }
    }
}

/// Hands on what a capture gives.
struct Captured<'a> {
    handing: &'a mut Handing,
    capture: Capture,
    own: Own,
}

impl Sink for Captured<'_> {
    fn take(&mut self, mut record: Record) -> Result<(), Failure> {
        let reason = if self.own.is_of_replay(&record) {
            Some(Reason::OwnReplay)
        } else if record.kind != Kind::Request && !self.capture.responses {
            Some(Reason::Response)
        } else {
            None
        };
        if let Some(reason) = reason {
            self.handing.account.seen += 1;
            self.handing.account.dropped(reason, 1);
            return Ok(());
        }
        if let Some(name) = &self.capture.real_ip {
            tell_client(&mut record, name);
        }
        let now = self.handing.now();
        self.handing.hand(record, now);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Puts the client's address into a header of its request.
fn tell_client(record: &mut Record, name: &str) {
    let client = record.field("c").and_then(|client| client.parse::<SocketAddr>().ok());
    let (Some(client), Kind::Request) = (client, record.kind) else { return };
    let Some(parts) = Parts::of(record) else { return };
    let mut head = EditedHead::of(parts.head_bytes);
    let HeaderLine { name, value } = HeaderLine { name: name.to_owned(), value: client.ip().to_string() };
    head.set(&name, &value);
    let mut payload = head.bytes();
    payload.extend_from_slice(parts.raw_body);
    record.payload = payload;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_told_in_a_header() {
        let mut record = Record {
            extra: "c=10.0.0.1:5 s=10.0.0.2:80 n=0".to_owned(),
            payload: b"POST / HTTP/1.1\r\n\r\nbody".to_vec(),
            kind: Kind::Request,
            id: String::new(),
            timestamp: 0,
            latency: None,
        };
        tell_client(&mut record, "X-Real-IP");
        assert_eq!(record.payload, b"POST / HTTP/1.1\r\nX-Real-IP: 10.0.0.1\r\n\r\nbody");
    }
}
