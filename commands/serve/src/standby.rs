//! `kefu serve --standby`: a process that waits beside another one on the same data directory, and takes its place
//! when that one has ended, however it ended.
//!
//! The system's lock of the store decides: it is free the moment its holder is gone. Until then it answers how this
//! process is, and what can be read from the store; whatever would change something or needs to know what goes on is
//! for the process that serves the store.

use std::{
    convert::Infallible,
    io,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
    routing::get,
};
use kefu_app::{Exit, Failure, Stop};
use kefu_store::StoreError;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::{
    health::{self, plain},
    http,
    listener::{ListenerLimits, serve_connections},
    metrics::{Metrics, Observed},
    problem::Problem,
    services::Services,
    settings::Settings,
};

/// How often the store is tried: what a hand-over takes at most, beside opening the store.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// How long what a standby was asked may keep it from taking over.
const DRAIN: Duration = Duration::from_millis(200);

/// How often the store is tried until it can be read, and who is blocked is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is answered, to `GET`. Left out is what leaves a line in the audit log, and what says how things are now:
/// who is here, and what waits.
const READS: &[&str] = &[
    "/api/v1/agents",
    "/api/v1/agents/{id}/sessions",
    "/api/v1/articles",
    "/api/v1/articles/search",
    "/api/v1/articles/{id}",
    "/api/v1/articles/{id}/texts/{language}",
    "/api/v1/articles/{id}/texts/{language}/versions",
    "/api/v1/auth/me",
    "/api/v1/auth/sessions",
    "/api/v1/blocks",
    "/api/v1/canned-replies",
    "/api/v1/categories",
    "/api/v1/conversations",
    "/api/v1/conversations/{id}",
    "/api/v1/conversations/{id}/messages",
    "/api/v1/conversations/{id}/tags",
    "/api/v1/conversations/{id}/transcript",
    "/api/v1/customers",
    "/api/v1/customers/{id}",
    "/api/v1/customers/{id}/conversations",
    "/api/v1/customers/{id}/identities",
    "/api/v1/files/{id}",
    "/api/v1/inboxes",
    "/api/v1/keys",
    "/api/v1/openapi.json",
    "/api/v1/permissions",
    "/api/v1/reports",
    "/api/v1/roles",
    "/api/v1/search",
    "/api/v1/tags",
    "/api/v1/teams",
    "/api/v1/tickets",
    "/api/v1/tickets/{id}",
    "/api/v1/tickets/{id}/comments",
    "/api/v1/tickets/{id}/history",
    "/api/v1/visitors/{id}",
    "/api/v1/visitors/{id}/pages",
    "/files/{id}/{name}",
];

/// In requests who is to answer, in answers who did: a proxy that asks for `active` is never sent what lags.
const ROLE: HeaderName = HeaderName::from_static("kefu-role");

/// What is open while the store is read.
struct Reading {
    services: Services,
    router: Router,
}

/// Answers as a standby, with what `read` opens, until `open` finds that no other process has the store; returns what
/// was opened, and the listener, on which nothing was lost. Nothing when `stop` came first.
///
/// # Errors
/// When the store cannot be opened for another reason than that another process has it.
pub(crate) async fn take_over<T>(
    listener: TcpListener,
    settings: &Settings,
    dir: &Path,
    stop: Stop,
    read: impl AsyncFn() -> Result<Services, Failure>,
    open: impl AsyncFn() -> Result<T, Failure>,
) -> Result<Option<(T, TcpListener)>, Failure> {
    let (listener, waiting) = twice(listener).map_err(Failure::internal)?;
    let (over, phase) = Stop::new();
    let reading = Arc::new(OnceLock::new());
    let taken = async {
        let taken = tokio::select! {
            () = stop.requested() => Ok(None),
            taken = when_free(open) => taken.map(Some),
            never = keep_reading(read, &reading) => match never {},
        };
        over.request();
        taken
    };
    let (limits, tracker) = (ListenerLimits::new(settings), TaskTracker::new());
    let metrics = Arc::new(Metrics::new());
    metrics.stands_by();
    let serving = serve_connections(
        waiting,
        router(dir, Arc::new(settings.clone()), Arc::clone(&metrics), Arc::clone(&reading)),
        limits,
        metrics,
        phase,
        DRAIN,
        &tracker,
    );
    let (taken, ()) = tokio::join!(taken, serving);
    tracker.close();
    if timeout(DRAIN, tracker.wait()).await.is_err() {
        tracing::debug!(open = tracker.len(), "connections of the standby are still open");
    }
    if let Some(reading) = reading.get() {
        reading.end().await;
    }
    Ok(taken?.map(|taken| (taken, listener)))
}

impl Reading {
    fn new(services: Services) -> Self {
        Self { router: reads(services.clone()), services }
    }

    /// Closes what was open to read; what still reads may finish, but is not waited for.
    async fn end(&self) {
        let ended = async {
            self.services.desk.stop().await;
            self.services.store.close().await;
            self.services.tracker.close();
            self.services.tracker.wait().await;
        };
        if timeout(DRAIN, ended).await.is_err() {
            tracing::debug!("the standby still reads");
        }
    }
}

/// What a standby says to all that it cannot do.
pub(crate) fn refusal() -> Problem {
    Problem::unavailable("this is a standby: another process serves the store, and this one only reads it")
}

/// The routes that only read.
pub(crate) fn reads(services: Services) -> Router {
    http::router(services).layer(from_fn(only_reads))
}

async fn only_reads(request: Request, next: Next) -> Response {
    // Pages of other sites ask by OPTIONS whether they may read.
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_for_active = request.headers().get(ROLE).is_some_and(|role| role == "active");
    let path = request.uri().path();
    let mut response = match is_safe && !is_for_active && READS.iter().any(|route| is_of(route, path)) {
        true => next.run(request).await,
        false => refusal().into_response(),
    };
    response.headers_mut().insert(ROLE, HeaderValue::from_static("standby"));
    response
}

/// Whether `path` is one of `route`, whose segments in braces stand for any.
fn is_of(route: &str, path: &str) -> bool {
    let same = |(route, path): (&str, &str)| route.starts_with('{') || route == path;
    route.split('/').count() == path.split('/').count() && route.split('/').zip(path.split('/')).all(same)
}

/// Opens the store to read as soon as it can be, for ever.
async fn keep_reading(
    read: impl AsyncFn() -> Result<Services, Failure>,
    reading: &OnceLock<Reading>,
) -> Infallible {
    let opened = loop {
        match read().await {
            Ok(services) => break reading.get_or_init(|| Reading::new(services)),
            Err(failure) => tracing::debug!(?failure, "the store cannot be read yet"),
        }
        sleep(LOOK_EVERY).await;
    };
    let Services { blocks, desk, store, .. } = &opened.services;
    loop {
        sleep(LOOK_EVERY).await;
        if let Err(error) = blocks.refresh(desk, store).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot follow who is blocked");
        }
    }
}

async fn when_free<T>(open: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    loop {
        match open().await {
            Err(failure) if failure.exit() == Exit::Locked => sleep(TRY_EVERY).await,
            other => return other,
        }
    }
}

/// The same socket for two: what it has not accepted when one of them ends is for the other.
fn twice(listener: TcpListener) -> io::Result<(TcpListener, TcpListener)> {
    let first = listener.into_std()?;
    let second = first.try_clone()?;
    Ok((TcpListener::from_std(first)?, TcpListener::from_std(second)?))
}

fn router(
    dir: &Path,
    settings: Arc<Settings>,
    metrics: Arc<Metrics>,
    reading: Arc<OnceLock<Reading>>,
) -> Router {
    let dir: Arc<Path> = dir.into();
    // What goes on in the desk is counted by the process that serves the store.
    let measure = async move |headers: HeaderMap| {
        health::check_token(&settings, &headers)
            .map(|()| health::measured(&metrics, &Observed::default(), ""))
    };
    Router::new()
        .route("/healthz", get(async || plain(StatusCode::OK, "ok\n")))
        .route("/readyz", get(async move || readiness(&dir).await))
        .route("/metrics", get(measure))
        .fallback(async move |request: Request| match reading.get() {
            Some(reading) => reading.router.clone().oneshot(request).await.into_response(),
            None => refusal().into_response(),
        })
}

/// A standby is never ready; one that could not take over says so.
async fn readiness(dir: &Path) -> Response {
    let text = match kefu_store::open_reading(dir, 1).await {
        Ok(store) => {
            let epoch = store.epoch().await;
            store.close().await;
            if epoch.is_ok() { "standby\n" } else { "standby, and the store cannot be read\n" }
        }
        // It is brought up to date when it is taken over.
        Err(StoreError::Older { .. }) => "standby, of a newer version than the store\n",
        Err(_) => "standby, and the store cannot be read\n",
    };
    plain(StatusCode::SERVICE_UNAVAILABLE, text)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kefu_app::{Secret, Text};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn unreadable() -> Result<Services, Failure> {
        Err(Failure::new(Exit::Unavailable, Text::new("not yet", "尚不可读")))
    }

    async fn ask(address: std::net::SocketAddr, path: &str) -> String {
        ask_by(address, path, "").await
    }

    async fn ask_by(address: std::net::SocketAddr, path: &str, token: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let by = format!("host: kefu.test\r\nauthorization: Bearer {token}\r\n");
        let request = format!("GET {path} HTTP/1.1\r\n{by}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn it_is_never_ready_and_gives_the_socket_on() {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_handle, stop) = Stop::new();
        let is_free = Cell::new(false);
        let open = async || match is_free.get() {
            true => Ok("opened"),
            false => Err(Failure::new(Exit::Locked, Text::new("in use", "使用中"))),
        };
        let metrics_token = Some(Secret::new("tell-me-all-of-it"));
        let settings = Settings { metrics_token, ..Settings::default() };
        let client = async {
            assert!(ask(address, "/healthz").await.starts_with("HTTP/1.1 200"));
            let readiness = ask(address, "/readyz").await;
            assert!(readiness.starts_with("HTTP/1.1 503"), "{readiness}");
            assert!(readiness.ends_with("standby, and the store cannot be read\n"), "{readiness}");
            let refused = ask(address, "/metrics").await;
            assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
            let measured = ask_by(address, "/metrics", "tell-me-all-of-it").await;
            assert!(
                measured.starts_with("HTTP/1.1 200") && measured.contains("\nkefu_standby 1\n"),
                "{measured}"
            );
            let refused = ask(address, "/api/v1/conversations").await.to_lowercase();
            assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
            is_free.set(true);
        };
        let waiting = take_over(listener, &settings, dir.path(), stop, unreadable, open);
        let (taken, ()) = tokio::join!(waiting, client);
        let (opened, listener) = taken.unwrap().unwrap();
        assert_eq!((opened, listener.local_addr().unwrap()), ("opened", address));
    }

    #[tokio::test]
    async fn a_stop_and_a_broken_store_end_the_wait() {
        let dir = tempfile::tempdir().unwrap();
        let listener = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings::default();
        let (handle, stop) = Stop::new();
        handle.request();
        let locked = async || Err::<(), _>(Failure::new(Exit::Locked, Text::new("in use", "使用中")));
        let taken = take_over(listener().await, &settings, dir.path(), stop, unreadable, locked).await;
        assert!(taken.unwrap().is_none());
        let (_handle, stop) = Stop::new();
        let broken = async || Err::<(), _>(Failure::new(Exit::Data, Text::new("damaged", "已损坏")));
        let failed = take_over(listener().await, &settings, dir.path(), stop, unreadable, broken).await;
        assert_eq!(failed.unwrap_err().exit(), Exit::Data);
    }
}
