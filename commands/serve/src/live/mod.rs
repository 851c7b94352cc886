//! Chat frames between clients and the desk: over WebSocket, or server-sent events where a proxy lets no
//! WebSocket through.

mod frames;
pub(crate) mod handshake;
mod stream;
mod upgrade;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    http::HeaderMap,
    middleware,
    routing::{get, post},
};
use bytes::Bytes;
use kefu_protocol::frame::ServerFrame;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    address::Peer, auth, blocks::Blocks, desk::Desk, http::envelope, limits::Limits, services::Services,
};

/// What all connections share.
pub(crate) struct Live {
    desk: Desk,
    limits: Arc<Limits>,
    blocks: Arc<Blocks>,
    pong: Bytes,
    streams: Mutex<HashMap<Uuid, Arc<stream::Upstream>>>,
}

impl Live {
    /// `limits` are those that REST counts against, too.
    pub(crate) fn new(desk: Desk, limits: Arc<Limits>, blocks: Arc<Blocks>) -> Self {
        Self { desk, limits, blocks, pong: ServerFrame::Pong.encode(), streams: Mutex::default() }
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<stream::Upstream>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ways in. Each counts as a request of its address, before it becomes anything else.
pub(crate) fn router(services: Services) -> Router {
    Router::new()
        .route("/ws", get(upgrade::websocket))
        .route("/api/v1/stream", get(stream::down))
        .route("/api/v1/stream/{connection_id}", post(stream::up))
        .layer(middleware::from_fn_with_state(services.clone(), envelope))
        .with_state(services)
}

/// The query string of a way in.
#[derive(Debug, Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

impl TokenQuery {
    /// What a request shows of who sends it: a page of somebody else never sends one by cookie.
    fn shown<'a>(
        &'a self,
        headers: &'a HeaderMap,
        peer: Option<&Peer>,
        method_is_unsafe: bool,
    ) -> auth::Shown<'a> {
        auth::Shown {
            headers,
            query_token: self.token.as_deref(),
            address: peer.map(|peer| peer.0),
            method_is_unsafe,
            require_origin: true,
            is_for_enrolling: false,
        }
    }
}

/// A random id.
fn random_id() -> Uuid {
    let mut random = [0; 10];
    getrandom::fill(&mut random).expect("the system's random source works once the process runs");
    crate::clock::new_id(crate::clock::now(), &random)
}
