use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Action, Permission, Principal};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{AuditRecord, Change, RecordSet, Tag, TagChange};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::fresh_id;
use crate::{
    audit,
    auth::{SignedAgent, require, require_scope},
    clock,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        fields,
        openapi::SignedErrors,
        page::Page,
    },
    problem::Problem,
    view::timestamp,
};

/// Most tags of the catalogue.
const CATALOGUE_MAX: i64 = 2000;
/// Most tags of a conversation.
const CONVERSATION_TAGS_MAX: usize = 20;
/// The colour of a tag that was given none.
const COLOUR: &str = "#808080";

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub(super) struct TagView {
    id: Uuid,
    name: String,
    #[schema(example = "#3366cc")]
    colour: String,
    /// The group that it is listed in; may be empty.
    group: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A new tag.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewTag {
    /// Unique, whatever its case.
    name: String,
    /// Grey when left out.
    #[schema(example = "#3366cc")]
    colour: Option<String>,
    group: Option<String>,
}

/// What changes of a tag; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct TagPatch {
    name: Option<String>,
    #[schema(example = "#3366cc")]
    colour: Option<String>,
    group: Option<String>,
}

/// The tags of a conversation.
#[derive(Deserialize, ToSchema)]
pub(super) struct TagsBody {
    /// Ids of all of them, at most 20.
    tags: Vec<Uuid>,
}

/// All tags, by group and name
#[utoipa::path(get, path = "/tags", operation_id = "tags", tag = "tags",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<TagView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<TagView>>, Problem> {
    require_scope(
        &who,
        &[Permission::Chat, Permission::AllConversations, Permission::Shared, Permission::Tickets],
    )?;
    Ok(page(api.services.store.tags().await?))
}

/// Makes a tag
#[utoipa::path(post, path = "/tags", operation_id = "make_tag", tag = "tags", request_body = NewTag,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = TagView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewTag>,
) -> Result<(StatusCode, Json<TagView>), Refused> {
    require(&who, Permission::Shared)?;
    let tag = Tag {
        id: fresh_id()?,
        name: fields::name("name", &body.name)?,
        colour: fields::colour(body.colour.as_deref().unwrap_or(COLOUR))?,
        group: fields::line("group", &body.group.unwrap_or_default())?,
        created_at: clock::now(),
    };
    if api.services.store.count_tags().await.map_err(Problem::from)? >= CATALOGUE_MAX {
        let detail = format!("there are at most {CATALOGUE_MAX} tags");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    check_name(&api, &tag).await?;
    let detail = json!({"name": tag.name});
    let audit = audit::record(&who, caller.address, "tag.made", Some(("tag", tag.id)), detail);
    record(&api, TagChange::Add(tag.clone()), Some(audit)).await?;
    Ok((StatusCode::CREATED, Json(tag.into())))
}

/// Changes a tag
#[utoipa::path(patch, path = "/tags/{id}", operation_id = "change_tag", tag = "tags",
    params(("id" = Uuid, Path)), request_body = TagPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = TagView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<TagPatch>,
) -> Result<Json<TagView>, Refused> {
    require(&who, Permission::Shared)?;
    let detail = json!({"name": body.name, "colour": body.colour, "group": body.group});
    let mut tag = find(&api, id).await?;
    if let Some(name) = body.name {
        tag.name = fields::name("name", &name)?;
    }
    if let Some(colour) = body.colour {
        tag.colour = fields::colour(&colour)?;
    }
    if let Some(group) = body.group {
        tag.group = fields::line("group", &group)?;
    }
    check_name(&api, &tag).await?;
    let audit = audit::record(&who, caller.address, "tag.changed", Some(("tag", id)), detail);
    record(&api, TagChange::Replace(tag.clone()), Some(audit)).await?;
    Ok(Json(tag.into()))
}

/// Removes a tag from everything that has it
#[utoipa::path(delete, path = "/tags/{id}", operation_id = "remove_tag", tag = "tags",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Nothing has it any more"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Shared)?;
    let tag = find(&api, id).await?;
    let detail = json!({"name": tag.name});
    let audit = audit::record(&who, caller.address, "tag.removed", Some(("tag", id)), detail);
    record(&api, TagChange::Remove(id), Some(audit)).await?;
    // It is gone for every reader by now; its rows go in slices, so that messages need not wait. What a stop
    // leaves behind goes with the next tag.
    while let Some(removed) = api.services.store.removed_tag().await? {
        record(&api, TagChange::Purge(removed), None).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The tags of a conversation (agents)
#[utoipa::path(get, path = "/conversations/{id}/tags", operation_id = "conversation_tags", tag = "tags",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<TagView>), SignedErrors))]
pub(super) async fn of_conversation(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<Page<TagView>>, Problem> {
    let conversation = api.services.desk.head(&who, id, Action::Read).await?.key;
    Ok(page(api.services.store.tags_of(conversation).await?))
}

/// Says which tags a conversation has (its agent, or who may manage all)
#[utoipa::path(put, path = "/conversations/{id}/tags", operation_id = "tag_conversation", tag = "tags",
    params(("id" = Uuid, Path)), request_body = TagsBody, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<TagView>), SignedErrors))]
pub(super) async fn set_of_conversation(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Body(body): Body<TagsBody>,
) -> Result<Json<Page<TagView>>, Refused> {
    let conversation = api.services.desk.head(&who, id, Action::Manage).await?.key;
    let tags = known(&api, &body.tags, CONVERSATION_TAGS_MAX).await?;
    let agent = match who.principal {
        Principal::Agent(key) => Some(key),
        _ => None,
    };
    let change = TagChange::Conversation { conversation, tags, agent, at: clock::now() };
    record(&api, change, None).await?;
    Ok(page(api.services.store.tags_of(conversation).await.map_err(Problem::from)?))
}

/// Ids of tags that are in the catalogue, without repetitions.
pub(super) async fn known(api: &Api, ids: &[Uuid], most: usize) -> Result<Vec<Uuid>, Problem> {
    let ids = fields::ids("tags", ids, most)?;
    if !ids.is_empty() && api.services.store.tags_by_id(&ids).await?.len() != ids.len() {
        return Err(Problem::invalid("tags", "there is no tag with one of these ids"));
    }
    Ok(ids)
}

async fn find(api: &Api, id: Uuid) -> Result<Tag, Problem> {
    let found = api.services.store.tags_by_id(&[id]).await?;
    found.into_iter().next().ok_or_else(|| Problem::not_found("tag"))
}

/// Names the field to blame; against two who come at once the store's own index stands.
async fn check_name(api: &Api, tag: &Tag) -> Result<(), Problem> {
    let folded = tag.name.to_lowercase();
    let tags = api.services.store.tags().await?;
    if tags.iter().any(|other| other.id != tag.id && other.name.to_lowercase() == folded) {
        let problem = Problem::new(ErrorCode::Conflict, "there is a tag of this name");
        return Err(Problem { field: Some("name"), ..problem });
    }
    Ok(())
}

async fn record(api: &Api, change: TagChange, audit: Option<AuditRecord>) -> Result<(), Problem> {
    let set = RecordSet { changes: vec![Change::Tag(change)], audit: audit.into_iter().collect() };
    api.services.desk.record(set).await
}

fn page(tags: Vec<Tag>) -> Json<Page<TagView>> {
    Json(Page::whole(tags.into_iter().map(TagView::from).collect()))
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self {
            id: tag.id,
            name: tag.name,
            colour: tag.colour,
            group: tag.group,
            created_at: timestamp(tag.created_at),
        }
    }
}
