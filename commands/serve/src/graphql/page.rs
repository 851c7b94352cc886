//! Pages for browsers: GraphiQL, where queries are written and tried, and one that shows how a query is carried out.
//!
//! They are signed in by the console's cookie, and everything in them comes from the daemon itself.

use std::io::Read as _;

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
};
use flate2::read::GzDecoder;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
        VARY, X_FRAME_OPTIONS,
    },
};

use crate::services::Services;

/// Nothing from elsewhere, no script in the page, and no page around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const EXPLAIN: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>kefu</title>
<link rel=\"stylesheet\" href=\"/graphql/assets/explain.css\">
<script src=\"/graphql/assets/explain.js\" defer></script>
</head>
<body></body>
</html>
";

const GRAPHIQL: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>GraphiQL</title>
<link rel=\"stylesheet\" href=\"/graphql/assets/graphiql.css\">
<link rel=\"stylesheet\" href=\"/graphql/assets/start.css\">
<script src=\"/graphql/assets/react.js\" defer></script>
<script src=\"/graphql/assets/react-dom.js\" defer></script>
<script src=\"/graphql/assets/graphiql.js\" defer></script>
<script src=\"/graphql/assets/start.js\" defer></script>
</head>
<body><div id=\"graphiql\"></div></body>
</html>
";

/// A file that belongs to a page.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    /// It is packed with gzip: kept so because it is large.
    is_packed: bool,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// A file of ours.
const fn own(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, kind, bytes, is_packed: false }
}

/// A file of others, as `build.rs` packed it.
const fn packed(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, kind, bytes, is_packed: true }
}

macro_rules! vendored {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz"))
    };
}

const ASSETS: &[Asset] = &[
    own("explain.css", STYLE, include_bytes!("page/explain.css")),
    own("explain.js", SCRIPT, include_bytes!("page/explain.js")),
    own("start.css", STYLE, include_bytes!("page/start.css")),
    own("start.js", SCRIPT, include_bytes!("page/start.js")),
    packed("graphiql.css", STYLE, vendored!("graphiql.min.css")),
    packed("graphiql.js", SCRIPT, vendored!("graphiql.min.js")),
    packed("react.js", SCRIPT, vendored!("react.production.min.js")),
    packed("react-dom.js", SCRIPT, vendored!("react-dom.production.min.js")),
];

/// Whether a request is that of a browser for a page, where there is one.
pub(super) fn is_wanted(services: &Services, request: &Request) -> bool {
    let has_page = services.graphql.0.as_ref().is_some_and(|inner| inner.has_graphiql);
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    has_page
        && request.method() == Method::GET
        && request.uri().query().is_none()
        && accepts.split(',').any(|range| range.trim().starts_with("text/html"))
}

/// The page of GraphiQL.
pub(super) fn graphiql() -> Response {
    page(GRAPHIQL)
}

/// The page that shows how a query is carried out.
pub(super) async fn explain() -> Response {
    page(EXPLAIN)
}

/// A file of these pages.
pub(super) async fn asset(
    State(services): State<Services>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let has_graphiql = services.graphql.0.as_ref().is_some_and(|inner| inner.has_graphiql);
    let found = ASSETS.iter().find(|asset| asset.name == name && (has_graphiql || !asset.is_packed));
    let Some(asset) = found else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let stays_packed = asset.is_packed && takes_gzip(&headers);
    let mut response = match asset.is_packed && !stays_packed {
        true => unpacked(asset.bytes).into_response(),
        false => asset.bytes.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if stays_packed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// For clients that are no browsers.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).expect("it was packed when kefu was built");
    plain
}

/// Every browser does.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|entry| entry.trim().split(';').next() == Some("gzip"))
}

fn page(text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}
