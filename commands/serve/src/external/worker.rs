//! The one task that sends what agents ask of the ticket system.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use kefu_core::{Event, EventCode, Micros};
use kefu_gateway::{Called, Fate};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{
    Change, ExternalChange, ExternalKind, ExternalState, ExternalWrite, RecordSet, Settled, StoreError,
};
use kefu_text::mask::{Kinds, mask};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Rules, TicketService, external_ids, kind_word, rules::Write, shown};
use crate::{clock, problem::Problem, services::Services};

/// How often it is looked for what is to be sent, if nobody says that there is something.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What is read of the queue at once.
const BATCH: usize = 32;
/// The longest pause before something is sent again, in seconds; the first is one.
const PAUSE_MAX: i64 = 300;
/// For how long something is sent again that does not get there, in seconds.
const GIVE_UP_AFTER: i64 = 24 * 60 * 60;
/// Characters of a reason.
const REASON_CHARS: usize = 500;

/// What came of sending something.
enum Verdict {
    /// It is done; of a ticket that was made, with its number.
    Done(Option<String>),
    /// It is to be sent again.
    Again(String),
    Failed(String),
    Unknown(String),
}

impl TicketService {
    /// Sends what is asked for, for ever.
    pub(crate) async fn run(self: Arc<Self>, services: &Services) {
        while let Err(problem) = self.recover(services).await {
            tracing::warn!(%problem, "what was being sent to the ticket system at the last stop is not settled yet");
            sleep(LOOK_EVERY).await;
        }
        loop {
            match self.send_due(services).await {
                Ok(count) if count > 0 => continue,
                Ok(_) => {}
                Err(problem) => tracing::warn!(%problem, "nothing can be sent to the ticket system now"),
            }
            tokio::select! {
                () = self.asked.notified() => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Sends nothing more, and waits for what is on its way.
    pub(crate) async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        drop(self.sending.lock().await);
    }

    /// What was on its way when the last run ended may have been done.
    async fn recover(&self, services: &Services) -> Result<(), Problem> {
        let rules = self.rules();
        for write in services.store.external_cut_off().await? {
            let reason = "kefu was stopped while it was being sent".to_owned();
            let may_repeat = rules.write(write.kind).is_some_and(|rule| self.may_repeat(&rules, rule));
            let verdict = if may_repeat { Verdict::Again(reason) } else { Verdict::Unknown(reason) };
            self.settle(services, &rules, &write, &verdict).await?;
        }
        Ok(())
    }

    /// Sends what is due; returns how much that was.
    async fn send_due(&self, services: &Services) -> Result<usize, Problem> {
        let due = services.store.external_due(clock::now(), BATCH).await?;
        let mut count = 0;
        for write in due {
            let _sending = self.sending.lock().await;
            if self.is_closing.load(Ordering::Relaxed) {
                return Ok(0);
            }
            self.send(services, write).await?;
            count += 1;
        }
        Ok(count)
    }

    async fn send(&self, services: &Services, mut write: ExternalWrite) -> Result<(), Problem> {
        let rules = self.rules();
        let summary = || format!("{} {}", kind_word(write.kind), write.id);
        if let Some(call) = services.outgoing.held_back("ticket", &rules.bridge, summary) {
            let reason = "a rehearsal sends nothing".to_owned();
            let settle = ExternalChange::Settle(settled(&write, ExternalState::Dismissed, None, reason));
            let changes = vec![call, Change::External(settle)];
            return services.desk.record(RecordSet { changes, audit: Vec::new() }).await;
        }
        let Some(rule) = rules.write(write.kind) else {
            let verdict = Verdict::Failed("the ticket system does not take this any more".to_owned());
            return self.settle(services, &rules, &write, &verdict).await;
        };
        let arguments = match scope(services, &rules, &write).await? {
            Some(scope) => rule.arguments(&scope),
            None => Err("who it is about is not known any more".to_owned()),
        };
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(why) => return self.settle(services, &rules, &write, &Verdict::Failed(why)).await,
        };
        let begin = ExternalChange::Begin { id: write.id, at: clock::now() };
        let changes = vec![Change::External(begin)];
        match services.desk.record(RecordSet { changes, audit: Vec::new() }).await {
            Ok(()) => {}
            // Erased meanwhile.
            Err(problem) if problem.code == ErrorCode::Conflict => return Ok(()),
            Err(problem) => return Err(problem),
        }
        write.tries += 1;
        let called = self.server.call(&rules.bridge, &rule.operation, &arguments).await;
        let verdict = self.verdict(&rules, rule, &write, called);
        // Nobody but us knows it: it must be written down, however long that takes.
        while let Err(problem) = self.settle(services, &rules, &write, &verdict).await {
            tracing::warn!(%problem, write = %write.id, "what the ticket system has done is not written down yet");
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    fn verdict(&self, rules: &Rules, rule: &Write, write: &ExternalWrite, called: Called) -> Verdict {
        let is_late = clock::now().0.saturating_sub(write.created_at.0) > GIVE_UP_AFTER * 1_000_000;
        match called {
            Called::Returned(result) => match rule.number(&result) {
                Ok(number) => Verdict::Done(number),
                Err(why) => Verdict::Unknown(format!("the ticket system took it, but {why}")),
            },
            Called::Failed { detail, fate: Fate::Refused, .. } => Verdict::Failed(detail),
            Called::Failed { detail, fate: Fate::NotSent, .. } if is_late => Verdict::Failed(detail),
            Called::Failed { detail, fate: Fate::NotSent, .. } => Verdict::Again(detail),
            Called::Failed { detail, fate: Fate::Unknown, .. } => {
                if !is_late && self.may_repeat(rules, rule) {
                    Verdict::Again(detail)
                } else {
                    Verdict::Unknown(detail)
                }
            }
        }
    }

    /// Whether sending it twice does no more than sending it once.
    fn may_repeat(&self, rules: &Rules, rule: &Write) -> bool {
        rule.idempotency.is_some() || self.server.in_force().is_idempotent(&rules.bridge, &rule.operation)
    }

    /// Writes down what came of something, and tells the agents of its conversation if that is final.
    async fn settle(
        &self,
        services: &Services,
        rules: &Rules,
        write: &ExternalWrite,
        verdict: &Verdict,
    ) -> Result<(), Problem> {
        let reason = |why: &String| mask(why, Kinds::ALL).chars().take(REASON_CHARS).collect::<String>();
        let (state, code, number, why) = match verdict {
            Verdict::Again(why) => {
                let seconds = (1_i64 << write.tries.saturating_sub(1).min(16)).min(PAUSE_MAX);
                let due_at = Some(clock::now().plus_seconds(seconds));
                let settle = Settled { due_at, ..settled(write, ExternalState::Waiting, None, reason(why)) };
                let changes = vec![Change::External(ExternalChange::Settle(settle))];
                return services.desk.record(RecordSet { changes, audit: Vec::new() }).await;
            }
            Verdict::Done(number) => {
                let code = match write.kind {
                    ExternalKind::Create => EventCode::TicketCreated,
                    ExternalKind::Update => EventCode::TicketUpdated,
                    ExternalKind::Comment => EventCode::TicketCommented,
                };
                (ExternalState::Done, code, number.clone(), String::new())
            }
            Verdict::Failed(why) => (ExternalState::Failed, EventCode::TicketFailed, None, reason(why)),
            Verdict::Unknown(why) => (ExternalState::Unknown, EventCode::TicketUnknown, None, reason(why)),
        };
        let known = number.clone().or_else(|| write.ticket.clone());
        let mut data = json!({ "write_id": write.id, "kind": kind_word(write.kind), "service": rules.name });
        if let Some(number) = &known {
            data["number"] = json!(number);
            data["url"] = json!(rules.link(number));
        }
        if !why.is_empty() {
            data["reason"] = json!(why);
        }
        let change = Change::External(ExternalChange::Settle(settled(write, state, number, why)));
        // Whoever hears of it and asks at once is shown no list from before it.
        self.cache.age();
        services.desk.tell(write.conversation, Event::of(code), &data, change).await
    }
}

fn settled(write: &ExternalWrite, state: ExternalState, ticket: Option<String>, reason: String) -> Settled {
    let at: Micros = clock::now();
    Settled { id: write.id, state, ticket, reason, due_at: None, at }
}

/// What expressions see; nothing if whoever it is about is gone.
async fn scope(
    services: &Services,
    rules: &Rules,
    write: &ExternalWrite,
) -> Result<Option<Value>, StoreError> {
    let mut scope: Value = serde_json::from_str(&write.body).unwrap_or_default();
    let visitor = scope["visitor"].as_str().and_then(|id| id.parse().ok());
    let Some(visitor) = visitor else { return Ok(None) };
    let store = &services.store;
    let Some(visitor) = store.visitor_by_id(visitor).await?.filter(|visitor| visitor.erased_at.is_none())
    else {
        return Ok(None);
    };
    let Some(customer) = store.customer(store.customer_of(&visitor).await?).await? else { return Ok(None) };
    let visitors = store.customer_visitors(&customer).await?;
    // This one's own id first: it is what the conversation is about.
    let own = visitor.external_id.clone().filter(|_| visitor.verified);
    let external_id = match own {
        Some(own) => Some(own),
        None => external_ids(store, &visitors).await?.into_iter().next(),
    };
    let directory = services.desk.directory();
    let agent = directory.agents.get(&write.agent);
    scope["id"] = json!(write.id);
    scope["customer"] = shown(&customer);
    scope["external_id"] = json!(external_id);
    scope["agent"] = json!({
        "id": agent.map(|agent| agent.id), "name": agent.map(|agent| &*agent.name),
        "email": agent.map(|agent| &agent.email),
    });
    scope["conversation"] = json!({ "id": scope["conversation"] });
    scope["number"] = json!(write.ticket);
    for (key, theirs) in [
        ("status", scope["status"].as_str().and_then(|word| rules.their_status(word))),
        ("priority", scope["priority"].as_str().and_then(|word| rules.their_priority(word))),
    ] {
        scope[key] = json!(theirs);
    }
    Ok(Some(scope))
}
