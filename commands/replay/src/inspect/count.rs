use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    time::Duration,
};

use kefu_traffic::{
    Latency,
    gor::{Kind, Record},
};

use crate::{
    account::{Account, Reason},
    endpoint::template,
    message::Parts,
};

/// More endpoints are counted as one.
const ENDPOINTS_MAX: usize = 10_000;
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
    pub(super) endpoints: HashMap<String, Endpoint>,
    /// From the end of a request to the beginning of its answer.
    pub(super) latency: Latency,
    pub(super) timeline: Timeline,
    connections: HashSet<String>,
    waiting: HashMap<String, Waiting>,
    order: VecDeque<String>,
    /// Answers that came before the end of their requests: whether each is an error.
    early: HashMap<String, bool>,
}

/// A request whose answer has not been seen.
#[derive(Debug)]
struct Waiting {
    endpoint: String,
    ended: i64,
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
    pub(super) fn add(&mut self, record: &Record) {
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

    fn request(&mut self, record: &Record) {
        self.requests += 1;
        self.timeline.add(record.timestamp, 1, 0);
        let parts = Parts::of(record);
        let Some((parts, (method, target))) =
            parts.as_ref().and_then(|parts| Some((parts, parts.request()?)))
        else {
            self.malformed += 1;
            return;
        };
        more(&mut self.methods, method);
        if let Some(host) = parts.header("host") {
            more(&mut self.hosts, &host);
        }
        let mut endpoint = format!("{method} {}", template(target));
        if self.endpoints.len() >= ENDPOINTS_MAX && !self.endpoints.contains_key(&endpoint) {
            endpoint = "…".to_owned();
        }
        self.endpoints.entry(endpoint.clone()).or_default().requests += 1;
        if let Some(is_error) = self.early.remove(&record.id) {
            return self.pair(&endpoint, is_error, Duration::ZERO);
        }
        let ended = record.timestamp.saturating_add(record.latency.unwrap_or_default().max(0));
        if self.waiting.insert(record.id.clone(), Waiting { endpoint, ended }).is_none() {
            self.order.push_back(record.id.clone());
        }
        if self.order.len() > WAITING_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
    }

    fn response(&mut self, record: &Record) {
        if record.kind == Kind::Response {
            self.responses += 1;
        } else {
            self.replayed += 1;
        }
        let Some(status) = Parts::of(record).and_then(|parts| parts.status()) else {
            self.malformed += 1;
            return;
        };
        *self.statuses.entry(status).or_default() += 1;
        let is_error = status >= 400;
        if is_error {
            self.timeline.add(record.timestamp, 0, 1);
        }
        // Of a replay, the request may have been answered before; each answer counts to its endpoint.
        let Some(Waiting { endpoint, ended }) = self.waiting.remove(&record.id) else {
            if self.early.len() < WAITING_MAX {
                self.early.insert(record.id.clone(), is_error);
            }
            return;
        };
        let took = u64::try_from(record.timestamp.saturating_sub(ended)).unwrap_or_default();
        self.pair(&endpoint, is_error, Duration::from_nanos(took));
    }

    fn pair(&mut self, endpoint: &str, is_error: bool, took: Duration) {
        self.paired += 1;
        self.latency.record_duration(took);
        let endpoint = self.endpoints.entry(endpoint.to_owned()).or_default();
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

    /// The endpoints with the most requests first.
    pub(super) fn top(&self, count: usize) -> Vec<(&str, &Endpoint)> {
        let mut all: Vec<_> =
            self.endpoints.iter().map(|(name, endpoint)| (name.as_str(), endpoint)).collect();
        all.sort_by(|(a_name, a), (b_name, b)| b.requests.cmp(&a.requests).then_with(|| a_name.cmp(b_name)));
        all.truncate(count);
        all
    }
}

/// Counts one more; names beyond what is held are not told apart.
fn more(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else {
        let name = if counts.len() < 1000 { name } else { "…" };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_before_the_end_of_its_request_is_of_a_pair() {
        let record = |kind, payload: &str| Record {
            kind,
            id: "a".to_owned(),
            timestamp: 5,
            latency: None,
            extra: String::new(),
            payload: payload.into(),
        };
        let mut count = Count::default();
        count.add(&record(Kind::Response, "HTTP/1.1 413 Too Large\r\n\r\n"));
        count.add(&record(Kind::Request, "POST /upload HTTP/1.1\r\n\r\n"));
        assert_eq!((count.paired, count.endpoints["POST /upload"].errors), (1, 1));
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
