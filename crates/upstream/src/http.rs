use std::{
    fmt,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{task::AbortHandle, time::timeout};

use crate::{
    Endpoint, PoolState, Reach, TlsError, TlsSettings, Trouble,
    connection::{Connector, Stream},
    pool::Pool,
    trace::traceparent,
};

/// How long a connection waits for its next call.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(55);
/// How long a connection may take after an answer until it can take the next request.
const READY_MAX: Duration = Duration::from_millis(10);
/// Bytes of an answer's head at most.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Where an HTTP service is and how much it may take.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Which addresses its host may have.
    pub reach: Reach,
    /// Whom to trust.
    pub tls: TlsSettings,
    /// Connections at most.
    pub connections_max: usize,
    /// Bytes of an answer's body at most.
    pub body_bytes_max: usize,
    /// What the header `Authorization` says; it must be marked as sensitive.
    pub authorization: Option<HeaderValue>,
}

/// A client of one HTTP service.
pub struct HttpClient {
    connector: Connector,
    pool: Pool<Connection>,
    host: HeaderValue,
    path: String,
    body_bytes_max: usize,
    authorization: Option<HeaderValue>,
}

/// One connection; its task ends with it.
struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HttpClient")
            .field("host", &self.host)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl HttpClient {
    /// Makes a client; nothing is connected to before the first request.
    ///
    /// # Errors
    /// Certificates cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self, TlsError> {
        let endpoint = &settings.endpoint;
        let host = HeaderValue::try_from(endpoint.authority())
            .map_err(|error| TlsError::invalid_host(&endpoint.host, &error))?;
        Ok(Self {
            connector: Connector::new(endpoint, settings.reach, &settings.tls)?,
            pool: Pool::new(settings.connections_max, IDLE_MAX),
            host,
            path: endpoint.path.clone(),
            body_bytes_max: settings.body_bytes_max,
            authorization: settings.authorization.clone(),
        })
    }

    /// The path and query of the service's address.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How full its pool is.
    #[must_use]
    pub fn state(&self) -> PoolState {
        self.pool.state()
    }

    /// Sends a request whose address is a path, and reads the whole answer.
    ///
    /// # Errors
    /// It did not get there, or the answer did not come back or is too long. Time is the caller's to limit.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Trouble> {
        request.headers_mut().insert(header::HOST, self.host.clone());
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        if let Some(context) = traceparent() {
            request.headers_mut().insert("traceparent", context);
        }
        let place = self.pool.place().await;
        let idle = place.take(Instant::now(), |connection| connection.sender.is_ready());
        let mut connection = match idle {
            Some(connection) => connection,
            None => open(self.connector.connect().await?).await?,
        };
        let response =
            connection.sender.send_request(request.map(Full::new)).await.map_err(|error| broken(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.body_bytes_max).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Trouble::TooLong(self.body_bytes_max)
            } else {
                Trouble::Broken(chain(&*error))
            }
        })?;
        // Who answers before it has read all of a request is not waited for.
        if matches!(timeout(READY_MAX, connection.sender.ready()).await, Ok(Ok(()))) {
            place.give_back(connection, Instant::now());
        }
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

async fn open(stream: Stream) -> Result<Connection, Trouble> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    // What goes wrong on it, its request is told.
    let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
    Ok(Connection { sender, task })
}

fn broken(error: &hyper::Error) -> Trouble {
    Trouble::Broken(chain(error))
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(&format!(": {error}"));
        cause = error.source();
    }
    line
}
