mod agent_sessions;
mod agents;
mod audit;
mod auth;
mod conversations;
mod inboxes;
mod keys;
mod messages;
mod roles;
mod session;
mod setup;
mod totp;
mod visitors;
mod widget;

pub(crate) use inboxes::SEAL_PURPOSE as INBOX_SEAL_PURPOSE;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    openapi::{DOCUMENT, OpenErrors},
};

/// Every route with its description, without the base path.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(setup::needed, setup::make))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(auth::sessions))
        .routes(routes!(auth::end_session))
        .routes(routes!(totp::state, totp::begin, totp::end))
        .routes(routes!(totp::confirm))
        .routes(routes!(agents::list, agents::make))
        .routes(routes!(agents::change))
        .routes(routes!(agents::set_status))
        .routes(routes!(agent_sessions::list, agent_sessions::end_all))
        .routes(routes!(agent_sessions::end))
        .routes(routes!(totp::reset))
        .routes(routes!(roles::permissions))
        .routes(routes!(roles::list, roles::make))
        .routes(routes!(roles::change, roles::delete))
        .routes(routes!(keys::list, keys::make))
        .routes(routes!(keys::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verify))
        .routes(routes!(inboxes::list, inboxes::make))
        .routes(routes!(inboxes::change))
        .routes(routes!(inboxes::rotate_secret))
        .routes(routes!(widget::config))
        .routes(routes!(widget::open_session))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(conversations::accept))
        .routes(routes!(conversations::set_aside))
        .routes(routes!(conversations::resolve))
        .routes(routes!(conversations::reopen))
        .routes(routes!(conversations::transfer))
        .routes(routes!(conversations::rate))
        .routes(routes!(conversations::invite_rating))
        .routes(routes!(conversations::read))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::edit, messages::recall))
        .routes(routes!(visitors::get))
        .routes(routes!(description))
}

/// This description
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "setup",
    responses((status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"), OpenErrors)
)]
async fn description() -> Response {
    let mut response = Bytes::clone(&DOCUMENT).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
