//! The public help page of each inbox: the published articles of the knowledge base, without a script.

mod page;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::{Path, Query, State},
    middleware,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kefu_core::{ArticleState, Inbox, Language};
use kefu_store::{Article, ArticleFilter, StoreError};
use kefu_text::terms::{self, LastWord};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{http::envelope, services::Services};

/// Most articles that a list shows.
const LISTED_MAX: usize = 500;

/// How many articles a search finds.
const FOUND_MAX: usize = 20;

/// Most characters that are searched for.
const QUERY_CHARS: usize = 256;

/// Nothing from elsewhere, nothing inline, no scripts.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How a page looks; an inbox's key has no point in it.
const STYLE_PATH: &str = "/help/style.css";

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

/// The path of an article, or of the list of articles.
pub(crate) fn address(inbox: &str, language: Language, slug: Option<&str>) -> String {
    let language = language.as_str();
    match slug {
        Some(slug) => format!("/help/{inbox}/{language}/{slug}"),
        None => format!("/help/{inbox}/{language}"),
    }
}

/// The pages.
pub(crate) fn router(services: Services) -> Router {
    Router::new()
        .route(STYLE_PATH, get(style))
        .route("/help/{inbox}", get(choose))
        .route("/help/{inbox}/{language}", get(list))
        .route("/help/{inbox}/{language}/{slug}", get(show))
        .layer(middleware::from_fn_with_state(services.clone(), envelope))
        .with_state(services)
}

async fn style(request: HeaderMap) -> Response {
    answer(StatusCode::OK, "text/css; charset=utf-8", include_str!("style.css").to_owned(), &request)
}

/// Leads to the language that the reader prefers.
async fn choose(State(services): State<Services>, Path(inbox): Path<String>, request: HeaderMap) -> Response {
    if shown_inbox(&services, &inbox).is_none() {
        return missing(Language::En, &request);
    }
    let accepted = request.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = accepted.and_then(Language::preferred).unwrap_or(Language::Zh);
    let mut response = Redirect::temporary(&address(&inbox, language, None)).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

/// The list of articles, or what was found.
async fn list(
    State(services): State<Services>,
    Path((inbox, language)): Path<(String, String)>,
    Query(search): Query<Search>,
    request: HeaderMap,
) -> Response {
    let Some(language) = Language::from_word(&language) else { return missing(Language::En, &request) };
    let Some(inbox) = shown_inbox(&services, &inbox) else { return missing(language, &request) };
    let words: String = search.q.unwrap_or_default().chars().take(QUERY_CHARS).collect();
    let html = match words.trim() {
        "" => index(&services, &inbox, language).await,
        words => found(&services, &inbox, language, words).await,
    };
    html.map_or_else(|error| failed(language, &error, &request), |html| page(StatusCode::OK, html, &request))
}

async fn show(
    State(services): State<Services>,
    Path((inbox, language, slug)): Path<(String, String, String)>,
    request: HeaderMap,
) -> Response {
    let Some(language) = Language::from_word(&language) else { return missing(Language::En, &request) };
    let Some(inbox) = shown_inbox(&services, &inbox) else { return missing(language, &request) };
    let article = match services.store.article_by_slug(&slug).await {
        Ok(article) => article.filter(|article| is_shown(article, &inbox)),
        Err(error) => return failed(language, &error, &request),
    };
    let text = article.as_ref().and_then(|article| article.texts.get(&language));
    let (Some(article), Some(text)) = (&article, text) else { return missing(language, &request) };
    let base = services.settings.public_url.as_deref().unwrap_or_default();
    page(StatusCode::OK, page::article(base, &inbox, language, article, text), &request)
}

async fn index(services: &Services, inbox: &Inbox, language: Language) -> Result<String, StoreError> {
    let filter = published(inbox, language);
    let (articles, _) = services.store.articles(&filter, None, LISTED_MAX).await?;
    let categories = services.store.categories().await?;
    Ok(page::index(inbox, language, &categories, &articles))
}

async fn found(
    services: &Services,
    inbox: &Inbox,
    language: Language,
    words: &str,
) -> Result<String, StoreError> {
    let query = terms::query(words, LastWord::Prefix);
    let hits = services.store.search_articles(&query, &published(inbox, language), FOUND_MAX).await?;
    Ok(page::found(inbox, language, words, &query, &hits))
}

fn published(inbox: &Inbox, language: Language) -> ArticleFilter {
    ArticleFilter {
        state: Some(ArticleState::Published),
        category: None,
        inbox: Some(inbox.id),
        language: Some(language),
    }
}

/// The inbox with this key, unless it hides its page.
fn shown_inbox(services: &Services, slug: &str) -> Option<Inbox> {
    let directory = services.desk.directory();
    directory.inbox_by_slug(slug).filter(|inbox| !inbox.settings.help_hidden).cloned()
}

fn is_shown(article: &Article, inbox: &Inbox) -> bool {
    article.state == ArticleState::Published
        && (article.inboxes.is_empty() || article.inboxes.contains(&inbox.id))
}

fn missing(language: Language, request: &HeaderMap) -> Response {
    page(StatusCode::NOT_FOUND, page::missing(language), request)
}

fn failed(language: Language, error: &StoreError, request: &HeaderMap) -> Response {
    tracing::warn!(%error, "cannot read the knowledge base");
    page(StatusCode::SERVICE_UNAVAILABLE, page::failed(language), request)
}

fn page(status: StatusCode, html: String, request: &HeaderMap) -> Response {
    answer(status, "text/html; charset=utf-8", html, request)
}

/// The answer, or that the reader has it already.
fn answer(status: StatusCode, kind: &'static str, body: String, request: &HeaderMap) -> Response {
    let tag = entity_tag(&body);
    let is_known = status == StatusCode::OK && request.get(header::IF_NONE_MATCH) == Some(&tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    };
    let headers = response.headers_mut();
    let cache = if status == StatusCode::OK { "public, max-age=60" } else { "no-store" };
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn entity_tag(body: &str) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(body)[..16] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    HeaderValue::try_from(tag).expect("hexadecimal digits are a header's value")
}
