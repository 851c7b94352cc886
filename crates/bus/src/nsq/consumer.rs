//! Hears messages of one topic from one nsqd.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until},
};
use tracing::{debug, error, info, warn};

use super::{
    command::Command,
    flow::Flow,
    frame::{Frame, MessageId},
    wire::{Agreed, Server, Wire, WireError, refused},
};
use crate::{
    Event, Group, Topic,
    backoff::Backoff,
    dispatch::{Inlet, Way, Word, Words},
};

/// How long to wait for an nsqd that is away.
const RECONNECT: Backoff = Backoff { first: Duration::from_millis(250), max: Duration::from_secs(30) };
/// How often an nsqd is tried again that nsqlookupd told of; if it is still there, nsqlookupd tells of it again.
const TRIES_MAX: u32 = 5;
/// How long a handler that fails is left alone.
const PAUSE: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(120) };
/// How often at least it is looked which messages nsqd must be reminded of.
const TICK_MAX: Duration = Duration::from_secs(1);
/// The longest wait that nsqd takes as it comes.
const REQUEUE_MAX: Duration = Duration::from_secs(3600);

/// One topic at one nsqd, for one group.
pub(super) struct Consumer {
    pub(super) server: Arc<Server>,
    pub(super) topic: Topic,
    pub(super) group: Group,
    /// Whether to try for ever, or until nsqlookupd tells of it again.
    pub(super) is_fixed: bool,
    pub(super) inlet: Inlet<MessageId>,
    /// How many messages this connection may have under way.
    pub(super) share: watch::Receiver<usize>,
    /// Whether no more are wanted.
    pub(super) closing: watch::Receiver<bool>,
    /// Counts the connections that were made once.
    pub(super) subscribed: watch::Sender<usize>,
}

impl Consumer {
    /// Hears, and connects again when the connection breaks.
    pub(super) async fn run(mut self) {
        let (address, topic) = (self.server.address.clone(), self.topic.clone());
        let (mut tries, mut was_subscribed) = (0, false);
        while !*self.closing.borrow() {
            let opened = self.open().await;
            match opened {
                Ok((wire, agreed)) => {
                    info!(%address, %topic, group = %self.group, "hearing from nsqd");
                    tries = 0;
                    if !was_subscribed {
                        was_subscribed = true;
                        self.subscribed.send_modify(|count| *count += 1);
                    }
                    match Session::new(&mut self, wire, agreed).run().await {
                        Ok(()) => return,
                        Err(error) => warn!(%address, %topic, %error, "the connection to nsqd ended"),
                    }
                }
                Err(error) => warn!(%address, %topic, tries, %error, "nsqd cannot be heard"),
            }
            tries += 1;
            if !self.is_fixed && tries > TRIES_MAX {
                return;
            }
            tokio::select! {
                () = sleep(RECONNECT.wait(tries)) => {}
                () = closed(&mut self.closing) => return,
            }
        }
    }

    async fn open(&self) -> Result<(Wire, Agreed), WireError> {
        let (mut wire, agreed) = self.server.open().await?;
        wire.send(Command::Subscribe(&self.topic, &self.group));
        wire.expect_ok().await?;
        Ok((wire, agreed))
    }
}

/// Waits until no more is wanted.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // Without an owner there is nothing to go on for, either.
    drop(closing.wait_for(|closing| *closing).await);
}

/// The topic of a topic's dead letters; none if its name would be too long.
pub(super) fn dead_topic(topic: &Topic) -> Option<Topic> {
    format!("{topic}.dead").parse().ok()
}

/// A message that nsqd waits for.
struct Held {
    since: Instant,
    touched: Instant,
}

/// One connection.
struct Session<'a> {
    consumer: &'a mut Consumer,
    wire: Wire,
    agreed: Agreed,
    flow: Flow,
    held: HashMap<MessageId, Held>,
    /// Messages whose dead letters nsqd is to confirm, in order.
    burials: VecDeque<MessageId>,
    way: Arc<Way<MessageId>>,
    words: Words<MessageId>,
    /// What was asked for last.
    ready: usize,
    is_closing: bool,
}

impl<'a> Session<'a> {
    fn new(consumer: &'a mut Consumer, wire: Wire, agreed: Agreed) -> Self {
        let (way, words) = consumer.inlet.words();
        Self {
            consumer,
            wire,
            agreed,
            flow: Flow::new(PAUSE),
            held: HashMap::new(),
            burials: VecDeque::new(),
            way,
            words,
            ready: 0,
            is_closing: false,
        }
    }

    /// Ends well when no more is wanted and nothing is under way.
    async fn run(mut self) -> Result<(), WireError> {
        let quarter = Duration::from_millis(self.agreed.msg_timeout.max(4) / 4);
        let mut tick = interval(quarter.min(TICK_MAX));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.ask();
            if self.is_closing && self.held.is_empty() {
                return self.wire.flush().await;
            }
            let pause = self.flow.until();
            // As many as leave together, but never so many that nsqd waits for them before it sends the next message.
            let enough = self.held.len().min(self.ready / 4);
            tokio::select! {
                frame = self.wire.frame() => {
                    let heard = frame.and_then(|frame| self.hear_all(frame));
                    self.consumer.inlet.hand_over();
                    heard?;
                }
                words = self.words.next(enough) => self.settle_all(words),
                _ = tick.tick() => self.touch(),
                () = sleep_until(pause.unwrap_or_else(Instant::now)), if pause.is_some() => {}
                Ok(()) = self.consumer.share.changed() => {}
                () = closed(&mut self.consumer.closing), if !self.is_closing => {
                    self.is_closing = true;
                    self.wire.send(Command::Close);
                }
            }
        }
    }

    /// Asks for as many messages as there is room for.
    fn ask(&mut self) {
        if self.is_closing {
            return;
        }
        let share = *self.consumer.share.borrow_and_update();
        // What came over earlier connections and is still in hand takes room as well.
        let room = self.consumer.inlet.room() + self.held.len();
        let ready = self.flow.ready(share.min(room), Instant::now()).min(self.agreed.max_rdy_count);
        if ready != self.ready {
            self.ready = ready;
            self.wire.send(Command::Ready(ready));
        }
    }

    /// Hears a frame, and those that came with it.
    fn hear_all(&mut self, first: Frame) -> Result<(), WireError> {
        let now = Instant::now();
        self.hear(first, now)?;
        while let Some(frame) = self.wire.here()? {
            self.hear(frame, now)?;
        }
        Ok(())
    }

    fn hear(&mut self, frame: Frame, now: Instant) -> Result<(), WireError> {
        match frame {
            Frame::Message { id, attempts, body } => {
                // Told again because nsqd heard nothing for too long, though it is in hand. It has the same id each
                // time: what is said of it from now on is about this one.
                if self.held.insert(id, Held { since: now, touched: now }).is_some() {
                    return Ok(());
                }
                match Event::from_json(&body) {
                    Ok(event) => {
                        self.consumer.inlet.give(event, u32::from(attempts.max(1)), id, &self.way);
                    }
                    Err(reason) => {
                        warn!(topic = %self.consumer.topic, %reason, "a message that is no event becomes a dead letter");
                        self.bury(id, &body);
                    }
                }
                Ok(())
            }
            Frame::Response(text) if text[..] == *b"OK" => {
                if let Some(id) = self.burials.pop_front() {
                    self.finish(&id);
                }
                Ok(())
            }
            Frame::Response(text) if text[..] == *b"CLOSE_WAIT" => Ok(()),
            // The message took too long and belongs to somebody else now.
            Frame::Error(text)
                if [&b"E_FIN_FAILED"[..], b"E_REQ_FAILED", b"E_TOUCH_FAILED"]
                    .iter()
                    .any(|name| text.starts_with(name)) =>
            {
                debug!(text = %String::from_utf8_lossy(&text), "nsqd no longer waits for a message");
                Ok(())
            }
            other => Err(refused(&other)),
        }
    }

    fn settle_all(&mut self, words: Vec<(MessageId, Word)>) {
        let now = Instant::now();
        for (id, word) in words {
            self.settle(id, word, now);
        }
    }

    fn settle(&mut self, id: MessageId, word: Word, now: Instant) {
        match word {
            Word::Failed => self.flow.failed(now),
            Word::Done => {
                self.flow.succeeded(now);
                self.finish(&id);
            }
            Word::Later(after) => self.requeue(&id, after),
            Word::Dead(event, why) => {
                warn!(id = %event.id, topic = %event.topic, group = %self.consumer.group, why, "an event becomes a dead letter");
                match event.to_dead_letter(&self.consumer.group, &why) {
                    Ok(letter) => self.bury(id, &letter),
                    // It fitted as it came, and has grown by the reason.
                    Err(_) => match event.to_json() {
                        Ok(letter) => self.bury(id, &letter),
                        Err(_) => self.requeue(&id, REQUEUE_MAX),
                    },
                }
            }
        }
    }

    fn finish(&mut self, id: &MessageId) {
        self.held.remove(id);
        self.wire.send(Command::Finish(id));
    }

    fn requeue(&mut self, id: &MessageId, after: Duration) {
        self.held.remove(id);
        self.wire.send(Command::Requeue(id, after.min(REQUEUE_MAX)));
    }

    /// Lays a message aside; it is done once nsqd has it there.
    fn bury(&mut self, id: MessageId, letter: &[u8]) {
        if let Some(topic) = dead_topic(&self.consumer.topic) {
            self.wire.send(Command::Publish(&topic, letter));
            self.burials.push_back(id);
        } else {
            error!(topic = %self.consumer.topic, "the topic's name is too long for one of its dead letters");
            self.requeue(&id, REQUEUE_MAX);
        }
    }

    /// Tells nsqd of what is still being worked on, half-way to where it would tell it again, as long as it lets us.
    fn touch(&mut self) {
        let half = Duration::from_millis(self.agreed.msg_timeout / 2);
        let all = Duration::from_millis(self.agreed.max_msg_timeout);
        let now = Instant::now();
        for (id, held) in &mut self.held {
            if now - held.touched >= half && now - held.since < all {
                held.touched = now;
                self.wire.send(Command::Touch(id));
            }
        }
    }
}
