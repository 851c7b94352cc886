use std::collections::BTreeMap;

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Language, Permission};
use kefu_protocol::frame::{ErrorCode, Timestamp};
use kefu_store::{Category, KnowledgeChange};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    articles::{may_read, record},
    session::fresh_id,
};
use crate::{
    audit,
    auth::{SignedAgent, require},
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

/// Most categories.
const CATEGORIES_MAX: usize = 200;

/// A shelf of articles.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub(super) struct CategoryView {
    id: Uuid,
    /// Where it stands among the others, from the smallest on.
    position: u32,
    /// By language.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"zh": "售后", "en": "After sale"}))]
    names: BTreeMap<Language, String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A new category.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewCategory {
    /// By language: at least one of `zh` and `en`.
    #[schema(example = json!({"zh": "售后", "en": "After sale"}))]
    names: BTreeMap<String, String>,
    /// 0 when left out.
    #[serde(default)]
    position: u32,
}

/// What changes of a category; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct CategoryPatch {
    names: Option<BTreeMap<String, String>>,
    position: Option<u32>,
}

/// The categories of the knowledge base, in their order
#[utoipa::path(get, path = "/categories", operation_id = "categories", tag = "articles",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<CategoryView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
) -> Result<Json<Page<CategoryView>>, Problem> {
    may_read(&who)?;
    let categories = api.services.store.categories().await?;
    Ok(Json(Page::whole(categories.into_iter().map(CategoryView::from).collect())))
}

/// Makes a category
#[utoipa::path(post, path = "/categories", operation_id = "make_category", tag = "articles",
    request_body = NewCategory, security(("bearer" = []), ("cookie" = [])),
    responses((status = 201, body = CategoryView), SignedErrors))]
pub(super) async fn make(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Body(body): Body<NewCategory>,
) -> Result<(StatusCode, Json<CategoryView>), Refused> {
    require(&who, Permission::Knowledge)?;
    let now = clock::now();
    let category = Category {
        id: fresh_id()?,
        position: body.position,
        names: names(&body.names)?,
        created_at: now,
        updated_at: now,
    };
    if api.services.store.categories().await.map_err(Problem::from)?.len() >= CATEGORIES_MAX {
        let detail = format!("there are at most {CATEGORIES_MAX} categories");
        return Err(Problem::new(ErrorCode::Conflict, detail).into());
    }
    let target = Some(("category", category.id));
    let audit =
        audit::record(&who, caller.address, "category.made", target, json!({"names": category.names}));
    record(&api, KnowledgeChange::PutCategory(category.clone()), Some(audit)).await?;
    Ok((StatusCode::CREATED, Json(category.into())))
}

/// Changes a category
#[utoipa::path(patch, path = "/categories/{id}", operation_id = "change_category", tag = "articles",
    params(("id" = Uuid, Path)), request_body = CategoryPatch, security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = CategoryView), SignedErrors))]
pub(super) async fn change(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<CategoryPatch>,
) -> Result<Json<CategoryView>, Refused> {
    require(&who, Permission::Knowledge)?;
    let mut category = find(&api, id).await?;
    if let Some(given) = body.names {
        category.names = names(&given)?;
    }
    category.position = body.position.unwrap_or(category.position);
    category.updated_at = clock::now();
    let detail = json!({"names": category.names, "position": category.position});
    let audit = audit::record(&who, caller.address, "category.changed", Some(("category", id)), detail);
    record(&api, KnowledgeChange::PutCategory(category.clone()), Some(audit)).await?;
    Ok(Json(category.into()))
}

/// Takes a category away; its articles stay
#[utoipa::path(delete, path = "/categories/{id}", operation_id = "remove_category", tag = "articles",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Gone"), SignedErrors))]
pub(super) async fn remove(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    require(&who, Permission::Knowledge)?;
    let category = find(&api, id).await?;
    let detail = json!({"names": category.names});
    let audit = audit::record(&who, caller.address, "category.removed", Some(("category", id)), detail);
    record(&api, KnowledgeChange::RemoveCategory(id), Some(audit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(api: &Api, id: Uuid) -> Result<Category, Problem> {
    let categories = api.services.store.categories().await?;
    categories.into_iter().find(|one| one.id == id).ok_or_else(|| Problem::not_found("category"))
}

fn names(given: &BTreeMap<String, String>) -> Result<BTreeMap<Language, String>, Problem> {
    if given.is_empty() {
        return Err(Problem::invalid("names", "must hold a name in zh or en"));
    }
    let read = |(word, name): (&String, &String)| {
        Ok((fields::language("names", word)?, fields::name("names", name)?))
    };
    given.iter().map(read).collect()
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        Self {
            id: category.id,
            position: category.position,
            names: category.names,
            created_at: timestamp(category.created_at),
            updated_at: timestamp(category.updated_at),
        }
    }
}
