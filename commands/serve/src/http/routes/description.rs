use std::io::Read as _;

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY},
};

use crate::http::openapi::OpenErrors;

/// The committed document as the build script packs it.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

/// This description
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "description",
    tag = "setup",
    responses((status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"), OpenErrors)
)]
pub(super) async fn get(request: HeaderMap) -> Response {
    let takes_gzip = request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("gzip"));
    let mut response = if takes_gzip {
        let mut response = Bytes::from_static(PACKED).into_response();
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        unpacked().into_response()
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn unpacked() -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(PACKED).read_to_end(&mut text).expect("the build script packed it whole");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_the_committed_document() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        assert!(unpacked() == std::fs::read(path).unwrap());
    }
}
