use std::{sync::Arc, time::Duration};

use kefu_core::{Conversation, EventCode, VisitorKey};
use kefu_store::{
    AuditActor, AuditRecord, Change, Customer, Erasure, FileChange, Indexer, PrivacyChange, RecordSet, Scrub,
    Store,
};
use serde_json::json;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::{clock, desk::Desk, files::Files, problem::Problem, services::Services, trails::Trails};

/// Entries that one commit erases.
const ENTRIES: usize = 512;

/// Tickets that one commit erases.
const TICKETS: usize = 32;

/// How often it is looked for erasures that are not finished.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often an erasure tries to empty the files that others read.
const SETTLE_TRIES: usize = 50;

/// How long it waits between two tries.
const SETTLE_WAIT: Duration = Duration::from_millis(100);

/// Between two parts of a scrub, so that whoever sends waits for none.
const SCRUB_PAUSE: Duration = Duration::from_millis(20);

/// Carries erasures out, for ever: those that are asked for, and those that an earlier run did not finish.
pub(crate) async fn keep(services: &Services) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let eraser = Eraser::of(services);
    loop {
        ticks.tick().await;
        if let Err(error) = eraser.run_all().await {
            tracing::warn!(%error, "an erasure is not finished yet");
        }
    }
}

/// Carries out erasures that are written down.
#[derive(Clone)]
pub(crate) struct Eraser {
    pub(crate) desk: Desk,
    pub(crate) store: Store,
    pub(crate) indexer: Indexer,
    pub(crate) files: Arc<Files>,
}

impl Eraser {
    pub(crate) fn of(services: &Services) -> Self {
        let Services { desk, store, indexer, files, .. } = services.clone();
        Self { desk, store, indexer, files }
    }

    /// Writes an erasure down and stops everything that its customer's visitors could still do. `spared` are requests
    /// of channels that could not be read and do not name them.
    ///
    /// # Errors
    /// `conflict` while a hold is on the customer.
    pub(crate) async fn begin(
        &self,
        customer: &Customer,
        by: Option<Uuid>,
        spared: Vec<i64>,
        audit: AuditRecord,
        trails: &Trails,
    ) -> Result<(), Problem> {
        let erase = PrivacyChange::Erase { customer: customer.id, at: clock::now(), by, spared };
        self.desk.record(RecordSet { changes: vec![Change::Privacy(erase)], audit: vec![audit] }).await?;
        let visitors = self.store.visitors_of_customer(customer).await?;
        visitors.iter().for_each(|visitor| trails.forget(visitor.key));
        self.desk.forget(visitors.iter().map(|visitor| visitor.key).collect()).await;
        Ok(())
    }

    /// Finishes all that are written down, one after the other.
    pub(crate) async fn run_all(&self) -> Result<(), Problem> {
        let (mut outcome, mut taken) = (Ok(()), Vec::new());
        for erasure in self.store.open_erasures().await? {
            // One that cannot go on now keeps no other from its end.
            match self.take(&erasure, |_| ()).await {
                Ok(()) => taken.push(erasure),
                Err(problem) => outcome = Err(problem),
            }
        }
        if !taken.is_empty() {
            self.settle().await?;
        }
        for erasure in taken {
            outcome = self.finish(&erasure).await.and(outcome);
        }
        outcome
    }

    /// Goes on with an erasure to its end; `told` hears how many entries this run has erased so far.
    ///
    /// # Errors
    /// When the store cannot be read or written, or is read for so long that its files cannot be cleaned. It can go
    /// on later.
    pub(crate) async fn run(&self, erasure: &Erasure, told: impl FnMut(u64)) -> Result<(), Problem> {
        self.take(erasure, told).await?;
        self.settle().await?;
        self.finish(erasure).await
    }

    /// Erases whatever is left of a customer.
    async fn take(&self, erasure: &Erasure, mut told: impl FnMut(u64)) -> Result<(), Problem> {
        let customer = self.store.customer(erasure.customer).await?;
        let customer = customer.ok_or_else(|| Problem::not_found("customer"))?;
        let visitors = self.store.visitors_of_customer(&customer).await?;
        // Whoever became the same customer since was not meant.
        let visitors = visitors.into_iter().filter(|visitor| visitor.erased_at.is_some());
        let visitors: Vec<_> = visitors.map(|visitor| visitor.key).collect();
        // Again: the process may be another one than that which began.
        self.desk.forget(visitors.clone()).await;
        // What was sent before is durable when this is: no log grows from here on.
        self.desk.record(RecordSet::default()).await?;
        let rows = visitors.iter().map(|visitor| Change::File(FileChange::RemoveOf(*visitor)));
        self.desk.record(RecordSet { changes: rows.collect(), audit: Vec::new() }).await?;
        let (mut after, mut done) = (erasure.done_upto, 0);
        loop {
            let conversations = self.store.conversations_after(&visitors, after).await?;
            let Some(last) = conversations.last() else { break };
            after = last.key;
            for conversation in &conversations {
                let note = |entries| PrivacyChange::Erased {
                    customer: erasure.customer,
                    conversation: conversation.key,
                    entries,
                };
                done += self.erase(conversation, None, note).await?;
                told(done);
            }
        }
        self.erase_tickets(&visitors).await
    }

    /// Writes down that nothing is left in any file.
    async fn finish(&self, erasure: &Erasure) -> Result<(), Problem> {
        let (customer, asked_at, at) = (erasure.customer, erasure.asked_at, clock::now());
        let finish = Change::Privacy(PrivacyChange::Finish { customer, asked_at, at });
        let audit = AuditRecord {
            at,
            actor: AuditActor::System,
            address: None,
            action: "customer.erased",
            target: Some(("customer", erasure.customer)),
            detail: json!({}),
        };
        self.desk.record(RecordSet { changes: vec![finish], audit: vec![audit] }).await?;
        tracing::info!(customer = %erasure.customer, "a customer is erased");
        Ok(())
    }

    /// Erases what was said in a conversation, from its end back, and writes down that it is done, as `note` has it
    /// of how many entries there were; returns them. With `guard`, only while that lets it.
    pub(super) async fn erase(
        &self,
        conversation: &Conversation,
        guard: Option<&PrivacyChange>,
        note: impl FnOnce(u64) -> PrivacyChange,
    ) -> Result<u64, Problem> {
        let mut from = Some(conversation.last_pos).filter(|pos| *pos > 0);
        let last = self.store.entries_at(from.as_slice()).await?;
        let is_done = |code| code == Some(EventCode::Erased);
        if last.first().is_some_and(|last| is_done(last.event.map(|event| event.code))) {
            from = None;
        }
        let mut entries = 0;
        while let Some(pos) = from {
            let (positions, next) = self.store.positions_back(pos, ENTRIES).await?;
            entries += positions.len() as u64;
            let erase = PrivacyChange::EraseEntries(positions);
            let changes = guard.cloned().into_iter().chain([erase]).map(Change::Privacy).collect();
            self.desk.record(RecordSet { changes, audit: Vec::new() }).await?;
            from = next;
        }
        let has_comment = conversation.rating.as_ref().is_some_and(|rating| !rating.comment.is_empty());
        let note = note(entries);
        if last.is_empty() || entries > 0 || has_comment {
            self.desk.end_erased(conversation.key, note).await?;
        } else {
            self.change(note).await?;
        }
        Ok(entries)
    }

    async fn erase_tickets(&self, visitors: &[VisitorKey]) -> Result<(), Problem> {
        let mut after = 0;
        loop {
            let numbers = self.store.tickets_about(visitors, after, TICKETS).await?;
            let Some(last) = numbers.last() else { return Ok(()) };
            after = *last;
            self.change(PrivacyChange::EraseTickets(numbers)).await?;
        }
    }

    /// Returns when no file holds anything of what was erased, not even where nothing is: texts that moved leave copies
    /// in unused parts of pages.
    pub(super) async fn settle(&self) -> Result<(), Problem> {
        self.files.settle().await?;
        self.indexer.settle().await?;
        let mut scrub = self.scrub(None).await?;
        loop {
            let is_more = scrub.look().await?;
            scrub = self.scrub(Some(scrub)).await?;
            if !is_more {
                break;
            }
            tokio::time::sleep(SCRUB_PAUSE).await;
        }
        scrub.sync().await?;
        if self.store.unscrubbed().await?.is_some() {
            self.change(PrivacyChange::Unscrubbed(None)).await?;
        }
        Ok(())
    }

    /// Waits until nobody reads what is in the way.
    async fn scrub(&self, scrub: Option<Arc<Scrub>>) -> Result<Arc<Scrub>, Problem> {
        for _ in 1..SETTLE_TRIES {
            if let Ok(scrub) = self.desk.scrub(scrub.clone()).await {
                return Ok(scrub);
            }
            tokio::time::sleep(SETTLE_WAIT).await;
        }
        self.desk.scrub(scrub).await
    }

    async fn change(&self, change: PrivacyChange) -> Result<(), Problem> {
        let changes = vec![Change::Privacy(change)];
        self.desk.record(RecordSet { changes, audit: Vec::new() }).await
    }
}
