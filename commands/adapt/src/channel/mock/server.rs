//! The service's side that kefu calls.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use kefu_app::{App, Failure};
use kefu_channel::{Acted, Fault, Given, Method, Mock, Signed};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::sleep,
};

use super::sign;
use crate::shown;

/// Connections at most; the next ones wait.
const CONNECTIONS_MAX: usize = 64;
/// Lines that wait to be written.
const LINES_MAX: usize = 256;
/// Bytes of a request at most: a file goes in one.
const BODY_BYTES_MAX: usize = 64 << 20;
/// Bytes of a body that are shown.
const SHOWN_BYTES_MAX: usize = 4_000;
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long accepting rests when the system has no descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// The mock with its values.
pub(super) struct Service {
    mock: Mutex<Mock>,
    given: Given,
}

impl Service {
    pub(super) fn new(mock: Mock, given: Given) -> Self {
        Self { mock: Mutex::new(mock), given }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Mock) -> T) -> T {
        act(&mut self.mock.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn deliver(&self, name: &str) -> Result<Signed, Fault> {
        let (now_ms, seed) = sign::now();
        self.with(|mock| mock.deliver(name, &self.given, now_ms, seed))
    }

    pub(super) fn write(&self, text: &str) -> Result<Option<Signed>, Fault> {
        let (now_ms, seed) = sign::now();
        self.with(|mock| mock.write(text, &self.given, now_ms, seed))
    }

    /// What is answered, and what is said of it.
    async fn answer(&self, request: Request<Incoming>) -> (Response<Full<Bytes>>, String) {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let asked = format!("< {} {target}", head.method);
        let plain = |status: StatusCode, text: &str| {
            let mut response = Response::new(Full::from(text.to_owned()));
            *response.status_mut() = status;
            response
        };
        let Some(method) = Method::named(head.method.as_str()) else {
            return (plain(StatusCode::METHOD_NOT_ALLOWED, ""), format!("{asked}: 405\n"));
        };
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
            let said = format!("{asked}: the body did not come, or has more than {BODY_BYTES_MAX} bytes\n");
            return (plain(StatusCode::PAYLOAD_TOO_LARGE, ""), said);
        };
        let body = body.to_bytes();
        let (now_ms, _) = sign::now();
        let acted = self.with(|mock| mock.answer(method, &target, &body, &self.given, now_ms));
        let Acted { key, status, content_type, body: answer, call } = acted;
        let key = if key.is_empty() { "described nowhere" } else { &key };
        let said = match call {
            Some(call) => excerpt(call.to_string().as_bytes()),
            None => excerpt(&body),
        };
        let mut lines = format!("{}: {key}, {status}\n", shown::line(&asked));
        if !said.is_empty() {
            lines.push_str(&format!("  {said}\n"));
        }
        let mut response = Response::new(Full::from(answer));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        (response, lines)
    }
}

/// The beginning of a body, if it is a text.
pub(super) fn excerpt(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) if text.len() <= SHOWN_BYTES_MAX => shown::line(text.trim_end()),
        Ok(text) => {
            let end = text.floor_char_boundary(SHOWN_BYTES_MAX);
            format!("{} … {} bytes", shown::line(&text[..end]), text.len())
        }
        Err(_) => format!("{} bytes that are no text", body.len()),
    }
}

/// Takes requests until the caller drops this, and writes down what comes and goes.
pub(super) async fn serve(app: &App, service: &Arc<Service>, listener: TcpListener) -> Result<(), Failure> {
    let (said, mut lines) = mpsc::channel(LINES_MAX);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(Arc::clone(service), stream, said.clone()))),
                Err(_) => sleep(EXHAUSTED_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            Some(line) = lines.recv() => app.print(&line)?,
        }
    }
}

async fn connection(service: Arc<Service>, stream: TcpStream, said: mpsc::Sender<String>) {
    let answer = service_fn(|request| {
        let (service, said) = (Arc::clone(&service), said.clone());
        async move {
            let (response, lines) = service.answer(request).await;
            // Who reads it is gone only when all ends.
            drop(said.send(lines).await);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), answer);
    // That a connection broke is the other side's to say.
    drop(connection.await);
}
