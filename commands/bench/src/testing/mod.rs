//! Servers for tests: HTTP/1.1 and WebSockets, as small as can be.

pub(crate) mod chat;

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kefu_protocol::ws::accept_key;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket},
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::Instant,
};

/// A connection, with TLS or without.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An address where nobody listens, nor can while its socket is there.
pub(crate) fn nobody() -> (SocketAddr, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (socket.local_addr().unwrap(), socket)
}

/// A server wants to be woken after such a time, again and again, to see how late that is done.
const NAP: Duration = Duration::from_millis(5);

/// A server; it ends with its value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    late_us: Arc<AtomicU64>,
    _runtime: Runtime,
}

impl Server {
    /// Serves each connection by a function.
    pub(crate) fn start<F, R>(serve: F) -> Self
    where
        F: Fn(Requests) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(serve, None)
    }

    /// The same over TLS, with the certificate that the tests of `kefu-upstream` have for `localhost`.
    #[cfg(feature = "tls")]
    pub(crate) fn start_tls<F, R>(serve: F) -> Self
    where
        F: Fn(Requests) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::listen(serve, Some(tls::acceptor()))
    }

    fn listen<F, R>(serve: F, tls: Option<Acceptor>) -> Self
    where
        F: Fn(Requests) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<()>> + Send + 'static,
    {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let serve = Arc::new(serve);
        let late_us = Arc::new(AtomicU64::new(0));
        let latest = Arc::clone(&late_us);
        runtime.spawn(async move {
            loop {
                let due = Instant::now() + NAP;
                tokio::time::sleep_until(due).await;
                latest.fetch_max(due.elapsed().as_micros() as u64, Ordering::Relaxed);
            }
        });
        runtime.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (serve, tls) = (Arc::clone(&serve), tls.clone());
                // A client that goes away is no concern of a server.
                connections.spawn(async move {
                    stream.set_nodelay(true)?;
                    let stream: Box<dyn Io> = match tls {
                        None => Box::new(stream),
                        #[cfg(feature = "tls")]
                        Some(tls) => Box::new(tls.accept(stream).await?),
                        #[cfg(not(feature = "tls"))]
                        Some(none) => match none {},
                    };
                    serve(Requests { stream, input: Vec::new() }).await
                });
            }
        });
        Self { address, late_us, _runtime: runtime }
    }

    /// How much too late its thread was woken at worst, in milliseconds.
    pub(crate) fn late_ms(&self) -> f64 {
        self.late_us.load(Ordering::Relaxed) as f64 / 1e3
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[cfg(feature = "tls")]
use tls::Acceptor;
#[cfg(feature = "tls")]
pub(crate) use tls::file as tls_file;

/// There is none.
#[cfg(not(feature = "tls"))]
#[derive(Clone)]
enum Acceptor {}

#[cfg(feature = "tls")]
mod tls {
    use std::{path::PathBuf, sync::Arc};

    use rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    };

    pub(super) type Acceptor = tokio_rustls::TlsAcceptor;

    pub(super) fn acceptor() -> Acceptor {
        let chain = vec![CertificateDer::from_pem_file(file("localhost.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Acceptor::from(Arc::new(config))
    }

    pub(crate) fn file(name: &str) -> PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/upstream/tests/tls").join(name)
    }
}

/// The requests of a connection, one after the other.
pub(crate) struct Requests {
    pub(crate) stream: Box<dyn Io>,
    input: Vec<u8>,
}

/// A request.
pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    /// By name in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The token of its bearer.
    pub(crate) fn token(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// A field of a form in its body.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let body = std::str::from_utf8(&self.body).ok()?;
        body.split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

impl Requests {
    /// The next request; `None` when the client has gone.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Request>> {
        let end = loop {
            if let Some(end) = self.input.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&self.input[..end]).into_owned();
        self.input.drain(..end);
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        while self.input.len() < length {
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
        let body = self.input.drain(..length).collect();
        let line = line.rsplit_once(' ').map_or(line, |(line, _)| line).to_owned();
        Ok(Some(Request { line, headers, body }))
    }

    /// Answers a request; `more` are further lines of the head.
    pub(crate) async fn answer(&mut self, status: &str, more: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        self.say(&format!("HTTP/1.1 {status}\r\n{more}Content-Length: {length}\r\n\r\n{body}")).await
    }

    /// Says something, whatever it is.
    pub(crate) async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }

    /// Opens a WebSocket, if that was asked for; frames may follow at once.
    pub(crate) async fn upgrade(
        mut self,
        request: &Request,
        subprotocol: Option<&str>,
    ) -> io::Result<Box<dyn Io>> {
        let accept = accept_key(request.header("sec-websocket-key").unwrap());
        let subprotocol =
            subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
        self.say(&format!(
            "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{subprotocol}\r\n"
        ))
        .await?;
        Ok(self.stream)
    }
}
