use std::sync::Arc;
use std::time::Instant;

use kefu_bus::{Pattern, Topic};
use serde_json::Value as Json;
use tokio::sync::OwnedSemaphorePermit;

use crate::answer::Response;
use crate::bind;
use crate::config::{self, ConfigError};
use crate::model::Feed;
use crate::plan::RootOp;
use crate::refusal::Refusal;
use crate::trace::Below;
use crate::value;

use super::prepare::Prepared;
use super::{Engine, Request, Session};

/// A subscription: its query is answered anew for each event that it wants.
pub struct Subscription {
    engine: Engine,
    prepared: Prepared,
    session: Session,
    feed: usize,
    /// What an event must have where, one of several where the query lists them.
    wanted: Vec<(String, Vec<String>)>,
    /// Its place among all that there may be.
    _place: OwnedSemaphorePermit,
}

impl Engine {
    /// Prepares a subscription.
    ///
    /// # Errors
    /// The answer to a request that is refused, or is no subscription.
    pub fn subscribe(&self, request: &Request, session: &Session) -> Result<Subscription, Response> {
        let refused = |refusals: Vec<Refusal>| Response::refused(&refusals);
        let prepared = self.0.prepare(request, session).map_err(refused)?;
        let Some(feed) = prepared.plan.feed else {
            return Err(refused(vec![Refusal::bad("BAD_REQUEST", "this is no subscription")]));
        };
        let place = Arc::clone(&self.0.subscriptions).try_acquire_owned().map_err(|_| {
            let message = "there are as many subscriptions as there may be: try again later";
            refused(vec![Refusal { status: 429, ..Refusal::over(message) }])
        })?;
        let wanted = wanted(&self.0.model.feeds[feed], &prepared);
        let session = session.clone();
        Ok(Subscription { engine: self.clone(), prepared, session, feed, wanted, _place: place })
    }

    /// Checks what the subscriptions of the configuration hear of: `told` says what is wrong with topics and with what is
    /// looked at in the data of their events.
    ///
    /// # Errors
    /// All that is wrong, with lines of `yaml`, which the engine was opened with.
    pub fn check_feeds(
        &self,
        yaml: &str,
        told: impl Fn(&Pattern, &[&str]) -> Result<(), String>,
    ) -> Result<(), ConfigError> {
        let mut mistakes = Vec::new();
        for feed in &self.0.model.feeds {
            let paths: Vec<_> = feed.paths().collect();
            let wrong = feed.topics.iter().filter_map(|topic| told(topic, &paths).err());
            let path = format!("subscription.{}", feed.name);
            mistakes.extend(wrong.map(|message| config::mistake_at(yaml, &path, message)));
        }
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError { file: None, mistakes }) }
    }
}

impl Feed {
    /// What it looks at in the data of an event.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let filters = self.filters.iter().map(|(_, path)| path.as_str());
        self.key.iter().map(|(_, path)| path.as_str()).chain(filters)
    }
}

impl Subscription {
    /// Whether it hears events of a topic.
    #[must_use]
    pub fn hears(&self, topic: &Topic) -> bool {
        self.feed().topics.iter().any(|pattern| pattern.matches(topic))
    }

    /// Whether it wants an event of a topic that it hears, by the event's data.
    #[must_use]
    pub fn wants(&self, data: &Json) -> bool {
        let has_key = self.feed().key.iter().all(|(_, path)| value::within(data, path).is_some());
        let has = |(path, values): &(String, Vec<String>)| {
            let found = value::within(data, path).and_then(word);
            found.is_some_and(|found| values.contains(&found))
        };
        has_key && self.wanted.iter().all(has)
    }

    /// Answers the query for an event, by the values that the event's data has. None, where the object is not there, or
    /// not for the session.
    pub async fn answer(&self, data: &Json) -> Option<Response> {
        let inner = &*self.engine.0;
        let begun = Instant::now();
        let bound = match inner.bind(&self.prepared, &self.session, Some(data)) {
            Ok(bound) => bound,
            Err(refusal) => return Some(Response::refused(&[refusal])),
        };
        let deadline = begun + inner.model.limits.request_timeout;
        let tracer = inner.tracer(None);
        let below = Below::request(tracer.as_ref(), None);
        let run = inner.run(&self.prepared, &bound, &self.session, deadline, below).await;
        let root = self.prepared.plan.roots.iter().find_map(|root| match root {
            RootOp::Step { step, .. } => run.outcome(*step),
            _ => None,
        });
        let is_there =
            !root.is_some_and(|root| root.objects.as_ref().is_ok_and(|objects| objects.len() == 0));
        let answer = is_there.then(|| Response::of(inner.project(&self.prepared, &run).0, None));
        drop(run);
        if let (Some(tracer), Some(exporter)) = (tracer, &inner.exporter) {
            let name = format!("subscription {}", self.feed().name);
            exporter.tell(tracer.end(name, begun, Vec::new(), None));
        }
        answer
    }

    fn feed(&self) -> &Feed {
        &self.engine.0.model.feeds[self.feed]
    }
}

/// The values that the query asks for, by the path where an event has them.
fn wanted(feed: &Feed, prepared: &Prepared) -> Vec<(String, Vec<String>)> {
    let given = &prepared.plan.steps[0].given;
    let filters = feed.filters.iter().filter_map(|(name, path)| {
        let (_, literal) = given.iter().find(|(given, _)| given == name)?;
        let values = match bind::literal(literal, &prepared.variables)? {
            Json::Null => return None,
            Json::Array(items) => items.iter().filter_map(word).collect(),
            one => word(&one).into_iter().collect(),
        };
        Some((path.clone(), values))
    });
    filters.collect()
}

/// A value as a text: an `ID` that is a number in the query may be a text in the event.
fn word(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
