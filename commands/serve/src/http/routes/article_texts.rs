use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{ArticleState, Language, Permission, Principal};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{ArticleVersion, KnowledgeChange};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::articles::{ArticleTextView, ArticleView, TextBody, known, may_read, record, saved};
use crate::{
    audit,
    auth::{SignedAgent, SignedVisitor, require},
    clock, help,
    http::{
        Api, Refused,
        body::{Body, Id, Parameters, TextPlace, parameter},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    identity::Identity,
    markdown,
    problem::Problem,
    view::timestamp,
};

/// How much of an article goes into a reply, in characters.
const INSERT_CHARS: usize = 2000;

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionQuery {
    /// The last one when left out.
    #[param(value_type = Option<u32>)]
    version: Option<String>,
}

/// Which version goes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RemoveQuery {
    /// The last one, as far as the caller knows; with another one it is a conflict.
    #[param(value_type = u32)]
    version: Option<String>,
}

/// A text to be saved, and what it replaces.
#[derive(Deserialize, ToSchema)]
pub(super) struct WriteBody {
    /// The version that it replaces; 0 when the article says nothing in this language yet.
    version: u32,
    title: String,
    /// Markdown, at most 50,000 characters. HTML in it is shown as it is written.
    body: String,
}

/// Which version comes back.
#[derive(Deserialize, ToSchema)]
pub(super) struct RestoreBody {
    version: u32,
}

/// What an article is wanted for.
#[derive(Deserialize, ToSchema)]
pub(super) struct InsertBody {
    /// One that the caller may read.
    conversation_id: Uuid,
    /// `zh` or `en`; the one that there is when left out, Chinese before English.
    language: Option<String>,
}

/// Whether an article helped.
#[derive(Deserialize, ToSchema)]
pub(super) struct VoteBody {
    helped: bool,
}

/// An article, ready to go into a reply.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Inserted {
    title: String,
    /// Plain text, cut after 2,000 characters.
    text: String,
    /// Where visitors of the conversation's inbox read it, if they can.
    url: Option<String>,
}

/// A version of a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleVersion)]
pub(super) struct VersionView {
    version: u32,
    title: String,
    author_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What an article says in a language, now or in an earlier version
#[utoipa::path(get, path = "/articles/{id}/texts/{language}", operation_id = "article_text", tag = "articles",
    params(("id" = Uuid, Path), ("language" = String, Path), VersionQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ArticleTextView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    TextPlace { article, language }: TextPlace,
    Parameters(query): Parameters<VersionQuery>,
) -> Result<Json<ArticleTextView>, Problem> {
    may_read(&who)?;
    let text = match parameter("version", query.version.as_deref())? {
        Some(version) => api.services.store.article_text(article, language, version).await?,
        None => known(&api, article).await?.texts.remove(&language),
    };
    Ok(Json(text.ok_or_else(|| Problem::not_found("text"))?.into()))
}

/// Saves what an article says in a language; what it said before is kept
#[utoipa::path(put, path = "/articles/{id}/texts/{language}", operation_id = "write_article", tag = "articles",
    params(("id" = Uuid, Path), ("language" = String, Path)), request_body = WriteBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ArticleView), SignedErrors))]
pub(super) async fn write(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    place: TextPlace,
    Body(body): Body<WriteBody>,
) -> Result<Json<ArticleView>, Refused> {
    require(&who, Permission::Knowledge)?;
    known(&api, place.article).await?;
    let text = TextBody { title: body.title, body: body.body };
    save(&api, &who, &caller, place, &text, body.version).await
}

/// Removes all that an article ever said in a language
///
/// The last language that it says something in stays: remove or archive the article.
#[utoipa::path(delete, path = "/articles/{id}/texts/{language}", operation_id = "remove_article_text",
    tag = "articles", params(("id" = Uuid, Path), ("language" = String, Path), RemoveQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ArticleView), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    TextPlace { article, language }: TextPlace,
    Parameters(query): Parameters<RemoveQuery>,
) -> Result<Json<ArticleView>, Problem> {
    require(&who, Permission::Knowledge)?;
    let seen = parameter("version", query.version.as_deref())?;
    let seen = seen.ok_or_else(|| Problem::invalid("version", "the version that goes must be named"))?;
    let texts = known(&api, article).await?.texts;
    if !texts.contains_key(&language) {
        return Err(Problem::not_found("text"));
    }
    if texts.len() == 1 {
        let detail = "it says nothing in another language: remove or archive the article";
        return Err(Problem { field: Some("language"), ..Problem::new(ErrorCode::Conflict, detail) });
    }
    let detail = json!({"language": language, "version": seen});
    let audit =
        audit::record(&who, caller.address, "article.text_removed", Some(("article", article)), detail);
    let change = KnowledgeChange::RemoveText { article, language, seen, at: clock::now() };
    record(&api, change, Some(audit)).await?;
    Ok(Json(known(&api, article).await?.into()))
}

/// The versions of what an article says in a language, the last one first
#[utoipa::path(get, path = "/articles/{id}/texts/{language}/versions", operation_id = "article_versions",
    tag = "articles", params(("id" = Uuid, Path), ("language" = String, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<VersionView>), SignedErrors))]
pub(super) async fn versions(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    TextPlace { article, language }: TextPlace,
) -> Result<Json<Page<VersionView>>, Problem> {
    may_read(&who)?;
    known(&api, article).await?;
    let versions = api.services.store.article_versions(article, language).await?;
    Ok(Json(Page::whole(versions.into_iter().map(VersionView::from).collect())))
}

/// Says again what an article said in an earlier version
#[utoipa::path(post, path = "/articles/{id}/texts/{language}/restore", operation_id = "restore_article",
    tag = "articles", params(("id" = Uuid, Path), ("language" = String, Path)), request_body = RestoreBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ArticleView), SignedErrors))]
pub(super) async fn restore(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    place: TextPlace,
    Body(body): Body<RestoreBody>,
) -> Result<Json<ArticleView>, Refused> {
    require(&who, Permission::Knowledge)?;
    let last = known(&api, place.article).await?.texts.get(&place.language).map_or(0, |text| text.version);
    let earlier = api.services.store.article_text(place.article, place.language, body.version).await;
    let earlier = earlier.map_err(Problem::from)?;
    let earlier = earlier.ok_or_else(|| Problem::invalid("version", "there is no such version any more"))?;
    let text = TextBody { title: earlier.title, body: earlier.body };
    save(&api, &who, &caller, place, &text, last).await
}

/// An article as it goes into a reply, and counts the use
#[utoipa::path(post, path = "/articles/{id}/insert", operation_id = "insert_article", tag = "articles",
    params(("id" = Uuid, Path)), request_body = InsertBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Inserted), SignedErrors))]
pub(super) async fn insert(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<InsertBody>,
) -> Result<Json<Inserted>, Refused> {
    may_read(&who)?;
    let wanted = body.language.as_deref().map(|word| fields::language("language", word)).transpose()?;
    let article = known(&api, id).await?;
    let conversation = api.services.desk.conversation(&who, body.conversation_id).await;
    let conversation =
        conversation.map_err(|problem| Problem { field: Some("conversation_id"), ..problem })?;
    let languages =
        Language::ALL.into_iter().filter(|language| wanted.is_none_or(|wanted| wanted == *language));
    let found = languages.into_iter().find_map(|language| Some((language, article.texts.get(&language)?)));
    let (language, text) =
        found.ok_or_else(|| Problem::invalid("language", "it says nothing in this language"))?;
    let is_for_inbox = article.inboxes.is_empty() || article.inboxes.contains(&conversation.inbox.id);
    let directory = api.services.desk.directory();
    let inbox = directory.inbox(conversation.inbox.id).filter(|inbox| {
        article.state == ArticleState::Published && is_for_inbox && !inbox.settings.help_hidden
    });
    let url = inbox.map(|inbox| {
        let base = api.services.settings.public_url.as_deref().unwrap_or_default();
        format!("{base}{}", help::address(&inbox.slug, language, Some(&article.slug)))
    });
    record(&api, KnowledgeChange::Used(id), None).await?;
    let plain = markdown::to_text(&text.body);
    let text_end = plain.char_indices().nth(INSERT_CHARS).map_or(plain.len(), |(end, _)| end);
    Ok(Json(Inserted { title: text.title.clone(), text: plain[..text_end].to_owned(), url }))
}

/// Says whether an article helped (visitors); the last word counts
#[utoipa::path(post, path = "/articles/{id}/vote", operation_id = "vote_for_article", tag = "articles",
    params(("id" = Uuid, Path)), request_body = VoteBody, security(("bearer" = [])),
    responses((status = 204, description = "Counted"), SignedErrors))]
pub(super) async fn vote(
    State(api): State<Api>,
    SignedVisitor(who): SignedVisitor,
    Id(id): Id,
    Body(body): Body<VoteBody>,
) -> Result<StatusCode, Refused> {
    let Principal::Visitor(visitor) = who.principal else { return Err(Problem::forbidden().into()) };
    api.services.limits.message(who.principal, clock::now())?;
    let directory = api.services.desk.directory();
    let inbox = who.inbox.and_then(|key| directory.inboxes.get(&key)).map(|inbox| inbox.id);
    let article = known(&api, id).await?;
    let is_for_inbox = article.inboxes.is_empty() || inbox.is_some_and(|id| article.inboxes.contains(&id));
    if article.state != ArticleState::Published || !is_for_inbox {
        return Err(Problem::not_found("article").into());
    }
    record(&api, KnowledgeChange::Voted { article: id, visitor, helped: body.helped }, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Saves a text that replaces version `seen`.
async fn save(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    TextPlace { article, language }: TextPlace,
    text: &TextBody,
    seen: u32,
) -> Result<Json<ArticleView>, Refused> {
    let text = saved(who, text, seen.saturating_add(1), clock::now())?;
    let detail = json!({"language": language, "version": text.version});
    let audit = audit::record(who, caller.address, "article.written", Some(("article", article)), detail);
    record(api, KnowledgeChange::Write { article, language, text }, Some(audit)).await?;
    Ok(Json(known(api, article).await?.into()))
}

impl From<ArticleVersion> for VersionView {
    fn from(version: ArticleVersion) -> Self {
        Self {
            version: version.version,
            title: version.title,
            author_id: version.author,
            created_at: timestamp(version.created_at),
        }
    }
}
