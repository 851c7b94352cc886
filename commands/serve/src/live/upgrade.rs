use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kefu_protocol::{
    frame::{ErrorCode, SUBPROTOCOL},
    ws::{accept_key, has_token, is_valid_key},
};
use kefu_socket::{Flow, Handler};
use tokio::net::TcpStream;

use super::{
    TokenQuery,
    frames::{Frames, close_code},
    random_id,
};
use crate::{
    address::Peer,
    auth, clock,
    desk::{Command, Connect},
    identity::Identity,
    listener::Admission,
    problem::Problem,
    services::Services,
};

/// How many of a visitor's conversations a connection hears of.
pub(super) const CONVERSATIONS_MAX: usize = 100;

/// `GET /ws`: becomes a WebSocket. Who may not come in is let in and told so by a close code, because a
/// browser does not show a script why a handshake failed.
pub(super) async fn websocket(
    State(services): State<Services>,
    Query(query): Query<TokenQuery>,
    mut request: Request,
) -> Response {
    let accept = match check(request.headers()) {
        Ok(accept) => accept,
        Err(problem) => {
            let mut response = problem.into_response();
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            return response;
        }
    };
    let peer = request.extensions().get();
    let address = Peer::address(peer);
    let who = auth::authenticate(&services, query.shown(request.headers(), peer, false)).await;
    let who = who.and_then(|who| services.blocks.check(&who, address, clock::now()).map(|()| who));
    let admission = request.extensions().get::<Admission>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    drop(services.tracker.spawn(run(services.clone(), who, address, upgrade, admission)));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    response
}

/// Checks a client's handshake (RFC 6455 §4.2.1); returns the answer to its key.
fn check(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let bad = |field, detail: &'static str| Problem {
        field: Some(field),
        ..Problem::new(ErrorCode::BadFrame, detail)
    };
    let names = |name: header::HeaderName, token: &str| {
        headers.get_all(name).iter().any(|value| value.to_str().is_ok_and(|value| has_token(value, token)))
    };
    if !names(header::CONNECTION, "upgrade") || !names(header::UPGRADE, "websocket") {
        return Err(bad(
            "upgrade",
            "this is a WebSocket: a proxy in between must pass `Upgrade` and `Connection` on",
        ));
    }
    if !names(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(bad("sec-websocket-version", "only version 13 of the protocol is spoken"));
    }
    if !names(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(bad("sec-websocket-protocol", "offer the subprotocol kefu.v1"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|value| value.to_str().ok());
    let key = key
        .filter(|key| is_valid_key(key))
        .ok_or_else(|| bad("sec-websocket-key", "the key is malformed"))?;
    HeaderValue::from_str(&accept_key(key)).map_err(|_| bad("sec-websocket-key", "the key is malformed"))
}

/// Waits for the upgrade, then hands the connection to a small task of its own: this one, with all that
/// it needed, ends.
///
/// `admission` is kept as long as the connection: it counts against the limits.
async fn run(
    services: Services,
    who: Result<Identity, Problem>,
    address: IpAddr,
    upgrade: OnUpgrade,
    admission: Option<Admission>,
) {
    let Ok(upgraded) = upgrade.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
        tracing::error!("a connection is not what the listener made it");
        return;
    };
    let (stream, leftover) = (parts.io.into_inner(), parts.read_buf);
    let outbox = services.registry.open();
    let who = match who {
        Ok(who) => Arc::new(who),
        Err(problem) => {
            outbox.close(close_code(&problem), &problem.detail);
            kefu_socket::run(stream, &leftover, outbox, Nobody).await;
            return;
        }
    };
    let Ok(conversations) = services.desk.conversations_of(&who, CONVERSATIONS_MAX).await else {
        outbox.close(kefu_protocol::ws::CloseCode::RESTART, "the store cannot be read now");
        kefu_socket::run(stream, &leftover, outbox, Nobody).await;
        return;
    };
    let connect = Connect {
        who: Arc::clone(&who),
        outbox: Arc::clone(&outbox),
        connection_id: random_id(),
        conversations,
    };
    let Some(connection) = services.desk.connect(connect).await else { return };
    let live = Arc::clone(&services.live);
    let frames = Frames::new(Arc::clone(&live), who, Arc::clone(&outbox), connection, address);
    let mut socket = kefu_socket::run(stream, &leftover, outbox, frames);
    drop(services.tracker.spawn(async move {
        // By reference: a task that awaits what it owns has room for it twice.
        (&mut socket).await;
        drop(socket);
        drop(admission);
        Box::pin(live.desk.post(Command::Disconnect(connection))).await;
    }));
}

/// Listens to nothing.
struct Nobody;

impl Handler for Nobody {
    fn message(&mut self, _: &str) -> Flow {
        Flow::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "other, kefu.v1"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_key_of_the_standard_is_answered() {
        // RFC 6455 §1.3.
        assert_eq!(check(&handshake()).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn every_missing_header_is_named() {
        for name in ["upgrade", "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-key"] {
            let mut headers = handshake();
            headers.remove(name);
            assert_eq!(check(&headers).unwrap_err().field, Some(name));
        }
    }
}
