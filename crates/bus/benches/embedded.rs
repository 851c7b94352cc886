//! What the embedded bus costs: `cargo bench -p kefu-bus --features embedded --bench embedded`.
//!
//! First a log is written and then told to a group from its beginning, durably: events per second. Then the same number
//! of entries is written in small commits, in turn with and without a group that hears of each: what that adds to the
//! send path. The directory is the system's for temporary files; `TMPDIR` names another disk.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use kefu_bus::embedded::{
    Embedded, EmbeddedLimits, Keeper, Listener, NotKept, Order, Runner, Subscriber, Telling, Told,
};
use kefu_bus::{Outcome, happened::Reader};
use kefu_core::{
    Conversation, Entry, InboxKey, MessageKind, Micros, Principal, Revision, Visitor, VisitorKey,
};
use kefu_store::{Batch, Change, EventChange, EventPosition, OpenOptions, RecordSet, Store, Writer};
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

const CONVERSATIONS: i64 = 200;
/// Entries of a commit while the log is filled, and while the send path is measured.
const BULK: usize = 256;
const SMALL: usize = 8;
const ENTRIES: usize = 100_000;
const SENT: usize = 16_000;
const ROUNDS: usize = 3;

fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Micros(i64::try_from(since.as_micros()).unwrap())
}

struct ByWriter(Arc<Mutex<Writer>>);

impl Keeper for ByWriter {
    fn keep(&self, changes: Vec<EventChange>) -> BoxFuture<'_, Result<(), NotKept>> {
        Box::pin(async move {
            let changes = changes.into_iter().map(Change::Event).collect();
            let records = vec![RecordSet { changes, audit: Vec::new() }];
            let committed = self.0.lock().await.commit(&Batch { records, ..Batch::default() }).await;
            committed.map(drop).map_err(|error| NotKept(error.to_string()))
        })
    }
}

#[derive(Default)]
struct Counts(AtomicU64);

impl Subscriber for Counts {
    fn tell<'a>(&'a self, _: Telling<'a>) -> BoxFuture<'a, Told> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Told { outcome: Outcome::Done, attempt: None }))
    }
}

struct Bench {
    writer: Arc<Mutex<Writer>>,
    bus: Arc<Embedded>,
    store: Store,
    heads: Vec<Conversation>,
    ids: u64,
}

impl Bench {
    async fn open(dir: &std::path::Path) -> Self {
        let options =
            OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::from_u128(1), now: now(), readers: 4 };
        let opened = kefu_store::open(options).await.unwrap();
        let mut writer = opened.writer;
        let mut heads = Vec::new();
        for number in 1..=CONVERSATIONS {
            let id = Uuid::from_u128(u128::try_from(number).unwrap());
            let key = writer.next_conversation_key();
            let head = Conversation::new(key, id, InboxKey(1), VisitorKey(number), now());
            let visitor = Visitor {
                key: VisitorKey(number),
                id,
                inbox: InboxKey(1),
                external_id: None,
                verified: false,
                name: "".into(),
                email: String::new(),
                attributes: "{}".to_owned(),
                created_at: now(),
                last_seen_at: now(),
                erased_at: None,
            };
            let changes = vec![Change::Visitor(visitor)];
            let batch = Batch { conversations: vec![head.clone()], changes, ..Batch::default() };
            writer.commit(&batch).await.unwrap();
            heads.push(head);
        }
        let writer = Arc::new(Mutex::new(writer));
        let keeper = Arc::new(ByWriter(Arc::clone(&writer)));
        let limits = EmbeddedLimits::default();
        let bus = Embedded::new(Reader::new(opened.store.clone()), keeper, now, limits);
        Self { writer, bus, store: opened.store, heads, ids: 0 }
    }

    /// Writes entries in commits of `size`; returns how long that took.
    async fn write(&mut self, count: usize, size: usize) -> Duration {
        let began = Instant::now();
        for _ in 0..count / size {
            let mut batch = Batch::default();
            let mut writer = self.writer.lock().await;
            for (pos, _) in (writer.next_pos()..).zip(0..size) {
                self.ids += 1;
                let index = usize::try_from(self.ids).unwrap() % self.heads.len();
                let head = &mut self.heads[index];
                let id = Uuid::from_u64_pair(1, self.ids);
                let mut entry = Entry {
                    pos: 0,
                    conversation: head.key,
                    seq: 0,
                    prev_pos: 0,
                    prev_public_seq: 0,
                    id,
                    client_id: Some(id),
                    sender: Principal::Visitor(head.visitor),
                    kind: MessageKind::Text,
                    text: "Where is my parcel? It was due on Tuesday.".to_owned(),
                    event: None,
                    data: None,
                    quote_seq: None,
                    revision: Revision::Intact,
                    created_at: now(),
                };
                head.append(&mut entry, pos);
                batch.entries.push(entry);
            }
            let mut grown: Vec<_> = batch.entries.iter().map(|entry| entry.conversation).collect();
            grown.sort_unstable();
            grown.dedup();
            let heads = self.heads.iter().filter(|head| grown.binary_search(&head.key).is_ok());
            batch.grown = heads.cloned().map(Arc::new).collect();
            writer.commit(&batch).await.unwrap();
            drop(writer);
            self.bus.look();
        }
        began.elapsed()
    }

    /// Has a new group hear from `from` on.
    async fn listen(&self, name: &str, from: Option<EventPosition>) -> (mpsc::Sender<Order>, Arc<Counts>) {
        let counts = Arc::new(Counts::default());
        self.bus.begin(name, from).await.unwrap();
        let listener = Listener {
            name: name.to_owned(),
            topics: vec!["message.created".parse().unwrap()],
            inboxes: Vec::new(),
            side_by_side: 64,
            waits: Vec::new(),
            keeps_done: false,
            subscriber: counts.clone(),
        };
        let runner = Runner::new(Arc::clone(&self.bus), listener).await.unwrap();
        let (orders, receiver) = mpsc::channel(1);
        drop(tokio::spawn(runner.run(receiver)));
        (orders, counts)
    }

    /// Waits until a group has written down that it heard all.
    async fn caught_up(&self, name: &str) {
        let end = self.store.event_end().await.unwrap();
        while self.store.event_group(name).await.unwrap().unwrap().at.pos < end.pos {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(dir.path()).await;
    let took = bench.write(ENTRIES, BULK).await;
    println!("written    {:>9.0} entries/s in commits of {BULK}", ENTRIES as f64 / took.as_secs_f64());
    let began = Instant::now();
    let (orders, counts) = bench.listen("reads", Some(EventPosition::default())).await;
    bench.caught_up("reads").await;
    let told = counts.0.load(Ordering::Relaxed);
    println!(
        "told       {:>9.0} events/s, durably ({told} events)",
        told as f64 / began.elapsed().as_secs_f64()
    );
    orders.send(Order::Stop).await.unwrap();
    let (mut without, mut with) = (f64::MAX, f64::MAX);
    for round in 0..ROUNDS {
        without = without.min(bench.write(SENT, SMALL).await.as_secs_f64());
        let name = format!("live{round}");
        let (orders, _) = bench.listen(&name, None).await;
        with = with.min(bench.write(SENT, SMALL).await.as_secs_f64());
        bench.caught_up(&name).await;
        orders.send(Order::Stop).await.unwrap();
    }
    println!("send path  {:>9.0} entries/s without a group, commits of {SMALL}", SENT as f64 / without);
    println!(
        "           {:>9.0} entries/s with one: {:+.1} %",
        SENT as f64 / with,
        (with / without - 1.0) * 100.0
    );
}
