//! What visitors find in the knowledge base.

use axum::{Extension, Json, extract::State};
use kefu_core::ArticleState;
use kefu_store::ArticleFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    articles::{FoundView, find},
    widget::find_inbox,
};
use crate::{
    http::{Api, CorsScope, body::Parameters, fields, openapi::OpenErrors, page::Page},
    problem::Problem,
};

/// How many articles stand where nothing is searched for.
const TOP_MAX: usize = 5;

/// What a visitor searches for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PublishedQuery {
    /// Key of the inbox.
    inbox: Option<String>,
    /// Words, as for messages; the last may be the beginning of one. The top articles when left out.
    q: Option<String>,
    /// `zh` or `en`; both when left out.
    language: Option<String>,
}

/// Searches what is published for an inbox, or gives its top articles
///
/// Without `q` these are at most 5: pinned articles first, then those that agents put into most replies, then the last
/// changed.
#[utoipa::path(get, path = "/widget/articles", operation_id = "search_published_articles", tag = "widget",
    params(PublishedQuery), responses((status = 200, body = Page<FoundView>), OpenErrors))]
pub(super) async fn search(
    State(api): State<Api>,
    scope: Option<Extension<CorsScope>>,
    Parameters(given): Parameters<PublishedQuery>,
) -> Result<Json<Page<FoundView>>, Problem> {
    let slug = given.inbox.ok_or_else(|| Problem::invalid("inbox", "the inbox must be named"))?;
    let inbox: Uuid = find_inbox(&api, &slug, scope)?.id;
    let language = given.language.as_deref().map(|word| fields::language("language", word)).transpose()?;
    let Some(words) = given.q else {
        let top = api.services.store.top_articles(inbox, language, TOP_MAX).await?;
        return Ok(Json(Page::whole(top.into_iter().map(FoundView::whole).collect())));
    };
    let filter =
        ArticleFilter { state: Some(ArticleState::Published), inbox: Some(inbox), language, category: None };
    find(&api, &words, &filter).await
}
