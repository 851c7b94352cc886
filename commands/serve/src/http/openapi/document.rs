//! The description of the interface, from what all routes say of themselves.

use std::sync::LazyLock;

use bytes::Bytes;
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        Content, ContentBuilder, HttpMethod, ObjectBuilder, OpenApi, Required, ResponseBuilder, Responses,
        ResponsesBuilder, Type,
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::SignedErrors;
use crate::http::{BASE, problem::ProblemBody, routes};

/// The document as it is committed.
pub(crate) static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let text = document().to_pretty_json().expect("the document is of strings, numbers, lists and maps");
    Bytes::from(text + "\n")
});

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "kefu",
        description = "The interface of the chat daemon. Errors are problem details (RFC 9457) whose `code` \
                       is the same word as in the frames of the chat protocol. Within v1 changes only add.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Security),
    components(schemas(ProblemBody)),
    tags(
        (name = "setup", description = "The first admin"),
        (name = "auth", description = "Signing in and out"),
        (name = "agents", description = "The people who answer"),
        (name = "roles", description = "What agents may do"),
        (name = "keys", description = "Keys of programs"),
        (name = "audit", description = "Who did what"),
        (name = "inboxes", description = "Where conversations come in"),
        (name = "widget", description = "What a visitor's page needs"),
        (name = "conversations", description = "Conversations and their state"),
        (name = "messages", description = "The log of a conversation"),
        (name = "files", description = "What is sent besides texts"),
        (name = "visitors", description = "The people who ask"),
        (name = "tickets", description = "What is to be taken care of"),
        (name = "canned-replies", description = "Texts that are written once"),
        (name = "tags", description = "What conversations and tickets are about"),
        (name = "articles", description = "The knowledge base"),
        (name = "customers", description = "Who the people behind visitors are"),
        (name = "blocks", description = "Who may not come in"),
        (name = "reports", description = "What became of conversations, in figures"),
        (name = "live", description = "Chat frames over HTTP")
    )
)]
struct Base;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A visitor's or an agent's token, or a program's key."))
            .build();
        let cookie = ApiKeyValue::with_description(
            "kefu_session",
            "An agent's cookie; with unsafe methods the `Origin` must be the daemon's own.",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

fn document() -> OpenApi {
    let (_, paths) = routes::routes().described.split_for_parts();
    let mut document = Base::openapi().nest(BASE, paths);
    let down = operation("open_stream")
        .summary(Some("Chat frames of the server as server-sent events, for where no WebSocket gets through"))
        .description(Some(
            "The frames are those of `GET /ws`, subprotocol `kefu.v1`; the first one is `hello`.",
        ))
        .responses(answers("200", "Frames, one an event", "text/event-stream"))
        .build();
    let up = operation("send_frame")
        .summary(Some("One chat frame of the client"))
        .parameter(parameter(
            "connection_id",
            ParameterIn::Path,
            Required::True,
            "From the stream's `hello`.",
        ))
        .request_body(Some(RequestBodyBuilder::new().content("application/json", any()).build()))
        .responses(answers("204", "Taken; what comes of it is said on the stream", ""))
        .build();
    document.paths.add_path_operation(format!("{BASE}/stream"), vec![HttpMethod::Get], down);
    let path = format!("{BASE}/stream/{{connection_id}}");
    document.paths.add_path_operation(path, vec![HttpMethod::Post], up);
    document
}

/// An operation of the live interface, which has no handler of the kind that describes itself.
fn operation(id: &str) -> OperationBuilder {
    let token = parameter("token", ParameterIn::Query, Required::False, "In place of the header.");
    OperationBuilder::new()
        .tag("live")
        .operation_id(Some(id))
        .parameter(token)
        .security(SecurityRequirement::new::<_, [&str; 0], &str>("bearer", []))
        .security(SecurityRequirement::new::<_, [&str; 0], &str>("cookie", []))
}

fn parameter(name: &str, place: ParameterIn, required: Required, text: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required);
    parameter.description(Some(text)).schema(Some(schema)).build()
}

fn answers(status: &str, text: &str, content_type: &str) -> Responses {
    let mut success = ResponseBuilder::new().description(text);
    if !content_type.is_empty() {
        success = success.content(content_type, any());
    }
    ResponsesBuilder::new()
        .responses_from_into_responses::<SignedErrors>()
        .response(status, success.build())
        .build()
}

fn any() -> Content {
    ContentBuilder::new().schema(Some(ObjectBuilder::new().build())).build()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_committed_document_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        if std::env::var_os("KEFU_BLESS").is_some() {
            fs::write(&path, &*DOCUMENT).unwrap();
        }
        let committed = fs::read(&path).unwrap_or_default();
        assert!(committed == *DOCUMENT, "docs/openapi.json is stale: run the tests with KEFU_BLESS=1");
    }

    #[test]
    fn every_operation_is_described() {
        let document: Value = serde_json::from_slice(&DOCUMENT).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut ids = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(path.starts_with("/api/v1/"), "{path}");
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                let at = format!("{method} {path}");
                assert!(operation["summary"].is_string(), "{at} has no summary");
                assert!(responses.keys().any(|status| status.starts_with('2')), "{at} has no success");
                assert!(responses.contains_key("429"), "{at} has no refusals");
                ids.push(operation["operationId"].as_str().unwrap().to_owned());
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an operationId stands twice: {ids:?}");
        for reference in references(&document) {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(name), "{reference} leads nowhere");
        }
    }

    fn references(value: &Value) -> Vec<String> {
        match value {
            Value::Object(map) => {
                let own = map.get("$ref").and_then(Value::as_str).map(str::to_owned);
                own.into_iter().chain(map.values().flat_map(references)).collect()
            }
            Value::Array(items) => items.iter().flat_map(references).collect(),
            _ => Vec::new(),
        }
    }
}
