use axum::{Json, extract::State};
use kefu_core::{Action, Permission, Visitor, may};
use kefu_protocol::frame::Timestamp;
use kefu_store::View;
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
    let visitor = api.services.store.visitor_by_id(id).await?;
    let visitor = visitor.ok_or_else(|| Problem::not_found("visitor"))?;
    if !may_know(&api, &who, &visitor).await? {
        return Err(Problem::not_found("visitor"));
    }
    Ok(Json(visitor.into()))
}

/// Whether `who` may read a conversation of the visitor.
pub(super) async fn may_know(api: &Api, who: &Identity, visitor: &Visitor) -> Result<bool, Problem> {
    if who.may(Permission::AllConversations) {
        return Ok(true);
    }
    let view = View::OfVisitor(visitor.key);
    let (page, _) = api.services.store.conversations(view, None, None, CONVERSATIONS_MAX.into()).await?;
    Ok(page.items.iter().any(|conversation| may(who.principal, who.rights, Action::Read, conversation)))
}

impl From<Visitor> for VisitorView {
    fn from(visitor: Visitor) -> Self {
        Self {
            id: visitor.id,
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
