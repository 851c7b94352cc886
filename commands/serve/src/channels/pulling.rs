//! Lists that are fetched: page after page, each durable together with where the next one begins.

use std::{sync::Arc, time::Duration};

use kefu_channel::{Pull, Pulled};
use kefu_store::ChannelChange;
use tokio::time::{Instant, sleep};

use super::{
    Channels, Live, PATIENCE,
    arrival::arrivals,
    call::{Caller, Halt, Wanted},
    refused::refusal,
};
use crate::{clock, desk::Arrivals, problem::Problem};

/// Pages of a list that are read at once: a service that has more to give without end gets its next turn later.
const PAGES_MAX: usize = 1_000;

/// Reads the lists that the service tells of, until another one takes the place of `live`.
pub(super) async fn run(channels: Arc<Channels>, live: Arc<Live>) {
    let turns = Arc::clone(&live.turns);
    let _turn = turns.pulling.lock().await;
    let mut polled_at = None::<Instant>;
    while !live.is_retired() {
        let mut wait = PATIENCE;
        match channels.store.channel_notices(live.row.key).await {
            Ok(notices) => {
                for (list, notice) in notices {
                    let pull = Pull { list, notice: serde_json::from_str(&notice).unwrap_or_default() };
                    wait = wait.min(read(&channels, &live, &pull, Some(notice)).await);
                }
            }
            Err(error) => {
                tracing::warn!(%error, channel = %live.row.id, "a list is read later");
                wait = Duration::from_secs(1);
            }
        }
        if let Some((pull, every_ms)) = live.file.poll() {
            let every = Duration::from_millis(every_ms);
            if polled_at.is_none_or(|at| at.elapsed() >= every) {
                polled_at = Some(Instant::now());
                wait = wait.min(read(&channels, &live, &pull, None).await);
            }
            wait = wait.min(every.saturating_sub(polled_at.map_or(Duration::ZERO, |at| at.elapsed())));
        }
        tokio::select! {
            () = live.pulls.notified() => {}
            () = sleep(wait) => {}
        }
    }
}

/// Reads a list to its end; returns after what time there is something to do again.
async fn read(channels: &Channels, live: &Live, pull: &Pull, notice: Option<String>) -> Duration {
    let mut tries = 0;
    for _ in 0..PAGES_MAX {
        match page(channels, live, pull, notice.as_ref(), tries).await {
            Ok(Ok(true)) => tries = 0,
            Ok(Ok(false)) => return PATIENCE,
            Ok(Err(Halt::Later { after, reason })) => {
                tracing::info!(channel = %live.row.id, reason, "a list is read later");
                tries += 1;
                sleep(after).await;
            }
            Ok(Err(Halt::Aside { after })) => return after,
            Ok(Err(Halt::Never(reason))) => return give_up(channels, live, pull, notice, reason).await,
            Err(problem) => {
                tracing::warn!(%problem, channel = %live.row.id, "a list is read later");
                return Duration::from_secs(1);
            }
        }
        if live.is_retired() {
            break;
        }
    }
    Duration::ZERO
}

/// Reads a page; says whether there is another one.
async fn page(
    channels: &Channels,
    live: &Live,
    pull: &Pull,
    notice: Option<&String>,
    tries: u32,
) -> Result<Result<bool, Halt>, Problem> {
    let cursor = channels.store.channel_cursor(live.row.key, &pull.list).await?;
    let Pulled { messages, refused, cursor, more } = match fetch(channels, live, pull, cursor, tries).await {
        Ok(page) => page,
        Err(halt) => return Ok(Err(halt)),
    };
    let (channel, inbox) = (live.row.key, live.row.inbox);
    let done = notice.filter(|_| !more).cloned();
    let mut changes = vec![ChannelChange::Cursor { channel, list: pull.list.clone(), cursor, done }];
    if !refused.is_empty() {
        let reasons: Vec<_> =
            refused.iter().map(|one| format!("item {}: {}", one.index, one.fault)).collect();
        changes.push(refusal(channels, channel, &reasons, None));
    }
    let messages = arrivals(channels, live, messages).await?;
    channels.desk.receive(Arrivals { channel, inbox, messages, changes }).await?;
    live.fetches.notify_one();
    Ok(Ok(more))
}

async fn fetch(
    channels: &Channels,
    live: &Live,
    pull: &Pull,
    cursor: Option<String>,
    tries: u32,
) -> Result<Pulled, Halt> {
    let mut caller = Caller::new(channels, live, tries);
    loop {
        let wanted = caller
            .next(|tokens, now_ms| live.file.pull(pull, cursor.as_deref(), &live.given, tokens, now_ms));
        let (Wanted::Call(request) | Wanted::Upload(request)) = wanted.await?;
        let answer = caller.ask(&request, None).await?;
        let now_ms = super::millis(clock::now());
        match live.file.pulled(pull, Ok(&answer), &live.given, caller.tries, now_ms) {
            Ok(page) => return Ok(page),
            Err(refusal) => caller.refused(refusal).await?,
        }
    }
}

/// Leaves a list alone that the service does not give, until it tells of it again.
async fn give_up(
    channels: &Channels,
    live: &Live,
    pull: &Pull,
    notice: Option<String>,
    reason: String,
) -> Duration {
    tracing::warn!(channel = %live.row.id, reason, "the service does not give a list");
    let channel = live.row.key;
    let changes = vec![
        ChannelChange::Cursor { channel, list: pull.list.clone(), cursor: None, done: notice },
        refusal(channels, channel, &[format!("a list: {reason}")], None),
    ];
    match channels.write(changes).await {
        Ok(()) => PATIENCE,
        Err(_) => Duration::from_secs(1),
    }
}
