//! Listeners: opened before a file is in force, kept over a change of it, closed when it no longer wants them.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{Arc, PoisonError},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use kefu_app::{Exit, Failure, Stop, StopHandle, Text};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};

use crate::{
    build::{Bridge, Port},
    endpoint::Endpoint,
    server::Server,
    sides,
    write_limit::WriteLimit,
};

/// How long a connection may take for a head, and be silent between requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Bytes of a request's head at most.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Header lines of a request at most.
const HEAD_LINES_MAX: usize = 100;
/// How long accepting rests when the system has no descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// A listener that the files want.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Key {
    is_thrift: bool,
    /// As the file says it.
    address: SocketAddr,
    /// The bridge, where the system chooses the port: such an address is another one each time.
    bridge: Option<String>,
}

/// A listener that is open.
pub(crate) struct Open {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) handle: StopHandle,
}

/// What is wanted of a listener.
struct Wanted {
    key: Key,
    name: String,
    connections_max: usize,
}

impl Key {
    fn of(port: &Port) -> Self {
        let bridge = (port.address.port() == 0).then(|| port.name.clone());
        Self { is_thrift: true, address: port.address, bridge }
    }
}

fn wanted(bridge: &Bridge) -> Vec<Wanted> {
    let http = bridge.listen.map(|address| Wanted {
        key: Key { is_thrift: false, address, bridge: None },
        name: "http".to_owned(),
        connections_max: bridge.connections_max,
    });
    let ports = bridge.ports.iter().map(|port| Wanted {
        key: Key::of(port),
        name: port.name.clone(),
        connections_max: port.connections_max,
    });
    http.into_iter().chain(ports).collect()
}

impl Server {
    /// Where it listens now: what for, and the address.
    #[must_use]
    pub fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.values().map(|open| (open.name.clone(), open.address)).collect()
    }

    /// Opens the listeners of the files.
    ///
    /// # Errors
    /// An address cannot be bound.
    pub async fn open(self: &Arc<Self>) -> Result<(), Failure> {
        let bridge = self.bridge();
        self.listen(bridge).await
    }

    /// Makes bridges the ones in force: binds what is new, then closes what is no longer wanted.
    pub(crate) async fn listen(self: &Arc<Self>, bridge: Arc<Bridge>) -> Result<(), Failure> {
        let wanted = wanted(&bridge);
        let is_open =
            |key: &Key| self.listeners.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key);
        let mut bound = Vec::new();
        for one in wanted.iter().filter(|one| !is_open(&one.key)) {
            let address = one.key.address;
            let listener = TcpListener::bind(address).await.map_err(|error| cannot_listen(address, error))?;
            let real = listener.local_addr().map_err(|error| cannot_listen(address, error))?;
            bound.push((one, listener, real));
        }
        self.put_in_force(bridge);
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|key, open| {
            let is_wanted = wanted.iter().any(|one| one.key == *key);
            if !is_wanted {
                open.handle.request();
            }
            is_wanted
        });
        for (Wanted { key, name, connections_max }, listener, address) in bound {
            tracing::info!(listener = name, %address, "listening");
            let (handle, stop) = Stop::new();
            listeners.insert(key.clone(), Open { name: name.clone(), address, handle });
            let accepting =
                Arc::clone(self).accept(listener, key.clone(), name.clone(), *connections_max, stop);
            drop(self.connections.spawn(accepting));
        }
        Ok(())
    }

    async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        key: Key,
        name: String,
        connections_max: usize,
        stop: Stop,
    ) {
        let places = Arc::new(Semaphore::new(connections_max));
        let gauge = self.metrics.connection_gauge(&name);
        let (key, name): (Arc<Key>, Arc<str>) = (Arc::new(key), name.into());
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
            let (server, key, name) = (Arc::clone(&self), Arc::clone(&key), Arc::clone(&name));
            let (stop, gauge) = (stop.clone(), gauge.clone());
            drop(self.connections.spawn(async move {
                gauge.inc();
                let ended = server.serve(stream, &key, stop).await;
                gauge.dec();
                drop(place);
                if let Err(error) = ended {
                    tracing::debug!(%peer, listener = &*name, %error, "a connection ended");
                }
            }));
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, key: &Key, stop: Stop) -> Result<(), String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        if !key.is_thrift {
            return self.serve_http(stream, stop).await.map_err(|error| error.to_string());
        }
        let bridges = || self.on_port(key);
        sides::thrift::serve(stream, bridges, stop, self.answer_max).await.map_err(|error| error.to_string())
    }

    /// The bridges on a port, as of now.
    fn on_port(&self, key: &Key) -> Vec<Arc<Endpoint>> {
        let bridge = self.bridge();
        let port = bridge.ports.iter().find(|port| Key::of(port) == *key);
        let places = port.into_iter().flat_map(|port| &port.endpoints);
        places.filter_map(|place| bridge.endpoints.get(*place).cloned()).collect()
    }

    async fn serve_http<S>(self: Arc<Self>, stream: S, stop: Stop) -> hyper::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = WriteLimit::new(stream, self.answer_max);
        let service = service_fn(move |request| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.answer_alone(request).await) }
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

#[cfg(test)]
mod tests;
