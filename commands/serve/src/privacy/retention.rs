use std::{collections::HashSet, sync::Arc, time::Duration};

use kefu_core::{Conversation, Inbox, Kept, Micros, Retention};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{
    AuditActor, AuditRecord, Belongings, Change, FileChange, Outdated, PrivacyChange, RecordSet,
};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, MissedTickBehavior};

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

/// How many times as long as a scrub took nobody scrubs again.
const REST: u32 = 100;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Erases what was kept for long enough, for ever.
pub(crate) async fn keep_no_longer(services: &Services) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sweeper = Sweeper::of(services);
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
    /// No scrub begins before.
    rest_until: Option<Instant>,
}

impl Sweeper {
    pub(crate) fn of(services: &Services) -> Self {
        Self {
            eraser: Eraser::of(services),
            metrics: Arc::clone(&services.metrics),
            defaults: services.settings.privacy.retention.defaults(),
            rest_until: None,
        }
    }

    /// Erases what is outdated at `now`, in small commits; when it returns, no file holds anything of it, unless the store
    /// is so large that this has to wait.
    ///
    /// # Errors
    /// When the store cannot be read or written. The rest goes next time.
    pub(crate) async fn sweep(&mut self, now: Micros) -> Result<(), Problem> {
        let mut gone = Map::new();
        for kind in Kept::ALL {
            let mut count = 0;
            let directory = self.eraser.desk.directory();
            // What is fed is compared with what feeds it, until it is switched.
            for inbox in directory.inboxes.values().filter(|inbox| !directory.is_fed(inbox.key)) {
                if let Some(days) = days(inbox, &self.defaults, kind) {
                    count += self.sweep_kind(kind, outdated(inbox, days, now)).await?;
                }
            }
            if count > 0 {
                gone.insert(kind.as_str().to_owned(), count.into());
            }
        }
        if !gone.is_empty() {
            self.tell(gone).await?;
        }
        self.scrub().await
    }

    /// Leaves nothing in the files of what was erased, at this time or earlier. The whole store is read for it: that
    /// takes no more than a hundredth of the time.
    async fn scrub(&mut self) -> Result<(), Problem> {
        if self.eraser.store.unscrubbed().await?.is_none()
            || self.rest_until.is_some_and(|at| Instant::now() < at)
        {
            return Ok(());
        }
        let begun = Instant::now();
        self.eraser.settle().await?;
        self.rest_until = begun.elapsed().checked_mul(REST).and_then(|rest| Instant::now().checked_add(rest));
        Ok(())
    }

    async fn tell(&self, gone: Map<String, Value>) -> Result<(), Problem> {
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
        let (what, changes) = match kind {
            Kept::Messages => {
                let mut count = 0;
                for conversation in &store.outdated_conversations(outdated, CONVERSATIONS).await? {
                    count += u64::from(is_done(self.empty(conversation, outdated.now).await)?);
                }
                return Ok(count);
            }
            Kept::Files => {
                let files = store.outdated_files(outdated, STEP).await?;
                let changes = files.iter().map(|id| Change::File(FileChange::Remove(*id))).collect();
                (Belongings::Files(files), changes)
            }
            Kept::Tickets => {
                let tickets = store.outdated_tickets(outdated, STEP).await?;
                let change = PrivacyChange::EraseTickets(tickets.clone());
                (Belongings::Tickets(tickets), vec![Change::Privacy(change)])
            }
            Kept::Pages => {
                let visitors: HashSet<_> = store.outdated_pages(outdated, STEP).await?.into_iter().collect();
                let visitors: Vec<_> = visitors.into_iter().collect();
                let change =
                    PrivacyChange::RemovePages { visitors: visitors.clone(), before: outdated.before };
                (Belongings::Pages(visitors), vec![Change::Privacy(change)])
            }
        };
        let count = match &what {
            Belongings::Files(files) => files.len(),
            Belongings::Tickets(tickets) => tickets.len(),
            Belongings::Pages(visitors) => visitors.len(),
            Belongings::Conversation(_) => 1,
        };
        if count == 0 || !is_done(self.record(what, outdated.now, changes).await)? {
            return Ok(0);
        }
        Ok(count as u64)
    }

    /// Erases what was said in a conversation.
    pub(crate) async fn empty(&self, conversation: &Conversation, now: Micros) -> Result<(), Problem> {
        let (key, upto) = (conversation.key, conversation.last_pos);
        let what = Belongings::Conversation(key);
        let files = Change::File(FileChange::RemoveOfConversation(key));
        self.record(what.clone(), now, vec![files]).await?;
        let guard = PrivacyChange::RequireNoHold { what, now };
        let note = |_| PrivacyChange::Emptied { conversation: key, upto };
        self.eraser.erase(conversation, Some(&guard), note).await.map(drop)
    }

    /// Carries changes out, unless there is a hold on anybody to whom this belongs.
    pub(crate) async fn record(
        &self,
        what: Belongings,
        now: Micros,
        changes: Vec<Change>,
    ) -> Result<(), Problem> {
        let guards =
            [PrivacyChange::RequireNoHold { what, now }, PrivacyChange::Unscrubbed(Some(clock::now()))];
        let changes = guards.map(Change::Privacy).into_iter().chain(changes).collect();
        self.eraser.desk.record(RecordSet { changes, audit: Vec::new() }).await
    }
}

/// A hold that came meanwhile is no error: the next look leaves out what belongs to its customer.
fn is_done(outcome: Result<(), Problem>) -> Result<bool, Problem> {
    match outcome {
        Ok(()) => Ok(true),
        Err(problem) if problem.code == ErrorCode::Conflict => Ok(false),
        Err(problem) => Err(problem),
    }
}
