//! GraphQL over a WebSocket: the protocol `graphql-transport-ws`.
//!
//! Whoever connects is known by the cookie or bearer token of the handshake, or by the payload of
//! `connection_init`: `{"authorization": "Bearer …"}`, because a browser's script cannot set headers. Each operation, and
//! each answer of a subscription, is asked anew who it is, and so is a socket that is silent: it ends with the session.

mod messages;
mod operations;

use std::time::Duration;

use axum::{extract::Request, response::Response};
use http::{
    HeaderMap,
    header::{AUTHORIZATION, COOKIE, HOST, ORIGIN},
};
use hyper::upgrade::OnUpgrade;
use kefu_protocol::ws::CloseCode;
use tokio::time::MissedTickBehavior;

use self::operations::Operations;
use crate::{address::Peer, listener::Admission, live::handshake, services::Services};

/// Name of the protocol.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// How long a client may take to say who it is.
const INIT_TIMEOUT: Duration = Duration::from_secs(3);

/// How often it is looked whether who has a socket may still have it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Close codes of the protocol.
mod close {
    use super::CloseCode;

    pub(super) const BAD_MESSAGE: CloseCode = CloseCode(4400);
    pub(super) const UNAUTHORIZED: CloseCode = CloseCode(4401);
    pub(super) const FORBIDDEN: CloseCode = CloseCode(4403);
    pub(super) const INIT_TIMEOUT: CloseCode = CloseCode(4408);
    pub(super) const SUBSCRIBER_EXISTS: CloseCode = CloseCode(4409);
    pub(super) const TOO_MANY_INITS: CloseCode = CloseCode(4429);
}

/// Takes a handshake.
pub(super) async fn open(services: Services, mut request: Request) -> Response {
    let accept = match handshake::check(request.headers(), SUBPROTOCOL) {
        Ok(accept) => accept,
        Err(problem) => return handshake::refusal(problem),
    };
    let address = Peer::address(request.extensions().get());
    let mut credentials = HeaderMap::new();
    for name in [AUTHORIZATION, COOKIE, HOST, ORIGIN] {
        if let Some(value) = request.headers().get(&name) {
            credentials.insert(name, value.clone());
        }
    }
    let admission = request.extensions().get::<Admission>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    let operations = Operations::new(services.clone(), credentials, address);
    drop(services.tracker.spawn(run(services.clone(), operations, upgrade, admission)));
    handshake::switching(accept, SUBPROTOCOL)
}

/// `admission` is kept as long as the connection: it counts against the limits.
async fn run(services: Services, operations: Operations, upgrade: OnUpgrade, admission: Option<Admission>) {
    let Some(inner) = &services.graphql.0 else { return };
    let Some((stream, leftover)) = handshake::upgraded(upgrade).await else { return };
    let outbox = operations.outbox();
    let handler = operations.handler();
    let mut socket = kefu_socket::run(stream, &leftover, outbox.clone(), handler);
    let late = tokio::time::sleep(INIT_TIMEOUT);
    tokio::pin!(late);
    let mut is_late = false;
    let mut look = tokio::time::interval_at(tokio::time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // What has come is read before it is found missing: this process may be what was late.
            biased;
            _ = &mut socket => break,
            () = &mut late, if !is_late => {
                is_late = true;
                if !operations.has_begun() {
                    outbox.close(close::INIT_TIMEOUT, "Connection initialisation timeout");
                }
            }
            _ = look.tick(), if operations.is_known() && !outbox.is_closed() => operations.look().await,
            () = inner.closing.cancelled(), if !outbox.is_closed() => {
                outbox.close(CloseCode::RESTART, "restart");
            }
        }
    }
    operations.end();
    drop(admission);
}
