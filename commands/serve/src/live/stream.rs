//! Server-sent events down, one frame a POST up: the same frames as on a WebSocket.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::{BufMut as _, Bytes, BytesMut};
use http_body::Frame;
use kefu_core::Principal;
use kefu_socket::{ConnectionId, Flow, Handler as _, Outbox, payload};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{TokenQuery, frames::Frames, random_id, upgrade::CONVERSATIONS_MAX};
use crate::{
    address::Peer,
    auth, clock,
    desk::{Command, Connect},
    problem::Problem,
    services::Services,
};

/// Frames written at once.
const FRAMES_MAX: usize = 64;

/// What comes up for a stream.
pub(super) struct Upstream {
    principal: Principal,
    frames: Mutex<Frames>,
}

/// `GET /api/v1/stream`: everything that a WebSocket would receive, as server-sent events.
pub(super) async fn down(
    State(services): State<Services>,
    Query(query): Query<TokenQuery>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    match open(services, query, peer, &headers).await {
        Ok(body) => {
            let mut response = Response::new(Body::new(body));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            // nginx must not hold events back.
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn open(
    services: Services,
    query: TokenQuery,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
) -> Result<Events, Problem> {
    let shown = query.shown(headers, peer.as_deref(), false);
    let who = Arc::new(auth::authenticate(&services, shown).await?);
    let address = Peer::address(peer.as_deref());
    services.blocks.check(&who, address, clock::now())?;
    let conversations = services.desk.conversations_of(&who, CONVERSATIONS_MAX).await?;
    let outbox = services.registry.open();
    let connection_id = random_id();
    let connect =
        Connect { who: Arc::clone(&who), outbox: Arc::clone(&outbox), connection_id, conversations };
    let connection = services.desk.connect(connect).await;
    let connection = connection.ok_or_else(|| Problem::unavailable("the daemon is stopping"))?;
    let frames =
        Frames::new(Arc::clone(&services.live), Arc::clone(&who), Arc::clone(&outbox), connection, address);
    let upstream = Upstream { principal: who.principal, frames: Mutex::new(frames) };
    services.live.streams().insert(connection_id, Arc::new(upstream));
    Ok(Events { services, outbox, connection, connection_id, is_over: false })
}

/// `POST /api/v1/stream/{connection_id}`: one frame of the client.
pub(super) async fn up(
    State(services): State<Services>,
    Path(connection_id): Path<Uuid>,
    Query(query): Query<TokenQuery>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let address = Peer::address(peer.as_deref());
    let shown = query.shown(&headers, peer.as_deref(), true);
    match receive(&services, connection_id, shown, address, &body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn receive(
    services: &Services,
    connection_id: Uuid,
    shown: auth::Shown<'_>,
    address: IpAddr,
    body: &str,
) -> Result<(), Problem> {
    let who = auth::authenticate(services, shown).await?;
    services.blocks.check(&who, address, clock::now())?;
    let upstream = services.live.streams().get(&connection_id).cloned();
    let upstream = upstream.filter(|upstream| upstream.principal == who.principal);
    let upstream = upstream.ok_or_else(|| Problem::not_found("connection"))?;
    let mut frames = upstream.frames.lock().await;
    frames.outbox.touch(services.registry.now_s());
    match frames.message(body) {
        Flow::Continue => Ok(()),
        Flow::Wait(wait) => {
            wait.await;
            Ok(())
        }
        Flow::Close(code, reason) => {
            frames.outbox.close(code, reason);
            Err(Problem::invalid("body", reason))
        }
    }
}

/// The body of a stream.
struct Events {
    services: Services,
    outbox: Arc<Outbox>,
    connection: ConnectionId,
    connection_id: Uuid,
    is_over: bool,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let Poll::Ready(frames) = self.outbox.poll_frames(cx, FRAMES_MAX) else { return Poll::Pending };
        let mut out = BytesMut::new();
        match frames {
            Some(frames) => frames.iter().for_each(|frame| write_event(frame, &mut out)),
            None => {
                self.is_over = true;
                let code = self.outbox.close_code().map_or(1006, |code| code.0);
                out.put_slice(format!("event: close\ndata: {{\"code\":{code}}}\n\n").as_bytes());
            }
        }
        Poll::Ready(Some(Ok(Frame::data(out.freeze()))))
    }
}

/// A text frame as an event; anything else (a ping) as a comment that keeps the connection in use.
fn write_event(frame: &Bytes, out: &mut BytesMut) {
    match payload(frame) {
        Some(json) => {
            // JSON has no raw line break: one `data` line is the whole frame.
            out.put_slice(b"data: ");
            out.put_slice(&json);
            out.put_slice(b"\n\n");
        }
        None => out.put_slice(b": ping\n\n"),
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.outbox.end();
        self.services.live.streams().remove(&self.connection_id);
        let (desk, connection) = (self.services.desk.clone(), self.connection);
        drop(self.services.tracker.spawn(async move { desk.post(Command::Disconnect(connection)).await }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_become_events_and_pings_comments() {
        let mut out = BytesMut::new();
        write_event(&kefu_protocol::ws::text_frame(r#"{"type":"pong"}"#), &mut out);
        write_event(&Bytes::from_static(&[0x89, 0]), &mut out);
        assert_eq!(&out[..], b"data: {\"type\":\"pong\"}\n\n: ping\n\n");
    }
}
