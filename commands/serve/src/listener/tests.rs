use std::{net::SocketAddr, time::Duration};

use axum::routing::{get, post};
use kefu_app::StopHandle;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinHandle,
};

use super::*;
use crate::address::Peer;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    metrics: Arc<Metrics>,
    handle: StopHandle,
    tracker: TaskTracker,
    task: JoinHandle<()>,
}

fn limits() -> ListenerLimits {
    ListenerLimits {
        max_connections: 100,
        max_handshakes: 10,
        max_connections_per_address: 0,
        header_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(10),
        upload_timeout: Duration::from_secs(10),
        trusted_proxies: Arc::new([]),
    }
}

impl Server {
    async fn start(limits: ListenerLimits) -> Self {
        let router = Router::new()
            .route("/", get(async || "hello"))
            .route("/peer", get(async |peer: axum::Extension<Peer>| peer.0.0.to_string()))
            .route("/id", get(async |id: axum::Extension<RequestId>| id.as_str().to_owned()))
            .route("/never", get(async || std::future::pending::<()>().await))
            .route("/panic", get(async || -> &'static str { panic!("a handler's own fault") }))
            .route("/body", post(async |body: String| body))
            .route("/upgrade", get(upgrade));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = Arc::new(Metrics::new());
        let (handle, stop) = Stop::new();
        let tracker = TaskTracker::new();
        let task = tokio::spawn({
            let (metrics, tracker) = (Arc::clone(&metrics), tracker.clone());
            async move {
                serve_connections(listener, router, limits, metrics, stop, PATIENCE, &tracker).await;
            }
        });
        Self { address, metrics, handle, tracker, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends one request on a connection of its own; returns the whole answer.
    async fn ask(&self, path: &str, headers: &str) -> String {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// Stops, and checks that nothing is left.
    async fn stop(self) {
        self.handle.request();
        timeout(self.task).await.unwrap();
        self.tracker.close();
        timeout(self.tracker.wait()).await;
        let text = self.metrics.text(&crate::metrics::Observed::default(), "");
        assert!(text.contains("kefu_connections{kind=\"http\"} 0\n"), "{text}");
    }
}

/// Becomes an echo of one chunk; keeps its admission while it waits, as a WebSocket does.
async fn upgrade(mut request: axum::extract::Request) -> axum::response::Response {
    let admission = request.extensions().get::<Admission>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    drop(tokio::spawn(async move {
        let upgraded = upgrade.await.unwrap();
        let parts = upgraded.downcast::<TokioIo<TcpStream>>().unwrap();
        let mut stream = parts.io.into_inner();
        let mut bytes = [0; 16];
        let count = stream.read(&mut bytes).await.unwrap();
        stream.write_all(&bytes[..count]).await.unwrap();
        drop(admission);
    }));
    http::Response::builder()
        .status(101)
        .header("connection", "upgrade")
        .header("upgrade", "echo")
        .body(axum::body::Body::empty())
        .unwrap()
}

async fn timeout<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("in time")
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads one answer of a connection that stays open.
async fn read_answer(stream: &mut TcpStream, ends_with: &str) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.ends_with(ends_with) {
        let count = timeout(stream.read(&mut bytes)).await.unwrap();
        assert_ne!(count, 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    text
}

async fn upgraded(server: &Server) -> TcpStream {
    let mut stream = server.connect().await;
    let request = b"GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let answer = read_answer(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    stream
}

#[tokio::test]
async fn a_connection_is_kept_alive_and_requests_are_named() {
    let server = Server::start(limits()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let answer = read_answer(&mut stream, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
    }
    let answer = server.ask("/id", "x-request-id: given-1\r\n").await;
    assert!(answer.contains("x-request-id: given-1\r\n") && answer.ends_with("given-1"), "{answer}");
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn forwarded_addresses_are_taken_from_trusted_proxies_only() {
    let server = Server::start(limits()).await;
    let answer = server.ask("/peer", "x-forwarded-for: 198.51.100.7\r\n").await;
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
    server.stop().await;
    let trusted_proxies = Arc::new([Network::default()]);
    let server = Server::start(ListenerLimits { trusted_proxies, ..limits() }).await;
    let answer = server.ask("/peer", "x-forwarded-for: 6.6.6.6, 198.51.100.7\r\n").await;
    assert!(answer.ends_with("198.51.100.7"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn too_many_connections_are_told_so_before_they_ask() {
    let server = Server::start(ListenerLimits { max_connections: 2, ..limits() }).await;
    let (one, two) = (upgraded(&server).await, upgraded(&server).await);
    let mut third = server.connect().await;
    let answer = read_to_end(&mut third).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 5\r\n"), "{answer}");
    assert!(answer.ends_with('}') && answer.contains("\"code\":\"unavailable\""), "{answer}");
    drop((one, two));
    // The places come back as the other ends notice.
    timeout(async {
        while !server.ask("/", "").await.starts_with("HTTP/1.1 200") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn one_address_can_be_limited() {
    let server = Server::start(ListenerLimits { max_connections_per_address: 1, ..limits() }).await;
    let held = upgraded(&server).await;
    assert!(server.ask("/", "").await.starts_with("HTTP/1.1 503"));
    drop(held);
    server.stop().await;
}

#[tokio::test]
async fn upgraded_connections_and_idle_ones_hold_no_place_among_the_handshakes() {
    let server = Server::start(ListenerLimits { max_handshakes: 1, ..limits() }).await;
    let mut upgraded_one = upgraded(&server).await;
    let mut kept_alive = server.connect().await;
    kept_alive.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_answer(&mut kept_alive, "hello").await;
    assert!(server.ask("/", "").await.starts_with("HTTP/1.1 200"));
    upgraded_one.write_all(b"still here").await.unwrap();
    assert_eq!(read_to_end(&mut upgraded_one).await, "still here");
    drop(kept_alive);
    server.stop().await;
}

#[tokio::test]
async fn who_says_nothing_gives_its_place_up() {
    let server = Server::start(ListenerLimits { max_handshakes: 1, ..limits() }).await;
    let silent = server.connect().await;
    let mut waiting = server.connect().await;
    waiting.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_answer(&mut waiting, "hello").await;
    drop((silent, waiting));
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let header_timeout = Duration::from_millis(100);
    let server = Server::start(ListenerLimits { header_timeout, ..limits() }).await;
    let mut silent = server.connect().await;
    let mut slow = server.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
    assert_eq!(read_to_end(&mut silent).await, "");
    let mut bytes = Vec::new();
    // Bytes that were on their way may turn the end into a reset.
    drop(timeout(slow.read_to_end(&mut bytes)).await);
    assert!(!String::from_utf8_lossy(&bytes).contains("200 OK"));
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let idle_timeout = Duration::from_millis(100);
    let server = Server::start(ListenerLimits { idle_timeout, ..limits() }).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("hello"));
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_all_the_same() {
    let request_timeout = Duration::from_millis(100);
    let server = Server::start(ListenerLimits { request_timeout, ..limits() }).await;
    let answer = server.ask("/never", "").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"request_id\":\""), "{answer}");
    let mut slow = server.connect().await;
    let head = b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nten bytes.";
    slow.write_all(head).await.unwrap();
    assert!(read_to_end(&mut slow).await.starts_with("HTTP/1.1 503"));
    server.stop().await;
}

#[tokio::test]
async fn a_panic_costs_one_connection() {
    let server = Server::start(limits()).await;
    assert_eq!(server.ask("/panic", "").await, "");
    assert!(server.ask("/", "").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn nonsense_and_giant_heads_are_refused() {
    let server = Server::start(limits()).await;
    for request in ["\u{16}\u{3}\u{1}\r\n\r\n", "GET / HTTP/1.1\r\nx y: z\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"]
    {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
    let answer = server.ask("/", &format!("x-long: {}\r\n", "y".repeat(2 * MAX_HEAD))).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many: String = (0..=MAX_HEADER_LINES).map(|number| format!("x-{number}: y\r\n")).collect();
    assert!(server.ask("/", &many).await.starts_with("HTTP/1.1 431"));
    server.stop().await;
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_lets_requests_end() {
    let request_timeout = Duration::from_millis(300);
    let server = Server::start(ListenerLimits { request_timeout, ..limits() }).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_answer(&mut idle, "hello").await;
    let mut silent = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // Answered after `silent` and `busy` were accepted, and after the request of `busy` came, most likely.
    server.ask("/", "").await;
    let address = server.address;
    server.handle.request();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert_eq!(read_to_end(&mut silent).await, "");
    let answer = read_to_end(&mut busy).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503"), "{answer}");
    server.stop().await;
    // Nobody listens any more; another test may have been given the port, and gives it back.
    timeout(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_was_accepted_before_a_stop_is_answered() {
    let server = Server::start(limits()).await;
    let mut late = server.connect().await;
    // Accepted after it.
    server.ask("/", "").await;
    server.handle.request();
    late.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let answer = read_to_end(&mut late).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer:?}");
    server.stop().await;
}
