//! The shadow's queue, and those who ask it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use kefu_traffic::{
    gor::Record,
    http::{Limits, Message},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::statistics::{Fate, Reason, Statistics};
use crate::{
    args::Share,
    client::Client,
    diff::{Answers, Found, Rules, Said, Tally, asked_translated, given, locked},
    message::Parts,
    run::{Lost, MARK, Prepared, Rewrites, Skipped},
    target::Target,
    translate::Translator,
};

/// Requests in the queue have at most so many bytes.
const QUEUE_BYTES: usize = 64 << 20;
/// The old system's answer is waited for no longer than this once the shadow's is there.
const PRIMARY_WAIT: Duration = Duration::from_secs(60);

/// How the shadow is asked.
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) connections: usize,
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
    pub(super) sample: Share,
    pub(super) queue: usize,
    pub(super) rewrites: Rewrites,
    pub(super) translator: Option<Arc<Translator>>,
}

/// What answers are compared by, and where that is counted.
#[derive(Clone)]
pub(super) struct Comparing {
    pub(super) rules: Arc<Rules>,
    pub(super) tally: Arc<Mutex<Tally>>,
}

/// Takes copies of requests.
pub(super) struct Shadow {
    sample: Share,
    rewrites: Rewrites,
    translator: Option<Arc<Translator>>,
    room: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    workers: Vec<mpsc::UnboundedSender<Job>>,
    is_compared: bool,
    statistics: Arc<Statistics>,
}

/// A request for the shadow.
struct Job {
    copy: Copy,
    /// What the old system answers, if somebody wants to know.
    primary: Option<oneshot::Receiver<Message>>,
    held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

/// What is sent.
enum Copy {
    /// The request.
    Same(Prepared),
    /// What it is in the shadow's words, which may depend on answers before.
    Translated(Arc<Translator>, Record),
}

impl Copy {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Same(prepared) => &prepared.bytes,
            Self::Translated(_, record) => &record.payload,
        }
    }
}

/// Those who ask.
pub(super) struct Workers(JoinSet<()>);

impl Shadow {
    /// Begins to take requests.
    pub(super) fn start(
        plan: Plan,
        comparing: Option<&Comparing>,
        statistics: &Arc<Statistics>,
    ) -> (Self, Workers) {
        let mut tasks = JoinSet::new();
        let workers = (0..plan.connections).map(|_| {
            let (sender, queue) = mpsc::unbounded_channel();
            let worker = Worker {
                client: Client::new(plan.target, plan.timeout, plan.limits),
                statistics: Arc::clone(statistics),
                comparing: comparing.cloned(),
                compared: JoinSet::new(),
            };
            tasks.spawn(worker.all(queue));
            sender
        });
        let shadow = Self {
            workers: workers.collect(),
            sample: plan.sample,
            rewrites: plan.rewrites,
            translator: plan.translator,
            room: Arc::new(Semaphore::new(plan.queue)),
            bytes: Arc::new(Semaphore::new(QUEUE_BYTES)),
            is_compared: comparing.is_some(),
            statistics: Arc::clone(statistics),
        };
        (shadow, Workers(tasks))
    }

    /// Puts a request into the queue, or says why not; gives where its answer is wanted.
    ///
    /// It never waits. Requests of one connection reach the shadow in their order, over one connection.
    pub(super) fn take(
        &self,
        record: Record,
        connection: u64,
        number: u64,
    ) -> Option<oneshot::Sender<Message>> {
        match self.queued(record, connection, number) {
            Ok(primary) => primary,
            Err(reason) => {
                self.statistics.dropped(reason);
                None
            }
        }
    }

    fn queued(
        &self,
        record: Record,
        connection: u64,
        number: u64,
    ) -> Result<Option<oneshot::Sender<Message>>, Reason> {
        if Parts::of(&record).is_some_and(|parts| parts.header(MARK).is_some()) {
            return Err(Reason::Replay);
        }
        if !self.sample.has(connection.rotate_left(32) ^ number) {
            return Err(Reason::Sample);
        }
        let (copy, lane) = match &self.translator {
            Some(translator) => {
                let lane = translator.lane(&record);
                (Copy::Translated(Arc::clone(translator), record), lane)
            }
            None => (Copy::Same(self.rewrites.prepare(record).map_err(reason)?), connection),
        };
        let bytes = u32::try_from(copy.bytes().len()).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_owned();
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes);
        let (Ok(room), Ok(bytes)) = (room, bytes) else { return Err(Reason::QueueFull) };
        let wants_answer = self.is_compared || self.translator.is_some();
        let (sender, primary) = wants_answer.then(oneshot::channel).unzip();
        let worker = usize::try_from(lane % self.workers.len() as u64).unwrap_or_default();
        self.statistics.queued();
        // A worker ends only after everybody who could send to it.
        drop(self.workers[worker].send(Job { copy, primary, held: (room, bytes) }));
        Ok(sender)
    }
}

fn reason(why: Skipped) -> Reason {
    match why {
        Skipped::UnsafeMethod => Reason::UnsafeMethod,
        Skipped::Upgrade => Reason::Upgrade,
        Skipped::Malformed | Skipped::NoRequest => Reason::Malformed,
    }
}

impl Workers {
    /// Waits until everything in the queue is answered; nobody may be left who puts something into it.
    pub(super) async fn finish(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// Asks over one connection.
struct Worker {
    client: Client,
    statistics: Arc<Statistics>,
    comparing: Option<Comparing>,
    compared: JoinSet<()>,
}

impl Worker {
    async fn all(mut self, mut queue: mpsc::UnboundedReceiver<Job>) {
        while let Some(Job { copy, primary, held }) = queue.recv().await {
            match copy {
                Copy::Same(prepared) => {
                    let answer = self.client.ask(&prepared.bytes, prepared.is_safe).await;
                    self.statistics.ended(fate(&answer));
                    let candidate = answer.map(|message| message.bytes).map_err(Lost::name);
                    if let (Some(primary), Some(comparing)) = (primary, self.comparing.clone()) {
                        self.compared.spawn(async move {
                            let primary = said(primary).await;
                            comparing.compare(&prepared.id, &prepared.bytes, primary, candidate);
                            // What waits to be compared takes room as well.
                            drop(held);
                        });
                    }
                }
                Copy::Translated(translator, record) => self.translated(&translator, record, primary).await,
            }
            while self.compared.try_join_next().is_some() {}
        }
        while self.compared.join_next().await.is_some() {}
    }

    /// Asks in the shadow's words. What comes after it may need to know the answer, so both are waited for.
    async fn translated(
        &mut self,
        translator: &Translator,
        record: Record,
        primary: Option<oneshot::Receiver<Message>>,
    ) {
        let (id, request) = (record.id.clone(), record.payload.clone());
        let Ok(translated) = translator.request(record) else {
            return self.statistics.ended(Fate::Dropped(Reason::Untranslated));
        };
        let answer = asked_translated(&translated, &mut self.client).await;
        let primary = match primary {
            Some(primary) => said(primary).await,
            None => Err("not recorded"),
        };
        self.statistics.ended(fate(&answer));
        let recorded = primary.as_ref().ok().map(Vec::as_slice);
        let candidate =
            answer.map(|payload| translator.answer(translated, payload, recorded)).map_err(Lost::name);
        if let Some(comparing) = &self.comparing {
            comparing.compare(&id, &request, primary, candidate);
        }
    }
}

fn fate<T>(answer: &Result<T, Lost>) -> Fate {
    match answer {
        Ok(_) => Fate::Answered,
        Err(why) => Fate::Failed(*why),
    }
}

/// What the old system says; an answer that is not given was cut off, too large, or too late.
async fn said(primary: oneshot::Receiver<Message>) -> Said {
    match timeout(PRIMARY_WAIT, primary).await {
        Ok(Ok(message)) => Ok(message.bytes),
        Ok(Err(_)) => Err(Lost::Closed.name()),
        Err(_) => Err(Lost::Timeout.name()),
    }
}

impl Comparing {
    fn compare(&self, id: &str, request: &[u8], primary: Said, candidate: Said) {
        let Some((method, target)) = request_line(request) else { return };
        let asked = self.rules.asked(method, target);
        let answers = Answers { primary: given(primary), secondary: None, candidate: given(candidate) };
        let found = Found::of(&answers, &asked, &self.rules);
        locked(&self.tally).add(id, &format!("{method} {target}"), &asked, found);
    }
}

/// The method and the target of a request.
fn request_line(bytes: &[u8]) -> Option<(&str, &str)> {
    let end = memchr::memchr(b'\n', bytes)?;
    let mut words = str::from_utf8(&bytes[..end]).ok()?.split_ascii_whitespace();
    words.next().zip(words.next())
}
