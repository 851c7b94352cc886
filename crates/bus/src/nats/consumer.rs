//! Hears events of a stream.

use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};

use async_nats::{
    Subject,
    jetstream::{
        AckKind, Message,
        consumer::{
            AckPolicy, DeliverPolicy,
            pull::{Config, Stream as Messages},
        },
    },
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};
use tracing::{debug, info, warn};

use super::{RECONNECT, Shared, message};
use crate::{
    Event, Group, Handler, Pattern, Topic,
    dispatch::{Dispatcher, Inlet, Word},
    subscription::Stopping,
};

/// How often a server shows that it is there while there is nothing to hear.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long one request for events is good.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// Events that are asked for at a time at most.
const BATCH_MAX: usize = 512;
/// How long to wait after a dead letter could not be laid aside.
const BURIAL_WAIT: Duration = Duration::from_secs(5);
/// How long what was said last may take to leave.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// An event that the server waits for.
struct Held {
    reply: Subject,
    topic: Option<Topic>,
    touched: Instant,
}

struct Session {
    shared: Arc<Shared>,
    group: Group,
    inlet: Inlet<u64>,
    words: mpsc::UnboundedSender<(u64, Word)>,
    held: HashMap<u64, Held>,
    /// Dead letters that are being laid aside: whose, and whether it went well.
    burials: FuturesUnordered<BoxFuture<'static, (u64, bool)>>,
}

pub(super) async fn run(
    shared: Arc<Shared>,
    pattern: Pattern,
    group: Group,
    handler: Arc<dyn Handler>,
    ready: watch::Sender<bool>,
    mut stopping: Stopping,
) {
    let (dispatcher, inlet) = Dispatcher::start(handler, &shared.settings.limits, Duration::MAX);
    // As many words at most as there are events in hand.
    let (words, mut heard) = mpsc::unbounded_channel();
    let mut session = Session {
        shared: Arc::clone(&shared),
        group: group.clone(),
        inlet,
        words,
        held: HashMap::new(),
        burials: FuturesUnordered::new(),
    };
    let mut tries = 0;
    let deadline = loop {
        let opened = tokio::select! {
            opened = open(&shared, &pattern, &group) => opened,
            deadline = stopping.deadline() => break deadline,
        };
        match opened {
            Ok(mut messages) => {
                info!(%pattern, %group, "hearing from NATS");
                ready.send_replace(true);
                tries = 0;
                if let Some(deadline) = session.hear_all(&mut messages, &mut heard, &mut stopping).await {
                    break deadline;
                }
            }
            Err(error) => warn!(%pattern, %group, tries, error, "NATS cannot be heard"),
        }
        tries += 1;
        tokio::select! {
            () = sleep(RECONNECT.wait(tries)) => {}
            deadline = stopping.deadline() => break deadline,
        }
    };
    session.end(dispatcher, &mut heard, deadline).await;
}

/// Makes the consumer of a group, or finds it, and asks for events.
async fn open(shared: &Shared, pattern: &Pattern, group: &Group) -> Result<Messages, String> {
    let settings = &shared.settings;
    let stream = shared.stream().await.map_err(|error| error.to_string())?;
    // A name that is none of a pattern's characters in NATS' own names; groups have no `+`.
    let pattern_name = pattern.as_str().replace('.', "-").replace('*', "ANY").replace('>', "ALL");
    let config = Config {
        durable_name: Some(format!("{group}+{pattern_name}")),
        filter_subject: shared.subject(pattern.as_str()),
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::Explicit,
        ack_wait: settings.ack_wait,
        max_ack_pending: i64::try_from(settings.limits.in_hand_max.max(1)).unwrap_or(i64::MAX),
        ..Config::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(|error| error.to_string())?;
    let messages = consumer
        .stream()
        .max_messages_per_batch(settings.limits.in_hand_max.clamp(1, BATCH_MAX))
        .heartbeat(HEARTBEAT)
        .expires(REQUEST_MAX)
        .messages();
    messages.await.map_err(|error| error.to_string())
}

/// Says what becomes of an event.
async fn say(shared: &Shared, reply: Subject, kind: AckKind) {
    // What does not get there is told again.
    if let Err(error) = shared.client.publish(reply, kind.into()).await {
        debug!(%error, "NATS was not told what became of an event");
    }
}

impl Session {
    /// Hears until the server is gone, or until a deadline comes with the end.
    async fn hear_all(
        &mut self,
        messages: &mut Messages,
        heard: &mut mpsc::UnboundedReceiver<(u64, Word)>,
        stopping: &mut Stopping,
    ) -> Option<Instant> {
        let mut tick = interval(self.shared.settings.ack_wait / 4);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.next(), if self.inlet.room() > 0 => {
                    let mut next = Some(message);
                    while let Some(message) = next {
                        match message {
                            Some(Ok(message)) => self.hear(&message),
                            Some(Err(error)) => {
                                warn!(group = %self.group, %error, "events from NATS are interrupted");
                                return None;
                            }
                            None => return None,
                        }
                        next = if self.inlet.room() > 0 { messages.next().now_or_never() } else { None };
                    }
                }
                Some((number, word)) = heard.recv() => self.settle(number, word).await,
                Some((number, is_buried)) = self.burials.next() => self.buried(number, is_buried).await,
                _ = tick.tick() => self.touch().await,
                deadline = stopping.deadline() => return Some(deadline),
            }
        }
    }

    fn hear(&mut self, told: &Message) {
        let Ok(info) = told.info() else { return };
        let (number, attempt) = (info.stream_sequence, u32::try_from(info.delivered).unwrap_or(u32::MAX));
        let Some(reply) = told.reply.clone() else { return };
        let held = Held { reply, topic: self.topic(&told.subject), touched: Instant::now() };
        // Told again because the server heard nothing for too long, though it is in hand.
        if self.held.insert(number, held).is_some() {
            return;
        }
        match Event::from_json(&told.payload) {
            Ok(event) => self.inlet.give(event, attempt.max(1), number, &self.words),
            Err(reason) => {
                warn!(subject = %told.subject, %reason, "a message that is no event becomes a dead letter");
                self.bury(number, format!("{number}:{}", self.group), told.payload.to_vec());
            }
        }
    }

    fn topic(&self, subject: &str) -> Option<Topic> {
        subject.strip_prefix(&self.shared.settings.name)?.strip_prefix('.')?.parse().ok()
    }

    async fn settle(&mut self, number: u64, word: Word) {
        match word {
            // The server waits as long as it hears that the event is being worked on.
            Word::Failed => {}
            Word::Done => self.answer(number, AckKind::Ack).await,
            Word::Later(after) => {
                self.answer(number, AckKind::Nak((!after.is_zero()).then_some(after))).await;
            }
            Word::Dead(event, why) => {
                warn!(id = %event.id, topic = %event.topic, group = %self.group, why, "an event becomes a dead letter");
                // The reason may be what makes it too long.
                let letter = event.to_dead_letter(&self.group, &why).or_else(|_| event.to_json());
                match letter {
                    Ok(letter) => self.bury(number, format!("{}:{}", event.id, self.group), letter),
                    Err(_) => self.answer(number, AckKind::Nak(Some(BURIAL_WAIT))).await,
                }
            }
        }
    }

    /// Lays something aside; it is done once the server has it there.
    fn bury(&mut self, number: u64, id: String, letter: Vec<u8>) {
        let topic = self.held.get(&number).and_then(|held| held.topic.clone());
        let shared = Arc::clone(&self.shared);
        self.burials.push(Box::pin(async move {
            // What is at a subject that is no topic stands among the others by its number.
            let subject = topic.map_or_else(
                || format!("{}_dead.unknown", shared.settings.name),
                |topic| shared.dead_subject(&topic),
            );
            let told = match shared.context.send_publish(subject, message(&id, letter)).await {
                Ok(ack) => ack.await.map(drop),
                Err(error) => Err(error),
            };
            if let Err(error) = &told {
                warn!(id, %error, "a dead letter cannot be laid aside");
            }
            (number, told.is_ok())
        }));
    }

    async fn buried(&mut self, number: u64, is_buried: bool) {
        let kind = if is_buried { AckKind::Term } else { AckKind::Nak(Some(BURIAL_WAIT)) };
        self.answer(number, kind).await;
    }

    /// Says the last word about an event.
    async fn answer(&mut self, number: u64, kind: AckKind) {
        if let Some(held) = self.held.remove(&number) {
            say(&self.shared, held.reply, kind).await;
        }
    }

    /// Tells the server of what is still being worked on.
    async fn touch(&mut self) {
        let (now, half) = (Instant::now(), self.shared.settings.ack_wait / 2);
        let due: Vec<Subject> = self
            .held
            .values_mut()
            .filter(|held| now - held.touched >= half)
            .map(|held| {
                held.touched = now;
                held.reply.clone()
            })
            .collect();
        for reply in due {
            say(&self.shared, reply, AckKind::Progress).await;
        }
    }

    /// Waits for what is with the handler, and gives the rest back.
    async fn end(
        mut self,
        dispatcher: Dispatcher,
        heard: &mut mpsc::UnboundedReceiver<(u64, Word)>,
        deadline: Instant,
    ) {
        let mut tick = interval(self.shared.settings.ack_wait / 4);
        let mut stopped = pin!(dispatcher.stop(deadline));
        loop {
            tokio::select! {
                () = &mut stopped => break,
                Some((number, word)) = heard.recv() => self.settle(number, word).await,
                Some((number, is_buried)) = self.burials.next() => self.buried(number, is_buried).await,
                _ = tick.tick() => self.touch().await,
            }
        }
        let last = async {
            while let Ok((number, word)) = heard.try_recv() {
                self.settle(number, word).await;
            }
            while let Some((number, is_buried)) = self.burials.next().await {
                self.buried(number, is_buried).await;
            }
            self.shared.client.flush().await.is_ok()
        };
        if !timeout_at(deadline + FLUSH_MAX, last).await.unwrap_or(false) {
            warn!("NATS did not hear in time what became of the last events; they are told again");
        }
    }
}
