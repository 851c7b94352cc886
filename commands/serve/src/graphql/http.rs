//! GraphQL over HTTP.

use axum::{
    body::Body,
    extract::{FromRequest as _, Query, Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, UPGRADE, VARY, WWW_AUTHENTICATE},
    request::Parts,
};
use kefu_protocol::ws::has_token;
use kefu_query::{Explain, Response as Answer};
use kefu_upstream::TraceContext;
use serde_json::{Map, Value};

use super::{
    media::MediaType,
    page,
    question::{Question, asker, may_explain, refusal, refused},
    socket,
};
use crate::{address::Peer, auth::Shown, problem::Problem, services::Services};

/// Asks how a query is carried out: `plan` in place of its answer, `analyze` beside it.
const EXPLAIN: HeaderName = HeaderName::from_static("x-kefu-explain");

/// `/graphql`: a query by GET or POST, a socket, or the page of GraphiQL.
pub(super) async fn answer(State(services): State<Services>, request: Request) -> Response {
    if is_upgrade(request.headers()) {
        return socket::open(services, request).await;
    }
    if page::is_wanted(&services, &request) {
        return page::graphiql();
    }
    let Some(media) = MediaType::wanted(request.headers()) else {
        let text = "the answer is application/graphql-response+json or application/json";
        return write(refusal(406, "not_acceptable", text), MediaType::Json);
    };
    let (head, body) = request.into_parts();
    let mut answer = respond(&services, &head, body).await;
    // To a client of the older type a request that was understood is answered, whatever became of it.
    if media == MediaType::Json && answer.status == 400 && answer.is_understood {
        answer.status = 200;
    }
    let mut response = write(Answer { status: answer.status, body: answer.body }, media);
    response.headers_mut().extend(answer.headers);
    response
}

/// An answer before it is known in which type it is written.
struct Outcome {
    status: u16,
    body: Vec<u8>,
    headers: HeaderMap,
    /// It is about the query, not about the request that carries it.
    is_understood: bool,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self { status: answer.status, body: answer.body, headers: HeaderMap::new(), is_understood: false }
    }
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        let mut outcome = Self::from(refused(&problem));
        if outcome.status == 401 {
            outcome.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait_ms) = problem.retry_after_ms {
            outcome.headers.insert(RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1000).max(1)));
        }
        outcome
    }
}

async fn respond(services: &Services, head: &Parts, body: Body) -> Outcome {
    let is_get = head.method == Method::GET;
    if !is_get && head.method != Method::POST {
        let mut outcome = Outcome::from(refusal(405, "method_not_allowed", "send a query by GET or POST"));
        outcome.headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
        return outcome;
    }
    let shown = Shown {
        headers: &head.headers,
        query_token: None,
        address: head.extensions.get::<Peer>().map(|peer| peer.0),
        method_is_unsafe: !is_get,
        // A page of somebody else cannot read what it asks by GET, but could make it cost something.
        require_origin: true,
        is_for_enrolling: false,
    };
    let address = Peer::address(head.extensions.get());
    let asker = match asker(services, shown, address).await {
        Ok(asker) => asker,
        Err(problem) => return problem.into(),
    };
    let explain = match explain(&head.headers) {
        Some(Explain::None) => Explain::None,
        Some(explain) if may_explain(&asker.who) => explain,
        Some(_) => return refusal(403, "forbidden", "plans are for administrators").into(),
        None => return refusal(400, "bad_request", "`x-kefu-explain` must be plan or analyze").into(),
    };
    let parameters = if is_get { from_query(head) } else { from_body(head, body).await };
    let question = match parameters {
        Ok(parameters) => Question::read(parameters).map_err(|text| refusal(400, "bad_request", &text)),
        Err(answer) => Err(answer),
    };
    let question = match question {
        Ok(question) => {
            Question { explain, allow_mutation: !is_get, trace: trace(&head.headers), ..question }
        }
        Err(answer) => return answer.into(),
    };
    let answer = question.ask(services, &services.graphql, &asker).await;
    let mut outcome = Outcome { is_understood: true, ..Outcome::from(answer) };
    if outcome.status == 405 {
        outcome.headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    outcome
}

/// The trace that a request is part of; what is none is passed over, as the W3C has it.
fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get("traceparent")?.to_str().ok()?.parse().ok()
}

fn explain(headers: &HeaderMap) -> Option<Explain> {
    match headers.get(EXPLAIN).map(HeaderValue::as_bytes) {
        None => Some(Explain::None),
        Some(b"plan") => Some(Explain::Plan),
        Some(b"analyze") => Some(Explain::Analyze),
        Some(_) => None,
    }
}

/// The parameters of a GET; those that are no strings are JSON.
fn from_query(head: &Parts) -> Result<Value, Answer> {
    let malformed = || refusal(400, "bad_request", "the query string is malformed");
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&head.uri).map_err(|_| malformed())?;
    let mut parameters = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "query" | "operationName" => Value::String(text),
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|_| refusal(400, "bad_request", &format!("`{name}` must be JSON")))?,
            _ => continue,
        };
        if parameters.insert(name.clone(), value).is_some() {
            return Err(refusal(400, "bad_request", &format!("`{name}` is given twice")));
        }
    }
    Ok(Value::Object(parameters))
}

async fn from_body(head: &Parts, body: Body) -> Result<Value, Answer> {
    let kind = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|part| {
        let charset = part.to_ascii_lowercase();
        charset.strip_prefix("charset=").is_none_or(|name| name.trim_matches('"') == "utf-8")
    });
    if !is_json || !is_utf8 {
        return Err(refusal(415, "unsupported_media_type", "the body must be application/json in UTF-8"));
    }
    // The limit of the body lies among them.
    let mut request = Request::new(body);
    *request.extensions_mut() = head.extensions.clone();
    let bytes = Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            refusal(413, "too_large", "the body is too large")
        } else {
            refusal(400, "bad_request", "the body could not be read")
        }
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|error| refusal(400, "bad_request", &format!("the body is not JSON: {error}")))
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    let value = headers.get(UPGRADE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| has_token(value, "websocket"))
}

fn write(answer: Answer, media: MediaType) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media.header());
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}
