//! The shadow's queue, and those who ask it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kefu_traffic::{
    gor::{Kind, Record},
    http::Limits,
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::statistics::{Fate, Reason, Statistics};
use crate::{
    args::Share,
    client::Client,
    diff::{Answers, Found, Rules, Said, Sockets, Tally, asked_translated, given, locked},
    message::Parts,
    run::{Lost, MARK, Prepared, Rewrites, Skipped},
    socket::{Held, Means},
    target::Target,
    translate::Translator,
};

/// Requests in the queue have at most so many bytes, and so have WebSocket messages.
const QUEUE_BYTES: usize = 64 << 20;
/// So many messages of a WebSocket session wait for the shadow.
const MESSAGES_MAX: usize = 1000;
/// So many sessions are open at once.
const SESSIONS_MAX: usize = 10_000;
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

/// Takes copies of requests and of WebSocket sessions.
pub(super) struct Shadow {
    sample: Share,
    rewrites: Rewrites,
    means: Means,
    comparing: Option<Comparing>,
    room: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    message_bytes: Arc<Semaphore>,
    workers: Vec<mpsc::UnboundedSender<Job>>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    pub(super) statistics: Arc<Statistics>,
}

/// Something for the shadow.
enum Job {
    /// A request, and what the old system answers if somebody wants to know.
    Request { copy: Copy, primary: Option<oneshot::Receiver<Vec<u8>>>, held: Held },
    /// A handshake, or a message of its session.
    Socket { record: Record, held: Held },
    /// A session is over; of one that was not seen whole nothing more is compared.
    Ended { id: String, is_lost: bool },
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

/// The way of a session's messages to the shadow.
pub(super) struct Line {
    id: String,
    room: Arc<Semaphore>,
    worker: mpsc::UnboundedSender<Job>,
}

/// Those who ask.
pub(super) struct Workers(Arc<Mutex<JoinSet<()>>>);

impl Shadow {
    /// Begins to take requests.
    pub(super) fn start(
        plan: Plan,
        comparing: Option<&Comparing>,
        statistics: &Arc<Statistics>,
    ) -> (Self, Workers) {
        let tasks = Arc::<Mutex<JoinSet<()>>>::default();
        // A translation sets headers by itself.
        let headers = if plan.translator.is_some() { Vec::new() } else { plan.rewrites.headers.clone() };
        let mut shadow = Self {
            sample: plan.sample,
            rewrites: plan.rewrites,
            means: Means {
                target: plan.target,
                headers,
                translator: plan.translator,
                timeout: plan.timeout,
                limits: plan.limits,
                figures: Arc::clone(&statistics.sockets),
            },
            comparing: comparing.cloned(),
            room: Arc::new(Semaphore::new(plan.queue)),
            bytes: Arc::new(Semaphore::new(QUEUE_BYTES)),
            message_bytes: Arc::new(Semaphore::new(QUEUE_BYTES)),
            workers: Vec::new(),
            tasks: Arc::clone(&tasks),
            statistics: Arc::clone(statistics),
        };
        shadow.workers = (0..plan.connections).filter_map(|_| shadow.worker(usize::MAX)).collect();
        (shadow, Workers(tasks))
    }

    /// Sets another one to work, unless there are more than so many.
    fn worker(&self, max: usize) -> Option<mpsc::UnboundedSender<Job>> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        if tasks.len() >= max {
            return None;
        }
        let (sender, queue) = mpsc::unbounded_channel();
        tasks.spawn(Worker::new(self).all(queue));
        Some(sender)
    }

    /// Puts a request into the queue, or says why not; gives where its answer is wanted.
    ///
    /// It never waits. Requests of one connection reach the shadow in their order, over one connection.
    pub(super) fn take(
        &self,
        record: Record,
        connection: u64,
        number: u64,
    ) -> Option<oneshot::Sender<Vec<u8>>> {
        match self.queued(record, connection, number) {
            Ok(primary) => primary,
            Err(reason) => {
                self.statistics.dropped(reason);
                None
            }
        }
    }

    /// Whether the shadow is to have a request.
    pub(super) fn admits(&self, record: &Record, connection: u64, number: u64) -> Result<(), Reason> {
        if Parts::of(record).is_some_and(|parts| parts.header(MARK).is_some()) {
            return Err(Reason::Replay);
        }
        let is_in_sample = self.sample.has(connection.rotate_left(32) ^ number);
        is_in_sample.then_some(()).ok_or(Reason::Sample)
    }

    fn queued(
        &self,
        record: Record,
        connection: u64,
        number: u64,
    ) -> Result<Option<oneshot::Sender<Vec<u8>>>, Reason> {
        self.admits(&record, connection, number)?;
        let (copy, lane) = match &self.means.translator {
            Some(translator) => {
                let lane = translator.lane(&record);
                (Copy::Translated(Arc::clone(translator), record), lane)
            }
            None => (Copy::Same(self.rewrites.prepare(record).map_err(reason)?), connection),
        };
        let held = held(&self.room, &self.bytes, copy.bytes().len())?;
        let wants_answer = self.comparing.is_some() || self.means.translator.is_some();
        let (sender, primary) = wants_answer.then(oneshot::channel).unzip();
        self.statistics.queued();
        // A worker ends only after everybody who could send to it.
        drop(self.of_lane(lane).send(Job::Request { copy, primary, held }));
        Ok(sender)
    }

    /// The worker of what has to follow each other.
    fn of_lane(&self, lane: u64) -> &mpsc::UnboundedSender<Job> {
        &self.workers[usize::try_from(lane % self.workers.len() as u64).unwrap_or_default()]
    }

    /// Whether a request for a WebSocket begins a session that the shadow may have.
    pub(super) fn plays(&self, record: &Record) -> bool {
        let is_get = Parts::of(record).is_some_and(|parts| matches!(parts.request(), Some(("GET", _))));
        is_get && self.means.translator.as_ref().is_none_or(|translator| translator.seat(record).is_some())
    }

    /// Begins a session that the old system has agreed to.
    ///
    /// One that is translated waits for what is to be learned before it; others need nobody, and nobody needs to wait for them.
    pub(super) fn open(&self, handshake: Record, connection: u64) -> Option<Line> {
        let worker = match &self.means.translator {
            Some(translator) => {
                let lane = translator.seat(&handshake).map_or(connection, |seat| seat.lane);
                Some(self.of_lane(lane).clone())
            }
            None => self.worker(SESSIONS_MAX + self.workers.len()),
        };
        let room = Arc::new(Semaphore::new(MESSAGES_MAX));
        let held = held(&room, &self.message_bytes, handshake.payload.len());
        let (Some(worker), Ok(held)) = (worker, held) else {
            self.statistics.ended(Fate::Dropped(Reason::QueueFull));
            return None;
        };
        let line = Line { id: handshake.id.clone(), room, worker };
        self.statistics.ended(Fate::Session);
        drop(line.worker.send(Job::Socket { record: handshake, held }));
        Some(line)
    }
}

/// A place in a queue, and room for so many bytes.
fn held(room: &Arc<Semaphore>, bytes: &Arc<Semaphore>, len: usize) -> Result<Held, Reason> {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let place = Arc::clone(room).try_acquire_owned();
    let bytes = Arc::clone(bytes).try_acquire_many_owned(len);
    match (place, bytes) {
        (Ok(place), Ok(bytes)) => Ok(vec![place, bytes]),
        _ => Err(Reason::QueueFull),
    }
}

fn reason(why: Skipped) -> Reason {
    match why {
        Skipped::UnsafeMethod => Reason::UnsafeMethod,
        Skipped::Upgrade => Reason::Upgrade,
        Skipped::Malformed | Skipped::NoRequest => Reason::Malformed,
    }
}

impl Line {
    /// Takes a message of either side, or says why not.
    pub(super) fn take(&self, shadow: &Shadow, mut record: Record) -> Result<(), Reason> {
        if record.kind == Kind::ToClient && shadow.means.translator.is_none() {
            // That there was one is all that is compared.
            record.payload = Vec::new();
        }
        let held = held(&self.room, &shadow.message_bytes, record.payload.len())?;
        drop(self.worker.send(Job::Socket { record, held }));
        Ok(())
    }

    /// Ends the session at the shadow, after what was taken.
    pub(super) fn end(self, is_lost: bool) {
        drop(self.worker.send(Job::Ended { id: self.id, is_lost }));
    }
}

impl Workers {
    /// Waits until everything in the queue is answered; nobody may be left who puts something into it.
    pub(super) async fn finish(self) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }
}

/// Asks over one connection, and has WebSocket sessions with a connection each.
struct Worker {
    client: Client,
    sockets: Sockets,
    statistics: Arc<Statistics>,
    comparing: Option<Comparing>,
    compared: JoinSet<()>,
}

impl Worker {
    fn new(shadow: &Shadow) -> Self {
        let Shadow { means, comparing, statistics, .. } = shadow;
        let compared =
            comparing.as_ref().map(|Comparing { rules, tally }| (Arc::clone(rules), Arc::clone(tally)));
        Self {
            client: Client::new(means.target, means.timeout, means.limits),
            sockets: Sockets::new(means.clone(), compared),
            statistics: Arc::clone(statistics),
            comparing: comparing.clone(),
            compared: JoinSet::new(),
        }
    }

    async fn all(mut self, mut queue: mpsc::UnboundedReceiver<Job>) {
        while let Some(job) = queue.recv().await {
            match job {
                Job::Request { copy: Copy::Same(prepared), primary, held } => {
                    self.same(prepared, primary, held).await;
                }
                Job::Request { copy: Copy::Translated(translator, record), primary, held: _held } => {
                    self.translated(&translator, record, primary).await;
                }
                Job::Socket { record, held } => self.sockets.take(record, held).await,
                Job::Ended { id, is_lost } => self.sockets.close(&id, is_lost),
            }
            while self.compared.try_join_next().is_some() {}
        }
        self.sockets.end().await;
        while self.compared.join_next().await.is_some() {}
    }

    /// Asks what was asked.
    async fn same(&mut self, prepared: Prepared, primary: Option<oneshot::Receiver<Vec<u8>>>, held: Held) {
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

    /// Asks in the shadow's words. What comes after it may need to know the answer, so both are waited for.
    async fn translated(
        &mut self,
        translator: &Translator,
        record: Record,
        primary: Option<oneshot::Receiver<Vec<u8>>>,
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
async fn said(primary: oneshot::Receiver<Vec<u8>>) -> Said {
    match timeout(PRIMARY_WAIT, primary).await {
        Ok(Ok(answer)) => Ok(answer),
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
