//! The console, the widget and the demo shop, embedded from `web/dist`.

use std::{io::Read as _, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

/// The committed build, by its path from this crate's manifest; empty where it was not made yet, so that cargo alone
/// builds kefu. Only the compressed forms are carried: the plain ones would be half of the whole.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[include = "*.br"]
#[include = "*.gz"]
#[allow_missing = true]
struct Dist;

/// A file in the form in which a client gets it.
struct Representation {
    encoding: Option<&'static str>,
    bytes: Bytes,
    /// A strong tag: each form has its own bytes and so its own.
    tag: String,
}

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; media-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'self'";

/// The shop is any site that embeds the widget, which puts a style of its own into the page.
const SHOP_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// Finds the origins that may embed the widget of an inbox, or of any when none is named; `None` is everyone.
pub(crate) type EmbeddingOrigins = Arc<dyn Fn(Option<&str>) -> Option<Vec<String>> + Send + Sync>;

/// Finds what the widget of an inbox is to know, as JSON; `None` if there is none to be had.
pub(crate) type WidgetConfigs =
    Arc<dyn Fn(&str) -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

/// The page of the chat.
const FRAME: &str = "widget/frame.html";

/// Where its page ends.
const FRAME_END: &str = "</body>";

#[derive(Clone)]
struct Assets {
    embedding: EmbeddingOrigins,
    configs: WidgetConfigs,
}

#[derive(Deserialize)]
struct FrameQuery {
    inbox: Option<String>,
}

/// The pages and what belongs to them.
pub(crate) fn router(demo: bool, embedding: EmbeddingOrigins, configs: WidgetConfigs) -> Router {
    let to_console = get(async || Redirect::temporary("/console/"));
    let mut router = Router::new()
        .route("/", to_console.clone())
        .route("/console", to_console)
        .route("/console/", get(async |headers: HeaderMap| console("index.html", &headers)))
        .route(
            "/console/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| console(&path, &headers)),
        )
        .route("/widget/{*path}", get(widget));
    if demo {
        router = router
            .route("/demo", get(async |headers: HeaderMap| shop("index.html", &headers)))
            .route("/demo/", get(async || Redirect::temporary("/demo")))
            .route(
                "/demo/{*path}",
                get(async |Path(path): Path<String>, headers: HeaderMap| shop(&path, &headers)),
            );
    }
    router.with_state(Assets { embedding, configs })
}

fn console(path: &str, headers: &HeaderMap) -> Response {
    let mut response = file(&format!("console/{path}"), headers);
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::try_from(format!("{POLICY}; frame-ancestors 'none'")).expect("the policy is plain text"),
    );
    set(&mut response, header::X_FRAME_OPTIONS, "DENY");
    set(&mut response, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    response
}

async fn widget(
    State(assets): State<Assets>,
    Path(path): Path<String>,
    Query(query): Query<FrameQuery>,
    headers: HeaderMap,
) -> Response {
    let path = format!("widget/{path}");
    let mut response = match frame(&assets, &path, query.inbox.as_deref()).await {
        Some(page) => page,
        None => file(&path, &headers),
    };
    let ancestors = frame_ancestors((assets.embedding)(query.inbox.as_deref()).as_deref());
    if let Ok(policy) = HeaderValue::try_from(format!("{POLICY}; frame-ancestors {ancestors}")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Pages of other sites load these, also those that demand a permission for that.
    set(&mut response, HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    response
}

/// The page of the chat with what it would ask for first, so that it needs not ask; nothing for other files.
async fn frame(assets: &Assets, path: &str, inbox: Option<&str>) -> Option<Response> {
    let inbox = inbox.filter(|_| path == FRAME)?;
    let config = (assets.configs)(inbox).await?;
    let page = String::from_utf8(choose(path, None)?.bytes.into()).ok()?;
    let (before, after) = page.rsplit_once(FRAME_END)?;
    // No text of an inbox ends the element; to JSON it is the same.
    let config = config.replace('<', "\\u003c");
    let page = format!(
        "{before}<script type=\"application/json\" id=\"config\">{config}</script>{FRAME_END}{after}"
    );
    let mut response = Response::new(Body::from(page));
    set(&mut response, header::CONTENT_TYPE, content_type(path));
    // Who is there changes from one opening to the next.
    set(&mut response, header::CACHE_CONTROL, "no-store");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::REFERRER_POLICY, "same-origin");
    Some(response)
}

fn shop(path: &str, headers: &HeaderMap) -> Response {
    let mut response = file(&format!("demo/{path}"), headers);
    set(&mut response, header::CONTENT_SECURITY_POLICY, SHOP_POLICY);
    response
}

/// The sources of `frame-ancestors`: the daemon's own pages, and the origins that are fit for a header.
fn frame_ancestors(origins: Option<&[String]>) -> String {
    let Some(origins) = origins else { return "*".to_owned() };
    let mut sources = "'self'".to_owned();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]*".contains(c);
    for origin in origins.iter().filter(|origin| !origin.is_empty() && origin.chars().all(is_fit)) {
        sources.push(' ');
        sources.push_str(origin);
    }
    sources
}

/// Answers with an embedded file, compressed where it can be, or says that it did not change.
fn file(path: &str, request: &HeaderMap) -> Response {
    let Some(found) = choose(path, request.get(header::ACCEPT_ENCODING)) else {
        let mut missing = (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
        set(&mut missing, header::CACHE_CONTROL, "no-store");
        set(&mut missing, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        return missing;
    };
    let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|given| names_tag(given, &found.tag));
    let mut response = Response::new(if is_known { Body::empty() } else { Body::from(found.bytes) });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        set(&mut response, header::CONTENT_TYPE, content_type(path));
    }
    if let (Some(encoding), false) = (found.encoding, is_known) {
        set(&mut response, header::CONTENT_ENCODING, encoding);
    }
    set(&mut response, header::CACHE_CONTROL, cache_control(path));
    set(&mut response, header::VARY, "accept-encoding");
    set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut response, header::REFERRER_POLICY, "same-origin");
    response.headers_mut().insert(
        header::ETAG,
        HeaderValue::try_from(found.tag).expect("hexadecimal digits are a header's value"),
    );
    response
}

/// Picks the smallest form of a file that the client takes.
fn choose(path: &str, accepted: Option<&HeaderValue>) -> Option<Representation> {
    // The compressed forms have no names of their own; a build for development reads the directory itself.
    let is_odd = |segment: &str| matches!(segment, "" | "." | "..") || segment.contains('\\');
    if path.ends_with(".br") || path.ends_with(".gz") || path.split('/').any(is_odd) {
        return None;
    }
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if takes(accepted, encoding)
            && let Some(found) = Dist::get(&format!("{path}{suffix}"))
        {
            let tag = entity_tag(&found, "");
            return Some(Representation { encoding: Some(encoding), bytes: bytes(found), tag });
        }
    }
    let packed = Dist::get(&format!("{path}.gz"))?;
    let mut plain = Vec::new();
    GzDecoder::new(&*packed.data).read_to_end(&mut plain).ok()?;
    Some(Representation { encoding: None, bytes: plain.into(), tag: entity_tag(&packed, "-plain") })
}

/// Says whether an `Accept-Encoding` takes `encoding` (RFC 9110, section 12.5.3).
fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let is_refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|q| q.parse() == Ok(0.0));
        is_named && !is_refused
    })
}

/// What the bytes of a file hash to, and what was done with them since.
fn entity_tag(file: &EmbeddedFile, suffix: &str) -> String {
    let mut tag = String::with_capacity(40);
    tag.push('"');
    for byte in &file.metadata.sha256_hash()[..16] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push_str(suffix);
    tag.push('"');
    tag
}

fn names_tag(given: &HeaderValue, tag: &str) -> bool {
    let given = given.to_str().unwrap_or_default();
    given.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => data.into(),
    }
}

/// Files below `assets` have their hash in their name; the loader is on every page of a site.
fn cache_control(path: &str) -> &'static str {
    match path {
        path if path.contains("/assets/") => "public, max-age=31536000, immutable",
        "widget/loader.js" => "public, max-age=300",
        _ => "no-cache",
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("mp3") => "audio/mpeg",
        Some("ogg") => "audio/ogg",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;

    async fn fetch(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let embedding: EmbeddingOrigins = Arc::new(|inbox| match inbox {
            Some("shop") => Some(vec!["https://shop.example".to_owned(), "x; script-src *".to_owned()]),
            _ => None,
        });
        let mut request = http::Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        router(true, embedding, configs()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn configs() -> WidgetConfigs {
        Arc::new(|inbox| {
            let config = (inbox == "shop").then(|| r#"{"name":"</script><script>"}"#.to_owned());
            Box::pin(std::future::ready(config))
        })
    }

    fn text<'a>(response: &'a Response, name: &HeaderName) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A folder that is not there would be taken for one that was not built yet.
    #[test]
    fn the_committed_build_is_found() {
        for path in ["console/index.html", "widget/loader.js", "demo/index.html"] {
            assert!(choose(path, None).is_some(), "{path} is not in the build");
        }
    }

    #[tokio::test]
    async fn every_embedded_file_is_served_with_type_tag_and_policy() {
        for path in Dist::iter().filter_map(|path| path.strip_suffix(".gz").map(str::to_owned)) {
            let url = format!("/{path}");
            let response = fetch(&url, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{url}");
            assert_ne!(text(&response, &header::CONTENT_TYPE), "application/octet-stream", "{url}");
            assert_eq!(text(&response, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert!(text(&response, &header::CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
            let tag = text(&response, &header::ETAG);
            let again = fetch(&url, &[(header::IF_NONE_MATCH, tag)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{url}");
        }
    }

    #[tokio::test]
    async fn the_form_of_a_file_is_chosen_by_the_client_and_has_no_name() {
        let url = "/console/index.html";
        let mut tags = std::collections::HashSet::new();
        let encodings = [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("", "")];
        for (accepted, expected) in encodings {
            let response = fetch(url, &[(header::ACCEPT_ENCODING, accepted)]).await;
            assert_eq!(text(&response, &header::CONTENT_ENCODING), expected, "{accepted}");
            assert_eq!(text(&response, &header::VARY), "accept-encoding");
            tags.insert(text(&response, &header::ETAG).to_owned());
        }
        assert_eq!(tags.len(), 3, "each form has its own tag");
        let plain = axum::body::to_bytes(fetch(url, &[]).await.into_body(), usize::MAX).await.unwrap();
        assert!(plain.starts_with(b"<!doctype html>"), "unpacked for who takes nothing else");
        assert_eq!(fetch(&format!("{url}.br"), &[]).await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        for path in [
            "/console/none.js",
            "/widget/none",
            "/demo/none",
            "/widget/../console/index.html",
            "/widget/%2e%2e/source-hash.txt",
            "/widget/..%2fsource-hash.txt",
            "/widget/%2Fetc%2Fpasswd",
        ] {
            let response = fetch(path, &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let without_demo = router(false, Arc::new(|_| None), configs());
        let request = http::Request::builder().uri("/demo").body(Body::empty()).unwrap();
        assert_eq!(without_demo.oneshot(request).await.unwrap().status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn only_an_inbox_s_origins_may_embed_its_widget() {
        let policy = async |path| {
            let response = fetch(path, &[]).await;
            let policy = text(&response, &header::CONTENT_SECURITY_POLICY);
            policy.split_once("frame-ancestors ").unwrap().1.to_owned()
        };
        assert_eq!(policy("/widget/frame.html?inbox=shop").await, "'self' https://shop.example");
        assert_eq!(policy("/widget/frame.html").await, "*");
        assert_eq!(policy("/console/").await, "'none'");
        assert_eq!(policy("/demo").await, "'none'");
    }

    #[tokio::test]
    async fn the_page_of_the_chat_has_what_it_would_ask_for_and_nothing_that_runs() {
        let page = async |query| {
            let response = fetch(&format!("/widget/frame.html{query}"), &[]).await;
            let kept = text(&response, &header::CACHE_CONTROL).to_owned();
            let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (String::from_utf8(bytes.into()).unwrap(), kept)
        };
        let (with, kept) = page("?inbox=shop").await;
        let config =
            r#"<script type="application/json" id="config">{"name":"\u003c/script>\u003cscript>"}</script>"#;
        assert!(with.contains(config), "{with}");
        assert_eq!(kept, "no-store");
        for query in ["", "?inbox=none"] {
            let (without, kept) = page(query).await;
            assert!(!without.contains("application/json"), "{query}");
            assert_eq!(kept, "no-cache");
        }
    }

    #[test]
    fn names_decide_how_long_a_file_is_kept() {
        assert!(cache_control("console/assets/index-B4x_9q2d.js").contains("immutable"));
        assert_eq!(cache_control("console/index.html"), "no-cache");
        assert_eq!(cache_control("widget/loader.js"), "public, max-age=300");
    }
}
