//! HTTP for flows: connections are kept as long as the service keeps them, and nothing is sent twice.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::{stream::Stream, target::Target};

/// Longest answer that is read, and longest head of one.
const ANSWER_MAX: usize = 16 << 20;
const HEAD_MAX: usize = 64 << 10;
/// How long a connection may take after an answer until it can take the next request.
const READY: Duration = Duration::from_millis(10);

/// Connections to the target; used by one thread.
pub(super) struct Client {
    target: Target,
    idle: RefCell<Vec<SendRequest<Full<Bytes>>>>,
    opened: Cell<u64>,
}

/// A request that has no answer, by the name that it is counted by.
pub(super) type Failed = &'static str;

impl Client {
    pub(super) fn new(target: Target) -> Self {
        Self { target, idle: RefCell::default(), opened: Cell::new(0) }
    }

    /// Connections that were made.
    pub(super) fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let host = HeaderValue::try_from(&self.target.authority).map_err(|_| "bad_header")?;
        request.headers_mut().entry(header::HOST).or_insert(host);
        let kept = std::iter::from_fn(|| self.idle.borrow_mut().pop()).find(SendRequest::is_ready);
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.open().await?,
        };
        let response = sender.send_request(request.map(Full::new)).await.map_err(|_| "closed")?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_MAX)
            .collect()
            .await
            .map_err(|error| if error.is::<LengthLimitError>() { "too_long" } else { "closed" })?;
        // Who answers before it has read all of a request is not waited for.
        if matches!(timeout(READY, sender.ready()).await, Ok(Ok(()))) {
            self.idle.borrow_mut().push(sender);
        }
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, Failed> {
        let number = self.opened.get();
        self.opened.set(number + 1);
        let stream = Stream::connect(&self.target, number as usize).await.map_err(|_| "unreachable")?;
        let handshake = Builder::new().max_buf_size(HEAD_MAX).handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(|_| "closed")?;
        // It ends with its sender; what goes wrong is told to whoever waits for an answer.
        tokio::task::spawn_local(async move { drop(connection.await) });
        Ok(sender)
    }
}
