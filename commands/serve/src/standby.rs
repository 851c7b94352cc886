//! `kefu serve --standby`: a process that waits beside another one on the same data directory, and takes its place
//! when that one has ended, however it ended.
//!
//! The system's lock of the store decides: it is free the moment its holder is gone. Until then nothing is answered
//! but how this process is; what clients want is for the process that serves the store.

use std::{io, path::Path, sync::Arc, time::Duration};

use axum::{Router, response::Response, routing::get};
use http::StatusCode;
use kefu_app::{Exit, Failure, Stop};
use kefu_store::StoreError;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    health::plain,
    listener::{ListenerLimits, serve_connections},
    metrics::Metrics,
    problem::Problem,
    settings::Settings,
};

/// How often the store is tried: what a hand-over takes at most, beside opening the store.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// How long what a standby was asked may keep it from taking over.
const DRAIN: Duration = Duration::from_millis(200);

/// Answers as a standby until `open` finds that no other process has the store; returns what was opened, and the
/// listener, on which nothing was lost. Nothing when `stop` came first.
///
/// # Errors
/// When the store cannot be opened for another reason than that another process has it.
pub(crate) async fn take_over<T>(
    listener: TcpListener,
    settings: &Settings,
    dir: &Path,
    stop: Stop,
    open: impl AsyncFn() -> Result<T, Failure>,
) -> Result<Option<(T, TcpListener)>, Failure> {
    let (listener, waiting) = twice(listener).map_err(Failure::internal)?;
    let (over, phase) = Stop::new();
    let taken = async {
        let taken = tokio::select! {
            () = stop.requested() => Ok(None),
            taken = when_free(open) => taken.map(Some),
        };
        over.request();
        taken
    };
    let (limits, tracker) = (ListenerLimits::new(settings), TaskTracker::new());
    let metrics = Arc::new(Metrics::new());
    let serving = serve_connections(waiting, router(dir), limits, metrics, phase, DRAIN, &tracker);
    let (taken, ()) = tokio::join!(taken, serving);
    tracker.close();
    if timeout(DRAIN, tracker.wait()).await.is_err() {
        tracing::debug!(open = tracker.len(), "connections of the standby are still open");
    }
    Ok(taken?.map(|taken| (taken, listener)))
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

fn router(dir: &Path) -> Router {
    let dir: Arc<Path> = dir.into();
    Router::new()
        .route("/healthz", get(async || plain(StatusCode::OK, "ok\n")))
        .route("/readyz", get(async move || readiness(&dir).await))
        .fallback(async || Problem::unavailable("this is a standby: another process serves the store"))
}

/// A standby is never ready; one that could not take over says so.
async fn readiness(dir: &Path) -> Response {
    let text = match kefu_store::open_reading(dir).await {
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

    use kefu_app::Text;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn ask(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: kefu.test\r\nconnection: close\r\n\r\n");
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
        let settings = Settings::default();
        let client = async {
            assert!(ask(address, "/healthz").await.starts_with("HTTP/1.1 200"));
            let readiness = ask(address, "/readyz").await;
            assert!(readiness.starts_with("HTTP/1.1 503"), "{readiness}");
            assert!(readiness.ends_with("standby, and the store cannot be read\n"), "{readiness}");
            let refused = ask(address, "/api/v1/conversations").await.to_lowercase();
            assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
            is_free.set(true);
        };
        let waiting = take_over(listener, &settings, dir.path(), stop, open);
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
        let taken = take_over(listener().await, &settings, dir.path(), stop, locked).await;
        assert!(taken.unwrap().is_none());
        let (_handle, stop) = Stop::new();
        let broken = async || Err::<(), _>(Failure::new(Exit::Data, Text::new("damaged", "已损坏")));
        let failed = take_over(listener().await, &settings, dir.path(), stop, broken).await;
        assert_eq!(failed.unwrap_err().exit(), Exit::Data);
    }
}
