use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::{Content, Revise};
use kefu_protocol::frame::{SendKind, Timestamp, Warning, check_text};
use kefu_store::Range;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Signed,
    clock,
    desk::Sent,
    http::{
        Api, Refused,
        body::{Body, Id, Parameters, Place, parameter},
        caller::Caller,
        openapi::SignedErrors,
        page::{self, Page},
    },
    identity::Identity,
    problem::Problem,
    view::{self, MessageView, timestamp},
};

/// What a message may be.
const KIND_WORDS: &str = "must be text, note, location, card, form, image, file, voice or video";

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The first messages after this one.
    #[param(value_type = Option<u64>)]
    after_seq: Option<String>,
    /// The last messages before this one. Not together with `after_seq`.
    #[param(value_type = Option<u64>)]
    before_seq: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// A message to send.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewMessage {
    /// The sender's own id of the message; the same one again is the same message.
    client_id: Uuid,
    /// `text`, `location`, `card`, `form`, `image`, `file`, `voice` or `video`, or `note` for agents only.
    #[schema(example = "text")]
    kind: String,
    /// At most 16,384 characters; may be left out beside `data`.
    #[serde(default)]
    text: String,
    /// What all but `text` and `note` hold besides their text; of what was uploaded `{"file_id"}`, with `duration_ms` of
    /// voice and video where it is known.
    #[schema(value_type = Option<Object>)]
    data: Option<Box<RawValue>>,
    /// Number of the message that it quotes.
    quote_seq: Option<u64>,
}

/// Another text for a message.
#[derive(Deserialize, ToSchema)]
pub(super) struct EditBody {
    /// At most 16,384 characters.
    text: String,
}

/// A durable message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SentView {
    /// Its number in the conversation.
    seq: u64,
    id: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// `sensitive_words`, when it holds such, or `masked`, when they were masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "masked")]
    warning: Option<Warning>,
}

impl SentView {
    /// The answer to who sent it.
    pub(super) fn answer(sent: &Sent) -> (StatusCode, Json<Self>) {
        let status = if sent.repeated { StatusCode::OK } else { StatusCode::CREATED };
        let created_at = timestamp(sent.created_at);
        (status, Json(Self { seq: sent.seq, id: sent.id, created_at, warning: sent.warning }))
    }
}

/// A part of a conversation's log, oldest first; without a bound the newest part
///
/// That an agent reads a conversation that is none of its own is written to the audit log, once in an hour.
#[utoipa::path(get, path = "/conversations/{id}/messages", operation_id = "messages", tag = "messages",
    params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<MessageView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    Signed(who): Signed,
    caller: Caller,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let range = range(&query)?;
    let (items, has_more) = api.services.desk.read_messages(&who, caller.address, id, range).await?;
    Ok(Json(Page { items, has_more, next_cursor: None }))
}

/// Sends a message; answered once it is durable
///
/// A `client_id` that was used before for the same text is answered with the first answer and status 200; for
/// another text it is a conflict.
#[utoipa::path(post, path = "/conversations/{id}/messages", operation_id = "send", tag = "messages",
    params(("id" = Uuid, Path)), request_body = NewMessage, security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "Durable", body = SentView),
        (status = 200, description = "It was durable already", body = SentView),
        SignedErrors,
    ))]
pub(super) async fn send(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
    Body(body): Body<NewMessage>,
) -> Result<(StatusCode, Json<SentView>), Refused> {
    let kind = SendKind::from_word(&body.kind).ok_or_else(|| Problem::invalid("kind", KIND_WORDS))?;
    check_text(kind, &body.text).map_err(Problem::from)?;
    let data = body.data.as_deref().map(RawValue::get);
    let content = Content::new(view::message_kind(kind), body.text, data, body.quote_seq);
    let content = content.map_err(Problem::from)?;
    api.services.limits.message(who.principal, clock::now())?;
    let sent = api.services.desk.send(&who, id, body.client_id, content).await?;
    Ok(SentView::answer(&sent))
}

/// Changes the text of a message or note (its sender, within 15 minutes)
#[utoipa::path(patch, path = "/conversations/{id}/messages/{seq}", operation_id = "edit_message", tag = "messages",
    params(("id" = Uuid, Path), ("seq" = u64, Path)), request_body = EditBody,
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Changed"), SignedErrors))]
pub(super) async fn edit(
    State(api): State<Api>,
    Signed(who): Signed,
    place: Place,
    Body(body): Body<EditBody>,
) -> Result<StatusCode, Refused> {
    check_text(SendKind::Text, &body.text).map_err(Problem::from)?;
    revise(&api, &who, place, Revise::Edit(body.text)).await
}

/// Takes a message back (its sender, within 2 minutes; of agents, who oversees them at any time)
#[utoipa::path(delete, path = "/conversations/{id}/messages/{seq}", operation_id = "recall_message",
    tag = "messages", params(("id" = Uuid, Path), ("seq" = u64, Path)), security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "Taken back"), SignedErrors))]
pub(super) async fn recall(
    State(api): State<Api>,
    Signed(who): Signed,
    place: Place,
) -> Result<StatusCode, Refused> {
    revise(&api, &who, place, Revise::Recall).await
}

async fn revise(api: &Api, who: &Identity, place: Place, how: Revise) -> Result<StatusCode, Refused> {
    api.services.limits.message(who.principal, clock::now())?;
    api.services.desk.revise(who, place.conversation, place.seq, how).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn range(query: &ListQuery) -> Result<Range, Problem> {
    let limit = page::limit(query.limit.as_deref())?;
    let after = parameter("after_seq", query.after_seq.as_deref())?;
    let before = parameter("before_seq", query.before_seq.as_deref())?;
    match (after, before) {
        (None, None) => Ok(Range::Newest { limit }),
        (Some(seq), None) => Ok(Range::After { seq, limit }),
        (None, Some(seq)) => Ok(Range::Before { seq, limit }),
        (Some(_), Some(_)) => Err(Problem::invalid("before_seq", "does not go together with `after_seq`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(after: Option<&str>, before: Option<&str>) -> Result<Range, Problem> {
        range(&ListQuery {
            after_seq: after.map(str::to_owned),
            before_seq: before.map(str::to_owned),
            limit: Some("3".to_owned()),
        })
    }

    #[test]
    fn one_bound_at_most() {
        assert_eq!(of(None, None), Ok(Range::Newest { limit: 3 }));
        assert_eq!(of(Some("0"), None), Ok(Range::After { seq: 0, limit: 3 }));
        let largest = u64::MAX.to_string();
        assert_eq!(of(None, Some(&largest)), Ok(Range::Before { seq: u64::MAX, limit: 3 }));
        assert!(of(Some("1"), Some("9")).is_err());
        assert_eq!(of(Some("-1"), None).unwrap_err().field, Some("after_seq"));
    }
}
