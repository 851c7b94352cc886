use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Query, Request, State},
    response::Response,
};
use hyper::upgrade::OnUpgrade;
use kefu_protocol::frame::SUBPROTOCOL;
use kefu_socket::{Flow, Handler};

use super::{
    TokenQuery,
    frames::{Frames, close_code},
    handshake, random_id,
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
    let accept = match handshake::check(request.headers(), SUBPROTOCOL) {
        Ok(accept) => accept,
        Err(problem) => return handshake::refusal(problem),
    };
    let peer = request.extensions().get();
    let address = Peer::address(peer);
    let who = auth::authenticate(&services, query.shown(request.headers(), peer, false)).await;
    let who = who.and_then(|who| services.blocks.check(&who, address, clock::now()).map(|()| who));
    let admission = request.extensions().get::<Admission>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    drop(services.tracker.spawn(run(services.clone(), who, address, upgrade, admission)));
    handshake::switching(accept, SUBPROTOCOL)
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
    let Some((stream, leftover)) = handshake::upgraded(upgrade).await else { return };
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
