use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

use super::{
    End, Ends, Event, Side,
    flow::{Flow, OutOfWindow},
};
use crate::packet::Segment;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many connections are followed; the one that was silent for longest gives way.
    pub flows: usize,
    /// A connection holds at most so many bytes that came early.
    pub flow_bytes: usize,
    /// All hold at most so many.
    pub bytes: usize,
    /// A connection that is silent for so long is at its end, in nanoseconds.
    pub idle: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { flows: 100_000, flow_bytes: 4 << 20, bytes: 32 << 20, idle: 300_000_000_000 }
    }
}

/// What has been seen of connections.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Connections that were followed.
    pub flows: u64,
    /// Those of them whose beginning was not captured.
    pub begun_before: u64,
    /// Segments.
    pub segments: u64,
    /// Segments that belong to no place of their connection.
    pub out_of_window: u64,
    /// Connections that were let go because there were too many.
    pub evicted: u64,
    /// Times that something was taken for lost because too much waited for it.
    pub relieved: u64,
    /// Gaps.
    pub gaps: u64,
    /// Bytes of these gaps.
    pub gap_bytes: u64,
}

/// An ended connection is remembered for so long, in nanoseconds.
const LINGER: i64 = 5_000_000_000;

type Key = (SocketAddr, SocketAddr);

/// Tells by what somebody says who of the two it is.
pub type Speaker = fn(&[u8]) -> Option<Side>;

/// All connections of a capture, each with what its user keeps for it.
#[derive(Debug)]
pub struct Flows<C> {
    limits: Limits,
    /// Ports of servers, and what sides say, for connections whose beginning was not captured.
    ports: Vec<u16>,
    speaker: Speaker,
    flows: HashMap<Key, Flow<C>>,
    /// When to look at a connection again, about in the order in which they were used.
    due: VecDeque<(i64, Key)>,
    held: usize,
    counters: Counters,
}

impl<C: Default> Flows<C> {
    /// Follows connections; servers listen on `ports`, if that is known.
    pub fn new(limits: Limits, ports: &[u16], speaker: Speaker) -> Self {
        Self {
            limits,
            ports: ports.to_vec(),
            speaker,
            flows: HashMap::new(),
            due: VecDeque::new(),
            held: 0,
            counters: Counters::default(),
        }
    }

    /// What has been seen.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Bytes that wait.
    pub fn held(&self) -> usize {
        self.held
    }

    /// What users keep for connections that have not ended.
    pub fn open(&self) -> impl Iterator<Item = &C> {
        self.flows.values().filter(|flow| !flow.is_over).map(|flow| &flow.user)
    }

    /// Takes a segment that was captured at `time`, and hands what it completes to `each`.
    pub fn take(
        &mut self,
        segment: &Segment<'_>,
        time: i64,
        each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>),
    ) {
        self.counters.segments += 1;
        let mut gaps = Gaps::default();
        let mut each = |user: &mut C, ends: Ends, side: Side, event: Event<'_>| {
            gaps.count(&event);
            each(user, ends, side, event);
        };
        self.expire(time, &mut each);
        let key = if segment.source < segment.target {
            (segment.source, segment.target)
        } else {
            (segment.target, segment.source)
        };
        if self.flows.get(&key).is_some_and(|flow| flow.is_guessed && !flow.is_over)
            && let Some(ends) = self.told(segment)
            && let Some(flow) = self.flows.get_mut(&key)
        {
            flow.settle(ends, &mut each);
        }
        if self.flows.get(&key).is_some_and(|flow| flow.is_another(segment)) {
            self.close(key, &mut each);
        }
        if !self.flows.contains_key(&key) {
            // What ends a connection begins none.
            if segment.flags.rst || (segment.flags.fin && segment.payload.is_empty()) {
                return self.counters.add(gaps);
            }
            self.make_room(&mut each);
            let told = self.told(segment);
            let ends = told.unwrap_or_else(|| guessed(segment));
            self.flows.insert(key, Flow::new(ends, told.is_none(), C::default()));
            self.due.push_back((time.saturating_add(LINGER), key));
            self.counters.flows += 1;
            self.counters.begun_before += u64::from(!segment.flags.syn);
        }
        if let Some(flow) = self.flows.get_mut(&key).filter(|flow| !flow.is_over) {
            let before = flow.held();
            match flow.take(segment, time, &mut each) {
                Ok(()) => {}
                Err(OutOfWindow) => self.counters.out_of_window += 1,
            }
            self.held = self.held - before + flow.held();
            let room = self.limits.bytes.saturating_sub(self.held - flow.held());
            let most = self.limits.flow_bytes.min(room);
            if flow.held() > most {
                let before = flow.held();
                flow.relieve(most / 2, &mut each);
                self.held = self.held - before + flow.held();
                self.counters.relieved += 1;
            }
        }
        self.counters.add(gaps);
    }

    /// Ends every connection: no more segments come.
    pub fn finish(&mut self, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        let mut gaps = Gaps::default();
        let mut each = |user: &mut C, ends: Ends, side: Side, event: Event<'_>| {
            gaps.count(&event);
            each(user, ends, side, event);
        };
        // In the order of their ends, so that the same capture always gives the same.
        let mut keys: Vec<Key> = self.flows.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            self.close(key, &mut each);
        }
        self.due.clear();
        self.counters.add(gaps);
    }

    /// Who opened the connection that a segment is of: what begins it says so, else known ports and words do.
    fn told(&self, segment: &Segment<'_>) -> Option<Ends> {
        let is_known = |port: u16| self.ports.contains(&port);
        let is_from_client = if segment.flags.syn {
            segment.acknowledged.is_none()
        } else if is_known(segment.target.port()) != is_known(segment.source.port()) {
            is_known(segment.target.port())
        } else {
            (self.speaker)(segment.payload)? == Side::Client
        };
        Some(ends(segment, is_from_client))
    }

    fn close(&mut self, key: Key, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        if let Some(mut flow) = self.flows.remove(&key) {
            self.held -= flow.held();
            flow.end(End::Cut, each);
        }
    }

    fn make_room(&mut self, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        while self.flows.len() >= self.limits.flows.max(1)
            && let Some((_, key)) = self.due.pop_front()
        {
            self.counters.evicted += u64::from(self.flows.get(&key).is_some_and(|flow| !flow.is_over));
            self.close(key, each);
        }
    }

    /// Looks at connections that were not looked at for a while.
    fn expire(&mut self, now: i64, each: &mut impl FnMut(&mut C, Ends, Side, Event<'_>)) {
        while let Some(&(at, key)) = self.due.front()
            && at <= now
        {
            self.due.pop_front();
            let Some(flow) = self.flows.get(&key) else { continue };
            let patience = if flow.is_ending() { LINGER } else { self.limits.idle };
            if now.saturating_sub(flow.last_seen) >= patience {
                self.close(key, each);
            } else {
                self.due.push_back((now.saturating_add(LINGER), key));
            }
        }
    }
}

/// Gaps that were given.
#[derive(Clone, Copy, Debug, Default)]
struct Gaps {
    count: u64,
    bytes: u64,
}

impl Gaps {
    fn count(&mut self, event: &Event<'_>) {
        if let Event::Gap { len, .. } = event {
            self.count += 1;
            self.bytes += len;
        }
    }
}

impl Counters {
    fn add(&mut self, gaps: Gaps) {
        self.gaps += gaps.count;
        self.gap_bytes += gaps.bytes;
    }
}

/// Who opened the connection that a segment is of, as far as nothing tells: servers mostly have the lower port.
fn guessed(segment: &Segment<'_>) -> Ends {
    ends(segment, segment.source.port() > segment.target.port())
}

fn ends(segment: &Segment<'_>, is_from_client: bool) -> Ends {
    let (source, target) = (segment.source, segment.target);
    if is_from_client {
        Ends { client: source, server: target }
    } else {
        Ends { client: target, server: source }
    }
}
