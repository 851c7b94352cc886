use std::{
    convert::Infallible,
    fmt::Write as _,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::body::Incoming;
use kefu_text::mask::{Kinds, mask};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tower::Service as _;
use tracing::Instrument as _;

use super::{ListenerLimits, admission::Admission};
use crate::address::{Network, Peer};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id that is taken from outside, in bytes.
const MAX_REQUEST_ID: usize = 64;

/// The name of a request in logs and answers; in every request's extensions and in its `x-request-id`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Answers requests; one for all connections.
#[derive(Clone)]
pub(super) struct Requests {
    router: Router,
    timeout: Duration,
    upload_timeout: Duration,
    trusted: Arc<[Network]>,
    ids: Arc<Ids>,
    under_way: TaskTracker,
}

/// Answers the requests of one connection.
pub(super) struct ConnectionService {
    requests: Requests,
    socket: IpAddr,
    admission: Admission,
    first: FirstHead,
}

/// Whether a connection has sent the head of a request yet.
#[derive(Clone)]
pub(super) struct FirstHead(Arc<First>);

struct First {
    has_come: AtomicBool,
    /// Counts the connection among those that have not.
    silent: Mutex<Option<TaskTrackerToken>>,
}

impl FirstHead {
    fn new(silent: TaskTrackerToken) -> Self {
        Self(Arc::new(First { has_come: AtomicBool::new(false), silent: Mutex::new(Some(silent)) }))
    }

    pub(super) fn has_come(&self) -> bool {
        self.0.has_come.load(Ordering::Relaxed)
    }

    fn came(&self) {
        if !self.0.has_come.swap(true, Ordering::Relaxed) {
            drop(self.0.silent.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}

/// Makes request ids: a random start of the process, and a number.
struct Ids {
    start: u32,
    next: AtomicU64,
}

impl Requests {
    pub(super) fn new(router: Router, limits: &ListenerLimits, under_way: TaskTracker) -> Self {
        let mut start = [0; 4];
        // An id names a request in one log; it protects nothing.
        if getrandom::fill(&mut start).is_err() {
            start = std::process::id().to_le_bytes();
        }
        Self {
            router,
            timeout: limits.request_timeout,
            upload_timeout: limits.upload_timeout,
            trusted: Arc::clone(&limits.trusted_proxies),
            ids: Arc::new(Ids { start: u32::from_le_bytes(start), next: AtomicU64::new(1) }),
            under_way,
        }
    }

    pub(super) fn service(
        &self,
        socket: IpAddr,
        admission: Admission,
        silent: TaskTrackerToken,
    ) -> ConnectionService {
        ConnectionService { requests: self.clone(), socket, admission, first: FirstHead::new(silent) }
    }

    async fn answer(self, mut request: Request, id: RequestId, peer: Peer) -> Response {
        let began = Instant::now();
        let method = request.method().clone();
        // What somebody puts there may be personal, and no log holds such.
        let path = mask(request.uri().path(), Kinds::ALL).into_owned();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(id.clone());
        request.headers_mut().insert(REQUEST_ID, id.0.clone());
        let mut router = self.router;
        let time = if is_upload(&method, &path) { self.upload_timeout } else { self.timeout };
        let answer = tokio::time::timeout(time, router.call(request)).await;
        let mut response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => too_late(&id),
        };
        let (status, time_us) = (response.status().as_u16(), began.elapsed().as_micros());
        let peer = peer.0;
        if response.status().is_server_error() {
            tracing::info!(%method, path, status, time_us, %peer, "answered");
        } else {
            tracing::debug!(%method, path, status, time_us, %peer, "answered");
        }
        response.headers_mut().insert(REQUEST_ID, id.0);
        response
    }
}

impl ConnectionService {
    pub(super) fn first_head(&self) -> FirstHead {
        self.first.clone()
    }
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        let peer = Peer::find(self.socket, request.headers(), &self.requests.trusted);
        let id = self.requests.ids.of(request.headers());
        request.extensions_mut().insert(self.admission.clone());
        let span = tracing::info_span!("request", request_id = id.as_str());
        let answer = self.requests.clone().answer(request, id, peer).instrument(span);
        let admission = self.admission.clone();
        let tracked = self.requests.under_way.track_future(async move {
            let response = answer.await;
            // A connection that becomes a WebSocket has settled when it is one.
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                admission.settle();
            }
            Ok(response)
        });
        // Only now: a stop that waits for the head goes on to wait for the answer.
        self.first.came();
        Box::pin(tracked)
    }
}

impl Ids {
    /// Takes the id that the request brings, when it is fit for a log, or makes one.
    fn of(&self, headers: &http::HeaderMap) -> RequestId {
        match headers.get(REQUEST_ID) {
            Some(given) if is_fit(given.as_bytes()) => RequestId(given.clone()),
            _ => self.make(),
        }
    }

    fn make(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = String::with_capacity(20);
        write!(text, "{:08x}-{number:x}", self.start).expect("writing to a String does not fail");
        RequestId(HeaderValue::try_from(text).expect("hexadecimal digits are a header's value"))
    }
}

fn is_fit(id: &[u8]) -> bool {
    (1..=MAX_REQUEST_ID).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

/// Whether the request brings a file, which may take longer than other bodies.
fn is_upload(method: &Method, path: &str) -> bool {
    method == Method::POST && path.starts_with("/api/v1/conversations/") && path.ends_with("/files")
}

/// The answer to a request that took too long; what it was doing is abandoned.
fn too_late(id: &RequestId) -> Response {
    let body = format!(
        r#"{{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the request took too long","code":"unavailable","retry_after_ms":1000,"request_id":"{}"}}"#,
        id.as_str()
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    // The rest of a body that comes too slowly is not waited for.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn id_for(given: &str) -> String {
        let ids = Ids { start: 0xabc, next: AtomicU64::new(31) };
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(given.as_bytes()).unwrap());
        ids.of(&headers).as_str().to_owned()
    }

    #[test]
    fn only_plain_ids_are_taken_from_outside() {
        assert_eq!(id_for("a-B_9.z"), "a-B_9.z");
        for bad in ["", "a b", "\"", "é", "a\tb", &"x".repeat(65)] {
            assert_eq!(id_for(bad), "00000abc-1f", "{bad}");
        }
    }

    #[test]
    fn made_ids_differ() {
        let ids = Ids { start: 1, next: AtomicU64::new(0) };
        assert_ne!(ids.make(), ids.make());
    }
}
