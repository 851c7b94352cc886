//! `/healthz`, `/readyz` and `/metrics`.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kefu_app::Stop;
use kefu_core::AgentStatus;
use kefu_store::StoreMetrics;
use subtle::ConstantTimeEq as _;

use crate::{
    auth,
    metrics::{self, Metrics, Observed},
    services::Services,
    settings::Settings,
};

/// How long the desk and the store may take to answer before they count as not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The ways to ask how the process is. `stop` makes it not ready at once.
pub(crate) fn router(stop: Stop, store: Arc<StoreMetrics>) -> Router<Services> {
    Router::new()
        .route("/healthz", get(async || plain(StatusCode::OK, "ok\n")))
        .route("/readyz", get(async move |State(services): State<Services>| ready(&services, &stop).await))
        .route(
            "/metrics",
            get(async move |State(services): State<Services>, headers: HeaderMap| {
                measure(&services, &store, &headers).await
            }),
        )
}

/// Ready is who reads and writes the store and has a desk that answers, and is not about to stop.
async fn ready(services: &Services, stop: &Stop) -> Response {
    if stop.is_requested() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let both = async { (services.store.epoch().await.is_ok(), services.desk.agents().await.is_ok()) };
    match tokio::time::timeout(PATIENCE, both).await {
        Ok((true, true)) if !services.desk.is_writable() => {
            plain(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be written\n")
        }
        Ok((true, true)) => plain(StatusCode::OK, "ready\n"),
        Ok((false, _)) => plain(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n"),
        Ok((true, false)) => plain(StatusCode::SERVICE_UNAVAILABLE, "the desk does not answer\n"),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the store or the desk takes too long to answer\n"),
    }
}

/// Refuses whoever does not have the token that the metrics demand.
///
/// # Errors
/// The answer to such a request.
#[expect(clippy::result_large_err, reason = "it is the answer")]
pub(crate) fn check_token(settings: &Settings, headers: &HeaderMap) -> Result<(), Response> {
    let given = auth::bearer(headers).unwrap_or_default().as_bytes();
    let token = settings.metrics_token.as_ref();
    if token.is_some_and(|token| !bool::from(token.reveal().as_bytes().ct_eq(given))) {
        let mut refused = plain(StatusCode::UNAUTHORIZED, "the bearer token is missing or wrong\n");
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return Err(refused);
    }
    Ok(())
}

async fn measure(
    services: &Services,
    store: &StoreMetrics,
    headers: &HeaderMap,
) -> Result<Response, Response> {
    check_token(&services.settings, headers)?;
    // A desk that is too busy to answer is when the other figures matter most.
    let agents = tokio::time::timeout(PATIENCE, services.desk.agents()).await;
    let agents = agents.ok().and_then(Result::ok).unwrap_or_default();
    let outboxes = services.registry.metrics();
    let search = services.store.search_metrics();
    Ok(measured(
        &services.metrics,
        &Observed {
            chat_connections: outboxes.connections(),
            outbox_bytes: outboxes.bytes_queued(),
            slow_closed: outboxes.slow_closes(),
            dead_closed: outboxes.dead(),
            queue_depth: services.desk.queue_depth(),
            agents_online: agents.iter().filter(|agent| agent.status != AgentStatus::Offline).count(),
            checkpoints: store.checkpoints.load(Relaxed),
            checkpoint_micros_last: store.checkpoint_micros_last.load(Relaxed),
            checkpoint_micros_max: store.checkpoint_micros_max.load(Relaxed),
            search_indexed: search.indexed.load(Relaxed),
            search_behind: search.behind.load(Relaxed),
        },
        &others(services),
    ))
}

/// What parts of the daemon count themselves.
fn others(services: &Services) -> String {
    let text = services.bridges.metrics_text() + &services.graphql.metrics_text();
    #[cfg(feature = "events")]
    let text = text + &services.events.metrics_text();
    text
}

/// The metrics as an answer.
pub(crate) fn measured(metrics: &Metrics, observed: &Observed, others: &str) -> Response {
    let text = metrics.text(observed, others);
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], text)
        .into_response()
}

/// A short text that nobody keeps.
pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}
