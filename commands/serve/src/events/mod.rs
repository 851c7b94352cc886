//! Departments that hear of events: webhooks, topics of a bus, actions of kefu's own.
//!
//! A row of the store or a group of the configuration makes a subscription; what is in use is a group of the embedded
//! bus with a task of its own, made anew whenever the subscription changes.
//!
//! *Invariant:* requests that tell of events are made behind the store's back and never waited for by whoever writes
//! to it. What a subscription is to hear survives a kill; what it heard twice had the same id.

mod action;
mod attempt;
mod door;
mod spec;
mod topic;
mod webhook;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, atomic::Ordering},
    time::Duration,
};

use futures_util::future::BoxFuture;
use kefu_app::Stop;
use kefu_bus::embedded::{
    Embedded, EmbeddedLimits, Ended, Keeper, Listener, NotKept, Order, Runner, Subscriber, delivery_id,
};
use kefu_bus::happened::Reader;
use kefu_core::Micros;
use kefu_store::{
    AuditActor, AuditRecord, Change, EventChange, EventSubscription, RecordSet, Store, StoreError,
};
use serde_json::json;
use tokio::{
    sync::{Mutex, Notify, mpsc},
    task::JoinSet,
};
use uuid::Uuid;

pub(crate) use attempt::Attempt;
use door::Door;
pub(crate) use spec::{
    ActionSpec, Kept, Spec, SpecError, SubscriptionKind, checked_headers, fixed_id, read as read_fixed,
};

use crate::{
    auth::Secrets,
    clock,
    desk::Desk,
    outgoing::Outgoing,
    problem::Problem,
    services::Services,
    settings::{EventSettings, Settings},
};

/// What seals what subscriptions keep to themselves.
pub(crate) const SEAL_PURPOSE: &str = "subscription";

/// How long it takes until an event is told again, by attempt: eight attempts in all, the last one a day after the first.
const WAITS_SECONDS: [u64; 7] = [5, 30, 120, 900, 3600, 21_600, 60_000];

/// Events that one subscription is told at once.
const SIDE_BY_SIDE: usize = 16;

/// How often what was kept for long enough is forgotten.
const EXPIRE_EVERY: Duration = Duration::from_secs(10 * 60);

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// All subscriptions.
pub(crate) struct Events {
    desk: Desk,
    store: Store,
    secrets: Arc<Secrets>,
    outgoing: Outgoing,
    settings: EventSettings,
    bus: Arc<Embedded>,
    topics: Arc<topic::Topics>,
    /// Those of the configuration, which nobody changes.
    fixed: Vec<Subscription>,
    running: Mutex<HashMap<Uuid, Running>>,
    orders: RwLock<HashMap<Uuid, mpsc::Sender<Order>>>,
    /// Some became others.
    changed: Notify,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) row: EventSubscription,
    pub(crate) spec: Spec,
    pub(crate) kept: Kept,
    /// It stands in the configuration.
    pub(crate) is_fixed: bool,
}

/// A subscription that is told events.
struct Running {
    subscription: Subscription,
    orders: mpsc::Sender<Order>,
    ended: tokio::sync::oneshot::Receiver<()>,
}

/// What subscriptions work with.
pub(crate) struct EventsOptions {
    pub(crate) desk: Desk,
    pub(crate) store: Store,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) outgoing: Outgoing,
}

/// Writes for the bus as everybody else does: by way of the desk.
struct ByDesk(Desk);

impl Keeper for ByDesk {
    fn keep(&self, changes: Vec<EventChange>) -> BoxFuture<'_, Result<(), NotKept>> {
        Box::pin(async move {
            let changes = changes.into_iter().map(Change::Event).collect();
            let kept = self.0.record(RecordSet { changes, audit: Vec::new() }).await;
            kept.map_err(|problem| NotKept(problem.to_string()))
        })
    }
}

impl Events {
    /// Makes the bus of a store; nothing is told before [`Events::prepare`] and [`run`].
    pub(crate) fn new(options: EventsOptions, settings: &Settings) -> Self {
        let EventsOptions { desk, store, secrets, outgoing } = options;
        let own = settings.events.clone();
        let limits = EmbeddedLimits {
            keep_seconds: i64::from(own.keep_days) * DAY_SECONDS,
            give_up_seconds: i64::from(own.give_up_days) * DAY_SECONDS,
            ..EmbeddedLimits::default()
        };
        let keeper = Arc::new(ByDesk(desk.clone()));
        let bus = Embedded::new(Reader::new(store.clone()), keeper, clock::now, limits);
        let fixed = own.subscriptions.iter().map(|(name, settings)| spec::fixed(name, settings)).collect();
        Self {
            desk,
            store,
            secrets,
            outgoing,
            topics: Arc::new(topic::Topics::new(&own)),
            settings: own,
            bus,
            fixed,
            running: Mutex::default(),
            orders: RwLock::default(),
            changed: Notify::new(),
        }
    }

    /// The bus.
    pub(crate) fn bus(&self) -> &Arc<Embedded> {
        &self.bus
    }

    /// All subscriptions: those of the configuration, then those of the store, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<Subscription>, StoreError> {
        let mut all = self.fixed.clone();
        for row in self.store.event_subscriptions().await? {
            match self.opened(row) {
                Ok(subscription) => all.push(subscription),
                Err((id, why)) => tracing::error!(%id, why, "a subscription cannot be used"),
            }
        }
        Ok(all)
    }

    /// The subscription with this id.
    pub(crate) async fn get(&self, id: Uuid) -> Result<Subscription, Problem> {
        let found = self.all().await?.into_iter().find(|subscription| subscription.row.id == id);
        found.ok_or_else(|| Problem::not_found("subscription"))
    }

    fn opened(&self, row: EventSubscription) -> Result<Subscription, (Uuid, String)> {
        let id = row.id;
        let spec = serde_json::from_str(&row.settings).map_err(|error| (id, error.to_string()))?;
        let plain = self.secrets.open(SEAL_PURPOSE, &row.sealed).map_err(|error| (id, error.to_string()))?;
        let kept = serde_json::from_slice(&plain).map_err(|_| (id, "what it keeps is damaged".to_owned()))?;
        Ok(Subscription { row, spec, kept, is_fixed: false })
    }

    /// Seals what a subscription keeps to itself.
    pub(crate) fn seal(&self, kept: &Kept) -> Result<Vec<u8>, Problem> {
        let plain = serde_json::to_vec(kept).expect("texts are plain JSON");
        self.secrets.seal(SEAL_PURPOSE, &plain).map_err(|error| {
            tracing::error!(%error, "cannot seal what a subscription keeps");
            Problem::unavailable("the secret cannot be sealed now")
        })
    }

    /// Has what is in use be as it is in the store; waits until what was in use before has ended.
    pub(crate) async fn refresh(&self) -> Result<(), Problem> {
        let mut running = self.running.lock().await;
        let wanted = self.all().await?;
        let stopped: Vec<String> = {
            let groups = self.store.event_groups().await?.into_iter();
            groups.filter(|group| group.stopped_at.is_some()).map(|group| group.name).collect()
        };
        let is_wanted = |old: &Subscription| {
            wanted
                .iter()
                .any(|new| new == old && new.row.is_enabled && !stopped.contains(&name_of(new.row.id)))
        };
        let gone: Vec<Uuid> =
            running.iter().filter(|(_, old)| !is_wanted(&old.subscription)).map(|(id, _)| *id).collect();
        for id in gone {
            if let Some(old) = running.remove(&id) {
                // It may have ended by itself.
                old.orders.send(Order::Stop).await.ok();
                old.ended.await.ok();
            }
        }
        drop(running);
        self.changed.notify_one();
        Ok(())
    }

    /// Asks something of a subscription's group, if it is told anything now.
    pub(crate) async fn order(&self, id: Uuid, order: Order) -> bool {
        let orders = self.orders.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        match orders {
            Some(orders) => orders.send(order).await.is_ok(),
            None => false,
        }
    }

    /// Makes who is told of a subscription.
    pub(crate) fn subscriber(&self, subscription: &Subscription) -> Result<Arc<dyn Subscriber>, String> {
        let Subscription { row, spec, .. } = subscription;
        Ok(match spec.kind {
            SubscriptionKind::Webhook => Arc::new(self.webhook(subscription)?),
            SubscriptionKind::Topic => self.topics.subscriber(spec, self.door(row))?,
            SubscriptionKind::Action => {
                let action = spec.action.clone().ok_or("it has no action")?;
                Arc::new(action::Actor::new(self.desk.clone(), self.store.clone(), action, row.id))
            }
        })
    }

    /// Makes the requests of a webhook.
    pub(crate) fn webhook(&self, subscription: &Subscription) -> Result<webhook::Webhook, String> {
        let options = webhook::WebhookOptions {
            door: self.door(&subscription.row),
            timeout: self.settings.timeout,
            allow_internal: self.settings.allow_internal,
        };
        webhook::Webhook::new(&subscription.spec, &subscription.kept, options)
    }

    fn door(&self, row: &EventSubscription) -> Door {
        Door { desk: self.desk.clone(), outgoing: self.outgoing.clone(), name: row.name.clone() }
    }

    /// From when on something can be heard again.
    pub(crate) fn oldest(&self, now: Micros) -> Micros {
        now.plus_seconds(-i64::from(self.settings.keep_days) * DAY_SECONDS)
    }

    async fn start(
        &self,
        subscription: Subscription,
        running: &mut HashMap<Uuid, Running>,
        tasks: &mut JoinSet<(Uuid, Ended)>,
    ) -> Result<(), String> {
        let id = subscription.row.id;
        let name = name_of(id);
        let subscriber = self.subscriber(&subscription)?;
        let listener = Listener {
            name,
            topics: subscription.spec.topics.clone(),
            inboxes: subscription.spec.inboxes.clone(),
            side_by_side: SIDE_BY_SIDE,
            waits: WAITS_SECONDS.map(Duration::from_secs).to_vec(),
            keeps_done: subscription.spec.kind == SubscriptionKind::Webhook,
            subscriber,
        };
        let runner = Runner::new(Arc::clone(&self.bus), listener).await.map_err(|error| error.to_string())?;
        let (orders, receiver) = mpsc::channel(16);
        let (over, ended) = tokio::sync::oneshot::channel();
        tasks.spawn(async move {
            let outcome = runner.run(receiver).await;
            // Whoever waits may have stopped waiting.
            over.send(()).ok();
            (id, outcome)
        });
        self.orders.write().unwrap_or_else(PoisonError::into_inner).insert(id, orders.clone());
        running.insert(id, Running { subscription, orders, ended });
        Ok(())
    }

    /// Starts what is to run and does not.
    async fn start_all(&self, tasks: &mut JoinSet<(Uuid, Ended)>) -> Result<(), Problem> {
        // Held from before anything is read: whoever changes a subscription meanwhile then finds what was started.
        let mut running = self.running.lock().await;
        let stopped = self.store.event_groups().await?.into_iter().filter(|group| group.stopped_at.is_some());
        let stopped: Vec<String> = stopped.map(|group| group.name).collect();
        for subscription in self.all().await? {
            let id = subscription.row.id;
            let is_on = subscription.row.is_enabled && !stopped.contains(&name_of(id));
            if !is_on || running.contains_key(&id) {
                continue;
            }
            if let Err(why) = self.start(subscription, &mut running, tasks).await {
                tracing::error!(%id, why, "a subscription cannot be used");
            }
        }
        Ok(())
    }

    async fn ended(&self, id: Uuid, outcome: Ended) {
        forget_ended(&mut self.orders.write().unwrap_or_else(PoisonError::into_inner), id, |orders| orders);
        if outcome == Ended::Stopped {
            return;
        }
        forget_ended(&mut *self.running.lock().await, id, |running| &running.orders);
        tracing::warn!(subscription = %id, "nothing was taken for too long: the subscription is switched off");
        let audit = AuditRecord {
            at: clock::now(),
            actor: AuditActor::System,
            address: None,
            action: "subscription.disabled",
            target: Some(("subscription", id)),
            detail: json!({"reason": "failing"}),
        };
        if let Err(problem) = crate::audit::write(&self.desk, audit).await {
            tracing::warn!(%problem, "the audit log does not take a line");
        }
    }

    /// Readies the subscriptions of the configuration, before anybody is let in: a new one hears of everything from then
    /// on, and one that was switched off because nothing was taken is tried again, for nobody can switch it on.
    pub(crate) async fn prepare(&self) -> Result<(), Problem> {
        for subscription in &self.fixed {
            let name = name_of(subscription.row.id);
            match self.store.event_group(&name).await? {
                None => {
                    let begun = self.bus.begin(&name, None).await;
                    begun.map_err(|error| Problem::unavailable(error.to_string()))?;
                }
                Some(group) if group.stopped_at.is_some() => {
                    let (group, failing_since, stopped_at) = (group.key, None, None);
                    self.write(vec![EventChange::Health { group, failing_since, stopped_at }]).await?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub(crate) async fn write(&self, changes: Vec<EventChange>) -> Result<(), Problem> {
        let changes = changes.into_iter().map(Change::Event).collect();
        self.desk.record(RecordSet { changes, audit: Vec::new() }).await
    }

    /// What was counted, as metrics.
    pub(crate) fn metrics_text(&self) -> String {
        let counters = self.bus.counters();
        let mut text = String::from(
            "# HELP kefu_events_told Events that subscriptions were told, by what became of it.\n\
             # TYPE kefu_events_told counter\n",
        );
        for (outcome, count) in [
            ("done", &counters.done),
            ("again", &counters.again),
            ("dead", &counters.dead),
            ("skipped", &counters.skipped),
        ] {
            let count = count.load(Ordering::Relaxed);
            text.push_str(&format!("kefu_events_told_total{{outcome=\"{outcome}\"}} {count}\n"));
        }
        let running = self.orders.read().unwrap_or_else(PoisonError::into_inner).len();
        text.push_str(&format!(
            "# HELP kefu_subscriptions_running Subscriptions that are told events now.\n\
             # TYPE kefu_subscriptions_running gauge\nkefu_subscriptions_running {running}\n"
        ));
        text
    }

    async fn expire(&self) {
        let now = clock::now();
        let told_before = now.plus_seconds(-i64::from(self.settings.log_days) * DAY_SECONDS);
        let expire = EventChange::Expire { told_before, before: self.oldest(now) };
        if let Err(problem) = self.write(vec![expire]).await {
            tracing::warn!(%problem, "what events kept for long enough goes later");
        }
    }
}

/// Forgets a runner that has ended; the subscription may have a new one by now, which still takes orders.
fn forget_ended<T>(all: &mut HashMap<Uuid, T>, id: Uuid, orders: impl Fn(&T) -> &mpsc::Sender<Order>) {
    if all.get(&id).is_some_and(|one| orders(one).is_closed()) {
        all.remove(&id);
    }
}

/// The name of a subscription's group.
pub(crate) fn name_of(id: Uuid) -> String {
    id.simple().to_string()
}

/// The id of the delivery of an event to a subscription.
pub(crate) fn delivery_of(subscription: Uuid, event: Uuid) -> Uuid {
    delivery_id(&name_of(subscription), event)
}

/// Tells events, for ever; once `stop` is asked for, only to the end of what was begun.
pub(crate) async fn run(services: &Services, stop: Stop) {
    let events = &services.events;
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(EXPIRE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut commits = events.desk.commits();
    loop {
        if let Err(problem) = events.start_all(&mut tasks).await {
            tracing::warn!(%problem, "subscriptions begin later");
        }
        let outcome = loop {
            tokio::select! {
                () = events.changed.notified() => break None,
                Ok(()) = commits.changed() => events.bus.look(),
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => break ended.ok(),
                _ = ticks.tick() => events.expire().await,
                () = stop.clone().requested() => {
                    // What was taken is written down before the desk ends, so that it is not told again.
                    events.running.lock().await.clear();
                    events.orders.write().unwrap_or_else(PoisonError::into_inner).clear();
                    while tasks.join_next().await.is_some() {}
                    std::future::pending::<()>().await;
                }
            }
        };
        if let Some((id, outcome)) = outcome {
            events.ended(id, outcome).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_eight_times_within_a_day() {
        assert_eq!(WAITS_SECONDS.len() + 1, 8);
        assert!(WAITS_SECONDS.is_sorted());
        let all: u64 = WAITS_SECONDS.iter().sum();
        assert!(all.abs_diff(86_400) < 600, "{all}");
    }

    #[test]
    fn a_runner_that_ended_late_takes_nothing_of_the_one_started_since() {
        let id = Uuid::from_u128(1);
        let (old, ended) = mpsc::channel(1);
        let (new, _orders) = mpsc::channel(1);
        drop(ended);
        let mut all = HashMap::from([(id, new)]);
        forget_ended(&mut all, id, |orders| orders);
        assert!(all.contains_key(&id));
        all.insert(id, old);
        forget_ended(&mut all, id, |orders| orders);
        assert!(all.is_empty());
    }
}
