use axum::{Json, extract::State};
use http::StatusCode;
use kefu_core::MessageKind;
use kefu_protocol::frame::{Timestamp, check_text};
use kefu_store::Range;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Signed,
    clock,
    http::{
        Api, Refused,
        body::{Body, Id, Parameters, parameter},
        openapi::SignedErrors,
        page::{self, Page},
    },
    problem::Problem,
    view::{MessageView, timestamp},
};

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
    /// `text`, or `note` for agents only.
    #[schema(example = "text")]
    kind: String,
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
}

/// A part of a conversation's log, oldest first; without a bound the newest part
#[utoipa::path(get, path = "/conversations/{id}/messages", operation_id = "messages", tag = "messages",
    params(("id" = Uuid, Path), ListQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<MessageView>), SignedErrors))]
pub(super) async fn list(
    State(api): State<Api>,
    Signed(who): Signed,
    Id(id): Id,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let range = range(&query)?;
    let (items, has_more) = api.services.desk.messages(&who, id, range).await?;
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
    let kind = match body.kind.as_str() {
        "text" => MessageKind::Text,
        "note" => MessageKind::Note,
        _ => return Err(Problem::invalid("kind", "must be text or note").into()),
    };
    check_text(&body.text).map_err(Problem::from)?;
    api.services.limits.message(who.principal, clock::now())?;
    let sent = api.services.desk.send(&who, id, body.client_id, kind, body.text).await?;
    let status = if sent.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(SentView { seq: sent.seq, id: sent.id, created_at: timestamp(sent.created_at) })))
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
