//! Which other sites' pages may talk to an inbox.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN,
        VARY,
    },
};
use kefu_core::{Inbox, InboxKey};
use kefu_protocol::frame::ErrorCode;

use super::Api;
use crate::{
    auth::{Origin, is_own},
    problem::Problem,
    settings::Settings,
    view::Directory,
};

/// The inbox that a request turned out to be for; its handler says so.
#[derive(Clone, Debug, Default)]
pub(crate) struct CorsScope(Arc<OnceLock<Option<InboxKey>>>);

impl CorsScope {
    /// Says that the request is for this inbox, or, with none, for agents only.
    pub(crate) fn set(&self, inbox: Option<InboxKey>) {
        self.0.get_or_init(|| inbox);
    }
}

/// Answers preflights, and lets pages of the inbox's origins read the answer. Cookies never cross origins.
pub(super) async fn share(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned().filter(|_| is_for_sites(request.uri())) else {
        return next.run(request).await;
    };
    let directory = api.services.desk.directory();
    if request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        let inbox = inbox_in_query(request.uri(), &directory);
        return preflight(&origin, may_read(&directory, inbox, &origin));
    }
    let scope = CorsScope::default();
    request.extensions_mut().insert(scope.clone());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let allowed = match scope.0.get() {
        Some(None) => false,
        Some(Some(inbox)) => may_read(&directory, directory.inboxes.get(inbox), &origin),
        None => may_read(&directory, None, &origin),
    };
    if allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("retry-after, x-request-id");
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// Refuses pages that the inbox does not name; what is no page, or the daemon's own, passes.
pub(super) fn check(inbox: &Inbox, settings: &Settings, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let own = origin.to_str().is_ok_and(|origin| is_own(origin, host, settings.public_url.as_deref()));
    if own || allows(inbox, origin) {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::Forbidden, "pages of this origin may not talk to the inbox"))
}

fn is_for_sites(uri: &Uri) -> bool {
    let path = uri.path().strip_prefix(super::BASE).unwrap_or(uri.path());
    ["/widget/", "/conversations", "/files/", "/tickets", "/openapi.json"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Where the inbox is not known (yet), any inbox may allow the origin: the answer of a handler decides.
fn may_read(directory: &Directory, inbox: Option<&Inbox>, origin: &HeaderValue) -> bool {
    match inbox {
        Some(inbox) => allows(inbox, origin),
        None => directory.inboxes.values().any(|inbox| allows(inbox, origin)),
    }
}

fn allows(inbox: &Inbox, origin: &HeaderValue) -> bool {
    if inbox.origins.is_empty() {
        return true;
    }
    let origin = origin.to_str().ok().and_then(Origin::parse).map(|origin| origin.to_string());
    origin.is_some_and(|origin| inbox.origins.contains(&origin))
}

fn inbox_in_query<'a>(uri: &Uri, directory: &'a Directory) -> Option<&'a Inbox> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, slug) = pairs.find(|(name, _)| *name == "inbox")?;
    directory.inbox_by_slug(slug)
}

fn preflight(origin: &HeaderValue, allowed: bool) -> Response {
    if !allowed {
        return Problem::new(ErrorCode::Forbidden, "no inbox allows pages of this origin").into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    response
}

#[cfg(test)]
mod tests {
    use kefu_core::Micros;
    use uuid::Uuid;

    use super::*;

    fn inbox(key: i64, slug: &str, origins: &[&str]) -> Inbox {
        Inbox {
            key: InboxKey(key),
            id: Uuid::from_u128(key.unsigned_abs().into()),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            greeting: String::new(),
            origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
            identity_required: false,
            settings: kefu_core::InboxSettings::default(),
            sealed_secret: Vec::new(),
            versions: kefu_core::FieldVersions::default(),
            created_at: Micros(0),
        }
    }

    fn header(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    #[test]
    fn an_inbox_without_origins_takes_all() {
        assert!(allows(&inbox(1, "web", &[]), &header("https://a.example")));
        assert!(allows(&inbox(1, "web", &[]), &header("null")));
        let shop = inbox(1, "web", &["https://shop.example"]);
        assert!(allows(&shop, &header("https://Shop.example:443")));
        for other in ["https://a.example", "http://shop.example", "null", "https://shop.example.evil"] {
            assert!(!allows(&shop, &header(other)), "{other}");
        }
    }

    #[test]
    fn the_inbox_decides_where_it_is_known() {
        let mut directory = Directory::default();
        for inbox in [inbox(1, "a", &["https://a.example"]), inbox(2, "b", &["https://b.example"])] {
            directory.inboxes.insert(inbox.key, inbox);
        }
        let uri = Uri::from_static("/api/v1/widget/config?x=1&inbox=a");
        let known = inbox_in_query(&uri, &directory);
        assert!(may_read(&directory, known, &header("https://a.example")));
        assert!(!may_read(&directory, known, &header("https://b.example")));
        assert!(may_read(&directory, None, &header("https://b.example")));
        assert!(!may_read(&directory, None, &header("https://c.example")));
    }

    #[test]
    fn sessions_are_opened_from_named_pages_only() {
        let shop = inbox(1, "web", &["https://shop.example"]);
        let outcome = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, header("chat.example"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, header(origin));
            }
            check(&shop, &Settings::default(), &headers).is_ok()
        };
        assert!(
            outcome(None) && outcome(Some("https://shop.example")) && outcome(Some("https://chat.example"))
        );
        assert!(!outcome(Some("https://evil.example")) && !outcome(Some("null")));
    }
}
