//! What supervisors do with conversations of others: whisper, join, leave, take over.

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_protocol::frame::{SendKind, check_text};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::messages::SentView;
use crate::{
    audit,
    auth::SignedAgent,
    clock,
    desk::Act,
    http::{
        Api, Refused,
        body::{Body, Id},
        caller::Caller,
        openapi::SignedErrors,
    },
    identity::Identity,
    problem::Problem,
    view::ConversationView,
};

/// Something for the agent who has the conversation.
#[derive(Deserialize, ToSchema)]
pub(super) struct WhisperBody {
    /// The sender's own id of it; the same one again is the same whisper.
    client_id: Uuid,
    /// At most 16,384 characters.
    text: String,
}

/// Whispers to the agent who has a conversation: a note that its visitor does not see
#[utoipa::path(post, path = "/conversations/{id}/whisper", operation_id = "whisper", tag = "conversations",
    params(("id" = Uuid, Path)), request_body = WhisperBody, security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "Durable", body = SentView),
        (status = 200, description = "It was durable already", body = SentView),
        SignedErrors,
    ))]
pub(super) async fn whisper(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<WhisperBody>,
) -> Result<(StatusCode, Json<SentView>), Refused> {
    check_text(SendKind::Note, &body.text).map_err(Problem::from)?;
    api.services.limits.message(who.principal, clock::now())?;
    let line = audit::record(&who, caller.address, "conversation.whispered", None, json!({}));
    let sent = api.services.desk.whisper(&who, id, body.client_id, body.text, line).await?;
    Ok(SentView::answer(&sent))
}

/// Joins a conversation: takes part in it beside the agent who has it
#[utoipa::path(post, path = "/conversations/{id}/join", operation_id = "join", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn join(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, &caller, id, (Act::Join, "conversation.joined")).await
}

/// Leaves a conversation that was joined
#[utoipa::path(post, path = "/conversations/{id}/leave", operation_id = "leave", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn leave(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, &caller, id, (Act::Leave, "conversation.left")).await
}

/// Takes a conversation from whoever has it, beyond the capacity if need be
#[utoipa::path(post, path = "/conversations/{id}/takeover", operation_id = "take_over", tag = "conversations",
    params(("id" = Uuid, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = ConversationView), SignedErrors))]
pub(super) async fn take_over(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<ConversationView>, Problem> {
    act(&api, &who, &caller, id, (Act::TakeOver, "conversation.taken_over")).await
}

async fn act(
    api: &Api,
    who: &Identity,
    caller: &Caller,
    id: Uuid,
    (act, action): (Act, &'static str),
) -> Result<Json<ConversationView>, Problem> {
    let line = audit::record(who, caller.address, action, None, json!({}));
    api.services.desk.act_audited(who, id, act, line).await.map(Json)
}
