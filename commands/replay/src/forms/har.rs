use std::{
    collections::{HashMap, VecDeque},
    io::{self, Write},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kefu_traffic::gor::{Kind, Record};
use serde_json::{Value, json};

use crate::{message::Parts, shown};

/// Requests wait for their answers, but no more than so many bytes of them.
const WAITING_BYTES: usize = 64 << 20;

/// Writes pairs of requests and answers as an HTTP Archive.
pub(crate) struct Archive {
    waiting: HashMap<String, (u64, Record)>,
    order: VecDeque<(u64, String)>,
    bytes: usize,
    number: u64,
    has_entries: bool,
}

impl Archive {
    /// Begins the archive.
    pub(crate) fn begin(out: &mut impl Write) -> io::Result<Self> {
        let creator = json!({ "name": "kefu", "version": env!("CARGO_PKG_VERSION") });
        write!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[")?;
        let (waiting, order) = (HashMap::new(), VecDeque::new());
        Ok(Self { waiting, order, bytes: 0, number: 0, has_entries: false })
    }

    /// Takes a message, and writes what is a pair.
    pub(crate) fn add(&mut self, record: Record, out: &mut impl Write) -> io::Result<()> {
        match record.kind {
            Kind::Request => {
                self.bytes += record.payload.len();
                self.number += 1;
                if self.order.len() > 2 * self.waiting.len() + 1000 {
                    let waiting = &self.waiting;
                    self.order
                        .retain(|(number, id)| waiting.get(id).is_some_and(|(known, _)| known == number));
                }
                self.order.push_back((self.number, record.id.clone()));
                // An id that comes again is another request's: the one before has no answer.
                if let Some((_, before)) = self.waiting.insert(record.id.clone(), (self.number, record)) {
                    self.bytes -= before.payload.len();
                    self.entry(&before, None, out)?;
                }
                while self.bytes > WAITING_BYTES {
                    self.let_go(out)?;
                }
                Ok(())
            }
            Kind::Response => match self.waiting.remove(&record.id) {
                Some((_, request)) => {
                    self.bytes -= request.payload.len();
                    self.entry(&request, Some(&record), out)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Ends the archive; requests without an answer have status 0.
    pub(crate) fn end(mut self, out: &mut impl Write) -> io::Result<()> {
        while !self.order.is_empty() {
            self.let_go(out)?;
        }
        out.write_all(b"]}}\n")
    }

    /// Writes the oldest request that waits.
    fn let_go(&mut self, out: &mut impl Write) -> io::Result<()> {
        let Some((number, id)) = self.order.pop_front() else { return Ok(()) };
        if self.waiting.get(&id).is_none_or(|(waiting, _)| *waiting != number) {
            return Ok(());
        }
        let Some((_, request)) = self.waiting.remove(&id) else { return Ok(()) };
        self.bytes -= request.payload.len();
        self.entry(&request, None, out)
    }

    fn entry(&mut self, request: &Record, response: Option<&Record>, out: &mut impl Write) -> io::Result<()> {
        let Some(entry) = entry(request, response) else { return Ok(()) };
        if std::mem::replace(&mut self.has_entries, true) {
            out.write_all(b",")?;
        }
        write!(out, "\n{entry}")
    }
}

fn entry(request: &Record, response: Option<&Record>) -> Option<Value> {
    let parts = Parts::of(request)?;
    let (method, target) = parts.request()?;
    let host = parts.header("host").or_else(|| request.field("s").map(Into::into)).unwrap_or_default();
    let url = if target.starts_with('/') { format!("http://{host}{target}") } else { target.to_owned() };
    let query: Vec<_> = target
        .split_once('?')
        .map(|(_, query)| query.split('&').filter(|pair| !pair.is_empty()))
        .into_iter()
        .flatten()
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let body = parts.body();
    let mut sent = json!({
        "method": method,
        "url": url,
        "httpVersion": parts.version(),
        "cookies": [],
        "headers": headers(&parts),
        "queryString": query,
        "headersSize": parts.head_bytes.len(),
        "bodySize": parts.raw_body.len(),
    });
    if !body.is_empty() {
        let kind = parts.header("content-type").unwrap_or_default();
        sent["postData"] = json!({ "mimeType": kind, "text": String::from_utf8_lossy(&body) });
    }
    let response_parts = response.and_then(Parts::of);
    let first = response.map_or(request.timestamp, |response| response.timestamp);
    let send = millis(request.latency.unwrap_or_default());
    let wait = (millis(first.saturating_sub(request.timestamp)) - send).max(0.0);
    let receive = millis(response.and_then(|response| response.latency).unwrap_or_default());
    let received = response_parts.map_or_else(no_response, |parts| answer(&parts));
    Some(json!({
        "startedDateTime": shown::time(request.timestamp),
        "time": send + wait + receive,
        "request": sent,
        "response": received,
        "cache": {},
        "timings": { "send": send, "wait": wait, "receive": receive },
        "connection": request.field("c").unwrap_or_default(),
    }))
}

fn answer(parts: &Parts<'_>) -> Value {
    let body = parts.body();
    let mut content =
        json!({ "size": body.len(), "mimeType": parts.header("content-type").unwrap_or_default() });
    match str::from_utf8(&body) {
        Ok("") => {}
        Ok(text) => content["text"] = json!(text),
        Err(_) => {
            content["text"] = json!(BASE64_STANDARD.encode(&body));
            content["encoding"] = json!("base64");
        }
    }
    json!({
        "status": parts.status(),
        "statusText": parts.reason(),
        "httpVersion": parts.version(),
        "cookies": [],
        "headers": headers(parts),
        "content": content,
        "redirectURL": parts.header("location").unwrap_or_default(),
        "headersSize": parts.head_bytes.len(),
        "bodySize": parts.raw_body.len(),
    })
}

fn no_response() -> Value {
    json!({
        "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
        "content": { "size": 0, "mimeType": "" }, "redirectURL": "", "headersSize": -1, "bodySize": -1,
    })
}

fn headers(parts: &Parts<'_>) -> Vec<Value> {
    parts.headers().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

#[expect(clippy::cast_precision_loss, reason = "parts of a microsecond do not matter in an archive")]
fn millis(nanos: i64) -> f64 {
    (nanos / 1000) as f64 / 1000.0
}
