//! Accepts connections, limits them, and serves HTTP/1.1 on each in a task of its own.
//!
//! Three limits, one behind the other:
//!
//! - *Handshakes.* A connection takes one of `max_handshakes` places before it is accepted and gives it back with
//!   its first answer, when it has become a WebSocket, or after [`HANDSHAKE_HOLD`] whatever happens. So a crowd
//!   that reconnects is let in as fast as it can be served, with memory for `max_handshakes` requests; the rest
//!   waits in the system's backlog. Kept-alive connections hold no place, and those that say nothing give theirs
//!   up soon: neither can keep others out.
//! - *Connections.* Beyond `max_connections`, or beyond `max_connections_per_address`, the answer is a 503 before
//!   anything is read. A WebSocket counts for as long as it keeps its [`Admission`].
//! - *Time.* `header_timeout` for the first head, `idle_timeout` from an answer to the end of the next head,
//!   `request_timeout` from a head to the start of its answer, and [`UNSENT_TIMEOUT`] for bytes that the other
//!   side does not take.

mod admission;
mod refusal;
mod request;

#[cfg(test)]
mod tests;

use std::{
    io,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use kefu_app::Stop;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_util::task::TaskTracker;

pub(crate) use admission::Admission;
use admission::{Gate, Refused};
pub(crate) use request::RequestId;
use request::Requests;

use crate::{
    address::{self, Network},
    metrics::Metrics,
    settings::Settings,
};

/// How long a new connection may keep its place among the handshakes.
const HANDSHAKE_HOLD: Duration = Duration::from_secs(1);

/// How long bytes may lie unsent before the system gives a connection up: finds peers that are gone.
const UNSENT_TIMEOUT: Duration = Duration::from_secs(45);

/// How long, at a stop, the first head of a connection is waited for: who was accepted is answered.
const STOP_GRACE: Duration = Duration::from_millis(200);

/// How long accepting rests when the system has no descriptors or memory left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// A warning about exhaustion is not repeated before it has been over for so long.
const EXHAUSTED_QUIET: Duration = Duration::from_secs(10);

/// Largest head of a request, in bytes; also the size of a connection's read buffer at most.
const MAX_HEAD: usize = 16 * 1024;

/// Header lines of a request at most.
const MAX_HEADER_LINES: usize = 64;

/// The limits of [`serve_connections`].
#[derive(Clone, Debug)]
pub(crate) struct ListenerLimits {
    pub(crate) max_connections: usize,
    pub(crate) max_handshakes: usize,
    /// 0 means no limit.
    pub(crate) max_connections_per_address: u32,
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) request_timeout: Duration,
    /// In place of it, for uploads.
    pub(crate) upload_timeout: Duration,
    /// Proxies: their connections do not count for one address, and their word about others is taken.
    pub(crate) trusted_proxies: Arc<[Network]>,
}

impl ListenerLimits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limits = &settings.limits;
        Self {
            max_connections: limits.max_connections as usize,
            max_handshakes: limits.max_handshakes as usize,
            max_connections_per_address: limits.max_connections_per_address,
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            request_timeout: limits.request_timeout,
            upload_timeout: settings.files.upload_timeout,
            trusted_proxies: settings.trusted_proxies.as_slice().into(),
        }
    }
}

/// What the tasks of all connections share.
#[derive(Clone)]
struct Context {
    http: http1::Builder,
    requests: Requests,
    gate: Arc<Gate>,
    metrics: Arc<Metrics>,
    header_timeout: Duration,
    /// Connections whose first head has not come.
    silent: TaskTracker,
    stop: Stop,
}

/// Serves `router` on every connection until `stop`, then takes no more and lets requests under way end.
///
/// Returns as soon as nothing more is accepted and no request waits for its answer, after half of `drain` at the
/// latest; connections that are still open have their tasks on `tracker`.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    router: Router,
    limits: ListenerLimits,
    metrics: Arc<Metrics>,
    stop: Stop,
    drain: Duration,
    tracker: &TaskTracker,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.idle_timeout)
        .max_headers(MAX_HEADER_LINES)
        .max_buf_size(MAX_HEAD)
        .keep_alive(true);
    let under_way = TaskTracker::new();
    let context = Context {
        http,
        requests: Requests::new(router, &limits, under_way.clone()),
        gate: Gate::new(limits.max_connections, limits.max_connections_per_address),
        metrics,
        header_timeout: limits.header_timeout,
        silent: TaskTracker::new(),
        stop: stop.clone(),
    };
    let handshakes = Arc::new(Semaphore::new(limits.max_handshakes));
    tokio::select! {
        () = stop.requested() => {}
        () = accept(&listener, &context, &handshakes, &limits.trusted_proxies, tracker) => {}
    }
    drop(listener);
    context.silent.close();
    // No failure: those that say nothing are closed.
    drop(tokio::time::timeout(STOP_GRACE, context.silent.wait()).await);
    under_way.close();
    if tokio::time::timeout(drain / 2, under_way.wait()).await.is_err() {
        tracing::warn!(requests = under_way.len(), "requests are still under way at the stop");
    }
}

async fn accept(
    listener: &TcpListener,
    context: &Context,
    handshakes: &Arc<Semaphore>,
    trusted: &[Network],
    tracker: &TaskTracker,
) {
    let mut exhausted: Option<Instant> = None;
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(handshakes).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_peer(&error) => continue,
            Err(error) => {
                if exhausted.is_none_or(|last| last.elapsed() > EXHAUSTED_QUIET) {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "cannot accept connections for now");
                }
                exhausted = Some(Instant::now());
                sleep(EXHAUSTED_PAUSE).await;
                continue;
            }
        };
        prepare(&stream);
        let peer = peer.ip().to_canonical();
        let counted = (!address::is_trusted(peer, trusted)).then(|| address::group(peer));
        match context.gate.admit(counted, place) {
            Ok(admission) => {
                drop(tracker.spawn(serve(stream, peer, admission, context.clone())));
            }
            Err((refused, place)) => {
                context.metrics.connection_refused();
                if refused == Refused::First {
                    tracing::warn!("connections are refused: there are as many as the limit allows");
                }
                drop(tracker.spawn(async move {
                    refusal::answer(stream).await;
                    drop(place);
                }));
            }
        }
    }
}

/// Errors of one connection that ended before it was accepted, see accept(2).
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, TimedOut};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | TimedOut)
}

/// Small frames leave at once; what cannot be sent does not stay for ever.
fn prepare(stream: &TcpStream) {
    let outcome = stream.set_nodelay(true);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let outcome = {
        let milliseconds = u32::try_from(UNSENT_TIMEOUT.as_millis()).unwrap_or(u32::MAX);
        let timeout = rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds);
        outcome.and(timeout.map_err(io::Error::from))
    };
    if let Err(error) = outcome {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection takes no options");
    }
}

/// One connection, until it ends or becomes a WebSocket.
async fn serve(stream: TcpStream, peer: std::net::IpAddr, admission: Admission, context: Context) {
    let _open = Open::new(&context.metrics);
    let service = context.requests.service(peer, admission.clone(), context.silent.token());
    let first = service.first_head();
    let connection = context.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    let mut stop = pin!(context.stop.requested());
    let mut hold = pin!(sleep(HANDSHAKE_HOLD));
    let mut head = pin!(sleep(context.header_timeout));
    let mut grace = pin!(sleep(Duration::ZERO));
    let (mut is_holding, mut is_waiting, mut is_stopping, mut is_graced) = (true, true, false, false);
    let ended = loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => break ended,
            () = hold.as_mut(), if is_holding => {
                is_holding = false;
                admission.settle();
            }
            () = head.as_mut(), if is_waiting => {
                is_waiting = false;
                if !first.has_come() {
                    tracing::debug!(%peer, "closed: no request came in time");
                    return;
                }
            }
            () = stop.as_mut(), if !is_stopping => {
                is_stopping = true;
                is_graced = true;
                let wait = if first.has_come() { Duration::ZERO } else { STOP_GRACE };
                grace.as_mut().reset(tokio::time::Instant::now() + wait);
            }
            () = grace.as_mut(), if is_graced => {
                is_graced = false;
                if !first.has_come() {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    admission.settle();
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "connection ended");
    }
}

/// Counts a connection while it speaks HTTP.
struct Open<'a>(&'a Metrics);

impl<'a> Open<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.http_opened();
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.http_closed();
    }
}
