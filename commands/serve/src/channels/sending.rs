//! Messages on their way to a service: those of one thread one after the other, those of several side by side.

use std::{collections::HashSet, sync::Arc, time::Duration};

use kefu_channel::{Amendment, Kind, Media, Outbound};
use kefu_core::{Entry, FileData, Revision};
use kefu_store::{Change, ChannelChange, ChannelSend, ChannelThread, RecordSet, SendState};
use tokio::{task::JoinSet, time::sleep};

use super::{
    Channels, Live, PATIENCE,
    amending::{amendment, tell},
    call::{Caller, Halt, Wanted},
    texts, wait_until,
};
use crate::{clock, problem::Problem};

/// Threads that are sent to at once.
const SIDE_BY_SIDE: usize = 16;

/// How long it takes until it is tried again when the store could not be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Sends what waits, until another one takes the place of `live`.
pub(super) async fn run(channels: Arc<Channels>, live: Arc<Live>) {
    if !live.file.sends(Kind::Text) {
        return;
    }
    let turns = Arc::clone(&live.turns);
    let _turn = turns.sending.lock().await;
    let mut under_way = JoinSet::new();
    let mut busy = HashSet::new();
    while !live.is_retired() {
        let wait = match begin(&channels, &live, &mut under_way, &mut busy).await {
            Ok(wait) => wait,
            Err(problem) => {
                tracing::warn!(%problem, channel = %live.row.id, "what is to be sent waits");
                STORE_PAUSE
            }
        };
        tokio::select! {
            Some(done) = under_way.join_next(), if !under_way.is_empty() => {
                // A task that ended otherwise would leave its thread busy; the next run sends on.
                match done {
                    Ok(thread) => drop(busy.remove(&thread)),
                    Err(_) => busy.clear(),
                }
            }
            () = live.sends.notified() => {}
            () = sleep(wait) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Begins with what is due; returns how long there is nothing else to begin.
async fn begin(
    channels: &Arc<Channels>,
    live: &Arc<Live>,
    under_way: &mut JoinSet<i64>,
    busy: &mut HashSet<i64>,
) -> Result<Duration, Problem> {
    let room = SIDE_BY_SIDE.saturating_sub(under_way.len());
    if room == 0 {
        return Ok(PATIENCE);
    }
    let most = u32::try_from(SIDE_BY_SIDE + busy.len()).unwrap_or(u32::MAX);
    let due = channels.store.channel_sends_due(live.row.key, clock::now(), most).await?;
    for send in due.into_iter().filter(|send| !busy.contains(&send.thread)).take(room).collect::<Vec<_>>() {
        busy.insert(send.thread);
        let (channels, live) = (Arc::clone(channels), Arc::clone(live));
        under_way.spawn(async move {
            let thread = send.thread;
            if let Err(problem) = carry(&channels, &live, send).await {
                tracing::warn!(%problem, channel = %live.row.id, "what became of a message is not written yet");
                sleep(STORE_PAUSE).await;
            }
            thread
        });
    }
    if busy.is_empty() {
        return Ok(wait_until(channels.store.channel_next_send(live.row.key).await?));
    }
    // Whoever is busy may be what is due.
    Ok(wait_until(channels.store.channel_next_send(live.row.key).await?).max(STORE_PAUSE))
}

/// Sends a message, or tells the service what became of it, and writes down how that went.
async fn carry(channels: &Channels, live: &Live, send: ChannelSend) -> Result<(), Problem> {
    let Some(thread) = channels.store.channel_thread_by_key(send.thread).await? else { return Ok(()) };
    let entries = channels.store.entries_at(&[send.pos]).await?;
    let entry = entries.into_iter().next().filter(|entry| entry.revision != Revision::Erased);
    let (key, revisions) = (send.key, send.revisions);
    let told = || ChannelChange::Told { key, at: clock::now(), revisions };
    let Some(entry) = entry else {
        let nothing = if send.state == SendState::Changing { told() } else { ChannelChange::Withdrawn(key) };
        return channels.write(vec![nothing]).await;
    };
    let message = outbound(channels, live, &thread, &entry);
    let amendment = amendment(&entry);
    let is_recalled = amendment == Some(Amendment::Recall);
    if send.state == SendState::Changing || (is_recalled && !send.external_ids.is_empty()) {
        // Of a message that is recalled between two of its parts, the service has those before.
        let is_sent = send.state == SendState::Changing;
        let done = if is_sent { told() } else { ChannelChange::Withdrawn(key) };
        let Some(amendment) = amendment else { return channels.write(vec![done]).await };
        if let Some(listed) = held_back(channels, live, amendment.as_str()) {
            return write_held(channels, listed, done).await;
        }
        return match tell(channels, live, &send, &message, amendment).await {
            Ok(()) => {
                channels.metrics.channel_sent(amendment.as_str());
                channels.write(vec![done]).await
            }
            Err(halt) => halted(channels, live, &send, halt).await,
        };
    }
    if is_recalled {
        return channels.write(vec![ChannelChange::Withdrawn(key)]).await;
    }
    send_parts(channels, live, &send, &entry, &message).await
}

/// Sends what the service does not have yet of a message.
async fn send_parts(
    channels: &Channels,
    live: &Live,
    send: &ChannelSend,
    entry: &Entry,
    message: &Outbound,
) -> Result<(), Problem> {
    let (key, revisions) = (send.key, send.revisions);
    let sent = |external_id| ChannelChange::Sent { key, at: clock::now(), external_id, revisions };
    if let Some(listed) = held_back(channels, live, texts::kind_of(entry.kind).as_str()) {
        return write_held(channels, listed, sent(None)).await;
    }
    let parts = live.file.parts(message);
    let mut tries = send.tries;
    for (index, part) in parts.iter().enumerate().skip(send.parts as usize) {
        let change = match send_part(channels, live, part.clone(), entry, tries).await {
            Ok(external_id) if index + 1 == parts.len() => {
                channels.metrics.channel_sent("sent");
                sent(external_id)
            }
            Ok(external_id) => ChannelChange::PartSent { key, external_id },
            Err(halt) => return halted(channels, live, send, halt).await,
        };
        channels.write(vec![change]).await?;
        tries = 0;
    }
    if send.parts as usize >= parts.len() {
        // The file of the channel makes fewer parts of it than it did when it began.
        return channels.write(vec![sent(None)]).await;
    }
    Ok(())
}

/// What is written in a rehearsal in the place of a request.
fn held_back(channels: &Channels, live: &Live, what: &str) -> Option<Change> {
    let summary = || format!("a message ({what}) for a customer of the channel");
    channels.outgoing.held_back("channel", &live.row.name, summary)
}

async fn write_held(channels: &Channels, listed: Change, done: ChannelChange) -> Result<(), Problem> {
    let changes = vec![listed, Change::Channel(done)];
    channels.desk.record(RecordSet { changes, audit: Vec::new() }).await
}

async fn halted(channels: &Channels, live: &Live, send: &ChannelSend, halt: Halt) -> Result<(), Problem> {
    let (key, now) = (send.key, clock::now());
    let later = |after: Duration| now.plus(i64::try_from(after.as_micros()).unwrap_or(i64::MAX));
    match halt {
        Halt::Later { after, reason } => {
            channels.metrics.channel_sent("later");
            tracing::debug!(channel = %live.row.id, reason, "a message is sent later");
            channels.write(vec![ChannelChange::Tried { key, next_at: later(after), error: reason }]).await
        }
        Halt::Aside { after } => {
            sleep(after.min(PATIENCE)).await;
            Ok(())
        }
        Halt::Never(error) => {
            channels.metrics.channel_sent("failed");
            // What the service said may repeat the message; the store has it, for those who may read that.
            tracing::info!(channel = %live.row.id, "a message is not taken by its service");
            tracing::debug!(channel = %live.row.id, error, "what the service said");
            channels.write(vec![ChannelChange::Failed { key, at: now, error }]).await
        }
    }
}

/// Sends one part; returns the service's name for it.
async fn send_part(
    channels: &Channels,
    live: &Live,
    mut message: Outbound,
    entry: &Entry,
    tries: u32,
) -> Result<Option<String>, Halt> {
    let mut caller = Caller::new(channels, live, tries);
    loop {
        let wanted =
            caller.next(|tokens, now_ms| live.file.send(&message, &live.given, tokens, now_ms)).await?;
        match wanted {
            Wanted::Upload(request) => {
                let file = bytes_of(channels, entry, request.file_at).await?;
                let answer = caller.ask(&request, file.as_deref()).await?;
                match live.file.uploaded(&message, Ok(&answer), &live.given, caller.tries) {
                    Ok(uploaded) => message.uploaded = Some(uploaded),
                    Err(refusal) => caller.refused(refusal).await?,
                }
            }
            Wanted::Call(request) => {
                let file = bytes_of(channels, entry, request.file_at).await?;
                let answer = caller.ask(&request, file.as_deref()).await?;
                match live.file.sent(&message, Ok(&answer), &live.given, caller.tries) {
                    Ok(external_id) => return Ok(external_id),
                    Err(refusal) => caller.refused(refusal).await?,
                }
            }
        }
    }
}

/// The bytes of a message's file, where the request has a place for them.
async fn bytes_of(
    channels: &Channels,
    entry: &Entry,
    file_at: Option<usize>,
) -> Result<Option<Vec<u8>>, Halt> {
    if file_at.is_none() {
        return Ok(None);
    }
    let file = entry.data.as_deref().and_then(|data| serde_json::from_str::<FileData<'_>>(data).ok());
    let gone = || Halt::Never("the file of the message is gone".to_owned());
    let path = channels.store.file_dir().path(file.ok_or_else(gone)?.file_id);
    let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
    read.ok().and_then(Result::ok).map(Some).ok_or_else(gone)
}

/// A message as the file of the channel has it.
fn outbound(channels: &Channels, live: &Live, thread: &ChannelThread, entry: &Entry) -> Outbound {
    let wanted = texts::kind_of(entry.kind);
    let file = entry.data.as_deref().filter(|_| entry.kind.has_file());
    let file = file.and_then(|data| serde_json::from_str::<FileData<'_>>(data).ok());
    let url = file.as_ref().and_then(|file| {
        let path = channels.files.links().address(file.file_id, &file.name, clock::now())?;
        Some(format!("{}{path}", channels.public_url.as_deref()?))
    });
    // What a service does not take as what it is, it takes as a text.
    let kind = if live.file.sends(wanted) { wanted } else { Kind::Text };
    let text = match (kind, &file) {
        (Kind::Text, Some(file)) => texts::of_file(&entry.text, &file.name, url.as_deref()),
        (Kind::Text, None) => texts::of_entry(entry),
        _ => entry.text.clone(),
    };
    let media = file.map(|file| Media {
        id: Some(file.file_id.to_string()),
        url,
        name: Some(file.name.into_owned()),
        mime: Some(file.media_type.into_owned()),
    });
    Outbound {
        id: entry.id.to_string(),
        to: thread.sender.clone(),
        thread: thread.thread.clone(),
        context: serde_json::from_str(&thread.context).unwrap_or_default(),
        kind,
        text,
        media: media.filter(|_| kind != Kind::Text),
        uploaded: None,
        sent: None,
    }
}
