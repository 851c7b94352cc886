//! What happens here, told to the data layer: to subscriptions, and to rows that are kept until then.
//!
//! One task reads the log behind the store's back, for everybody. Each subscription has a short queue of what it wants;
//! whoever lets it run full hears no more.

use std::{
    collections::HashMap,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kefu_bus::{
    Event, Pattern, Topic,
    happened::{Kind, Reader},
};
use kefu_query::Subscription;
use kefu_store::{EventPosition, Store, StoreError};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use crate::services::Services;

/// Places of the log that are looked at in one go.
const SLICE: i64 = 512;

/// Events that may wait for one subscription.
const WAITING_MAX: usize = 256;

/// Who listens.
#[derive(Default)]
pub(super) struct Feeds {
    listeners: Mutex<Listeners>,
    /// Somebody came.
    came: Notify,
}

#[derive(Default)]
struct Listeners {
    all: HashMap<u64, Listener>,
    next: u64,
    /// Everything up to here was told; none as long as nobody wants to hear anything.
    at: Option<EventPosition>,
}

struct Listener {
    subscription: Arc<Subscription>,
    tell: mpsc::Sender<Arc<Value>>,
}

/// The side of a listener that hears; dropped, it listens no more.
pub(super) struct Listening {
    feeds: Arc<Feeds>,
    number: u64,
    told: mpsc::Receiver<Arc<Value>>,
}

impl Feeds {
    /// Has a subscription hear of what happens once this has returned.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn listen(
        self: &Arc<Self>,
        subscription: Arc<Subscription>,
        store: &Store,
    ) -> Result<Listening, StoreError> {
        let (tell, told) = mpsc::channel(WAITING_MAX);
        let (number, is_followed) = {
            let mut listeners = self.listeners();
            let number = listeners.next;
            listeners.next += 1;
            listeners.all.insert(number, Listener { subscription, tell });
            (number, listeners.at.is_some())
        };
        // Made at once: dropped before its time, it takes the listener away again.
        let listening = Listening { feeds: Arc::clone(self), number, told };
        if !is_followed {
            // Whoever follows may take long to begin: it begins here.
            self.begin(store.event_end().await?);
        }
        self.came.notify_one();
        Ok(listening)
    }

    /// Tells those who want an event. Whoever has too many waiting already is told nothing any more.
    pub(super) fn tell(&self, event: &Event) {
        let mut data: Option<Arc<Value>> = None;
        self.listeners().all.retain(|_, listener| {
            if !listener.subscription.hears(&event.topic) {
                return true;
            }
            let data = data.get_or_insert_with(|| {
                Arc::new(serde_json::from_str(event.data.get()).unwrap_or(Value::Null))
            });
            !listener.subscription.wants(data) || listener.tell.try_send(Arc::clone(data)).is_ok()
        });
    }

    /// The kinds that somebody hears of.
    fn kinds(&self) -> Vec<Kind> {
        let listeners = self.listeners();
        let is_heard = |kind: &Kind| {
            let topic = topic(*kind);
            listeners.all.values().any(|listener| listener.subscription.hears(&topic))
        };
        Kind::ALL.into_iter().filter(is_heard).collect()
    }

    /// Whether nobody listens; what happens until somebody comes is then no news to them.
    fn rests(&self) -> bool {
        let mut listeners = self.listeners();
        let is_empty = listeners.all.is_empty();
        if is_empty {
            listeners.at = None;
        }
        is_empty
    }

    /// Up to where everything was told.
    fn place(&self) -> Option<EventPosition> {
        self.listeners().at
    }

    /// Has it begin behind `end`, unless it has begun already; returns where.
    fn begin(&self, end: EventPosition) -> EventPosition {
        *self.listeners().at.get_or_insert(end)
    }

    /// Everything up to here was told.
    fn advance(&self, upto: EventPosition) {
        self.listeners().at = Some(upto);
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listening {
    /// The data of the next event; none, once too many waited.
    pub(super) async fn next(&mut self) -> Option<Arc<Value>> {
        self.told.recv().await
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.feeds.listeners().all.remove(&self.number);
    }
}

fn topic(kind: Kind) -> Topic {
    kind.topic().parse().expect("a test parses every topic of the catalogue")
}

/// Says what is wrong with topics, and with what is looked at in the data of their events.
pub(super) fn told(topics: &Pattern, paths: &[&str]) -> Result<(), String> {
    let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| topics.matches(&topic(*kind))).collect();
    if kinds.is_empty() {
        return Err(format!("`bus`: there is no topic `{topics}`; docs/events.md has them all"));
    }
    let schemas: Vec<_> = kinds.into_iter().map(Kind::schema).collect();
    let unknown = paths.iter().find(|path| !schemas.iter().any(|schema| has(schema, path)));
    unknown.map_or(Ok(()), |path| Err(format!("no event of `{topics}` has `{path}` in its data")))
}

/// Whether a JSON schema has something at a path; within what it does not describe there may be anything.
fn has(schema: &Value, path: &str) -> bool {
    let any = schema["anyOf"].as_array();
    if let Some(any) = any {
        return any.iter().any(|schema| schema["type"] != "null" && has(schema, path));
    }
    let Some(properties) = schema["properties"].as_object() else { return schema["type"] == "object" };
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let found = properties.get(name);
    found.is_some_and(|schema| rest.is_none_or(|rest| has(schema, rest)))
}

/// Tells the data layer what happens, for ever.
pub(super) async fn follow_events(services: &Services) {
    let Some(inner) = &services.graphql.0 else { return future::pending().await };
    let (engine, feeds) = (&inner.engine, &inner.feeds);
    let kept: Vec<_> = Kind::ALL.into_iter().filter(|kind| engine.keeps_until(&topic(*kind))).collect();
    let reader = Reader::new(services.store.clone());
    let mut commits = services.desk.commits();
    loop {
        commits.borrow_and_update();
        if kept.is_empty() && feeds.rests() {
            feeds.came.notified().await;
            continue;
        }
        let mut tell = |event: &Event| {
            engine.invalidate(&event.topic);
            feeds.tell(event);
        };
        if let Err(error) = catch_up(&reader, &kept, feeds, &mut tell).await {
            tracing::warn!(%error, "the data layer hears late of what happened");
        }
        tokio::select! {
            changed = commits.changed() => if changed.is_err() {
                return future::pending().await;
            },
            () = feeds.came.notified() => {}
        }
    }
}

/// Tells of everything of the kinds that are kept or heard of, from where it was told up to; what was there before
/// anybody listened and before the first call is no news.
async fn catch_up(
    reader: &Reader,
    kept: &[Kind],
    feeds: &Feeds,
    tell: &mut (dyn FnMut(&Event) + Send),
) -> Result<(), StoreError> {
    let mut from = match feeds.place() {
        Some(at) => at,
        None => feeds.begin(reader.end().await?),
    };
    loop {
        let kinds = [kept, &feeds.kinds()].concat();
        let slice = reader.slice(from, SLICE, |kind| kinds.contains(&kind)).await?;
        // Who came while it was read may hear of kinds that were left out.
        if feeds.kinds().iter().any(|kind| !kinds.contains(kind)) {
            continue;
        }
        for heard in &slice.heard {
            tell(&heard.event);
        }
        from = slice.upto;
        feeds.advance(from);
        if slice.is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_subscriptions_look_at_is_in_events() {
        let told = |topics: &str, paths: &[&str]| told(&topics.parse().unwrap(), paths);
        assert_eq!(
            told("message.created", &["message.seq", "conversation.id", "visitor.attributes.plan"]),
            Ok(())
        );
        assert_eq!(told("ticket.*", &["ticket.requester.external_id", "ticket.id"]), Ok(()));
        assert_eq!(told(">", &["ticket.id", "conversation.id"]), Ok(()));
        for (topics, paths, says) in [
            ("message.made", &[][..], "`bus`: there is no topic `message.made`"),
            ("message.*", &["message.idd"], "no event of `message.*` has `message.idd` in its data"),
            ("message.*", &["message.id.x"], "has `message.id.x`"),
            ("message.*", &["id"], "has `id`"),
        ] {
            let wrong = told(topics, paths).unwrap_err();
            assert!(wrong.contains(says), "{wrong}");
        }
    }
}
