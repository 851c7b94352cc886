//! Problems as HTTP answers (RFC 9457).

use std::borrow::Cow;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use kefu_protocol::frame::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// Type of a problem's body.
pub(super) const CONTENT_TYPE_PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Longest name of a blamed field that is shown, in bytes.
const MAX_FIELD_BYTES: usize = 64;

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    problem: Problem,
    /// The field that is to blame, when its name was found in the body.
    field: Option<String>,
}

/// The body of a refusal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Always `about:blank`: `code` says what kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the status says, in words.
    #[schema(example = "Not Found")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What is wrong with this request.
    #[schema(example = "there is no such conversation")]
    detail: &'a str,
    /// One of `bad_frame`, `unauthorized`, `forbidden`, `not_found`, `too_large`, `conflict`, `inbox_not_switched`,
    /// `rate_limited`, `unavailable`, `rejected`; the same as in `error` frames.
    #[schema(value_type = String, example = "not_found")]
    code: ErrorCode,
    /// The field or parameter that is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u32>,
    /// Name of the request in the daemon's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Refused {
    /// A refusal whose status says more than the problem's code.
    pub(crate) fn with_status(status: StatusCode, problem: Problem) -> Self {
        Self { status, problem, field: None }
    }

    /// What was wrong, for who has no status to tell.
    #[cfg(feature = "channels")]
    pub(crate) fn into_problem(self) -> Problem {
        self.problem
    }

    /// A malformed field, by the name that it has in the body.
    pub(super) fn field(mut name: String, problem: Problem) -> Self {
        let end = (0..=MAX_FIELD_BYTES).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        name.truncate(end);
        Self { field: Some(name).filter(|name| !name.is_empty() && name != "."), ..Self::from(problem) }
    }

    /// The answer, with the request's name in it.
    pub(super) fn respond(self, request_id: Option<&str>) -> Response {
        let Problem { code, field, detail, retry_after_ms } = &self.problem;
        let body = ProblemBody {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail,
            code: *code,
            field: self.field.as_deref().or(*field),
            retry_after_ms: *retry_after_ms,
            request_id,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, CONTENT_TYPE_PROBLEM);
        if let Some(wait_ms) = retry_after_ms {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1000).max(1)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { status: status(problem.code), problem, field: None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.respond(None)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        Refused::from(self).into_response()
    }
}

/// The status of a problem that is answered over HTTP.
pub(crate) fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadFrame => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Conflict | ErrorCode::InboxNotSwitched => StatusCode::CONFLICT,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Answers paths that do not exist.
pub(super) async fn no_route() -> Problem {
    Problem::not_found("path")
}

/// Answers methods that a path does not have.
pub(super) async fn no_method() -> Refused {
    let detail = Cow::Borrowed("the path does not have this method");
    Refused::with_status(StatusCode::METHOD_NOT_ALLOWED, Problem::new(ErrorCode::BadFrame, detail))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    async fn body(response: Response) -> Value {
        serde_json::from_slice(&to_bytes(response.into_body(), 4096).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_problem_says_everything_once() {
        let response = Refused::from(Problem::rate_limited(1_500_000)).respond(Some("r-1"));
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "2");
        let expected = json!({
            "type": "about:blank", "title": "Too Many Requests", "status": 429, "code": "rate_limited",
            "detail": "too many requests: wait before the next one", "retry_after_ms": 1500, "request_id": "r-1",
        });
        assert_eq!(body(response).await, expected);
    }

    #[tokio::test]
    async fn the_field_is_named_and_short() {
        let response = Problem::invalid("email", "x").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(body(response).await["field"], "email");
        let long = Refused::field("退".repeat(100), Problem::invalid("", "x")).into_response();
        assert_eq!(body(long).await["field"], "退".repeat(21));
    }

    #[tokio::test]
    async fn nobody_is_told_how_to_sign_in() {
        let response = Problem::unauthorized().into_response();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(no_method().await.into_response().status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
