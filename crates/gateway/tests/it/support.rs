//! A bridge to test, an API of JSON behind it, and a client before it.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use kefu_app::{Stop, StopHandle};
use kefu_gateway::Server;
use kefu_upstream::{HttpClient, HttpSettings, Reach, TlsSettings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// How long anything may take here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/good/bridge")
        .join(name)
        .canonicalize()
        .unwrap()
}

/// A bridge that runs until it is dropped.
pub(crate) struct Bridge {
    pub(crate) server: Arc<Server>,
    pub(crate) dir: TempDir,
    handle: StopHandle,
    running: JoinHandle<()>,
}

impl Bridge {
    /// Starts a bridge from a file's text, in which `@` stands for the folder of the fixtures.
    pub(crate) async fn start(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write(&dir, text);
        let server = Server::load(&dir.path().join("bridge.yaml")).unwrap_or_else(|failure| {
            panic!("{}\n{text}", failure.line(kefu_app::Language::English));
        });
        server.open().await.unwrap();
        let (handle, stop) = Stop::new();
        let running = tokio::spawn({
            let server = Arc::clone(&server);
            async move { server.run(stop).await }
        });
        Self { server, dir, handle, running }
    }

    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        let addresses = self.server.addresses();
        addresses.iter().find(|(name, _)| name == listener).expect("it listens").1
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address("http"))
    }

    /// Asks for the stop and waits for it.
    pub(crate) async fn stop(mut self) {
        self.handle.request();
        tokio::time::timeout(PATIENCE, &mut self.running).await.unwrap().unwrap();
    }

    pub(crate) fn handle(&self) -> StopHandle {
        self.handle.clone()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.handle.request();
    }
}

/// Writes the bridge file of a folder.
pub(crate) fn write(dir: &TempDir, text: &str) {
    let fixtures = fixture(".").display().to_string();
    std::fs::write(dir.path().join("bridge.yaml"), text.replace('@', &fixtures)).unwrap();
}

/// A client of one address.
pub(crate) struct Client(HttpClient);

/// An answer: its status, its body as JSON if it is some, and as it is.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let settings = HttpSettings {
            endpoint: format!("http://{address}/").parse().unwrap(),
            reach: Reach::Internal,
            tls: TlsSettings::default(),
            connections_max: 64,
            body_bytes_max: 64 << 20,
            authorization: None,
        };
        Self(HttpClient::new(&settings).unwrap())
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Answered {
        let response = tokio::time::timeout(PATIENCE, self.0.send(request)).await.unwrap().unwrap();
        let (head, body) = response.into_parts();
        Answered {
            status: head.status.as_u16(),
            headers: head.headers,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answered {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.call(Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answered {
        self.call(Method::POST, path, body.to_string()).await
    }
}

/// What an API was asked: method, path with query, body.
pub(crate) type Asked = Arc<Mutex<Vec<(String, String, Value)>>>;

/// An API of JSON: orders and tickets, of which 404 is not there.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Asked,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let asked = Asked::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let seen = Arc::clone(&seen);
                let service = service_fn(move |request: Request<Incoming>| {
                    let seen = Arc::clone(&seen);
                    async move { Ok::<_, Infallible>(answer(&seen, request).await) }
                });
                tokio::spawn(async move {
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { address, asked }
    }

    /// Waits until it was asked for a path.
    pub(crate) async fn wait_for(&self, path: &str) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = self.asked.lock().unwrap().iter().find(|(_, asked, _)| asked == path).cloned();
            if let Some((_, _, body)) = found {
                return body;
            }
            assert!(tokio::time::Instant::now() < deadline, "nobody asked for {path}");
            tokio::task::yield_now().await;
        }
    }
}

async fn answer(asked: &Asked, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = head.uri.to_string();
    asked.lock().unwrap().push((head.method.to_string(), path.clone(), body.clone()));
    let last = head.uri.path().rsplit('/').next().unwrap_or_default();
    let (status, answer) = match (head.method.as_str(), last) {
        ("GET", "404") => {
            (404, json!({"title": "Not Found", "why": "there is no order 404", "id": 404, "status": 404}))
        }
        ("GET", "500") => (500, json!({"title": "Sorry"})),
        ("GET", number) if path.contains("/orders/") => {
            let id: i64 = number.parse().unwrap();
            let items = json!([{"name": "茶 <&>", "price": 0.1}]);
            (200, json!({"id": id, "items": items, "state": "PAID", "seal": "AAEC", "more": true}))
        }
        ("GET", number) if path.contains("/tickets/") => {
            let id: i64 = number.parse().unwrap();
            (200, json!({"id": id, "subject": "打印机 <&>", "priority": "high", "tag": ["a", "b"]}))
        }
        ("POST", "putOrder") => (200, body["order"].clone()),
        ("POST", "CreateTicket") => (200, json!({"id": 4711})),
        ("POST", "tags") => {
            let loud = body["loud"] == true;
            let names = body["names"].as_array().cloned().unwrap_or_default();
            let names = names.iter().map(|name| name.as_str().unwrap_or_default());
            let names = names.map(|name| if loud { name.to_uppercase() } else { name.to_owned() });
            (200, names.map(Value::from).collect())
        }
        _ => (204, Value::Null),
    };
    let body = if status == 204 { String::new() } else { answer.to_string() };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
