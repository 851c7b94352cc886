//! Hears events of a stream.

use std::{collections::HashMap, pin::pin, sync::Arc, time::Duration};

use async_nats::{
    Subject,
    jetstream::{
        AckKind, Message,
        consumer::{AckPolicy, DeliverPolicy, pull::Config},
    },
};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout_at},
};
use tracing::{debug, info, warn};

use super::{RECONNECT, Shared, message, pull::Pull};
use crate::{
    Event, Group, Handler, Pattern, Topic,
    dispatch::{Dispatcher, Inlet, Way, Word, Words},
    subscription::Stopping,
};

/// Members of a group that can have all the events in hand that they have room for.
const MEMBERS_MAX: usize = 16;
/// How often at least it is looked what the server must be told.
const TICK_MAX: Duration = Duration::from_secs(1);
const TICK_MIN: Duration = Duration::from_millis(10);
/// How long to wait after a dead letter could not be laid aside.
const BURIAL_WAIT: Duration = Duration::from_secs(5);
/// How long what was said last may take to leave.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// An event that the server waits for.
struct Held {
    reply: Subject,
    subject: Subject,
    touched: Instant,
}

struct Session {
    shared: Arc<Shared>,
    group: Group,
    inlet: Inlet<u64>,
    way: Arc<Way<u64>>,
    words: Words<u64>,
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
    let (way, words) = inlet.words();
    let mut session = Session {
        shared: Arc::clone(&shared),
        group: group.clone(),
        inlet,
        way,
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
            Ok(mut pull) => {
                info!(%pattern, %group, "hearing from NATS");
                ready.send_replace(true);
                tries = 0;
                match session.hear_all(&mut pull, &mut stopping).await {
                    Ok(deadline) => break deadline,
                    Err(error) => warn!(%pattern, %group, error, "events from NATS are interrupted"),
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
    session.end(dispatcher, deadline).await;
}

/// Makes the consumer of a group, or finds it, and asks for events.
async fn open(shared: &Shared, pattern: &Pattern, group: &Group) -> Result<Pull, String> {
    let settings = &shared.settings;
    let stream = shared.stream().await.map_err(|error| error.to_string())?;
    // A name that is none of a pattern's characters in NATS' own names; groups have no `+`.
    let pattern_name = pattern.as_str().replace('.', "-").replace('*', "ANY").replace('>', "ALL");
    // It counts for all members together; each asks for no more than it has room for.
    let in_hand_max = settings.limits.in_hand_max.max(1).saturating_mul(MEMBERS_MAX);
    let config = Config {
        durable_name: Some(format!("{group}+{pattern_name}")),
        filter_subject: shared.subject(pattern.as_str()),
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::Explicit,
        ack_wait: settings.ack_wait,
        max_ack_pending: i64::try_from(in_hand_max).unwrap_or(i64::MAX),
        ..Config::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(|error| error.to_string())?;
    Pull::open(&shared.context, consumer).await
}

/// Says what becomes of an event.
async fn say(shared: &Shared, reply: Subject, kind: AckKind) {
    // What does not get there is told again.
    if let Err(error) = shared.client.publish(reply, kind.into()).await {
        debug!(%error, "NATS was not told what became of an event");
    }
}

impl Session {
    /// Hears until the connection is gone, or until a deadline comes with the end.
    async fn hear_all(&mut self, pull: &mut Pull, stopping: &mut Stopping) -> Result<Instant, String> {
        let mut tick = self.ticks();
        loop {
            pull.ask(self.inlet.room()).await?;
            // As many as leave together, but never so many that the server waits for them.
            let enough = self.held.len().min(self.shared.settings.limits.in_hand_max / 4);
            tokio::select! {
                message = pull.next() => {
                    let heard = message.and_then(|message| self.hear_here(pull, &message));
                    self.inlet.hand_over();
                    heard?;
                }
                words = self.words.next(enough) => self.settle_all(words).await,
                Some((number, is_buried)) = self.burials.next() => self.buried(number, is_buried).await,
                _ = tick.tick() => {
                    pull.check()?;
                    self.touch().await;
                }
                deadline = stopping.deadline() => return Ok(deadline),
            }
        }
    }

    fn ticks(&self) -> Interval {
        let mut tick = interval((self.shared.settings.ack_wait / 4).clamp(TICK_MIN, TICK_MAX));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick
    }

    /// Hears a message, and those that are there with it.
    fn hear_here(&mut self, pull: &mut Pull, first: &Message) -> Result<(), String> {
        let now = Instant::now();
        self.hear(first, now);
        while let Some(message) = pull.here() {
            self.hear(&message?, now);
        }
        Ok(())
    }

    fn hear(&mut self, told: &Message, now: Instant) {
        let Ok(info) = told.info() else { return };
        let (number, attempt) = (info.stream_sequence, u32::try_from(info.delivered).unwrap_or(u32::MAX));
        let Some(reply) = told.reply.clone() else { return };
        let held = Held { reply, subject: told.subject.clone(), touched: now };
        // Told again because the server heard nothing for too long, though it is in hand.
        if self.held.insert(number, held).is_some() {
            return;
        }
        match Event::from_json(&told.payload) {
            Ok(event) => self.inlet.give(event, attempt.max(1), number, &self.way),
            Err(reason) => {
                warn!(subject = %told.subject, %reason, "a message that is no event becomes a dead letter");
                self.bury(number, format!("{number}:{}", self.group), told.payload.to_vec());
            }
        }
    }

    fn topic(&self, subject: &str) -> Option<Topic> {
        subject.strip_prefix(&self.shared.settings.name)?.strip_prefix('.')?.parse().ok()
    }

    async fn settle_all(&mut self, words: Vec<(u64, Word)>) {
        for (number, word) in words {
            self.settle(number, word).await;
        }
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
        let topic = self.held.get(&number).and_then(|held| self.topic(&held.subject));
        let shared = Arc::clone(&self.shared);
        self.burials.push(Box::pin(async move {
            // What is at a subject that is no topic stands among the others by its number.
            let subject = topic.map_or_else(
                || format!("{}_dead.unknown", shared.settings.name),
                |topic| shared.dead_subject(&topic),
            );
            // What a group lays aside at two topics are two letters.
            let id = format!("{id}:{subject}");
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
    async fn end(mut self, dispatcher: Dispatcher, deadline: Instant) {
        let mut tick = self.ticks();
        let mut stopped = pin!(dispatcher.stop(deadline));
        loop {
            tokio::select! {
                () = &mut stopped => break,
                words = self.words.next(1) => self.settle_all(words).await,
                Some((number, is_buried)) = self.burials.next() => self.buried(number, is_buried).await,
                _ = tick.tick() => self.touch().await,
            }
        }
        let last = async {
            let words = self.words.now();
            self.settle_all(words).await;
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
