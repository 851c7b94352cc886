//! The data layer: one GraphQL query over many systems, at `/graphql`.
//!
//! What a query is, how it is planned and what may be asked of which system is `kefu_query`'s; here is who asks, how a
//! request arrives and what is told of what went wrong.

pub(crate) mod cards;
mod feeds;
mod http;
mod media;
mod metrics;
pub(crate) mod own;
mod page;
mod question;
mod session;
mod socket;

#[cfg(test)]
pub(crate) mod tests;

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get},
};
use kefu_app::{Exit, Failure, Text};
use kefu_query::{ConfigError, Engine};
use tokio_util::sync::CancellationToken;

pub(crate) use question::{Asker, Question, wrong_with};

use self::{feeds::Feeds, metrics::GraphqlMetrics};
use crate::{http::envelope, services::Services, settings::Settings};

/// The data layer, if there is one; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Graphql(Option<Arc<Inner>>);

struct Inner {
    engine: Engine,
    /// Browsers are shown GraphiQL.
    has_graphiql: bool,
    metrics: GraphqlMetrics,
    feeds: Arc<Feeds>,
    /// Ends all sockets.
    closing: CancellationToken,
}

impl Graphql {
    /// Reads the configuration of the data layer. A system that is down is no mistake in it.
    ///
    /// # Errors
    /// For all that is wrong with the file, with line and path.
    pub(crate) async fn load(settings: &Settings) -> Result<Self, Failure> {
        let Some(file) = &settings.graphql.file else { return Ok(Self::default()) };
        let engine = open(file).await?;
        Ok(Self::of(engine, settings.graphql.graphiql))
    }

    pub(crate) fn of(engine: Engine, has_graphiql: bool) -> Self {
        Self(Some(Arc::new(Inner {
            engine,
            has_graphiql,
            metrics: GraphqlMetrics::new(),
            feeds: Arc::default(),
            closing: CancellationToken::new(),
        })))
    }

    /// The data layer's own part, if it is configured.
    pub(crate) fn engine(&self) -> Option<&Engine> {
        self.0.as_ref().map(|inner| &inner.engine)
    }

    /// The metrics as text, without the line that ends them.
    pub(crate) fn metrics_text(&self) -> String {
        self.0.as_ref().map(|inner| inner.metrics.text(&inner.engine)).unwrap_or_default()
    }

    /// Ends all sockets: their clients come back later.
    pub(crate) fn close(&self) {
        if let Some(inner) = &self.0 {
            inner.closing.cancel();
        }
    }
}

/// Does what the data layer does by itself, for ever: it hears of events, and sends traces to where its file says.
pub(crate) async fn attend(services: &Services) {
    let Some(engine) = services.graphql.engine() else { return std::future::pending().await };
    tokio::join!(feeds::follow_events(services), engine.export_traces());
}

/// Opens the data layer that a file describes.
///
/// # Errors
/// For all that is wrong with the file, with line and path.
pub(crate) async fn open(file: &Path) -> Result<Engine, Failure> {
    let name = file.display();
    let refused = || {
        let (english, chinese) = (format!("cannot use {name}"), format!("无法使用 {name}"));
        Failure::new(Exit::Config, Text::new(english, chinese))
    };
    let yaml = std::fs::read_to_string(file).map_err(|error| refused().because(error))?;
    let dir = file.parent().unwrap_or(Path::new(""));
    let wrong = |error: ConfigError| refused().because(error.in_file(file));
    let engine = Engine::open(&yaml, dir, Some(Arc::new(own::OwnRecords))).await.map_err(wrong)?;
    engine.check_feeds(&yaml, feeds::told).map_err(wrong)?;
    Ok(engine)
}

/// What is served.
pub(crate) fn router(services: Services) -> Router {
    if services.graphql.0.is_none() {
        return Router::new();
    }
    let body_bytes_max = services.settings.limits.max_body.as_usize();
    Router::new()
        .route("/graphql", any(http::answer))
        .route("/graphql/explain", get(page::explain))
        .route("/graphql/assets/{file}", get(page::asset))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(middleware::from_fn_with_state(services.clone(), envelope))
        .with_state(services)
}
