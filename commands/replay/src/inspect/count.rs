use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use kefu_traffic::{
    Latency,
    gor::{Kind, View},
    http::{Head, Start, head_len, header_lines, look_at_head},
    tcp::Side,
};

use crate::{
    account::{Account, Reason},
    endpoint::write_template,
};

/// More endpoints are counted as one.
const ENDPOINTS_MAX: usize = 10_000;
/// What they are called.
const OTHERS: &str = "…";
/// More connections are not told apart.
const CONNECTIONS_MAX: usize = 1_000_000;
/// So many requests wait for their answers.
const WAITING_MAX: usize = 100_000;
/// The timeline has at most so many steps; they grow as it does.
const STEPS_MAX: usize = 4096;
const NANOS_PER_S: i64 = 1_000_000_000;

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Count {
    records: u64,
    pub(super) requests: u64,
    pub(super) responses: u64,
    pub(super) replayed: u64,
    pub(super) frames: u64,
    pub(super) others: u64,
    /// Messages that cannot be read.
    pub(super) malformed: u64,
    /// Answers to requests that were seen.
    pub(super) paired: u64,
    /// Messages in which something was replaced.
    pub(super) redacted: u64,
    pub(super) bytes: u64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) methods: BTreeMap<String, u64>,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) hosts: BTreeMap<String, u64>,
    endpoints: Endpoints,
    /// From the end of a request to the beginning of its answer.
    pub(super) latency: Latency,
    pub(super) timeline: Timeline,
    connections: HashSet<String>,
    waiting: HashMap<Id, Waiting>,
    order: VecDeque<Id>,
    /// Answers that came before their requests: when, and whether each is an error.
    early: HashMap<Id, (i64, bool)>,
}

/// What a request and its answers have in common: for the usual 24 digits, their value.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Id {
    Digits(u128),
    Text(Box<str>),
}

impl From<&str> for Id {
    fn from(id: &str) -> Self {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let value = id.bytes().try_fold(0, |value, byte| Some(value << 4 | u128::from(digit(byte)?)));
        match value {
            Some(value) if id.len() == 24 => Self::Digits(value),
            _ => Self::Text(id.into()),
        }
    }
}

/// A request whose answer has not been seen.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// The place of its endpoint.
    endpoint: usize,
    ended: i64,
}

/// What is counted of endpoints, by their names.
#[derive(Debug, Default)]
struct Endpoints {
    places: HashMap<String, usize>,
    all: Vec<Endpoint>,
    /// The name that is looked for.
    name: String,
}

impl Endpoints {
    /// The place of what is asked for by a method and a target.
    fn place(&mut self, method: &str, target: &str) -> usize {
        self.name.clear();
        self.name.push_str(method);
        self.name.push(' ');
        write_template(target, &mut self.name);
        if let Some(place) = self.places.get(self.name.as_str()) {
            return *place;
        }
        let name = if self.all.len() >= ENDPOINTS_MAX { OTHERS } else { self.name.as_str() };
        let all = &mut self.all;
        *self.places.entry(name.to_owned()).or_insert_with(|| {
            all.push(Endpoint::default());
            all.len() - 1
        })
    }
}

/// What is counted of an endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoint {
    pub(super) requests: u64,
    pub(super) responses: u64,
    /// Answers of 400 and above.
    pub(super) errors: u64,
    pub(super) latency: Latency,
}

/// Requests and errors by time, in steps that double when there are too many.
#[derive(Debug)]
pub(super) struct Timeline {
    /// The length of a step in seconds.
    pub(super) step_s: i64,
    /// By the number of the step since 1970: requests and errors.
    pub(super) steps: BTreeMap<i64, (u64, u64)>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { step_s: 1, steps: BTreeMap::new() }
    }
}

impl Timeline {
    fn add(&mut self, time: i64, requests: u64, errors: u64) {
        let step = self.steps.entry(time.div_euclid(self.step_s * NANOS_PER_S)).or_default();
        step.0 += requests;
        step.1 += errors;
        while self.steps.len() > STEPS_MAX {
            self.step_s *= 2;
            let mut coarse: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
            for (number, (requests, errors)) in &self.steps {
                let step = coarse.entry(number.div_euclid(2)).or_default();
                step.0 += requests;
                step.1 += errors;
            }
            self.steps = coarse;
        }
    }

    /// The most requests of a step, per second.
    #[expect(clippy::cast_precision_loss, reason = "rates are shown with a digit or two")]
    pub(super) fn peak(&self) -> f64 {
        let most = self.steps.values().map(|(requests, _)| *requests).max().unwrap_or_default();
        most as f64 / self.step_s as f64
    }
}

impl Count {
    pub(super) fn add(&mut self, record: &View<'_>) {
        self.records += 1;
        self.bytes += record.payload.len() as u64;
        self.redacted += u64::from(record.field("redacted").is_some());
        self.first = Some(self.first.map_or(record.timestamp, |first| first.min(record.timestamp)));
        self.last = Some(self.last.map_or(record.timestamp, |last| last.max(record.timestamp)));
        if let Some(client) = record.field("c")
            && self.connections.len() < CONNECTIONS_MAX
            && !self.connections.contains(client)
        {
            self.connections.insert(client.to_owned());
        }
        match record.kind {
            Kind::Request => self.request(record),
            Kind::Response | Kind::Replayed => self.response(record),
            Kind::ToServer | Kind::ToClient => self.frames += 1,
            Kind::Other(_) => self.others += 1,
        }
    }

    fn request(&mut self, record: &View<'_>) {
        self.requests += 1;
        self.timeline.add(record.timestamp, 1, 0);
        let head = head(Side::Client, record.payload);
        let Some((Head { start: Start::Request { method, target }, .. }, head)) = head else {
            self.malformed += 1;
            return;
        };
        more(&mut self.methods, method);
        if let Some((_, host)) = header_lines(head).find(|(name, _)| name.eq_ignore_ascii_case(b"host")) {
            more(&mut self.hosts, &String::from_utf8_lossy(host));
        }
        let endpoint = self.endpoints.place(method, target);
        self.endpoints.all[endpoint].requests += 1;
        let id = Id::from(record.id);
        let ended = record.timestamp.saturating_add(record.latency.unwrap_or_default().max(0));
        let waiting = Waiting { endpoint, ended };
        if let Some((time, is_error)) = self.early.remove(&id) {
            return self.pair(waiting, time, is_error);
        }
        if self.waiting.insert(id.clone(), waiting).is_none() {
            self.order.push_back(id);
        }
        if self.order.len() > WAITING_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
    }

    fn response(&mut self, record: &View<'_>) {
        if record.kind == Kind::Response {
            self.responses += 1;
        } else {
            self.replayed += 1;
        }
        let head = head(Side::Server, record.payload);
        let Some((Head { start: Start::Response { status }, .. }, _)) = head else {
            self.malformed += 1;
            return;
        };
        *self.statuses.entry(status).or_default() += 1;
        let is_error = status >= 400;
        if is_error {
            self.timeline.add(record.timestamp, 0, 1);
        }
        // Of a replay, the request may have been answered before; each answer counts to its endpoint.
        let id = Id::from(record.id);
        match self.waiting.remove(&id) {
            Some(waiting) => self.pair(waiting, record.timestamp, is_error),
            None if self.early.len() < WAITING_MAX => {
                self.early.insert(id, (record.timestamp, is_error));
            }
            None => {}
        }
    }

    fn pair(&mut self, request: Waiting, answered: i64, is_error: bool) {
        let took = u64::try_from(answered.saturating_sub(request.ended)).unwrap_or_default();
        let took = Duration::from_nanos(took);
        self.paired += 1;
        self.latency.record_duration(took);
        let endpoint = &mut self.endpoints.all[request.endpoint];
        endpoint.responses += 1;
        endpoint.errors += u64::from(is_error);
        endpoint.latency.record_duration(took);
    }

    /// What became of records: those that could be read were counted.
    pub(super) fn account(&self) -> Account {
        let counted = self.requests + self.responses + self.replayed + self.frames + self.others;
        let mut account = Account::default();
        (account.seen, account.emitted) = (self.records, counted - self.malformed);
        account.dropped(Reason::Malformed, self.malformed);
        account
    }

    /// Connections that were told apart.
    pub(super) fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The time from the first to the last message, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "durations are shown with three digits")]
    pub(super) fn seconds(&self) -> f64 {
        match (self.first, self.last) {
            (Some(first), Some(last)) => last.saturating_sub(first) as f64 / NANOS_PER_S as f64,
            _ => 0.0,
        }
    }

    /// How many endpoints were told apart.
    pub(super) fn endpoints(&self) -> usize {
        self.endpoints.all.len()
    }

    /// The endpoints with the most requests first.
    pub(super) fn top(&self, count: usize) -> Vec<(&str, &Endpoint)> {
        let Endpoints { places, all, .. } = &self.endpoints;
        let mut all: Vec<_> = places.iter().map(|(name, place)| (name.as_str(), &all[*place])).collect();
        all.sort_by(|(a_name, a), (b_name, b)| b.requests.cmp(&a.requests).then_with(|| a_name.cmp(b_name)));
        all.truncate(count);
        all
    }
}

/// What the head of a message says, and its bytes.
fn head(side: Side, message: &[u8]) -> Option<(Head<&str>, &[u8])> {
    let head = &message[..head_len(message, 0)?];
    Some((look_at_head(side, head).ok()?, head))
}

/// Counts one more; names beyond what is held are not told apart.
fn more(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else {
        let name = if counts.len() < 1000 { name } else { OTHERS };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(kind: Kind, id: &'static str, timestamp: i64, payload: &'static str) -> View<'static> {
        View { kind, id, timestamp, latency: None, extra: "", payload: payload.as_bytes() }
    }

    #[test]
    fn an_answer_before_its_request_is_of_a_pair() {
        let mut count = Count::default();
        count.add(&view(Kind::Response, "a", 5_000_000, "HTTP/1.1 413 Too Large\r\n\r\n"));
        count.add(&view(Kind::Request, "a", 3_000_000, "POST /upload HTTP/1.1\r\n\r\n"));
        let (name, endpoint) = count.top(1)[0];
        assert_eq!((count.paired, name, endpoint.errors), (1, "POST /upload", 1));
        assert!((count.latency.max_ms() - 2.0).abs() < 0.01);
    }

    #[test]
    fn ids_are_told_apart_whatever_they_are_made_of() {
        let digits = "0123456789abcdef01234567";
        assert_eq!(Id::from(digits), Id::Digits(0x0123_4567_89ab_cdef_0123_4567));
        for other in ["0123456789ABCDEF01234567", "0123", "", "0123456789abcdef01234567012345678901234567"] {
            assert_eq!(Id::from(other), Id::Text(other.into()));
        }
        let mut count = Count::default();
        for id in [digits, "x"] {
            count.add(&view(Kind::Request, id, 0, "GET /a/7 HTTP/1.1\r\nHost: h\r\n\r\n"));
            count.add(&view(Kind::Response, id, 0, "HTTP/1.1 200 OK\r\n\r\n"));
        }
        assert_eq!((count.paired, count.endpoints(), count.hosts["h"]), (2, 1, 2));
    }

    #[test]
    fn more_endpoints_than_are_held_are_one() {
        let mut endpoints = Endpoints::default();
        for number in 0..ENDPOINTS_MAX + 5 {
            let place = endpoints.place("GET", &format!("/a{number}"));
            assert_eq!(place, number.min(ENDPOINTS_MAX));
        }
        assert_eq!(endpoints.place("GET", "/a7"), 7);
    }

    #[test]
    fn a_long_timeline_has_longer_steps_and_loses_nothing() {
        let mut timeline = Timeline::default();
        for second in 0..20_000 {
            timeline.add(second * NANOS_PER_S, 1, 0);
        }
        assert_eq!((timeline.step_s, timeline.steps.len()), (8, 2500));
        assert_eq!(timeline.steps.values().map(|(requests, _)| requests).sum::<u64>(), 20_000);
    }
}
