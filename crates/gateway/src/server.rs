//! Listeners, the bridge file that is in force, and their end.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use http::{HeaderValue, Request, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use kefu_app::{Exit, Failure, Stop, StopHandle, Text};
use kefu_upstream::BreakerState;
use serde_json::{Map, Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use crate::{
    build::{Bridge, Warning},
    endpoint::Inbound,
    metrics::{self, Metrics},
    outcome::Refusal,
    router::{Found, Target},
    sides::{self, HttpResponse, response},
};

/// How long a connection may take for a head, and be silent between requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Bytes of a request's head at most.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Header lines of a request at most.
const HEAD_LINES_MAX: usize = 100;
/// How long accepting rests when the system has no descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// What a listener is for: HTTP, or the endpoint of this name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Role {
    Http,
    Thrift(String),
}

impl Role {
    fn name(&self) -> &str {
        match self {
            Self::Http => "http",
            Self::Thrift(name) => name,
        }
    }
}

/// A listener that is open.
struct Open {
    address: SocketAddr,
    handle: StopHandle,
}

type Key = (Role, SocketAddr);

/// Serves a bridge file.
pub struct Server {
    path: PathBuf,
    metrics: Metrics,
    bridge: RwLock<Arc<Bridge>>,
    /// By what they are for and the address that the file says.
    listeners: Mutex<HashMap<Key, Open>>,
    connections: TaskTracker,
    is_stopping: std::sync::atomic::AtomicBool,
}

impl Server {
    /// Reads a bridge file and all schemas that it names; nothing is bound or connected to.
    ///
    /// # Errors
    /// The file or a schema cannot be used.
    pub fn load(path: &Path) -> Result<Arc<Self>, Failure> {
        let metrics = Metrics::new();
        let bridge = Arc::new(Bridge::load(path, &metrics)?);
        Ok(Arc::new(Self {
            path: path.to_owned(),
            metrics,
            bridge: RwLock::new(bridge),
            listeners: Mutex::default(),
            connections: TaskTracker::new(),
            is_stopping: std::sync::atomic::AtomicBool::new(false),
        }))
    }

    fn bridge(&self) -> Arc<Bridge> {
        Arc::clone(&self.bridge.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What its author might want to know of the file.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.bridge().warnings.clone()
    }

    /// The bridges and their operations, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        self.bridge().describe()
    }

    /// Where it listens now: what for, and the address.
    #[must_use]
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().map(|((role, _), open)| (role.name().to_owned(), open.address)).collect()
    }

    /// Opens the listeners of the file.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub async fn open(self: &Arc<Self>) -> Result<(), Failure> {
        let bridge = self.bridge();
        self.listen(bridge).await
    }

    /// Reads the file again. If anything is wrong with it, all stays as it was.
    ///
    /// # Errors
    /// The file or a schema cannot be used, or an address cannot be bound.
    pub async fn reload(self: &Arc<Self>) -> Result<(), Failure> {
        let result = match Bridge::load(&self.path, &self.metrics) {
            Ok(bridge) => self.listen(Arc::new(bridge)).await,
            Err(failure) => Err(failure),
        };
        self.metrics.reloaded(result.is_ok());
        result
    }

    /// Waits for the stop, then for the calls that are under way, for as long as the file allows.
    pub async fn run(self: &Arc<Self>, stop: Stop) {
        stop.requested().await;
        self.is_stopping.store(true, std::sync::atomic::Ordering::Relaxed);
        for (_, open) in self.listeners.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            open.handle.request();
        }
        self.connections.close();
        let drain = self.bridge().drain;
        if timeout(drain, self.connections.wait()).await.is_err() {
            tracing::warn!(connections = self.connections.len(), "stopped with calls under way");
        }
    }

    /// Makes a bridge file the one in force: binds what is new, then closes what is no longer wanted.
    async fn listen(self: &Arc<Self>, bridge: Arc<Bridge>) -> Result<(), Failure> {
        let ports = bridge
            .ports
            .iter()
            .map(|(index, address)| (Role::Thrift(bridge.endpoints[*index].name.clone()), *address));
        let wanted: Vec<Key> = std::iter::once((Role::Http, bridge.listen)).chain(ports).collect();
        let is_open =
            |key: &Key| self.listeners.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key);
        let mut bound = Vec::new();
        for key in wanted.iter().filter(|key| !is_open(key)) {
            let listener = TcpListener::bind(key.1).await.map_err(|error| cannot_listen(key.1, error))?;
            let address = listener.local_addr().map_err(|error| cannot_listen(key.1, error))?;
            bound.push((key.clone(), listener, address));
        }
        let connections_max = bridge.connections_max;
        *self.bridge.write().unwrap_or_else(PoisonError::into_inner) = bridge;
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|key, open| {
            let is_wanted = wanted.contains(key);
            if !is_wanted {
                open.handle.request();
            }
            is_wanted
        });
        for (key, listener, address) in bound {
            tracing::info!(listener = key.0.name(), %address, "listening");
            let (handle, stop) = Stop::new();
            listeners.insert(key.clone(), Open { address, handle });
            let server = Arc::clone(self);
            drop(self.connections.spawn(server.accept(listener, key.0, connections_max, stop)));
        }
        Ok(())
    }

    async fn accept(self: Arc<Self>, listener: TcpListener, role: Role, connections_max: usize, stop: Stop) {
        let places = Arc::new(Semaphore::new(connections_max));
        let gauge = self.metrics.connection_gauge(role.name());
        let mut stopped = pin!(stop.clone().requested());
        loop {
            let accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            };
            let (place, accepted) = tokio::select! {
                accepted = accepted => accepted,
                () = stopped.as_mut() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_of_the_peer(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for now");
                    sleep(EXHAUSTED_PAUSE).await;
                    continue;
                }
            };
            let (server, role, stop, gauge) = (Arc::clone(&self), role.clone(), stop.clone(), gauge.clone());
            drop(self.connections.spawn(async move {
                gauge.inc();
                let ended = server.serve(stream, &role, stop).await;
                gauge.dec();
                drop(place);
                if let Err(error) = ended {
                    tracing::debug!(%peer, listener = role.name(), %error, "a connection ended");
                }
            }));
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, role: &Role, stop: Stop) -> Result<(), String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        match role {
            Role::Http => self.serve_http(stream, stop).await.map_err(|error| error.to_string()),
            Role::Thrift(name) => {
                let endpoint = || {
                    let bridge = self.bridge();
                    bridge.endpoints.iter().find(|endpoint| endpoint.name == *name).cloned()
                };
                sides::thrift::serve(stream, endpoint, stop).await.map_err(|error| error.to_string())
            }
        }
    }

    async fn serve_http(self: Arc<Self>, stream: TcpStream, stop: Stop) -> hyper::Result<()> {
        let service = service_fn(move |request| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_headers(HEAD_LINES_MAX)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service)
        );
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = stop.requested() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    }

    async fn answer(&self, request: Request<Incoming>) -> HttpResponse {
        let bridge = self.bridge();
        match request.uri().path() {
            "/healthz" => return response(StatusCode::OK, "text/plain", "ok\n"),
            "/readyz" => return self.ready(&bridge),
            "/metrics" => {
                let now = Instant::now();
                for endpoint in &bridge.endpoints {
                    self.metrics.observe(
                        &endpoint.name,
                        endpoint.breaker.state(now),
                        endpoint.upstream.pool(),
                    );
                }
                return response(StatusCode::OK, metrics::CONTENT_TYPE, self.metrics.text());
            }
            _ => {}
        }
        let path = request.uri().path().to_owned();
        match bridge.router.find(request.method(), &path) {
            Found::Nothing => sides::json::problem(&Refusal::new("not_found", 404, "nothing is served here")),
            Found::OtherMethods(methods) => {
                let known: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
                let known = known.join(", ");
                let refusal = Refusal::new("bad_method", 405, format!("the path takes {known}"));
                let mut answer = sides::json::problem(&refusal);
                if let Ok(known) = HeaderValue::try_from(known) {
                    answer.headers_mut().insert(header::ALLOW, known);
                }
                answer
            }
            Found::Target(Target::Json { endpoint, operation }, parameters) => {
                sides::json::answer(&bridge.endpoints[endpoint], operation, &parameters, request).await
            }
            Found::Target(Target::Soap { endpoint } | Target::Thrift { endpoint }, _) => {
                let endpoint = &bridge.endpoints[endpoint];
                match &endpoint.inbound {
                    Inbound::Soap(side) => sides::soap::answer(endpoint, side, request).await,
                    Inbound::Thrift(side) => sides::thrift::answer_http(endpoint, side, request).await,
                    Inbound::Json => {
                        sides::json::problem(&Refusal::new("not_found", 404, "nothing is served here"))
                    }
                }
            }
        }
    }

    /// Ready is who can answer some calls at least: an upstream that is down is no reason to restart a bridge.
    fn ready(&self, bridge: &Bridge) -> HttpResponse {
        let now = Instant::now();
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
        let is_ready = is_any && !self.is_stopping.load(std::sync::atomic::Ordering::Relaxed);
        let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        response(status, "application/json", json!({ "ready": is_ready, "endpoints": endpoints }).to_string())
    }
}

/// Errors of one connection that ended before it was accepted, see accept(2).
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, TimedOut};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | TimedOut)
}

fn cannot_listen(address: SocketAddr, error: io::Error) -> Failure {
    let text = Text::new(format!("cannot listen on {address}"), format!("无法监听 {address}"));
    Failure::new(Exit::Unavailable, text).because(error)
}
