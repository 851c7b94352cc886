//! What happens, for those who want to hear of it.

use axum::Json;
use kefu_bus::happened::Kind;
use kefu_core::Permission;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    auth::{SignedAgent, require},
    http::{openapi::SignedErrors, page::Page},
    problem::Problem,
};

/// A kind of event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventType)]
pub(super) struct TypeView {
    #[schema(example = "message.created")]
    topic: &'static str,
    /// Of the schema.
    version: u16,
    description: Described,
    /// JSON Schema of what the event says.
    #[schema(value_type = Object)]
    schema: Value,
    /// What a webhook is sent.
    #[schema(value_type = Object)]
    example: Value,
}

/// A text in the languages of the console.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventDescription)]
struct Described {
    en: &'static str,
    #[serde(rename = "zh-CN")]
    zh_cn: &'static str,
}

/// All kinds of events (with the permission `inboxes`)
#[utoipa::path(get, path = "/events/types", operation_id = "event_types", tag = "events",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = Page<TypeView>), SignedErrors))]
pub(super) async fn list(SignedAgent(who): SignedAgent) -> Result<Json<Page<TypeView>>, Problem> {
    require(&who, Permission::Inboxes)?;
    Ok(Json(Page::whole(Kind::ALL.into_iter().map(view).collect())))
}

fn view(kind: Kind) -> TypeView {
    let (en, zh_cn) = kind.description();
    let id = "0197a9c0-0000-7000-8000-000000000000";
    let example = json!({
        "specversion": "1.0",
        "id": "6f0c2b1e-5a52-5f0e-9f6a-3f1f1d3b7a10",
        "source": "/kefu",
        "type": kind.topic(),
        "subject": id,
        "time": "2026-11-29T09:00:00.000Z",
        "dataschema": format!("urn:kefu:event:{}:{}", kind.topic(), kind.version()),
        "datacontenttype": "application/json",
        "data": kind.example(),
    });
    TypeView {
        topic: kind.topic(),
        version: kind.version(),
        description: Described { en, zh_cn },
        schema: kind.schema(),
        example,
    }
}
