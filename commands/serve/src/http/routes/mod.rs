mod agent_sessions;
mod agents;
mod article_texts;
mod articles;
mod audit;
mod auth;
mod blocks;
mod canned;
mod categories;
mod conversations;
mod customers;
mod files;
mod identities;
mod inboxes;
mod keys;
mod messages;
mod offline;
mod oversee;
mod pages;
mod privacy;
mod repeat;
mod reports;
mod retention;
mod reveal;
mod roles;
mod search;
mod session;
mod setup;
mod shadow;
mod tags;
mod teams;
mod ticket_comments;
mod ticket_links;
mod ticket_view;
mod tickets;
mod totp;
mod transcript;
mod visitors;
mod widget;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use inboxes::SEAL_PURPOSE as INBOX_SEAL_PURPOSE;

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
        .routes(routes!(teams::list, teams::make))
        .routes(routes!(teams::change, teams::end))
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
        .routes(routes!(shadow::list))
        .routes(routes!(reports::get))
        .routes(routes!(reports::now))
        .routes(routes!(audit::flagged))
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
        .routes(routes!(conversations::decline))
        .routes(routes!(conversations::transfer))
        .routes(routes!(conversations::prioritise))
        .routes(routes!(conversations::rate))
        .routes(routes!(conversations::invite_rating))
        .routes(routes!(conversations::read))
        .routes(routes!(oversee::whisper))
        .routes(routes!(oversee::join))
        .routes(routes!(oversee::leave))
        .routes(routes!(oversee::take_over))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::edit, messages::recall))
        .routes(routes!(reveal::message))
        .routes(routes!(reveal::ticket))
        .routes(routes!(reveal::customer))
        .routes(routes!(files::upload))
        .routes(routes!(files::get))
        .routes(routes!(search::search))
        .routes(routes!(visitors::get))
        .routes(routes!(tickets::list, tickets::make))
        .routes(routes!(tickets::get, tickets::change))
        .routes(routes!(ticket_comments::list, ticket_comments::make))
        .routes(routes!(ticket_comments::history))
        .routes(routes!(ticket_links::link, ticket_links::unlink))
        .routes(routes!(offline::leave))
        .routes(routes!(canned::list, canned::make))
        .routes(routes!(canned::change, canned::remove))
        .routes(routes!(canned::render))
        .routes(routes!(tags::list, tags::make))
        .routes(routes!(tags::change, tags::remove))
        .routes(routes!(tags::of_conversation, tags::set_of_conversation))
        .routes(routes!(categories::list, categories::make))
        .routes(routes!(categories::change, categories::remove))
        .routes(routes!(articles::list, articles::make))
        .routes(routes!(articles::search))
        .routes(routes!(articles::search_published))
        .routes(routes!(articles::get, articles::change, articles::remove))
        .routes(routes!(article_texts::get, article_texts::write))
        .routes(routes!(article_texts::versions))
        .routes(routes!(article_texts::restore))
        .routes(routes!(article_texts::insert))
        .routes(routes!(article_texts::vote))
        .routes(routes!(transcript::get))
        .routes(routes!(pages::list))
        .routes(routes!(pages::add))
        .routes(routes!(customers::find))
        .routes(routes!(customers::get, customers::change))
        .routes(routes!(customers::merge))
        .routes(routes!(customers::unmerge))
        .routes(routes!(customers::conversations))
        .routes(routes!(retention::list))
        .routes(routes!(privacy::state))
        .routes(routes!(privacy::export))
        .routes(routes!(privacy::erase))
        .routes(routes!(privacy::hold, privacy::release))
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
