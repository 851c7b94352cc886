//! Chat frames between clients and the desk: over WebSocket, or server-sent events where a proxy lets no
//! WebSocket through.

mod frames;
mod stream;
mod upgrade;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    routing::{get, post},
};
use bytes::Bytes;
use kefu_core::Limit;
use kefu_protocol::frame::ServerFrame;
use serde::Deserialize;
use uuid::Uuid;

use crate::{desk::Desk, services::Services};

/// What all connections share.
pub(crate) struct Live {
    desk: Desk,
    visitor_messages: Limit,
    agent_messages: Limit,
    pong: Bytes,
    streams: Mutex<HashMap<Uuid, Arc<stream::Upstream>>>,
}

impl Live {
    /// `visitor_messages` and `agent_messages` bound what one connection sends.
    pub(crate) fn new(desk: Desk, visitor_messages: Limit, agent_messages: Limit) -> Self {
        let pong = ServerFrame::Pong.encode();
        Self { desk, visitor_messages, agent_messages, pong, streams: Mutex::default() }
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<stream::Upstream>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ways in.
pub(crate) fn router() -> Router<Services> {
    Router::new()
        .route("/ws", get(upgrade::websocket))
        .route("/api/v1/stream", get(stream::down))
        .route("/api/v1/stream/{connection_id}", post(stream::up))
}

/// The query string of a way in.
#[derive(Debug, Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

/// A random id.
fn random_id() -> Uuid {
    let mut random = [0; 10];
    getrandom::fill(&mut random).expect("the system's random source works once the process runs");
    crate::clock::new_id(crate::clock::now(), &random)
}
