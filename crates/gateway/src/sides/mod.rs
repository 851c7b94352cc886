//! The servers: each reads calls of one protocol and answers in it.

pub(crate) mod json;
pub(crate) mod soap;
pub(crate) mod thrift;

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Body;
use tokio::time::timeout;

use crate::outcome::Refusal;

pub(crate) type HttpResponse = Response<Full<Bytes>>;

/// Makes an answer.
pub(crate) fn response(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> HttpResponse {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    if !content_type.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// Says when to come again, in whole seconds and at least one.
pub(crate) fn retry_after(response: &mut HttpResponse, pause: Duration) {
    let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}

/// Reads the whole body of a request.
pub(crate) async fn read_body<B>(body: B, bytes_max: usize, time: Duration) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let too_large = || Refusal::new("too_large", 413, format!("the body has more than {bytes_max} bytes"));
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    match timeout(time, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new("bad_call", 400, "the body broke off")),
        Err(_) => Err(Refusal::new("slow", 408, "the body took too long")),
    }
}
