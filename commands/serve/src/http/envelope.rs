use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS},
};

use super::{Refused, leftover::Leftover};
use crate::{address::Peer, clock, listener::RequestId, services::Services};

/// Counts the request against its address, and gives the answer what all answers have.
pub(crate) async fn envelope(State(services): State<Services>, request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let address = Peer::address(request.extensions().get());
    let (parts, body) = request.into_parts();
    let (body, leftover) = Leftover::of(&parts.headers, body);
    let request = Request::from_parts(parts, body);
    let mut response = match services.limits.request(address, clock::now()) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            drop(request);
            problem.into_response()
        }
    };
    leftover.discard().await;
    // Only here is the request's name known to a refusal.
    if let (Some(id), Some(refused)) = (id, response.extensions_mut().remove::<Refused>()) {
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(CONTENT_LENGTH);
        response = refused.respond(Some(id.as_str()));
        *response.headers_mut() = parts.headers;
    }
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
