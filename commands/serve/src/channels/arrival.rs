//! A service's messages become the desk's.

use std::time::Duration;

use kefu_channel::{Inbound, Kind, Media};
use kefu_core::Micros;
use kefu_store::StoreError;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Channels, Live, texts};
use crate::{
    clock,
    desk::{Arrival, Arrived},
};

/// Longest name of somebody that is kept, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A message whose file is fetched later, as the store keeps it.
#[derive(Deserialize, Serialize)]
pub(super) struct Kept {
    external_id: String,
    thread: String,
    sender: String,
    at_ms: i64,
    kind: String,
    text: String,
    media_id: Option<String>,
    media_url: Option<String>,
    media_name: Option<String>,
    media_mime: Option<String>,
    context: serde_json::Value,
}

impl From<&Inbound> for Kept {
    fn from(message: &Inbound) -> Self {
        let media = message.media.clone().unwrap_or_default();
        Self {
            external_id: message.external_id.clone(),
            thread: message.thread.clone(),
            sender: message.sender.id.clone(),
            at_ms: message.at_ms,
            kind: message.kind.as_str().to_owned(),
            text: message.text.clone(),
            media_id: media.id,
            media_url: media.url,
            media_name: media.name,
            media_mime: media.mime,
            context: message.context.clone(),
        }
    }
}

impl From<Kept> for Inbound {
    fn from(kept: Kept) -> Self {
        Self {
            dedupe: String::new(),
            external_id: kept.external_id,
            thread: kept.thread,
            sender: kefu_channel::Sender { id: kept.sender, ..Default::default() },
            at_ms: kept.at_ms,
            kind: Kind::named(&kept.kind).unwrap_or(Kind::Unknown),
            text: kept.text,
            media: Some(Media {
                id: kept.media_id,
                url: kept.media_url,
                name: kept.media_name,
                mime: kept.media_mime,
            }),
            location: None,
            event: None,
            reply_to: None,
            reply_until_ms: None,
            context: kept.context,
        }
    }
}

/// Makes the desk's messages of a service's; those of visitors who are blocked are left out.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn arrivals(
    channels: &Channels,
    live: &Live,
    messages: Vec<Inbound>,
) -> Result<Vec<Arrival>, StoreError> {
    let now = clock::now();
    let mut arrivals = Vec::with_capacity(messages.len());
    for message in messages {
        let thread = channels.store.channel_thread(live.row.key, &message.thread, &message.sender.id).await?;
        if thread.is_some_and(|thread| channels.blocks.check_visitor(thread.visitor, now).is_err()) {
            channels.metrics.channel_received("blocked");
            continue;
        }
        channels.metrics.channel_received("message");
        arrivals.push(arrival(channels, live, &message, now));
    }
    Ok(arrivals)
}

fn arrival(channels: &Channels, live: &Live, message: &Inbound, now: Micros) -> Arrival {
    let later = |ms: u64| now.plus(i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX));
    let window = live.file.window();
    let reply_until = match message.reply_until_ms {
        Some(ms) => Some(Micros(ms.saturating_mul(1_000))),
        // The service counts from when it was written, which cannot be in the future.
        None => window.within_ms.map(|within_ms| {
            let at = Micros(message.at_ms.saturating_mul(1_000)).min(now);
            at.plus(i64::try_from(Duration::from_millis(within_ms).as_micros()).unwrap_or(i64::MAX))
        }),
    };
    let digest =
        Sha256::new().chain_update(live.row.id.as_bytes()).chain_update(message.dedupe.as_bytes()).finalize();
    let (mut hash, mut client_id) = ([0; 16], [0; 16]);
    hash.copy_from_slice(&digest[..16]);
    client_id.copy_from_slice(&digest[16..]);
    let has_file = message.kind.has_media()
        && live.file.fetch_steps() > 0
        && message.media.as_ref().is_some_and(|media| media.id.is_some() || media.url.is_some());
    let what = if has_file {
        Arrived::File(serde_json::to_string(&Kept::from(message)).expect("texts are plain JSON"))
    } else {
        let content = texts::without_file(message);
        let screened = channels.desk.screened_arrival(&content);
        Arrived::Message { content, screened }
    };
    Arrival {
        hash,
        known_until: later(live.file.dedupe_ttl_ms()),
        thread: message.thread.clone(),
        sender: message.sender.id.clone(),
        external_id: format!("{}:{}", live.file.id(), message.sender.id),
        name: message
            .sender
            .name
            .as_ref()
            .map(|name| name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect::<String>()),
        context: message.context.to_string(),
        reply_until,
        quota: window.messages,
        client_id: uuid::Builder::from_custom_bytes(client_id).into_uuid(),
        what,
    }
}
