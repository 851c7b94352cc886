mod agent_sessions;
mod agents;
mod article_texts;
mod articles;
mod audit;
mod auth;
mod blocks;
mod canned;
#[cfg(feature = "graphql")]
mod card_runs;
#[cfg(feature = "graphql")]
mod cards;
mod categories;
#[cfg(feature = "channels")]
mod channel_check;
#[cfg(feature = "channels")]
mod channel_given;
#[cfg(feature = "channels")]
mod channel_refusals;
#[cfg(feature = "channels")]
mod channels;
#[cfg(feature = "channels")]
mod conversation_channel;
mod conversations;
mod customers;
mod description;
#[cfg(feature = "events")]
mod event_deliveries;
#[cfg(feature = "events")]
mod event_types;
#[cfg(feature = "bridge")]
mod external_asking;
#[cfg(feature = "bridge")]
mod external_tickets;
#[cfg(feature = "bridge")]
mod external_writes;
mod files;
mod identities;
mod inboxes;
mod keys;
mod messages;
mod offline;
mod oversee;
mod pages;
mod password;
mod privacy;
mod published_articles;
mod repeat;
mod reports;
mod retention;
mod reveal;
mod roles;
mod search;
mod session;
mod setup;
mod shadow;
#[cfg(feature = "events")]
mod subscriptions;
mod tags;
mod teams;
mod ticket_comments;
mod ticket_links;
mod ticket_list;
mod ticket_view;
mod tickets;
mod totp;
mod transcript;
mod visitors;
mod widget;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use pastey::paste;
use utoipa::{Path, openapi::HttpMethod};

pub(crate) use inboxes::SEAL_PURPOSE as INBOX_SEAL_PURPOSE;
pub(crate) use widget::config_json as widget_config;

use super::Api;

/// Routes by the paths and methods that their handlers name.
///
/// What else handlers say of themselves is for the committed document, which tests make and hold against it: the code
/// for it is a tenth of a binary that would only ever write the same text.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) router: Router<Api>,
    #[cfg(test)]
    pub(super) described: utoipa_axum::router::OpenApiRouter<Api>,
}

impl Routes {
    fn add<P: Path, H: Handler<T, Api>, T: 'static>(&mut self, handler: &H) {
        for method in P::methods() {
            let route = on(filter(&method), handler.clone());
            self.router = std::mem::take(&mut self.router).route(&P::path(), route);
        }
    }

    /// Adds routes whose bodies may be larger than others.
    #[cfg(feature = "channels")]
    fn add_large(&mut self, routes: Self, body_bytes_max: usize) {
        let large = routes.router.layer(axum::extract::DefaultBodyLimit::max(body_bytes_max));
        self.router = std::mem::take(&mut self.router).merge(large);
        #[cfg(test)]
        {
            self.described = std::mem::take(&mut self.described).merge(routes.described);
        }
    }

    #[cfg(test)]
    fn describe(&mut self, described: utoipa_axum::router::UtoipaMethodRouter<Api>) {
        self.described = std::mem::take(&mut self.described).routes(described);
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}

/// Adds the handlers of one path.
macro_rules! add {
    ($routes:ident: $($module:ident::$handler:ident),+) => {
        paste! { $($routes.add::<$module::[<__path_ $handler>], _, _>(&$module::$handler);)+ }
        #[cfg(test)]
        $routes.describe(utoipa_axum::routes!($($module::$handler),+));
    };
}

/// Those of chat services.
#[cfg(feature = "channels")]
fn of_channels(routes: &mut Routes) {
    let mut own = Routes::default();
    add!(own: channels::list, channels::make);
    add!(own: channels::get, channels::change, channels::remove);
    routes.add_large(own, channel_given::BODY_BYTES_MAX);
    add!(routes: channels::files);
    add!(routes: channels::test);
    add!(routes: channel_refusals::list);
    add!(routes: channel_refusals::retry);
    add!(routes: channel_refusals::forget);
    add!(routes: channel_check::run);
    add!(routes: conversation_channel::get);
    add!(routes: conversation_channel::send_again);
}

/// Those of events.
#[cfg(feature = "events")]
fn of_events(routes: &mut Routes) {
    add!(routes: event_types::list);
    add!(routes: subscriptions::list, subscriptions::make);
    add!(routes: subscriptions::get, subscriptions::change, subscriptions::remove);
    add!(routes: subscriptions::rotate_secret);
    add!(routes: subscriptions::test);
    add!(routes: subscriptions::replay);
    add!(routes: event_deliveries::list);
    add!(routes: event_deliveries::get);
    add!(routes: event_deliveries::redeliver);
}

/// Those of cards.
#[cfg(feature = "graphql")]
fn of_cards(routes: &mut Routes) {
    add!(routes: cards::list, cards::make);
    add!(routes: cards::examples);
    add!(routes: cards::change, cards::remove);
    add!(routes: card_runs::run);
    add!(routes: card_runs::act);
}

/// Every route, without the base path.
pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();
    add!(routes: setup::needed, setup::make);
    add!(routes: auth::login);
    add!(routes: auth::logout);
    add!(routes: auth::me);
    add!(routes: auth::sessions);
    add!(routes: auth::end_session);
    add!(routes: password::change);
    add!(routes: totp::state, totp::begin, totp::end);
    add!(routes: totp::confirm);
    add!(routes: agents::list, agents::make);
    add!(routes: agents::change);
    add!(routes: agents::break_reasons);
    add!(routes: agents::set_status);
    add!(routes: agents::set_status_of);
    add!(routes: teams::list, teams::make);
    add!(routes: teams::change, teams::end);
    add!(routes: agent_sessions::list, agent_sessions::end_all);
    add!(routes: agent_sessions::end);
    add!(routes: totp::reset);
    add!(routes: roles::permissions);
    add!(routes: roles::list, roles::make);
    add!(routes: roles::change, roles::delete);
    add!(routes: keys::list, keys::make);
    add!(routes: keys::revoke);
    add!(routes: audit::list);
    add!(routes: audit::verify);
    add!(routes: shadow::list);
    add!(routes: reports::get);
    add!(routes: reports::now);
    add!(routes: audit::flagged);
    add!(routes: inboxes::list, inboxes::make);
    add!(routes: inboxes::change);
    add!(routes: inboxes::rotate_secret);
    add!(routes: widget::config);
    add!(routes: widget::open_session);
    add!(routes: conversations::list);
    add!(routes: conversations::counts);
    add!(routes: conversations::get);
    add!(routes: conversations::accept);
    add!(routes: conversations::set_aside);
    add!(routes: conversations::snooze);
    add!(routes: conversations::mark_unread);
    add!(routes: conversations::resolve);
    add!(routes: conversations::end);
    add!(routes: conversations::reopen);
    add!(routes: conversations::decline);
    add!(routes: conversations::transfer);
    add!(routes: conversations::prioritise);
    add!(routes: conversations::rate);
    add!(routes: conversations::invite_rating);
    add!(routes: conversations::read);
    add!(routes: conversations::mention_seen);
    add!(routes: oversee::whisper);
    add!(routes: oversee::join);
    add!(routes: oversee::leave);
    add!(routes: oversee::take_over);
    add!(routes: messages::list, messages::send);
    add!(routes: messages::edit, messages::recall);
    add!(routes: reveal::message);
    add!(routes: reveal::ticket);
    add!(routes: reveal::customer);
    add!(routes: files::upload);
    add!(routes: files::get);
    add!(routes: search::search);
    add!(routes: visitors::get);
    add!(routes: ticket_list::list, tickets::make);
    add!(routes: tickets::get, tickets::change);
    add!(routes: ticket_comments::list, ticket_comments::make);
    add!(routes: ticket_comments::history);
    add!(routes: ticket_links::link, ticket_links::unlink);
    add!(routes: offline::leave);
    add!(routes: canned::list, canned::make);
    add!(routes: canned::change, canned::remove);
    add!(routes: canned::render);
    add!(routes: tags::list, tags::make);
    add!(routes: tags::change, tags::remove);
    add!(routes: tags::of_conversation, tags::set_of_conversation);
    add!(routes: categories::list, categories::make);
    add!(routes: categories::change, categories::remove);
    add!(routes: articles::list, articles::make);
    add!(routes: articles::search);
    add!(routes: published_articles::search);
    add!(routes: articles::get, articles::change, articles::remove);
    add!(routes: article_texts::get, article_texts::write, article_texts::remove);
    add!(routes: article_texts::versions);
    add!(routes: article_texts::restore);
    add!(routes: article_texts::insert);
    add!(routes: article_texts::vote);
    add!(routes: transcript::get);
    add!(routes: pages::list);
    add!(routes: pages::add);
    add!(routes: customers::find);
    add!(routes: customers::get, customers::change);
    add!(routes: customers::merge);
    add!(routes: customers::unmerge);
    add!(routes: customers::conversations);
    add!(routes: retention::list);
    add!(routes: privacy::state);
    add!(routes: privacy::export);
    add!(routes: privacy::erase);
    add!(routes: privacy::hold, privacy::release);
    add!(routes: identities::list, identities::add);
    add!(routes: identities::end);
    add!(routes: blocks::list, blocks::make);
    add!(routes: blocks::end);
    #[cfg(feature = "channels")]
    of_channels(&mut routes);
    #[cfg(feature = "events")]
    of_events(&mut routes);
    #[cfg(feature = "graphql")]
    of_cards(&mut routes);
    add!(routes: description::get);
    #[cfg(feature = "bridge")]
    add_external(&mut routes);
    routes
}

/// Tickets in a system of others.
#[cfg(feature = "bridge")]
fn add_external(routes: &mut Routes) {
    add!(routes: external_tickets::list);
    add!(routes: external_tickets::get);
    add!(routes: external_writes::list, external_writes::create);
    add!(routes: external_writes::update);
    add!(routes: external_writes::comment);
    add!(routes: external_writes::repeat);
    add!(routes: external_writes::dismiss);
}
