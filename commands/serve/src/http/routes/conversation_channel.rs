//! What agents see of the chat service that a conversation came over.

use axum::{Json, extract::State};
use http::StatusCode;
use kefu_channel::Amendment;
use kefu_core::Action;
use kefu_protocol::frame::Timestamp;
use kefu_store::{Change, Channel, ChannelChange, ChannelSend, RecordSet, SendState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::SignedAgent,
    clock,
    http::{
        Api,
        body::{Id, Parameters, Place, parameter},
        openapi::SignedErrors,
    },
    problem::Problem,
    view::timestamp,
};

/// Messages that one answer tells of at most.
const SENDS_MAX: usize = 500;

/// From where on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StateQuery {
    /// Only messages with this number and greater ones.
    #[param(value_type = Option<u64>)]
    from_seq: Option<String>,
}

/// The chat service that a conversation came over.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ConversationChannel)]
pub(super) struct StateView {
    /// Nothing, when it came over none.
    channel: Option<NameView>,
    /// Until when the service takes answers, if it has a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    reply_until: Option<Timestamp>,
    /// How many answers it still takes until the customer writes again, if it has a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    replies_left: Option<u32>,
    /// What became of messages that were sent: in the order of the conversation, the last 500.
    sends: Vec<SendView>,
}

/// A channel, for agents.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationChannelName)]
pub(super) struct NameView {
    id: Uuid,
    name: String,
    /// Whether it receives and sends now.
    enabled: bool,
    /// Whether customers see it when a message is changed.
    edits: bool,
    /// Whether customers see it when a message is taken back.
    recalls: bool,
}

/// What became of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationChannelSend)]
pub(super) struct SendView {
    seq: u64,
    /// `waiting`, `sent` or `failed`; `changing` when the service has it and is to be told that it was changed or taken
    /// back, `outdated` when the customer still sees what it was.
    #[schema(example = "sent")]
    state: &'static str,
    /// How often it was tried.
    tries: u32,
    /// Why it was not taken when it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
}

/// Over which chat service a conversation came, how long it takes answers, and what became of them (agents)
#[utoipa::path(get, path = "/conversations/{id}/channel", operation_id = "conversation_channel",
    tag = "channels", params(("id" = Uuid, Path), StateQuery), security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = StateView), SignedErrors))]
pub(super) async fn get(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Id(id): Id,
    Parameters(query): Parameters<StateQuery>,
) -> Result<Json<StateView>, Problem> {
    let from = parameter("from_seq", query.from_seq.as_deref())?.unwrap_or(0);
    let head = api.services.desk.head(&who, id, Action::Read).await?;
    let store = &api.services.store;
    let Some(thread) = store.channel_thread_of(head.key).await? else {
        return Ok(Json(StateView::default()));
    };
    let channel = store.channels().await?.into_iter().find(|channel| channel.key == thread.channel);
    let sends = store.channel_sends_of(head.key, from, SENDS_MAX).await?;
    Ok(Json(StateView {
        channel: channel.map(|row| name(&api, row)),
        reply_until: thread.reply_until.map(timestamp),
        replies_left: thread.left(),
        sends: sends.into_iter().map(SendView::from).collect(),
    }))
}

/// Has a message sent again that the chat service did not take, or the service told again of a change (whoever may write in the conversation)
#[utoipa::path(post, path = "/conversations/{id}/messages/{seq}/send-again", operation_id = "send_again",
    tag = "channels", params(("id" = Uuid, Path), ("seq" = u64, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 204, description = "It is on its way"), SignedErrors))]
pub(super) async fn send_again(
    State(api): State<Api>,
    SignedAgent(who): SignedAgent,
    Place { conversation, seq }: Place,
) -> Result<StatusCode, Problem> {
    let head = api.services.desk.head(&who, conversation, Action::Write).await?;
    let again = ChannelChange::Again { conversation: head.key, seq, at: clock::now() };
    let changes = vec![Change::Channel(again)];
    api.services.desk.record(RecordSet { changes, audit: Vec::new() }).await?;
    api.services.channels.send_now();
    Ok(StatusCode::NO_CONTENT)
}

fn name(api: &Api, row: Channel) -> NameView {
    let live = api.services.channels.get(row.id);
    // Of a channel that is off nobody knows until it is on.
    let amends = |amendment| live.as_ref().is_none_or(|live| live.file.amends(amendment));
    NameView {
        id: row.id,
        enabled: row.is_enabled,
        edits: amends(Amendment::Edit),
        recalls: amends(Amendment::Recall),
        name: row.name,
    }
}

impl From<ChannelSend> for SendView {
    fn from(send: ChannelSend) -> Self {
        let (state, next_at) = match send.state {
            SendState::Waiting => ("waiting", Some(send.next_at)),
            SendState::Sent => ("sent", None),
            SendState::Failed => ("failed", None),
            SendState::Changing => ("changing", Some(send.next_at)),
            SendState::Outdated => ("outdated", None),
        };
        Self { seq: send.seq, state, tries: send.tries, error: send.error, next_at: next_at.map(timestamp) }
    }
}
