use axum::{Json, extract::State};
use kefu_core::{Action, Permission, Visitor, VisitorKey};
use kefu_protocol::frame::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::SignedAgent,
    http::{Api, body::Id, openapi::SignedErrors},
    identity::Identity,
    problem::Problem,
    view::timestamp,
};

/// How many conversations of a visitor are looked through for one that the agent may read.
const CONVERSATIONS_MAX: u8 = 100;

/// A visitor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Visitor)]
pub(super) struct VisitorView {
    id: Uuid,
    /// Who it is; the same as `id` until somebody merges it.
    customer_id: Uuid,
    /// May be empty.
    name: Arc<str>,
    /// May be empty.
    email: String,
    /// The company's own id of this person.
    external_id: Option<String>,
    /// `external_id` is proven.
    verified: bool,
    /// The site's own fields.
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last opened a session.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
}

/// What is known of a visitor (agents who may read a conversation of it)
#[utoipa::path(get, path = "/visitors/{id}", operation_id = "visitor", tag = "visitors",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = VisitorView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
) -> Result<Json<VisitorView>, Problem> {
    let visitor = known(&api, &who, id).await?;
    let customer_id = api.services.store.customer_of(&visitor).await?;
    Ok(Json(VisitorView::new(visitor, customer_id)))
}

/// The visitor with this id, if `who` may know of it.
pub(super) async fn known(api: &Api, who: &Identity, id: Uuid) -> Result<Visitor, Problem> {
    let visitor = api.services.store.visitor_by_id(id).await?;
    let visitor = visitor.ok_or_else(|| Problem::not_found("visitor"))?;
    if !may_know_any(api, who, &[visitor.key]).await? {
        return Err(Problem::not_found("visitor"));
    }
    Ok(visitor)
}

/// Whether `who` may read a conversation of one of these visitors.
pub(super) async fn may_know_any(
    api: &Api,
    who: &Identity,
    visitors: &[VisitorKey],
) -> Result<bool, Problem> {
    if who.may(Permission::AllConversations) {
        return Ok(true);
    }
    let (page, _) = api.services.store.conversations_of(visitors, None, CONVERSATIONS_MAX.into()).await?;
    let directory = api.services.desk.directory();
    Ok(page.items.iter().any(|conversation| directory.may(who, Action::Read, conversation)))
}

impl VisitorView {
    fn new(visitor: Visitor, customer_id: Uuid) -> Self {
        Self {
            id: visitor.id,
            customer_id,
            name: visitor.name,
            email: visitor.email,
            external_id: visitor.external_id,
            verified: visitor.verified,
            attributes: serde_json::from_str(&visitor.attributes).unwrap_or_default(),
            created_at: timestamp(visitor.created_at),
            last_seen_at: timestamp(visitor.last_seen_at),
        }
    }
}
