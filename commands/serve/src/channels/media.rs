//! Files of messages that came: fetched at once, because services keep them for a short while only.
//!
//! The message is in the log when its file is here, or when it turns out that it cannot be had.

use std::{sync::Arc, time::Duration};

use kefu_channel::{Fetched, Inbound};
use kefu_core::{Action, Content, FileData, FileRef, Principal, Rights};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{ChannelChange, ChannelMedia};
use serde_json::Value;
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

use super::{
    Channels, Live,
    arrival::Kept,
    call::{Caller, Halt, Wanted},
    texts, wait_until,
};
use crate::{clock, identity::Identity, problem::Problem};

/// Files that are fetched side by side.
const SIDE_BY_SIDE: u32 = 4;

/// How often it is tried until a file is given up: within about five minutes.
const TRIES_MAX: u32 = 8;

/// Fetches what waits, until another one takes the place of `live`.
pub(super) async fn run(channels: Arc<Channels>, live: Arc<Live>) {
    if live.file.fetch_steps() == 0 {
        return;
    }
    let turns = Arc::clone(&live.turns);
    let _turn = turns.fetching.lock().await;
    while !live.is_retired() {
        let wait = match round(&channels, &live).await {
            Ok(wait) => wait,
            Err(problem) => {
                tracing::warn!(%problem, channel = %live.row.id, "files are fetched later");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = live.fetches.notified() => {}
            () = sleep(wait) => {}
        }
    }
}

/// Fetches what is due; returns how long there is nothing to do.
async fn round(channels: &Arc<Channels>, live: &Arc<Live>) -> Result<Duration, Problem> {
    loop {
        let due = channels.store.channel_media_due(live.row.key, clock::now(), SIDE_BY_SIDE).await?;
        if due.is_empty() || live.is_retired() {
            return Ok(wait_until(channels.store.channel_next_media(live.row.key).await?));
        }
        let mut under_way = JoinSet::new();
        for media in due {
            let (channels, live) = (Arc::clone(channels), Arc::clone(live));
            under_way.spawn(async move { take(&channels, &live, media).await });
        }
        while let Some(done) = under_way.join_next().await {
            if let Ok(Err(problem)) = done {
                return Err(problem);
            }
        }
    }
}

async fn take(channels: &Channels, live: &Live, media: ChannelMedia) -> Result<(), Problem> {
    let done = || vec![ChannelChange::MediaDone(media.key)];
    let message: Option<Kept> = serde_json::from_str(&media.message).ok();
    let who = visitor_of(channels, &media).await?;
    let Some((who, message)) = who.zip(message.map(Inbound::from)) else {
        return channels.write(done()).await;
    };
    let content = match fetch(channels, live, &message, media.tries).await {
        Ok(bytes) => kept(channels, &who, &media, &message, &bytes).await,
        Err(halt) => Err(halt),
    };
    let content = match content {
        Ok(content) => content,
        Err(Halt::Later { after, reason }) if media.tries < TRIES_MAX => {
            tracing::debug!(channel = %live.row.id, reason, "a file is fetched later");
            return later(channels, &media, after).await;
        }
        Err(Halt::Aside { after }) if media.tries < TRIES_MAX => return later(channels, &media, after).await,
        Err(Halt::Later { reason, .. } | Halt::Never(reason)) => {
            channels.metrics.channel_received("file_lost");
            tracing::info!(channel = %live.row.id, reason, "a file of a message cannot be had");
            texts::without_file(&message)
        }
        Err(Halt::Aside { .. }) => texts::without_file(&message),
    };
    match channels.desk.send(&who, media.conversation_id, media.client_id, content).await {
        Ok(_) => {}
        // It is in the log already, with the file of the try before; or its conversation takes nothing more.
        Err(problem)
            if matches!(problem.code, ErrorCode::Conflict | ErrorCode::NotFound | ErrorCode::Rejected) => {}
        Err(problem) => return Err(problem),
    }
    channels.write(done()).await
}

async fn later(channels: &Channels, media: &ChannelMedia, after: Duration) -> Result<(), Problem> {
    let next_at = clock::now().plus(i64::try_from(after.as_micros()).unwrap_or(i64::MAX));
    channels.write(vec![ChannelChange::MediaTried { key: media.key, next_at }]).await
}

/// Who wrote the message, unless nothing is taken from them any more.
async fn visitor_of(channels: &Channels, media: &ChannelMedia) -> Result<Option<Identity>, Problem> {
    let Some(thread) = channels.store.channel_thread_by_key(media.thread).await? else { return Ok(None) };
    let visitor = channels.store.visitor(thread.visitor).await?;
    Ok(visitor.filter(|visitor| visitor.erased_at.is_none()).map(|visitor| Identity {
        principal: Principal::Visitor(visitor.key),
        id: visitor.id,
        name: visitor.name,
        role: None,
        rights: Rights::NONE,
        inbox: Some(visitor.inbox),
        session: Uuid::nil(),
        key: None,
    }))
}

/// The bytes of a file, step after step.
async fn fetch(channels: &Channels, live: &Live, message: &Inbound, tries: u32) -> Result<Vec<u8>, Halt> {
    let mut caller = Caller::new(channels, live, tries);
    let (mut step, mut value) = (0, Value::Null);
    loop {
        let wanted =
            caller.next(|tokens, now_ms| live.file.fetch(message, step, &value, &live.given, tokens, now_ms));
        let (Wanted::Call(request) | Wanted::Upload(request)) = wanted.await?;
        let answer = caller.ask(&request, None).await?;
        match live.file.fetched(step, Ok(&answer), &live.given, caller.tries) {
            Ok(Fetched::File) => return Ok(answer.body),
            Ok(Fetched::Value(given)) => {
                value = given;
                step += 1;
            }
            Err(refusal) => caller.refused(refusal).await?,
        }
    }
}

/// Takes a file as an upload is taken; returns the message that has it.
async fn kept(
    channels: &Channels,
    who: &Identity,
    media: &ChannelMedia,
    message: &Inbound,
    bytes: &[u8],
) -> Result<Content, Halt> {
    let later = |reason: String| Halt::Later { after: Duration::from_secs(5), reason };
    let head = channels.desk.head(who, media.conversation_id, Action::Read).await;
    let head = head.map_err(|problem| later(problem.to_string()))?;
    let name = message.media.as_ref().and_then(|media| media.name.clone());
    let name = name.unwrap_or_else(|| message.kind.as_str().to_owned());
    let file = match channels.files.keep(who, &head, name, bytes).await {
        Ok(file) => file,
        Err(problem) if problem.code == ErrorCode::Unavailable => return Err(later(problem.to_string())),
        Err(problem) => return Err(Halt::Never(problem.to_string())),
    };
    let data = FileData {
        file_id: file.id,
        name: (&*file.name).into(),
        size: file.size,
        media_type: (&*file.media_type).into(),
        width: file.width,
        height: file.height,
        duration_ms: None,
    };
    let kind = data.kind();
    let text = texts::content(message).text;
    let file = Some(FileRef { id: file.id, duration_ms: None });
    Ok(Content { file, ..Content::text(kind, text) })
}
