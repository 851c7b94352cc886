//! Just enough HTTP to sign in and make accounts: one kept connection, JSON both ways.

use std::{io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};

use crate::{stream::Stream, target::Target};

/// A longer answer is refused.
const MAX_ANSWER: usize = 4 << 20;
/// An answer that takes longer is given up: making an agent hashes a password.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a request is repeated when the server asks to wait.
const ATTEMPTS: u32 = 20;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("cannot connect to {address}")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("the connection broke")]
    Broken(#[from] hyper::Error),
    #[error("no answer within {} s", PATIENCE.as_secs())]
    TimeOut,
    #[error("the answer cannot be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the answer is not what was expected")]
    Json(#[from] serde_json::Error),
    #[error("the server refused: {status}, {detail}")]
    Refused { status: StatusCode, code: String, detail: String },
}

/// RFC 9457 problem details, as far as they matter here.
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    retry_after_ms: Option<u64>,
}

impl Problem {
    fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_else(|_| Self {
            code: String::new(),
            title: String::from_utf8_lossy(bytes).chars().take(200).collect(),
            detail: String::new(),
            retry_after_ms: None,
        })
    }

    fn refused(self, status: StatusCode) -> HttpError {
        let detail = if self.detail.is_empty() { self.title } else { self.detail };
        HttpError::Refused { status, code: self.code, detail }
    }
}

impl HttpError {
    /// A short name to count it by: the server's code where it gave one.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Connect { .. } => "unreachable".into(),
            Self::Broken(_) => "broken".into(),
            Self::TimeOut => "timed_out".into(),
            Self::Body(_) | Self::Json(_) => "unreadable".into(),
            Self::Refused { status, code, .. } if code.is_empty() => status.as_str().into(),
            Self::Refused { code, .. } => code.clone(),
        }
    }
}

/// A kept connection to the server.
pub(crate) struct Client {
    target: Target,
    /// Which of the source addresses is this one's.
    number: usize,
    sender: SendRequest<Full<Bytes>>,
    /// Owns the task that drives the connection; it ends with the client.
    driver: JoinSet<()>,
}

impl Client {
    /// Connects to the target; `number` picks the source address.
    pub(crate) async fn connect(target: &Target, number: usize) -> Result<Self, HttpError> {
        let mut driver = JoinSet::new();
        let sender = open(target, number, &mut driver).await?;
        Ok(Self { target: target.clone(), number, sender, driver })
    }

    /// Sends a request and reads the answer, waiting and repeating when the server asks for it.
    pub(crate) async fn call<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<T, HttpError> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        let mut attempt = 1;
        loop {
            let Ok(answer) = timeout(PATIENCE, self.once(&method, path, token, body.clone())).await else {
                return Err(HttpError::TimeOut);
            };
            let wait = match answer {
                Ok((status, bytes)) if status.is_success() => {
                    // 204 stands for null.
                    let json: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
                    return Ok(serde_json::from_slice(json)?);
                }
                Ok((status, bytes)) => {
                    let problem = Problem::read(&bytes);
                    let later =
                        matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
                    if !later || attempt == ATTEMPTS {
                        return Err(problem.refused(status));
                    }
                    Duration::from_millis(problem.retry_after_ms.unwrap_or(250).min(5000))
                }
                // A kept connection may end at any time.
                Err(HttpError::Broken(_)) if attempt < 3 => {
                    self.sender = open(&self.target, self.number, &mut self.driver).await?;
                    Duration::ZERO
                }
                Err(error) => return Err(error),
            };
            attempt += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads once, without repeating and waiting: what goes wrong is part of what is measured.
    pub(crate) async fn read<T: DeserializeOwned>(
        &mut self,
        path: &str,
        token: &str,
    ) -> Result<T, HttpError> {
        let answer = timeout(PATIENCE, self.once(&Method::GET, path, Some(token), None));
        let (status, bytes) = answer.await.map_err(|_| HttpError::TimeOut)??;
        if status.is_success() {
            Ok(serde_json::from_slice(&bytes)?)
        } else {
            Err(Problem::read(&bytes).refused(status))
        }
    }

    async fn once(
        &mut self,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: Option<Bytes>,
    ) -> Result<(StatusCode, Bytes), HttpError> {
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, &self.target.authority);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|error| HttpError::Body(error.into()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await.map_err(HttpError::Body)?;
        Ok((status, body.to_bytes()))
    }
}

async fn open(
    target: &Target,
    number: usize,
    driver: &mut JoinSet<()>,
) -> Result<SendRequest<Full<Bytes>>, HttpError> {
    let address = target.address;
    let stream = match timeout(PATIENCE, Stream::connect(target, number)).await {
        Ok(stream) => stream.map_err(|source| HttpError::Connect { address, source })?,
        Err(_) => return Err(HttpError::TimeOut),
    };
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    driver.spawn(async move {
        // What goes wrong is told to whoever waits for an answer.
        drop(connection.await);
    });
    Ok(sender)
}
