//! How a request becomes a WebSocket.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kefu_protocol::{
    frame::ErrorCode,
    ws::{accept_key, has_token, is_valid_key},
};
use tokio::net::TcpStream;

use crate::problem::Problem;

/// Checks a client's handshake (RFC 6455 §4.2.1); returns the answer to its key.
pub(crate) fn check(headers: &HeaderMap, subprotocol: &str) -> Result<HeaderValue, Problem> {
    let bad =
        |field, detail: String| Problem { field: Some(field), ..Problem::new(ErrorCode::BadFrame, detail) };
    let names = |name: header::HeaderName, token: &str| {
        headers.get_all(name).iter().any(|value| value.to_str().is_ok_and(|value| has_token(value, token)))
    };
    if !names(header::CONNECTION, "upgrade") || !names(header::UPGRADE, "websocket") {
        return Err(bad(
            "upgrade",
            "this is a WebSocket: a proxy in between must pass `Upgrade` and `Connection` on".to_owned(),
        ));
    }
    if !names(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(bad("sec-websocket-version", "only version 13 of the protocol is spoken".to_owned()));
    }
    if !names(header::SEC_WEBSOCKET_PROTOCOL, subprotocol) {
        return Err(bad("sec-websocket-protocol", format!("offer the subprotocol {subprotocol}")));
    }
    let malformed = || bad("sec-websocket-key", "the key is malformed".to_owned());
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|value| value.to_str().ok());
    let key = key.filter(|key| is_valid_key(key)).ok_or_else(malformed)?;
    HeaderValue::from_str(&accept_key(key)).map_err(|_| malformed())
}

/// The answer to a handshake.
pub(crate) fn switching(accept: HeaderValue, subprotocol: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    response
}

/// The refusal of a handshake.
pub(crate) fn refusal(problem: Problem) -> Response {
    let mut response = axum::response::IntoResponse::into_response(problem);
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}

/// The stream behind a handshake, and what was read of it already; none when the client has gone.
pub(crate) async fn upgraded(upgrade: OnUpgrade) -> Option<(TcpStream, Bytes)> {
    let Ok(parts) = upgrade.await.ok()?.downcast::<TokioIo<TcpStream>>() else {
        tracing::error!("a connection is not what the listener made it");
        return None;
    };
    Some((parts.io.into_inner(), parts.read_buf))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "other, kefu.v1"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_key_of_the_standard_is_answered() {
        // RFC 6455 §1.3.
        assert_eq!(check(&handshake(), "kefu.v1").unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn every_missing_header_is_named() {
        for name in ["upgrade", "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-key"] {
            let mut headers = handshake();
            headers.remove(name);
            assert_eq!(check(&headers, "kefu.v1").unwrap_err().field, Some(name));
        }
        assert!(check(&handshake(), "kefu.v2").is_err());
    }
}
