//! Requests that could not be read: kept, and read again once the file of the channel is mended.

use kefu_channel::{Method, Received, Verdict};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{ChannelChange, ChannelRefusal};
use serde::{Deserialize, Serialize};

use super::{Channels, Live, arrival::arrivals, millis};
use crate::{clock, desk::Arrivals, problem::Problem};

/// What seals requests: they have secrets in them.
const PURPOSE: &str = "channel request";

/// Most characters of why something could not be read.
const REASON_CHARS_MAX: usize = 500;

/// A request as it came.
#[derive(Deserialize, Serialize)]
pub(super) struct Original {
    pub(super) method: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    #[serde(with = "base64_bytes")]
    pub(super) body: Vec<u8>,
}

mod base64_bytes {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map_err(D::Error::custom)
    }
}

/// Keeps what could not be read, and why.
pub(super) fn refusal(
    channels: &Channels,
    channel: i64,
    reasons: &[String],
    original: Option<&Original>,
) -> ChannelChange {
    let request = original.and_then(|original| {
        let plain = serde_json::to_vec(original).expect("texts are plain JSON");
        channels.secrets.seal(PURPOSE, &plain).ok()
    });
    let reason = reasons.join("; ").chars().take(REASON_CHARS_MAX).collect();
    ChannelChange::Refused(Box::new(ChannelRefusal { number: 0, channel, at: clock::now(), reason, request }))
}

/// A request as it came.
///
/// # Errors
/// `conflict` when it is not kept, or cannot be opened.
pub(super) fn original(channels: &Channels, refusal: &ChannelRefusal) -> Result<Original, Problem> {
    let sealed = refusal.request.as_deref();
    let sealed =
        sealed.ok_or_else(|| conflict("it was part of a list and cannot be read again".to_owned()))?;
    let plain = channels.secrets.open(PURPOSE, sealed).map_err(|error| conflict(error.to_string()))?;
    serde_json::from_slice(&plain).map_err(|error| conflict(error.to_string()))
}

/// The method of a request that is kept.
pub(super) fn method_of(name: &str) -> Method {
    if name == Method::Get.as_str() { Method::Get } else { Method::Post }
}

fn conflict(detail: String) -> Problem {
    Problem::new(ErrorCode::Conflict, detail)
}

/// Reads a request again that could not be read, as if it came when it did.
///
/// # Errors
/// `conflict` when it still cannot be read, or is not kept.
pub(crate) async fn read_again(
    channels: &Channels,
    live: &Live,
    refusal: &ChannelRefusal,
) -> Result<usize, Problem> {
    let original = original(channels, refusal)?;
    let request = original.request(method_of(&original.method));
    let received = live.file.receive(&request, &live.given, millis(refusal.at));
    let Received { verdict, messages, refused, .. } = received;
    match verdict {
        Verdict::Accepted if refused.is_empty() => {}
        Verdict::Accepted => {
            let first = refused.first().map(|one| one.fault.to_string()).unwrap_or_default();
            return Err(conflict(format!("it still cannot be read: {first}")));
        }
        Verdict::Malformed(fault) => return Err(conflict(format!("it still cannot be read: {fault}"))),
        _ => {
            return Err(conflict(
                "the channel does not take it as a request of its service any more".to_owned(),
            ));
        }
    }
    let messages = arrivals(channels, live, messages).await?;
    let count = messages.len();
    let changes = vec![ChannelChange::DropRefused(refusal.number)];
    let (channel, inbox) = (live.row.key, live.row.inbox);
    channels.desk.receive(Arrivals { channel, inbox, messages, changes }).await?;
    live.fetches.notify_one();
    Ok(count)
}
