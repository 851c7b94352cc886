//! What is sent of a recorded request: its bytes, but for headers that are to be set.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use kefu_traffic::gor::{Kind, Record};

use crate::{account::Reason, args::HeaderLine, head::EditedHead, message::Parts};

/// The header by which a capture knows a replay.
pub(crate) const MARK: &str = "X-Kefu-Replay";

/// A request that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: String,
    /// The same for all requests of a recorded connection.
    pub(crate) connection: u64,
    /// Sending it twice changes nothing.
    pub(crate) is_safe: bool,
}

/// Why a record is not sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Skipped {
    /// It is no request.
    NoRequest,
    /// It is no HTTP.
    Malformed,
    /// Its method may change something.
    UnsafeMethod,
    /// It asks for another protocol.
    Upgrade,
}

impl From<Skipped> for Reason {
    fn from(why: Skipped) -> Self {
        match why {
            Skipped::NoRequest => Self::Response,
            Skipped::Malformed => Self::Malformed,
            Skipped::UnsafeMethod => Self::UnsafeMethod,
            Skipped::Upgrade => Self::Upgrade,
        }
    }
}

/// What is set in each request.
#[derive(Clone, Debug)]
pub(crate) struct Rewrites {
    pub(crate) headers: Vec<HeaderLine>,
    pub(crate) unsafe_methods: bool,
}

impl Rewrites {
    /// What is sent of a record.
    ///
    /// # Errors
    ///
    /// Why it is not sent.
    pub(crate) fn prepare(&self, record: Record) -> Result<Prepared, Skipped> {
        if record.kind != Kind::Request {
            return Err(Skipped::NoRequest);
        }
        let parts = Parts::of(&record).ok_or(Skipped::Malformed)?;
        let (method, _) = parts.request().ok_or(Skipped::Malformed)?;
        let is_safe = matches!(method, "GET" | "HEAD" | "OPTIONS");
        if method == "CONNECT" || parts.head.has_upgrade {
            return Err(Skipped::Upgrade);
        }
        if !is_safe && !self.unsafe_methods {
            return Err(Skipped::UnsafeMethod);
        }
        let connection = connection(&record);
        let bytes = if self.headers.is_empty() {
            record.payload
        } else {
            let mut head = EditedHead::of(parts.head_bytes);
            for HeaderLine { name, value } in &self.headers {
                head.set(name, value);
            }
            let mut bytes = head.bytes();
            bytes.extend_from_slice(parts.raw_body);
            bytes
        };
        Ok(Prepared { bytes, id: record.id, connection, is_safe })
    }
}

/// What stands for the recorded connection: its addresses, or the part of the id that is made of them.
pub(crate) fn connection(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    match (record.field("c"), record.field("s")) {
        (Some(client), server) => return connection_between(client, server),
        (None, _) if record.id.len() == 24 => record.id.get(..16).hash(&mut hasher),
        (None, _) => record.id.hash(&mut hasher),
    }
    hasher.finish()
}

/// What stands for a connection between these addresses.
pub(crate) fn connection_between(client: &str, server: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (client, server).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: Kind, payload: &str) -> Record {
        let id = "0fa000500a000001000003e8".to_owned();
        Record { kind, id, timestamp: 0, latency: None, extra: String::new(), payload: payload.into() }
    }

    fn rewrites(headers: &[&str], unsafe_methods: bool) -> Rewrites {
        Rewrites { headers: headers.iter().map(|line| line.parse().unwrap()).collect(), unsafe_methods }
    }

    #[test]
    fn bytes_are_the_recorded_ones_but_for_what_is_set() {
        let request = "POST /a HTTP/1.1\r\nhOST: old\r\nx-a:  1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nX:";
        let sent = |headers: &[&str]| {
            let prepared = rewrites(headers, true).prepare(record(Kind::Request, request)).unwrap();
            String::from_utf8(prepared.bytes).unwrap()
        };
        assert_eq!(sent(&[]), request);
        assert_eq!(
            sent(&["Host: new", "X-A: 3", "New: y"]),
            "POST /a HTTP/1.1\r\nHost: new\r\nX-A: 3\r\nContent-Length: 2\r\nNew: y\r\n\r\nX:"
        );
        let bare =
            rewrites(&["B: c"], true).prepare(record(Kind::Request, "GET /:x HTTP/1.1\nA: b\n\n")).unwrap();
        assert_eq!(bare.bytes, b"GET /:x HTTP/1.1\nA: b\nB: c\n\n");
    }

    #[test]
    fn what_is_not_sent_says_why() {
        let prepare = |kind, payload: &str| {
            rewrites(&[], false).prepare(record(kind, payload)).map(|prepared| prepared.is_safe)
        };
        assert_eq!(prepare(Kind::Request, "GET / HTTP/1.1\r\n\r\n"), Ok(true));
        assert_eq!(prepare(Kind::Response, "HTTP/1.1 200 OK\r\n\r\n"), Err(Skipped::NoRequest));
        assert_eq!(prepare(Kind::Request, "DELETE / HTTP/1.1\r\n\r\n"), Err(Skipped::UnsafeMethod));
        assert_eq!(prepare(Kind::Request, "get it"), Err(Skipped::Malformed));
        assert_eq!(
            prepare(Kind::Request, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
            Err(Skipped::Upgrade)
        );
        assert!("a b: c".parse::<HeaderLine>().is_err() && "a: b\r\nc: d".parse::<HeaderLine>().is_err());
    }

    #[test]
    fn requests_of_a_connection_are_known_by_addresses_or_by_their_ids() {
        let mut a = record(Kind::Request, "");
        let mut b = record(Kind::Request, "");
        "0fa000500a00000100ffffff".clone_into(&mut b.id);
        assert_eq!(connection(&a), connection(&b));
        "c=10.0.0.1:1 s=10.0.0.2:80 n=0".clone_into(&mut a.extra);
        assert_ne!(connection(&a), connection(&b));
        "c=10.0.0.1:1 s=10.0.0.2:80 n=7".clone_into(&mut b.extra);
        assert_eq!(connection(&a), connection(&b));
    }
}
