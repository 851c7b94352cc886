//! Bridge files in force, and their end.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use http::{HeaderValue, StatusCode, header};
use kefu_app::{Failure, Stop};
use kefu_upstream::BreakerState;
use serde_json::{Map, Value, json};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::TaskTracker;

use crate::{
    build::{Bridge, Source, Warning},
    endpoint::{HeldBack, Inbound},
    listeners::{Key, Open},
    metrics::{self, Metrics},
    outcome::{Called, Refusal},
    router::{Found, Target},
    sides::{self, HttpResponse, read_body, response},
};

/// How long an answer may take from its first byte to its last.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Serves bridge files: by listeners of its own, or as a part of another server.
pub struct Server {
    source: Source,
    pub(crate) metrics: Metrics,
    bridge: RwLock<Arc<Bridge>>,
    pub(crate) listeners: Mutex<HashMap<Key, Open>>,
    pub(crate) connections: TaskTracker,
    /// Whoever does not take an answer in this time gives its place up.
    pub(crate) answer_max: Duration,
    is_stopping: AtomicBool,
}

impl Server {
    /// Reads a bridge file and all schemas that it names; nothing is bound or connected to.
    ///
    /// # Errors
    /// The file or a schema cannot be used.
    pub fn load(path: &Path) -> Result<Arc<Self>, Failure> {
        Self::of(Source { files: vec![path.to_owned()], prefix: None, rehearsal: None })
    }

    /// The same for bridges within another server, which are each below `prefix` and their name there. In a
    /// `rehearsal`, calls that may change something are not made, but told of.
    ///
    /// # Errors
    /// As [`Server::load`].
    pub fn within(
        files: &[PathBuf],
        prefix: &'static str,
        rehearsal: Option<mpsc::Sender<HeldBack>>,
    ) -> Result<Arc<Self>, Failure> {
        Self::of(Source { files: files.to_vec(), prefix: Some(prefix), rehearsal })
    }

    fn of(source: Source) -> Result<Arc<Self>, Failure> {
        let metrics = Metrics::new();
        let bridge = Arc::new(Bridge::load(&source, &metrics)?);
        Ok(Arc::new(Self {
            source,
            metrics,
            bridge: RwLock::new(bridge),
            listeners: Mutex::default(),
            connections: TaskTracker::new(),
            answer_max: ANSWER_MAX,
            is_stopping: AtomicBool::new(false),
        }))
    }

    pub(crate) fn bridge(&self) -> Arc<Bridge> {
        Arc::clone(&self.bridge.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What its author might want to know of the files.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.bridge().warnings.clone()
    }

    /// The bridges and their operations, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        self.bridge().describe()
    }

    /// Whether everybody may call the bridge of this name; none if there is none that anybody may call.
    #[must_use]
    pub fn is_public(&self, name: &str) -> Option<bool> {
        let bridge = self.bridge();
        let endpoint = bridge.endpoint(name).filter(|one| !matches!(one.inbound, Inbound::Internal))?;
        Some(endpoint.is_public)
    }

    /// The names of the bridges in force, and whether everybody may call them.
    #[must_use]
    pub fn bridges(&self) -> Vec<(String, bool)> {
        let bridge = self.bridge();
        bridge.endpoints.iter().map(|endpoint| (endpoint.name.clone(), endpoint.is_public)).collect()
    }

    /// What is in force, to look at.
    #[must_use]
    pub fn in_force(&self) -> Arc<Bridge> {
        self.bridge()
    }

    /// Calls an operation for the process that this runs in.
    pub async fn call(&self, bridge: &str, operation: &str, arguments: &Value) -> Called {
        let bridges = self.bridge();
        let found = bridges.endpoint(bridge).and_then(|endpoint| Some((endpoint, endpoint.find(operation)?)));
        let Some((endpoint, index)) = found else {
            let text = format!("there is no operation {operation:?} of a bridge {bridge:?}");
            return Called::from(Refusal::new("unknown_operation", 404, text));
        };
        Called::from(endpoint.carry_out(index, arguments.to_string().as_bytes()).await)
    }

    /// Reads the files again. If anything is wrong with them, all stays as it was.
    ///
    /// # Errors
    /// A file or a schema cannot be used, or an address cannot be bound.
    pub async fn reload(self: &Arc<Self>) -> Result<(), Failure> {
        self.reload_if(|_| Ok(())).await
    }

    /// The same, if `check` has nothing against what is read.
    ///
    /// # Errors
    /// As [`Server::reload`], and what `check` says.
    pub async fn reload_if(
        self: &Arc<Self>,
        check: impl FnOnce(&Bridge) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let bridge = Bridge::load(&self.source, &self.metrics);
        let result = match bridge.and_then(|bridge| check(&bridge).map(|()| bridge)) {
            Ok(bridge) => self.listen(Arc::new(bridge)).await,
            Err(failure) => Err(failure),
        };
        self.metrics.reloaded(result.is_ok());
        result
    }

    pub(crate) fn put_in_force(&self, bridge: Arc<Bridge>) {
        *self.bridge.write().unwrap_or_else(PoisonError::into_inner) = bridge;
    }

    /// Waits for the stop, then for the calls that are under way, for as long as the files allow.
    pub async fn run(self: &Arc<Self>, stop: Stop) {
        stop.requested().await;
        self.is_stopping.store(true, Ordering::Relaxed);
        for (_, open) in self.listeners.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            open.handle.request();
        }
        self.connections.close();
        let drain = self.bridge().drain;
        if timeout(drain, self.connections.wait()).await.is_err() {
            tracing::warn!(connections = self.connections.len(), "stopped with calls under way");
        }
    }

    /// The metrics as text, without the line that ends them.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let (bridge, now) = (self.bridge(), Instant::now());
        for endpoint in &bridge.endpoints {
            let state = endpoint.breaker.state(now);
            self.metrics.observe(&endpoint.name, state, endpoint.upstream.pool());
        }
        self.metrics.text()
    }

    /// Answers a request over HTTP.
    pub async fn answer<B>(&self, request: http::Request<B>) -> HttpResponse
    where
        B: hyper::body::Body<Data = bytes::Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let bridge = self.bridge();
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        let (target, parameters) = match bridge.router.find(&head.method, &path) {
            Found::Nothing => return nothing_here(),
            Found::OtherMethods(methods) => {
                let known: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
                let known = known.join(", ");
                let refusal = Refusal::new("bad_method", 405, format!("the path takes {known}"));
                let mut answer = sides::json::problem(&refusal);
                if let Ok(known) = HeaderValue::try_from(known) {
                    answer.headers_mut().insert(header::ALLOW, known);
                }
                return answer;
            }
            Found::Target(target, parameters) => (target, parameters),
        };
        let (Target::Json { endpoint, .. } | Target::Soap { endpoint } | Target::Thrift { endpoint }) =
            target;
        let endpoint = &bridge.endpoints[endpoint];
        let body = match read_body(body, endpoint.limits.message_bytes_max, endpoint.timeout).await {
            Ok(body) => body,
            Err(refusal) => return sides::json::problem(&refusal),
        };
        match (target, &endpoint.inbound) {
            (Target::Json { operation, .. }, Inbound::Json) => {
                sides::json::answer(endpoint, operation, &parameters, &head, &body).await
            }
            (Target::Soap { .. }, Inbound::Soap(side)) => {
                sides::soap::answer(endpoint, side, &head, &body).await
            }
            (Target::Thrift { .. }, Inbound::Thrift(side)) => {
                sides::thrift::answer_http(endpoint, side, &head, &body).await
            }
            _ => nothing_here(),
        }
    }

    /// Answers a request to a listener of our own, which is also asked how the process is.
    pub(crate) async fn answer_alone(&self, request: http::Request<hyper::body::Incoming>) -> HttpResponse {
        match request.uri().path() {
            "/healthz" => response(StatusCode::OK, "text/plain", "ok\n"),
            "/readyz" => self.ready(),
            "/metrics" => {
                let text = self.metrics_text() + metrics::END;
                response(StatusCode::OK, metrics::CONTENT_TYPE, text)
            }
            _ => self.answer(request).await,
        }
    }

    /// Ready is who can answer some calls at least: an upstream that is down is no reason to restart a bridge.
    fn ready(&self) -> HttpResponse {
        let (bridge, now) = (self.bridge(), Instant::now());
        let mut endpoints = Map::new();
        let mut is_any = false;
        for endpoint in &bridge.endpoints {
            let state = match endpoint.breaker.state(now) {
                BreakerState::Closed => "up",
                BreakerState::Open => "down",
                BreakerState::HalfOpen => "trying",
            };
            is_any |= state != "down";
            endpoints.insert(endpoint.name.clone(), Value::from(state));
        }
        let is_ready = is_any && !self.is_stopping.load(Ordering::Relaxed);
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        response(status, "application/json", json!({ "ready": is_ready, "endpoints": endpoints }).to_string())
    }
}

fn nothing_here() -> HttpResponse {
    sides::json::problem(&Refusal::new("not_found", 404, "nothing is served here"))
}
