use std::time::Instant;

use serde_json::Value as Json;

use crate::answer::Response;
use crate::bind;
use crate::model::Feed;
use crate::plan::RootOp;
use crate::refusal::Refusal;

use super::prepare::Prepared;
use super::{Engine, Request, Session};

/// Signs that a topic's pattern or its parts are written with.
const TOPIC_SIGNS: [char; 5] = ['.', '*', '>', '#', '+'];
/// Bytes that an argument may put into a topic.
const PART_BYTES_MAX: usize = 128;

/// A subscription: its query is answered anew for each event of its topic.
pub struct Subscription {
    engine: Engine,
    prepared: Prepared,
    session: Session,
    topic: String,
}

impl Engine {
    /// Prepares a subscription.
    ///
    /// # Errors
    /// The answer to a request that is refused, or is no subscription.
    pub fn subscribe(&self, request: &Request, session: &Session) -> Result<Subscription, Response> {
        let refused = |refusals: Vec<Refusal>| Response::refused(&refusals);
        let prepared = self.0.prepare(request, session).map_err(refused)?;
        let feed = prepared.plan.feed.map(|feed| &self.0.model.feeds[feed]);
        let feed =
            feed.ok_or_else(|| refused(vec![Refusal::bad("BAD_REQUEST", "this is no subscription")]))?;
        let topic = topic(feed, &prepared).map_err(|message| {
            refused(vec![Refusal::bad("BAD_USER_INPUT", message).below(&prepared.plan.steps[0].path)])
        })?;
        Ok(Subscription { engine: self.clone(), prepared, session: session.clone(), topic })
    }
}

impl Subscription {
    /// The topic of the bus whose events it waits for.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Answers the query for an event, by the key that the event's data has. None, where the object is not there, or not
    /// for the session.
    pub async fn answer(&self, event: &Json) -> Option<Response> {
        let inner = &*self.engine.0;
        let begun = Instant::now();
        let bound = match inner.bind(&self.prepared, &self.session, Some(event)) {
            Ok(bound) => bound,
            Err(refusal) => return Some(Response::refused(&[refusal])),
        };
        let deadline = begun + inner.model.limits.request_timeout;
        let run = inner.run(&self.prepared, &bound, &self.session, deadline);
        run.all().await;
        let root = self.prepared.plan.roots.iter().find_map(|root| match root {
            RootOp::Step { step, .. } => run.outcome(*step),
            _ => None,
        });
        if root.is_some_and(|root| root.objects.as_ref().is_ok_and(|objects| objects.len() == 0)) {
            return None;
        }
        Some(Response::of(inner.project(&self.prepared, &run).0, None))
    }
}

/// Puts arguments into the topic.
fn topic(feed: &Feed, prepared: &Prepared) -> Result<String, String> {
    let mut topic = feed.topic.clone();
    let given = &prepared.plan.steps[0].given;
    for argument in &feed.arguments {
        let place = format!("{{{}}}", argument.name);
        if !topic.contains(&place) {
            continue;
        }
        let literal = given.iter().find(|(name, _)| *name == argument.name);
        let json = literal.and_then(|(_, value)| bind::literal(value, &prepared.variables));
        let text = match json {
            Some(Json::String(text)) => text,
            Some(Json::Number(number)) => number.to_string(),
            _ => return Err(format!("`{}` is missing", argument.name)),
        };
        let is_part = !text.is_empty()
            && text.len() <= PART_BYTES_MAX
            && !text.contains(|c: char| TOPIC_SIGNS.contains(&c) || c.is_whitespace() || c.is_control());
        if !is_part {
            return Err(format!("`{}` is no part of a topic", argument.name));
        }
        topic = topic.replace(&place, &text);
    }
    Ok(topic)
}
