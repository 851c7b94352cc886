use std::{collections::HashSet, sync::Arc, time::Duration};

use kefu_core::{Inbox, Kept, Micros, Retention};
use kefu_store::{AuditActor, AuditRecord, Change, FileChange, Outdated, PrivacyChange, RecordSet};
use serde_json::{Map, json};
use tokio::time::MissedTickBehavior;

use super::Eraser;
use crate::{clock, metrics::Metrics, problem::Problem, services::Services};

/// How often it is looked for what was kept for long enough.
const LOOK_EVERY: Duration = Duration::from_secs(5 * 60);

/// Things that one step takes.
const STEP: u32 = 100;

/// Conversations that one step takes: each is several commits.
const CONVERSATIONS: u32 = 8;

/// Steps of one kind in one inbox before the others have their turn.
const STEPS: usize = 1000;

/// Between two steps, so that whoever sends waits for none.
const PAUSE: Duration = Duration::from_millis(20);

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Erases what was kept for long enough, for ever.
pub(crate) async fn keep_no_longer(services: &Services) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let sweeper = Sweeper::of(services);
    loop {
        ticks.tick().await;
        if let Err(error) = sweeper.sweep(clock::now()).await {
            tracing::warn!(%error, "what was kept for long enough goes later");
        }
    }
}

/// For how many days an inbox keeps a kind: as it says itself, or else as the daemon has it.
pub(crate) fn days(inbox: &Inbox, defaults: &Retention, kind: Kept) -> Option<u32> {
    inbox.settings.retention.days(kind).or_else(|| defaults.days(kind))
}

/// What is outdated in an inbox that keeps things for so many days.
pub(crate) fn outdated(inbox: &Inbox, days: u32, now: Micros) -> Outdated {
    Outdated { inbox: inbox.key, before: now.plus_seconds(-i64::from(days) * DAY_SECONDS), now }
}

/// Erases what was kept for long enough.
pub(crate) struct Sweeper {
    eraser: Eraser,
    metrics: Arc<Metrics>,
    defaults: Retention,
}

impl Sweeper {
    pub(crate) fn of(services: &Services) -> Self {
        Self {
            eraser: Eraser::of(services),
            metrics: Arc::clone(&services.metrics),
            defaults: services.settings.privacy.retention.defaults(),
        }
    }

    /// Erases what is outdated at `now`, in small commits; when it returns, no file holds anything of it.
    ///
    /// # Errors
    /// When the store cannot be read or written. The rest goes next time.
    pub(crate) async fn sweep(&self, now: Micros) -> Result<(), Problem> {
        let mut gone = Map::new();
        for kind in Kept::ALL {
            let mut count = 0;
            for inbox in self.eraser.desk.directory().inboxes.values() {
                if let Some(days) = days(inbox, &self.defaults, kind) {
                    count += self.sweep_kind(kind, outdated(inbox, days, now)).await?;
                }
            }
            if count > 0 {
                gone.insert(kind.as_str().to_owned(), count.into());
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        self.eraser.settle().await?;
        let audit = AuditRecord {
            at: clock::now(),
            actor: AuditActor::System,
            address: None,
            action: "retention.swept",
            target: None,
            detail: json!(gone),
        };
        self.eraser.desk.record(RecordSet { changes: Vec::new(), audit: vec![audit] }).await
    }

    async fn sweep_kind(&self, kind: Kept, outdated: Outdated) -> Result<u64, Problem> {
        let mut all = 0;
        for _ in 0..STEPS {
            let count = self.step(kind, outdated).await?;
            if count == 0 {
                break;
            }
            all += count;
            self.metrics.retention_over(kind, count);
            tokio::time::sleep(PAUSE).await;
        }
        Ok(all)
    }

    /// Erases some; returns how many, 0 when none is left.
    async fn step(&self, kind: Kept, outdated: Outdated) -> Result<u64, Problem> {
        let store = &self.eraser.store;
        let (count, changes) = match kind {
            Kept::Messages => {
                let conversations = store.outdated_conversations(outdated, CONVERSATIONS).await?;
                for conversation in &conversations {
                    let (key, upto) = (conversation.key, conversation.last_pos);
                    let files = Change::File(FileChange::RemoveOfConversation(key));
                    self.record(vec![files]).await?;
                    let note = |_| PrivacyChange::Emptied { conversation: key, upto };
                    self.eraser.erase(conversation, note).await?;
                }
                return Ok(conversations.len() as u64);
            }
            Kept::Files => {
                let files = store.outdated_files(outdated, STEP).await?;
                let count = files.len();
                (count, files.into_iter().map(|id| Change::File(FileChange::Remove(id))).collect())
            }
            Kept::Tickets => {
                let tickets = store.outdated_tickets(outdated, STEP).await?;
                (tickets.len(), vec![Change::Privacy(PrivacyChange::EraseTickets(tickets))])
            }
            Kept::Pages => {
                let visitors = store.outdated_pages(outdated, STEP).await?;
                let count = visitors.len();
                let visitors: HashSet<_> = visitors.into_iter().collect();
                let visitors = visitors.into_iter().collect();
                let change = PrivacyChange::RemovePages { visitors, before: outdated.before };
                (count, vec![Change::Privacy(change)])
            }
        };
        if count > 0 {
            self.record(changes).await?;
        }
        Ok(count as u64)
    }

    async fn record(&self, changes: Vec<Change>) -> Result<(), Problem> {
        self.eraser.desk.record(RecordSet { changes, audit: Vec::new() }).await
    }
}
