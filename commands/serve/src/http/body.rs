//! What comes in: bodies, parameters and ids, refused with the name of what is wrong.

use std::str::FromStr;

use axum::{
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequest, Path, Query, Request, rejection::BytesRejection,
    },
    http::request::Parts,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use kefu_core::Language;
use kefu_protocol::frame::ErrorCode;
use serde::{Deserialize as _, de::DeserializeOwned};
use uuid::Uuid;

use super::problem::Refused;
use crate::problem::Problem;

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

/// The query's parameters; unknown ones are ignored.
#[derive(Debug)]
pub(super) struct Parameters<T>(pub(super) T);

/// The id in the path; what is no id names nothing.
#[derive(Debug)]
pub(super) struct Id(pub(super) Uuid);

/// The conversation and the message in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) conversation: Uuid,
    pub(super) seq: u64,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        parse(&json(request, state).await?).map(Self)
    }
}

/// The bytes of a body that says that it is JSON.
async fn json<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refused> {
    if !is_json(request.headers()) {
        let problem = Problem::new(ErrorCode::BadFrame, "the body must be application/json");
        return Err(Refused::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    // How long it may take to arrive is the listener's to say.
    Bytes::from_request(request, state).await.map_err(|rejection| unread(&rejection))
}

/// A body that may be left out, with its type or without.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Refused> {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        let bytes = json(request, state).await?;
        if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(|value| Some(Self(value))) }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(parameters) = Query::try_from_uri(&parts.uri).map_err(|_| {
            Problem::new(ErrorCode::BadFrame, "the query is malformed or repeats a parameter")
        })?;
        Ok(Self(parameters))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|Path(text)| Uuid::try_parse(&text).ok());
        id.map(Self).ok_or_else(|| Problem::not_found("id"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(Uuid, u64)>::from_request_parts(parts, state).await;
        let Path((conversation, seq)) = path.map_err(|_| Problem::not_found("message"))?;
        Ok(Self { conversation, seq })
    }
}

/// The two ids in the path; what is no id names nothing.
#[derive(Debug)]
pub(super) struct Ids(pub(super) Uuid, pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let ids = path.ok().and_then(|Path((first, second))| {
            Some(Self(Uuid::try_parse(&first).ok()?, Uuid::try_parse(&second).ok()?))
        });
        ids.ok_or_else(|| Problem::not_found("id"))
    }
}

/// The customer or the conversation, and what another system calls a ticket, in the path.
#[cfg(feature = "bridge")]
#[derive(Debug)]
pub(super) struct TicketPlace(pub(super) Uuid, pub(super) String);

#[cfg(feature = "bridge")]
impl<S: Send + Sync> FromRequestParts<S> for TicketPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let place = path.ok().and_then(|Path((id, number))| Some(Self(Uuid::try_parse(&id).ok()?, number)));
        place.ok_or_else(|| Problem::not_found("id"))
    }
}

/// The card and the place of an action of it in the path.
#[cfg(feature = "graphql")]
#[derive(Clone, Copy, Debug)]
pub(super) struct CardPlace(pub(super) Uuid, pub(super) usize);

#[cfg(feature = "graphql")]
impl<S: Send + Sync> FromRequestParts<S> for CardPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(Uuid, usize)>::from_request_parts(parts, state).await;
        let Path((card, number)) = path.map_err(|_| Problem::not_found("action"))?;
        Ok(Self(card, number))
    }
}

/// The article and the language in the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextPlace {
    pub(super) article: Uuid,
    pub(super) language: Language,
}

impl<S: Send + Sync> FromRequestParts<S> for TextPlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let place = path.ok().and_then(|Path((article, language))| {
            let language = Language::from_word(&language)?;
            Some(Self { article: Uuid::try_parse(&article).ok()?, language })
        });
        place.ok_or_else(|| Problem::not_found("article"))
    }
}

/// Reads a field that may be left out, or be null to unset what it names.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Reads an optional parameter.
pub(super) fn parameter<T: FromStr>(name: &'static str, value: Option<&str>) -> Result<Option<T>, Problem> {
    let parse =
        |text: &str| text.parse().map_err(|_| Problem::invalid(name, format!("`{name}` is malformed")));
    value.map(parse).transpose()
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn unread(rejection: &BytesRejection) -> Refused {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(ErrorCode::TooLarge, "the body is too large").into()
    } else {
        Problem::new(ErrorCode::BadFrame, "the body could not be read").into()
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let inner = error.into_inner();
        let detail = match inner.classify() {
            serde_json::error::Category::Data => inner.to_string(),
            _ => format!("the body is not JSON: {inner}"),
        };
        Refused::field(field, Problem::new(ErrorCode::BadFrame, detail))
    })?;
    let ended = reader.end();
    ended.map_err(|_| Problem::new(ErrorCode::BadFrame, "something follows the JSON value in the body"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use axum::{body::Body as HttpBody, response::IntoResponse as _};
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only its type matters")]
        inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only its type matters")]
        score: u8,
    }

    #[derive(Debug, Default, Deserialize)]
    struct Query {
        limit: Option<String>,
        cursor: Option<String>,
    }

    #[tokio::test]
    async fn a_body_may_be_left_out_with_its_type_or_without() {
        let json = ("content-type", "application/json");
        for (header, text, is_there) in
            [(json, r#"{"inner": {"score": 1}}"#, true), (json, "", false), (("x", "y"), "", false)]
        {
            let request = Request::post("/").header(header.0, header.1);
            let request = request.body(HttpBody::from(text)).unwrap();
            let body = <Body<Outer> as OptionalFromRequest<()>>::from_request(request, &()).await.unwrap();
            assert_eq!(body.is_some(), is_there, "{header:?} {text}");
        }
    }

    async fn refused(content_type: &str, body: &str) -> (u16, Value) {
        let request = Request::post("/").header("content-type", content_type);
        let request = request.body(HttpBody::from(body.to_owned())).unwrap();
        let response =
            <Body<Outer> as FromRequest<()>>::from_request(request, &()).await.unwrap_err().into_response();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn the_wrong_field_is_named() {
        let (status, body) = refused("application/json", r#"{"inner":{"score":300}}"#).await;
        assert_eq!((status, &body["field"]), (400, &Value::from("inner.score")));
        let (_, body) = refused("application/json; charset=utf-8", r#"{"inner":{}}"#).await;
        assert_eq!(body["field"], "inner");
        assert!(body["detail"].as_str().unwrap().starts_with("missing field `score`"), "{body}");
    }

    #[tokio::test]
    async fn what_is_no_json_is_refused() {
        assert_eq!(refused("text/plain", "{}").await.0, 415);
        assert_eq!(refused("application/jsonp", "{}").await.0, 415);
        for body in ["", "{", "[]]", "null", "{\"inner\":{\"score\":1}}{}", &"[".repeat(10_000)] {
            let (status, problem) = refused("application/json", body).await;
            assert_eq!((status, &problem["code"]), (400, &Value::from("bad_frame")), "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "[ -~]{0,60}", name in "\\PC{0,10}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            if let Ok(request) = Request::get(format!("/?{query}")).body(()) {
                let (mut parts, ()) = request.into_parts();
                let found = runtime.block_on(Parameters::<Query>::from_request_parts(&mut parts, &()));
                if let Ok(Parameters(found)) = found {
                    let limit = parameter::<u64>("limit", found.limit.as_deref());
                    prop_assert!(limit.is_ok() || limit.unwrap_err().field == Some("limit"));
                    parameter::<Uuid>("cursor", found.cursor.as_deref()).ok();
                }
            }
            prop_assert!(parse::<Outer>(name.as_bytes()).is_err());
        }
    }
}
