//! Events as signed requests.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use kefu_bus::{
    EVENT_MEDIA_TYPE, Event, Outcome,
    embedded::{Subscriber, Telling, Told},
};
use kefu_upstream::{Endpoint, HttpClient, HttpSettings, Reach, TlsSettings, Trouble};
use sha2::Sha256;
use tokio::time::timeout;
use uuid::Uuid;

use super::{Attempt, Door, Kept, Spec};
use crate::clock;

/// Bytes of an answer that are read at most; what answers more has not understood.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of an answer that are kept.
const KEPT_BYTES_MAX: usize = 4 * 1024;
/// Connections of one webhook at most.
const CONNECTIONS_MAX: usize = 16;
/// The longest time that an answer may ask to be left alone for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

/// Tells events as requests.
pub(crate) struct Webhook {
    client: HttpClient,
    path: String,
    secret: String,
    headers: HeaderMap,
    options: WebhookOptions,
}

/// What a webhook works with.
pub(crate) struct WebhookOptions {
    pub(crate) door: Door,
    /// How long a request may take until its whole answer is there.
    pub(crate) timeout: Duration,
    /// Whether it may go to an address of the network that we are in.
    pub(crate) allow_internal: bool,
}

impl Webhook {
    /// Makes one; nothing is connected to before the first event.
    ///
    /// # Errors
    /// In words, when its address or its headers cannot be used.
    pub(crate) fn new(spec: &Spec, kept: &Kept, options: WebhookOptions) -> Result<Self, String> {
        let endpoint: Endpoint = spec.url.parse().map_err(|error| format!("its address: {error}"))?;
        let path = endpoint.path.clone();
        let mut headers = HeaderMap::new();
        for (name, value) in &kept.headers {
            let name = HeaderName::try_from(name).map_err(|error| format!("a header: {error}"))?;
            let mut value =
                HeaderValue::try_from(value).map_err(|error| format!("header {name}: {error}"))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let settings = HttpSettings {
            endpoint: Endpoint { path: "/".to_owned(), ..endpoint },
            reach: if options.allow_internal { Reach::Internal } else { Reach::Public },
            tls: TlsSettings::default(),
            connections_max: CONNECTIONS_MAX,
            body_bytes_max: ANSWER_BYTES_MAX,
            authorization: None,
        };
        let client = HttpClient::new(&settings).map_err(|error| error.to_string())?;
        Ok(Self { client, path, secret: kept.secret.clone(), headers, options })
    }

    /// Sends an event once; returns what came of it, and how long the answer asks to be left alone for at least.
    pub(crate) async fn send(&self, event: &Event, delivery: Uuid) -> (Attempt, Option<Duration>) {
        let now = clock::now();
        let mut attempt = Attempt::at(now);
        let body = match event.to_json() {
            Ok(body) => body,
            Err(error) => {
                attempt.error = Some(error.to_string());
                return (attempt, None);
            }
        };
        let seconds = now.0.div_euclid(1_000_000).to_string();
        let own = [
            ("content-type", EVENT_MEDIA_TYPE.to_owned()),
            ("user-agent", concat!("kefu/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("x-kefu-delivery", delivery.to_string()),
            ("x-kefu-signature", signature(&self.secret, &seconds, &body)),
            ("x-kefu-timestamp", seconds),
        ];
        let mut request = Request::post(self.path.as_str());
        for (name, value) in &own {
            request = request.header(*name, value);
        }
        attempt.request_headers = own.map(|(name, value)| (name.to_owned(), value)).into();
        attempt.request_headers.extend(self.headers.keys().map(|name| (name.to_string(), "…".to_owned())));
        let request = request.header(header::ACCEPT, "*/*").body(Bytes::from(body));
        let mut request = match request {
            Ok(request) => request,
            Err(error) => {
                attempt.error = Some(error.to_string());
                return (attempt, None);
            }
        };
        request.headers_mut().extend(self.headers.clone());
        let began = Instant::now();
        let answer = timeout(self.options.timeout, self.client.send(request)).await;
        attempt.latency_ms = Some(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        match answer.unwrap_or(Err(Trouble::TimedOut)) {
            Ok(answer) => {
                attempt.status = Some(answer.status().as_u16());
                let bytes = answer.body();
                let kept = String::from_utf8_lossy(&bytes[..bytes.len().min(KEPT_BYTES_MAX)]).into_owned();
                attempt.response_body = (!kept.is_empty()).then_some(kept);
                let after = retry_after(answer.headers());
                if !answer.status().is_success() {
                    attempt.error = Some(format!("the answer was {}", answer.status()));
                }
                (attempt, after)
            }
            Err(trouble) => {
                attempt.error = Some(trouble.to_string());
                (attempt, None)
            }
        }
    }
}

impl Subscriber for Webhook {
    fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told> {
        Box::pin(async move {
            if let Some(told) = self.options.door.held_back("webhook", &telling).await {
                return told;
            }
            let (attempt, after) = self.send(&telling.heard.event, telling.delivery).await;
            let outcome = match (&attempt.error, attempt.status) {
                (None, _) => Outcome::Done,
                // The receiver says that it is gone for good.
                (Some(why), Some(410)) => Outcome::Dead { why: why.clone() },
                (Some(why), _) => Outcome::Again { after, why: why.clone() },
            };
            Told { outcome, attempt: Some(attempt.to_json()) }
        })
    }
}

/// What a receiver computes again: over the time and the bytes of the body, so that neither can be another one.
fn signature(secret: &str, seconds: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut text = String::from("sha256=");
    for byte in mac.finalize().into_bytes() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// How long a receiver that has too much to do wants to be left alone for.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_other_implementations() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let expected = "sha256=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686";
        assert_eq!(signature("secret", "1700000000", br#"{"a":1}"#), expected);
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_and_has_an_end() {
        let after = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(after("Fri, 31 Dec 1999 23:59:59 GMT"), None);
    }
}
