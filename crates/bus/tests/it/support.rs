//! What tests of a bus need.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use kefu_bus::{Event, Handler, Handling, Outcome, Topic};
use kefu_core::Micros;
use serde_json::value::RawValue;
use tokio::{sync::mpsc, time::timeout};
use uuid::Uuid;

/// How long something may take that comes at once when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Events of a topic with numbers from `first`, their keys in turn.
pub(crate) fn events(topic: &str, first: u32, count: u32, keys: u32) -> Vec<Event> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let topic: Topic = topic.parse().unwrap();
    (first..first + count)
        .map(|number| Event {
            id: Uuid::from_u64_pair(u64::from(std::process::id()), NEXT.fetch_add(1, Relaxed)),
            topic: topic.clone(),
            key: format!("conversation-{}", (number - first) % keys),
            position: Some(number.into()),
            at: Micros(1_750_000_000_000_000),
            version: 1,
            data: RawValue::from_string(format!("{{\"message\":{{\"text\":\"{number}\"}}}}")).unwrap(),
        })
        .collect()
}

/// The number of an event, which every back-end keeps.
pub(crate) fn number(event: &Event) -> u32 {
    let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
    data["message"]["text"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn numbers<'a>(events: impl IntoIterator<Item = &'a Event>) -> BTreeSet<u32> {
    events.into_iter().map(number).collect()
}

pub(crate) fn ids<'a>(events: impl IntoIterator<Item = &'a Event>) -> BTreeSet<Uuid> {
    events.into_iter().map(|event| event.id).collect()
}

/// A handler that tells the test of each call and then does what the test says.
pub(crate) struct Listener<F> {
    heard: mpsc::UnboundedSender<(Event, u32)>,
    act: F,
}

/// What a listener heard.
pub(crate) struct Heard(mpsc::UnboundedReceiver<(Event, u32)>);

pub(crate) fn listener<F>(act: F) -> (Arc<Listener<F>>, Heard)
where
    F: Fn(Event, u32) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
{
    let (heard, receiver) = mpsc::unbounded_channel();
    (Arc::new(Listener { heard, act }), Heard(receiver))
}

/// A listener that is done with everything at once.
pub(crate) fn content() -> (Arc<impl Handler>, Heard) {
    listener(|_, _| Box::pin(async { Outcome::Done }))
}

impl<F> Handler for Listener<F>
where
    F: Fn(Event, u32) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
{
    fn handle<'a>(&'a self, event: &'a Event, attempt: u32) -> Handling<'a> {
        let acting = (self.act)(event.clone(), attempt);
        drop(self.heard.send((event.clone(), attempt)));
        acting
    }
}

impl Heard {
    /// The next call.
    pub(crate) async fn next(&mut self) -> (Event, u32) {
        timeout(PATIENCE, self.0.recv()).await.expect("nothing was heard").expect("the listener is gone")
    }

    /// Calls, until so many events were heard.
    pub(crate) async fn distinct(&mut self, count: usize) -> Vec<(Event, u32)> {
        let (mut calls, mut seen) = (Vec::new(), BTreeSet::new());
        while seen.len() < count {
            let call = match timeout(PATIENCE, self.0.recv()).await {
                Ok(call) => call.expect("the listener is gone"),
                Err(_) => panic!("only {} of {count} events were heard", seen.len()),
            };
            seen.insert(call.0.id);
            calls.push(call);
        }
        calls
    }

    /// What was heard by now.
    pub(crate) fn now(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.0.try_recv().ok()).map(|(event, _)| event).collect()
    }
}

/// Asks until the answer is yes.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let all = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}
