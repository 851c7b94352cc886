use std::collections::BTreeMap;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{ArticleState, Language, Micros, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{
    Article, ArticleFilter, ArticleHit, ArticleText, AuditRecord, Change, KnowledgeChange, RecordSet,
};
use kefu_text::terms::{self, LastWord, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    search::{SnippetView, snippet, utf16},
    session::fresh_id,
};
use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id, Parameters, nullable, parameter},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    markdown,
    problem::Problem,
    view::timestamp,
};

/// Most articles.
const ARTICLES_MAX: i64 = 10_000;
/// Most characters of a text.
const BODY_CHARS: usize = 50_000;
/// Most inboxes that an article names.
const INBOXES_MAX: usize = 100;
/// Most characters of a query.
const QUERY_CHARS: usize = 256;
/// How many texts a search finds.
const HITS_MAX: usize = 20;

/// Which articles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// `draft`, `published` or `archived`; drafts and published ones when left out.
    state: Option<String>,
    /// Only those of this category.
    #[param(value_type = Option<Uuid>)]
    category: Option<String>,
    /// Only those for this inbox.
    #[param(value_type = Option<Uuid>)]
    inbox: Option<String>,
    /// Only those that say something in `zh` or `en`.
    language: Option<String>,
    /// Where the list goes on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FindQuery {
    /// Words, as for messages; the last may be the beginning of one.
    q: String,
    /// `zh` or `en`; both when left out.
    language: Option<String>,
    /// Only those for this inbox.
    #[param(value_type = Option<Uuid>)]
    inbox: Option<String>,
}

/// An article of the knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Article)]
pub(super) struct ArticleView {
    id: Uuid,
    /// Its name in addresses.
    #[schema(example = "how-refunds-work")]
    slug: String,
    category_id: Option<Uuid>,
    /// The inboxes that it is for; all when there are none.
    inbox_ids: Vec<Uuid>,
    /// `draft`, `published` or `archived`.
    #[schema(value_type = String, example = "published")]
    state: ArticleState,
    /// It stands before the others where visitors have not searched for anything.
    pinned: bool,
    /// What it says, by language: `zh` and `en`.
    #[schema(value_type = BTreeMap<String, ArticleTextView>)]
    texts: BTreeMap<Language, ArticleTextView>,
    /// How often it went into a reply.
    uses: u64,
    /// How many visitors say that it helped.
    helped: u64,
    /// How many say that it did not.
    not_helped: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Goes into a change, to say what it is a change of.
    version: u32,
}

/// What an article says in one language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleText)]
pub(super) struct ArticleTextView {
    /// 1, 2, 3 … with each that was saved.
    version: u32,
    title: String,
    /// Markdown; in lists its first 300 characters.
    body: String,
    author_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A text in which something was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundArticle)]
pub(super) struct FoundView {
    article_id: Uuid,
    slug: String,
    #[schema(value_type = String, example = "zh")]
    language: Language,
    title: String,
    /// Where it was found in the title, in UTF-16 code units.
    title_highlights: Vec<[u32; 2]>,
    /// A piece of the text.
    snippet: SnippetView,
}

/// A text to be saved.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewArticleText)]
pub(super) struct TextBody {
    pub(super) title: String,
    /// Markdown, at most 50,000 characters. HTML in it is shown as it is written.
    pub(super) body: String,
}

/// A new article.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewArticle {
    /// 1 to 80 lower-case letters, digits and hyphens, unlike all others; its id when left out.
    slug: Option<String>,
    category_id: Option<Uuid>,
    /// All inboxes when left out or empty.
    #[serde(default)]
    inbox_ids: Vec<Uuid>,
    /// `draft` when left out.
    state: Option<String>,
    /// `false` when left out.
    #[serde(default)]
    pinned: bool,
    /// By language: at least one of `zh` and `en`.
    texts: BTreeMap<String, TextBody>,
}

/// What changes of an article besides its texts; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ArticlePatch {
    /// The version that is changed.
    version: u32,
    slug: Option<String>,
    /// `null` takes it out of its category.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    category_id: Option<Option<Uuid>>,
    inbox_ids: Option<Vec<Uuid>>,
    state: Option<String>,
    pinned: Option<bool>,
}

/// The articles of the knowledge base, the last changed first
#[utoipa::path(get, path = "/articles", operation_id = "articles", tag = "articles", params(ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<ArticleView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<ArticleView>>, Problem> {
    may_read(&who)?;
    let filter = ArticleFilter {
        state: query.state.as_deref().map(state).transpose()?,
        category: parameter("category", query.category.as_deref())?,
        inbox: parameter("inbox", query.inbox.as_deref())?,
        language: query.language.as_deref().map(|word| fields::language("language", word)).transpose()?,
    };
    let cursor = page::cursor(query.cursor.as_deref())?;
    let limit = page::limit(query.limit.as_deref())?;
    let (articles, next) = api.services.store.articles(&filter, cursor, limit).await?;
    Ok(Json(Page::part(articles.into_iter().map(ArticleView::from).collect(), next)))
}

/// Searches the knowledge base; what is found in a title comes first
#[utoipa::path(get, path = "/articles/search", operation_id = "search_articles", tag = "articles",
    params(FindQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<FoundView>), SignedErrors))]
pub(super) async fn search(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Parameters(given): Parameters<FindQuery>,
) -> Result<Json<Page<FoundView>>, Problem> {
    may_read(&who)?;
    let filter = ArticleFilter {
        inbox: parameter("inbox", given.inbox.as_deref())?,
        language: given.language.as_deref().map(|word| fields::language("language", word)).transpose()?,
        ..ArticleFilter::default()
    };
    find(&api, &given.q, &filter).await
}

/// An article
#[utoipa::path(get, path = "/articles/{id}", operation_id = "article", tag = "articles",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ArticleView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<ArticleView>, Problem> {
    may_read(&who)?;
    Ok(Json(known(&api, id).await?.into()))
}

/// Makes an article
#[utoipa::path(post, path = "/articles", operation_id = "make_article", tag = "articles",
    request_body = NewArticle, security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = ArticleView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewArticle>,
) -> Result<(StatusCode, Json<ArticleView>), Refused> {
    require(&who, Permission::Knowledge)?;
    if body.texts.is_empty() {
        return Err(Problem::invalid("texts", "must hold a text in zh or en").into());
    }
    let (id, now) = (fresh_id()?, clock::now());
    let save = |(word, text): (&String, &TextBody)| {
        Ok((fields::language("texts", word)?, saved(&who, text, 1, now)?))
    };
    let article = Article {
        id,
        slug: body.slug.as_deref().map_or_else(|| Ok(id.to_string()), fields::article_slug)?,
        category: category(&api, body.category_id).await?,
        inboxes: inboxes(&api, &body.inbox_ids)?,
        state: body.state.as_deref().map(state).transpose()?.unwrap_or_default(),
        pinned: body.pinned,
        texts: body.texts.iter().map(save).collect::<Result<_, Problem>>()?,
        uses: 0,
        helped: 0,
        failed: 0,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    if api.services.store.count_articles().await.map_err(Problem::from)? >= ARTICLES_MAX {
        let detail = format!("there are at most {ARTICLES_MAX} articles");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    check_slug(&api, &article).await?;
    let detail = json!({"slug": article.slug, "state": article.state});
    let audit = audit::record(&who, caller.address, "article.made", Some(("article", id)), detail);
    record(&api, KnowledgeChange::Add(article.clone()), Some(audit)).await?;
    Ok((StatusCode::CREATED, Json(article.into())))
}

/// Changes an article, but for its texts
#[utoipa::path(patch, path = "/articles/{id}", operation_id = "change_article", tag = "articles",
    params(("id" = Uuid, Path)), request_body = ArticlePatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ArticleView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<ArticlePatch>,
) -> Result<Json<ArticleView>, Refused> {
    require(&who, Permission::Knowledge)?;
    let mut article = known(&api, id).await?;
    let seen = body.version;
    if let Some(slug) = body.slug {
        article.slug = fields::article_slug(&slug)?;
    }
    if let Some(id) = body.category_id {
        article.category = category(&api, id).await?;
    }
    if let Some(ids) = body.inbox_ids {
        article.inboxes = inboxes(&api, &ids)?;
    }
    if let Some(word) = body.state {
        article.state = state(&word)?;
    }
    article.pinned = body.pinned.unwrap_or(article.pinned);
    check_slug(&api, &article).await?;
    article.version = seen.saturating_add(1);
    article.updated_at = clock::now();
    let detail = json!({"slug": article.slug, "state": article.state});
    let audit = audit::record(&who, caller.address, "article.changed", Some(("article", id)), detail);
    record(&api, KnowledgeChange::Replace { article: article.clone(), seen }, Some(audit)).await?;
    Ok(Json(article.into()))
}

/// Removes an article with all that it ever said
#[utoipa::path(delete, path = "/articles/{id}", operation_id = "remove_article", tag = "articles",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Gone"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Knowledge)?;
    let article = known(&api, id).await?;
    let detail = json!({"slug": article.slug});
    let audit = audit::record(&who, caller.address, "article.removed", Some(("article", id)), detail);
    record(&api, KnowledgeChange::Remove(id), Some(audit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everybody of the company reads the knowledge base; of programs, those whose key says so.
pub(super) fn may_read(who: &Identity) -> Result<(), Problem> {
    require_scope(
        who,
        &[Permission::Chat, Permission::AllConversations, Permission::Tickets, Permission::Knowledge],
    )
}

pub(super) async fn known(api: &Api, id: Uuid) -> Result<Article, Problem> {
    api.services.store.article(id).await?.ok_or_else(|| Problem::not_found("article"))
}

/// The text as it is saved.
pub(super) fn saved(
    who: &Identity,
    text: &TextBody,
    version: u32,
    now: Micros,
) -> Result<ArticleText, Problem> {
    Ok(ArticleText {
        version,
        title: fields::name("title", &text.title)?,
        body: fields::text("body", &text.body, BODY_CHARS)?,
        author: Some(who.id),
        created_at: now,
    })
}

pub(super) async fn record(
    api: &Api,
    change: KnowledgeChange,
    audit: Option<AuditRecord>,
) -> Result<(), Problem> {
    let set = RecordSet { changes: vec![Change::Knowledge(change)], audit: audit.into_iter().collect() };
    api.services.desk.record(set).await
}

/// The texts in which `words` are found.
pub(super) async fn find(
    api: &Api,
    words: &str,
    filter: &ArticleFilter,
) -> Result<Json<Page<FoundView>>, Problem> {
    let words = fields::lines("q", words, QUERY_CHARS)?;
    let query = terms::query(&words, LastWord::Prefix);
    if query.is_empty() {
        return Err(Problem::invalid("q", "must hold a word to search for"));
    }
    let hits = api.services.store.search_articles(&query, filter, HITS_MAX).await?;
    Ok(Json(Page::whole(hits.into_iter().map(|hit| FoundView::new(hit, &query)).collect())))
}

async fn category(api: &Api, id: Option<Uuid>) -> Result<Option<Uuid>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let is_known = api.services.store.categories().await?.iter().any(|category| category.id == id);
    if is_known { Ok(Some(id)) } else { Err(Problem::invalid("category_id", "there is no such category")) }
}

fn inboxes(api: &Api, ids: &[Uuid]) -> Result<Vec<Uuid>, Problem> {
    let ids = fields::ids("inbox_ids", ids, INBOXES_MAX)?;
    let directory = api.services.desk.directory();
    if ids.iter().all(|id| directory.inbox(*id).is_some()) {
        Ok(ids)
    } else {
        Err(Problem::invalid("inbox_ids", "there is no inbox with one of these ids"))
    }
}

/// Names the field to blame; against two who come at once the store's own index stands.
async fn check_slug(api: &Api, article: &Article) -> Result<(), Problem> {
    let other = api.services.store.article_by_slug(&article.slug).await?;
    if other.is_some_and(|other| other.id != article.id) {
        let problem = Problem::new(ErrorCode::Conflict, "there is an article of this name");
        return Err(Problem { field: Some("slug"), ..problem });
    }
    Ok(())
}

fn state(word: &str) -> Result<ArticleState, Problem> {
    let detail = "must be draft, published or archived";
    ArticleState::from_word(word).ok_or_else(|| Problem::invalid("state", detail))
}

impl FoundView {
    /// A text that stands for itself: nothing was searched for.
    pub(super) fn whole(hit: ArticleHit) -> Self {
        Self::new(hit, &Query::default())
    }

    fn new(hit: ArticleHit, query: &Query) -> Self {
        let body = markdown::to_text(&hit.body);
        Self {
            article_id: hit.id,
            slug: hit.slug,
            language: hit.language,
            title_highlights: utf16(&hit.title, &terms::highlights(&hit.title, query)),
            title: hit.title,
            snippet: snippet(&body, &terms::highlights(&body, query)),
        }
    }
}

impl From<Article> for ArticleView {
    fn from(article: Article) -> Self {
        Self {
            id: article.id,
            slug: article.slug,
            category_id: article.category,
            inbox_ids: article.inboxes,
            state: article.state,
            pinned: article.pinned,
            texts: article.texts.into_iter().map(|(language, text)| (language, text.into())).collect(),
            uses: article.uses,
            helped: article.helped,
            not_helped: article.failed,
            created_at: timestamp(article.created_at),
            updated_at: timestamp(article.updated_at),
            version: article.version,
        }
    }
}

impl From<ArticleText> for ArticleTextView {
    fn from(text: ArticleText) -> Self {
        Self {
            version: text.version,
            title: text.title,
            body: text.body,
            author_id: text.author,
            created_at: timestamp(text.created_at),
        }
    }
}
