mod agents;
mod auth;
mod blocks;
mod conversations;
mod customers;
mod identities;
mod inboxes;
mod messages;
mod pages;
mod session;
mod setup;
mod visitors;
mod widget;

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
        .routes(routes!(agents::list, agents::make))
        .routes(routes!(agents::change))
        .routes(routes!(agents::set_status))
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
        .routes(routes!(pages::list))
        .routes(routes!(pages::add))
        .routes(routes!(customers::find))
        .routes(routes!(customers::get, customers::change))
        .routes(routes!(customers::merge))
        .routes(routes!(customers::unmerge))
        .routes(routes!(customers::conversations))
        .routes(routes!(identities::list, identities::add))
        .routes(routes!(identities::end))
        .routes(routes!(blocks::list, blocks::make))
        .routes(routes!(blocks::end))
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
