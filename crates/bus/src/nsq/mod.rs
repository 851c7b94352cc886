//! NSQ: a client of nsqd and nsqlookupd.
//!
//! A topic is a topic, a group is a channel. NSQ keeps no order by itself; what comes from one nsqd in order is handled
//! in order here. An event that is told again after a long wait goes back to nsqd and comes after later ones.

mod command;
mod consumer;
mod flow;
mod frame;
mod layer;
mod lookup;
mod producer;
mod settings;
mod snappy;
mod wire;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use kefu_upstream::{Endpoint, TlsError};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tracing::{error, warn};

use self::{
    command::Bundle, consumer::Consumer, frame::MessageId, lookup::Lookupd, producer::Producers, wire::Server,
};
use crate::{
    Event, EventError, Group, Handler, Pattern, PublishError, Subscription, Topic,
    bus::told_at,
    dispatch::{Dispatcher, Inlet},
    subscription::Stopping,
};

pub use settings::{NsqCompression, NsqSettings};

/// Bytes after which a command takes no further event.
const COMMAND_BYTES: usize = 1 << 20;
/// Events for which room in a command is made at once at most.
const ROOM_EVENTS_MAX: usize = 1024;
/// Connections of one subscription at most.
const CONNECTIONS_MAX: usize = 256;

/// A client of NSQ.
pub struct Nsq {
    shared: Arc<Shared>,
    producers: Vec<Producers>,
}

struct Shared {
    settings: NsqSettings,
    fixed: Vec<(Endpoint, Arc<Server>)>,
    lookupd: Vec<Lookupd>,
}

impl Nsq {
    /// Prepares a client; nothing is connected to yet. Needs a runtime.
    ///
    /// # Errors
    /// Certificates cannot be used.
    pub fn open(settings: NsqSettings) -> Result<Self, TlsError> {
        let fixed = settings
            .nsqd
            .iter()
            .map(|endpoint| Ok((endpoint.clone(), Arc::new(Server::new(endpoint, &settings)?))))
            .collect::<Result<Vec<_>, TlsError>>()?;
        let tls = settings.tls.clone().unwrap_or_default();
        let lookupd = settings.lookupd.iter().map(|endpoint| Lookupd::new(endpoint, &tls));
        let lookupd = lookupd.collect::<Result<Vec<_>, _>>()?;
        let producers = fixed.iter().map(|(_, server)| Producers::start(server)).collect();
        Ok(Self { shared: Arc::new(Shared { settings, fixed, lookupd }), producers })
    }

    /// Tells events; an nsqd has all of them when this returns well.
    pub(crate) async fn publish(&self, above: Option<&Topic>, events: &[Event]) -> Result<(), PublishError> {
        let mut commands = commands(above, events)?;
        let publish_max = self.shared.settings.publish_max;
        let tried = timeout(publish_max, async {
            let mut last = PublishError::Nowhere;
            for producers in &self.producers {
                match producers.send(&mut commands).await {
                    Err(error @ PublishError::Away { .. }) => last = error,
                    other => return other,
                }
            }
            Err(last)
        });
        tried.await.unwrap_or(Err(PublishError::TimedOut(publish_max)))
    }

    pub(crate) fn subscribe(
        &self,
        pattern: &Pattern,
        group: &Group,
        handler: Arc<dyn Handler>,
    ) -> Subscription {
        let (shared, pattern, group) = (Arc::clone(&self.shared), pattern.clone(), group.clone());
        Subscription::start(|ready, stopping| run(shared, pattern, group, handler, ready, stopping))
    }
}

/// Commands that tell events: as few as possible, and in order for each topic.
fn commands(above: Option<&Topic>, events: &[Event]) -> Result<VecDeque<Bytes>, PublishError> {
    let mut bundles: Vec<(Cow<'_, Topic>, Bundle)> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let failed = |cause| PublishError::Event { id: event.id, cause };
        let topic = told_at(event, above)?;
        let last = bundles.iter_mut().rfind(|(own, _)| *own == topic);
        let bundle = match last {
            Some((_, bundle)) if bundle.bytes() < COMMAND_BYTES => bundle,
            _ => {
                check_topic(&topic).map_err(failed)?;
                let rest = (events.len() - index).min(ROOM_EVENTS_MAX);
                let room = (event.bytes_about() * rest).min(COMMAND_BYTES);
                let bundle = Bundle::new(&topic, room);
                bundles.push((topic, bundle));
                let (_, bundle) = bundles.last_mut().expect("one was pushed");
                bundle
            }
        };
        bundle.add(|out| event.write_json(out)).map_err(failed)?;
    }
    Ok(bundles.into_iter().map(|(_, bundle)| bundle.finish()).collect())
}

/// Nothing is told that could not be laid aside.
fn check_topic(topic: &Topic) -> Result<(), EventError> {
    if consumer::dead_topic(topic).is_some() {
        return Ok(());
    }
    let reason = "it is too long for NSQ, where the topic of its dead letters has 5 bytes more".to_owned();
    Err(EventError::Topic { topic: topic.to_string(), reason })
}

/// Where to hear what.
type Targets = BTreeMap<(Topic, String), (Arc<Server>, bool)>;

impl Shared {
    /// Everywhere a pattern may be heard.
    async fn targets(&self, pattern: &Pattern) -> Targets {
        let mut topics: BTreeSet<Topic> =
            self.settings.topics.iter().filter(|topic| pattern.matches(topic)).cloned().collect();
        // A pattern without wildcards is a topic.
        topics.extend(pattern.as_str().parse::<Topic>());
        for lookupd in &self.lookupd {
            topics.extend(lookupd.topics(pattern).await);
        }
        let mut targets = Targets::new();
        for topic in topics {
            for (_, server) in &self.fixed {
                targets.insert((topic.clone(), server.address.clone()), (Arc::clone(server), true));
            }
            for lookupd in &self.lookupd {
                for endpoint in lookupd.nsqd(&topic).await {
                    match Server::new(&endpoint, &self.settings) {
                        Ok(server) => {
                            let place = (topic.clone(), server.address.clone());
                            targets.entry(place).or_insert((Arc::new(server), false));
                        }
                        Err(error) => {
                            warn!(%endpoint, %error, "nsqlookupd told of an nsqd that cannot be used")
                        }
                    }
                }
            }
        }
        targets
    }

    fn next_lookup(&self) -> Option<Instant> {
        let backoff =
            crate::backoff::Backoff { first: self.settings.lookup_every, max: self.settings.lookup_every };
        (!self.lookupd.is_empty()).then(|| Instant::now() + backoff.wait(1))
    }
}

async fn run(
    shared: Arc<Shared>,
    pattern: Pattern,
    group: Group,
    handler: Arc<dyn Handler>,
    ready: watch::Sender<bool>,
    mut stopping: Stopping,
) {
    let settings = &shared.settings;
    let (dispatcher, inlet) = Dispatcher::start(handler, &settings.limits, settings.hold_max);
    let mut connections = Connections::new(group, inlet);
    let mut next_lookup = Some(Instant::now());
    let deadline = loop {
        tokio::select! {
            deadline = stopping.deadline() => break deadline,
            () = sleep_until(next_lookup.unwrap_or_else(Instant::now)), if next_lookup.is_some() => {
                let found = tokio::select! {
                    found = shared.targets(&pattern) => found,
                    deadline = stopping.deadline() => break deadline,
                };
                if found.is_empty() {
                    warn!(%pattern, "no topic of NSQ is known that a subscription could hear");
                }
                connections.start(found);
                next_lookup = shared.next_lookup();
            }
            Some(ended) = connections.tasks.join_next() => match ended {
                Ok(place) => connections.ended(&place),
                Err(error) => error!(%error, "a connection to nsqd ended by a mistake"),
            },
            Ok(()) = connections.subscribed_seen.changed() => {}
        }
        if *connections.subscribed_seen.borrow_and_update() >= connections.known.len() {
            ready.send_replace(true);
        }
    };
    connections.closing.send_replace(true);
    dispatcher.stop(deadline).await;
    // What was given back is on its way to nsqd.
    let all = async { while connections.tasks.join_next().await.is_some() {} };
    if timeout_at(deadline + Duration::from_secs(1), all).await.is_err() {
        warn!("connections to nsqd did not end in time");
    }
}

/// The connections of a subscription.
struct Connections {
    group: Group,
    inlet: Inlet<MessageId>,
    in_hand_max: usize,
    known: HashSet<(Topic, String)>,
    tasks: JoinSet<(Topic, String)>,
    share: watch::Sender<usize>,
    closing: watch::Sender<bool>,
    subscribed: watch::Sender<usize>,
    subscribed_seen: watch::Receiver<usize>,
}

impl Connections {
    fn new(group: Group, inlet: Inlet<MessageId>) -> Self {
        let (subscribed, subscribed_seen) = watch::channel(0);
        let in_hand_max = inlet.room();
        Self {
            group,
            inlet,
            in_hand_max,
            known: HashSet::new(),
            tasks: JoinSet::new(),
            share: watch::channel(in_hand_max).0,
            closing: watch::channel(false).0,
            subscribed,
            subscribed_seen,
        }
    }

    fn start(&mut self, found: Targets) {
        for (place, (server, is_fixed)) in found {
            if self.known.len() == CONNECTIONS_MAX {
                warn!(group = %self.group, "more than {CONNECTIONS_MAX} topics of nsqd to hear; the rest is not heard");
                break;
            }
            if !self.known.insert(place.clone()) {
                continue;
            }
            let consumer = Consumer {
                server,
                topic: place.0.clone(),
                group: self.group.clone(),
                is_fixed,
                inlet: self.inlet.clone(),
                share: self.share.subscribe(),
                closing: self.closing.subscribe(),
                subscribed: self.subscribed.clone(),
            };
            self.tasks.spawn(async move {
                consumer.run().await;
                place
            });
        }
        self.share_out();
    }

    fn ended(&mut self, place: &(Topic, String)) {
        self.known.remove(place);
        self.share_out();
    }

    /// Each connection gets the same, and one at least.
    fn share_out(&self) {
        self.share.send_replace((self.in_hand_max / self.known.len().max(1)).max(1));
    }
}
