//! Reads over REST while messages flow: on a schedule of their own, whatever the answers take.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kefu_traffic::Latency;
use serde::{Deserialize, de::IgnoredAny};
use tokio::{
    runtime::Handle,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{
    accounts::Accounts,
    rest::{Client, HttpError},
    session::PATIENCE,
    settings::{ChatSettings, READERS, Reads},
};
use crate::{report, target::Target};

/// What is read, each as often as the others; a further kind of read gets its line here.
const MIX: [Kind; 9] = [
    Kind::Mine,
    Kind::Waiting,
    Kind::Reachable,
    Kind::All,
    Kind::Ended,
    Kind::NewestPage,
    Kind::OlderPage,
    Kind::Visitor,
    Kind::Search,
];

/// What is searched for: a word that every message has, and one of two Chinese characters that none has.
const WORDS: [&str; 2] = ["load", "%E9%80%80%E6%AC%BE"];

/// A kind of read.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    /// An agent's own conversations.
    Mine,
    /// The queue.
    Waiting,
    /// Whatever an agent may see.
    Reachable,
    /// Whatever a supervisor may see.
    All,
    /// Resolved ones.
    Ended,
    /// The end of a conversation's log.
    NewestPage,
    /// What came before the page that was read last.
    OlderPage,
    /// What is known of a visitor.
    Visitor,
    /// Messages with a word in them.
    Search,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Waiting => "waiting",
            Self::Reachable => "reachable",
            Self::All => "all",
            Self::Ended => "ended",
            Self::NewestPage => "newest page",
            Self::OlderPage => "older page",
            Self::Visitor => "visitor",
            Self::Search => "search",
        }
    }

    fn is_of_agents(self) -> bool {
        matches!(self, Self::Mine | Self::Waiting | Self::Reachable)
    }
}

/// Who is going to read what, and how often.
#[derive(Debug)]
pub(super) struct Plan {
    target: Target,
    reads: Reads,
    agents: Vec<String>,
    supervisors: Vec<String>,
    /// Conversations and their visitors.
    places: Vec<(Uuid, Uuid)>,
}

/// Reading under way; it ends with this.
pub(super) struct Readers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    plan: Plan,
    begins: Instant,
    total: u64,
    next: AtomicU64,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    all: Latency,
    by_kind: BTreeMap<Kind, Latency>,
    failures: BTreeMap<String, u64>,
}

impl Plan {
    /// What the settings want to be read, if anything.
    pub(super) fn new(settings: &ChatSettings, accounts: &Accounts) -> Option<Self> {
        let places = accounts.visitors.iter().map(|visitor| (visitor.conversation_id, visitor.visitor_id));
        Some(Self {
            target: settings.target.clone(),
            reads: settings.reads?,
            agents: accounts.agents.clone(),
            supervisors: accounts.supervisors.clone(),
            places: places.collect(),
        })
    }

    /// Begins to read after `wait`, and goes on for `duration`.
    pub(super) fn start(self, wait: Duration, duration: Duration) -> Readers {
        let total = self.reads.schedule.due(duration.saturating_sub(Duration::from_nanos(1)));
        let (begins, next) = (Instant::now() + wait, AtomicU64::new(0));
        let shared = Arc::new(Shared { plan: self, begins, total, next, record: Mutex::default() });
        let mut tasks = JoinSet::new();
        for number in 0..READERS {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move { shared.work(number as usize).await });
        }
        Readers { shared, tasks }
    }
}

impl Readers {
    /// Waits for the last answers, within reason; what never came counts as a failure.
    pub(super) fn finish(mut self) -> report::Reads {
        let end = async {
            while let Some(joined) = self.tasks.join_next().await {
                if let Err(error) = joined {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
        };
        // What does not end in time ends with the tasks, and is missing below.
        drop(Handle::current().block_on(async { timeout(PATIENCE, end).await }));
        let record = self.shared.record();
        let mut failures = record.failures.clone();
        let answered = record.all.count() + failures.values().sum::<u64>();
        if let missing @ 1.. = self.shared.total - answered {
            failures.insert("unanswered".into(), missing);
        }
        report::Reads {
            scheduled_per_s: self.shared.plan.reads.rate,
            answered: record.all.count(),
            failed: failures.values().sum(),
            failures,
            latency_ms: record.all.summary(),
            by_kind_ms: record
                .by_kind
                .iter()
                .map(|(kind, latency)| (kind.name().to_owned(), latency.summary()))
                .collect(),
        }
    }
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        // Counters are whole whatever happened between two of them.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One reader: takes the next read of the schedule, waits until it is due, and reads.
    async fn work(&self, number: usize) {
        let mut reader = Reader { number, client: None, page: None };
        loop {
            let read = self.next.fetch_add(1, Ordering::Relaxed);
            if read >= self.total {
                return;
            }
            let due = self.begins + self.plan.reads.schedule.offset(read);
            sleep_until(due).await;
            let (kind, outcome) = reader.read(&self.plan, read).await;
            let took = due.elapsed();
            let mut record = self.record();
            match outcome {
                Ok(()) => {
                    record.all.record_duration(took);
                    record.by_kind.entry(kind).or_default().record_duration(took);
                }
                Err(error) => *record.failures.entry(error.name()).or_default() += 1,
            }
        }
    }
}

/// A connection, and what somebody who uses it looks at.
struct Reader {
    number: usize,
    /// Opened when it is needed: not before the first read, and anew after one that failed.
    client: Option<Client>,
    /// A conversation, and before which of its entries an older page ends.
    page: Option<(Uuid, u64)>,
}

#[derive(Deserialize)]
struct Items<T> {
    items: VecDeque<T>,
}

/// An object of any kind.
type Fields = BTreeMap<String, IgnoredAny>;

#[derive(Deserialize)]
struct Entry {
    seq: u64,
}

impl Reader {
    async fn read(&mut self, plan: &Plan, read: u64) -> (Kind, Result<(), HttpError>) {
        let chance = spread(read);
        let kind = match pick(&MIX, chance) {
            Some(Kind::OlderPage) if self.page.is_none() => Kind::NewestPage,
            kind => *kind.unwrap_or(&Kind::All),
        };
        let outcome = self.read_kind(plan, kind, chance / MIX.len() as u64).await;
        if outcome.is_err() {
            self.client = None;
        }
        (kind, outcome)
    }

    async fn read_kind(&mut self, plan: &Plan, kind: Kind, chance: u64) -> Result<(), HttpError> {
        let of_agents = if kind.is_of_agents() { pick(&plan.agents, chance) } else { None };
        let token = of_agents.or_else(|| pick(&plan.supervisors, chance)).map_or("", String::as_str);
        let (conversation, visitor) = pick(&plan.places, chance).copied().unwrap_or_default();
        match kind {
            Kind::Mine => self.list(plan, "mine", token).await,
            Kind::Waiting => self.list(plan, "waiting", token).await,
            Kind::Reachable | Kind::All => self.list(plan, "all", token).await,
            Kind::Ended => self.list(plan, "ended", token).await,
            Kind::NewestPage => self.page(plan, conversation, None, token).await,
            Kind::OlderPage => {
                let (conversation, before) = self.page.take().unzip();
                self.page(plan, conversation.unwrap_or_default(), before, token).await
            }
            Kind::Visitor => {
                let path = format!("/api/v1/visitors/{visitor}");
                drop(self.get::<Fields>(plan, &path, token).await?);
                Ok(())
            }
            Kind::Search => {
                let path = format!("/api/v1/search?q={}", pick(&WORDS, chance).unwrap_or(&""));
                let Items::<IgnoredAny> { .. } = self.get(plan, &path, token).await?;
                Ok(())
            }
        }
    }

    async fn list(&mut self, plan: &Plan, view: &str, token: &str) -> Result<(), HttpError> {
        let path = format!("/api/v1/conversations?view={view}");
        let Items::<IgnoredAny> { .. } = self.get(plan, &path, token).await?;
        Ok(())
    }

    async fn page(
        &mut self,
        plan: &Plan,
        conversation: Uuid,
        before: Option<u64>,
        token: &str,
    ) -> Result<(), HttpError> {
        let bound = before.map(|seq| format!("?before_seq={seq}")).unwrap_or_default();
        let path = format!("/api/v1/conversations/{conversation}/messages{bound}");
        let Items::<Entry> { items } = self.get(plan, &path, token).await?;
        let ends = items.front().zip(items.back());
        let next = ends.and_then(|(oldest, newest)| further_back(oldest.seq, newest.seq, before.is_some()));
        self.page = next.map(|seq| (conversation, seq));
        Ok(())
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &mut self,
        plan: &Plan,
        path: &str,
        token: &str,
    ) -> Result<T, HttpError> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(Client::connect(&plan.target, self.number).await?),
        };
        client.read(path, token).await
    }
}

/// Mixes the bits of a number, so that what is read has no rhythm: the end of splitmix64, by Vigna.
fn spread(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// Before which entry the page before this one ends, if somebody goes on there.
fn further_back(oldest: u64, newest: u64, is_older: bool) -> Option<u64> {
    match oldest {
        // A log that fits one page is gone back over from its middle, once.
        1 => (!is_older).then_some(newest / 2 + 1),
        oldest => Some(oldest),
    }
}

fn pick<T>(from: &[T], chance: u64) -> Option<&T> {
    from.get((chance % from.len().max(1) as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_share() {
        let mut counts: BTreeMap<Kind, u32> = BTreeMap::new();
        for read in 0..9000 {
            *counts.entry(*pick(&MIX, spread(read)).unwrap()).or_default() += 1;
        }
        assert_eq!(counts.len(), MIX.len());
        assert!(counts.values().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert_eq!(pick::<u8>(&[], 5), None);
    }

    #[test]
    fn pages_are_followed_back_to_the_beginning() {
        assert_eq!(further_back(651, 700, false), Some(651));
        assert_eq!(further_back(601, 650, true), Some(601));
        assert_eq!(further_back(1, 50, true), None);
        assert_eq!(further_back(1, 30, false), Some(16));
        assert_eq!(further_back(1, 1, false), Some(1));
    }
}
