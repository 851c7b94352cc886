//! Asks a durable consumer for events, and for no more than there is room for.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use async_nats::{
    Message as Raw, StatusCode, Subject, Subscriber,
    jetstream::{
        Context, Message,
        consumer::{
            Consumer,
            pull::{BatchConfig, Config},
        },
    },
};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

/// How long one request is good.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// How often a server shows that it knows of a request.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long it may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// The way from a consumer to us.
pub(super) struct Pull {
    context: Context,
    consumer: Consumer<Config>,
    inbox: Subject,
    subscriber: Subscriber,
    /// Events that were asked for and are still to come.
    asked: usize,
    heard: Instant,
    connects: u64,
}

impl Pull {
    pub(super) async fn open(context: &Context, consumer: Consumer<Config>) -> Result<Self, String> {
        let client = context.client();
        let connects = client.statistics().connects.load(Relaxed);
        let inbox = Subject::from(client.new_inbox());
        let subscriber = client.subscribe(inbox.clone()).await.map_err(|error| error.to_string())?;
        let heard = Instant::now();
        Ok(Self { context: context.clone(), consumer, inbox, subscriber, asked: 0, heard, connects })
    }

    /// Asks for as many events as there is room for beside those that are on their way.
    pub(super) async fn ask(&mut self, room: usize) -> Result<(), String> {
        let free = room.saturating_sub(self.asked);
        // While others are on their way, a few more are not worth a request.
        if free == 0 || free < self.asked {
            return Ok(());
        }
        let request = BatchConfig {
            batch: free,
            expires: Some(REQUEST_MAX),
            idle_heartbeat: HEARTBEAT,
            ..BatchConfig::default()
        };
        let asked = self.consumer.request_batch(request, self.inbox.clone()).await;
        asked.map_err(|error| error.to_string())?;
        if self.asked == 0 {
            self.heard = Instant::now();
        }
        self.asked += free;
        Ok(())
    }

    /// The next event. Can be left half way and called again.
    pub(super) async fn next(&mut self) -> Result<Message, String> {
        loop {
            let raw = self.subscriber.next().await.ok_or("the connection is closed")?;
            if let Some(message) = self.read(raw)? {
                return Ok(message);
            }
        }
    }

    /// The next event if it is there already.
    pub(super) fn here(&mut self) -> Option<Result<Message, String>> {
        self.next().now_or_never()
    }

    fn read(&mut self, raw: Raw) -> Result<Option<Message>, String> {
        self.heard = Instant::now();
        match raw.status {
            None | Some(StatusCode::OK) => {
                self.asked = self.asked.saturating_sub(1);
                Ok(Some(Message { message: raw, context: self.context.clone() }))
            }
            Some(StatusCode::IDLE_HEARTBEAT) => Ok(None),
            Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND) => {
                // A request has ended, and says how many events it has not brought.
                let left = raw.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
                let left = left.and_then(|left| left.as_str().parse().ok()).unwrap_or(self.asked);
                self.asked = self.asked.saturating_sub(left);
                Ok(None)
            }
            Some(status) => Err(format!("the server says {status} {}", raw.description.unwrap_or_default())),
        }
    }

    /// Whether what was asked for can still come.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.context.client().statistics().connects.load(Relaxed) != self.connects {
            // A server forgets what was asked for over a connection that ended.
            return Err("there is a new connection".to_owned());
        }
        if self.asked > 0 && self.heard.elapsed() > SILENCE_MAX {
            return Err(format!("the server said nothing for {} s", SILENCE_MAX.as_secs()));
        }
        Ok(())
    }
}
