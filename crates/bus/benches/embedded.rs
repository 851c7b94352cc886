//! What the embedded bus costs: `cargo bench -p kefu-bus --features embedded --bench embedded [-- --rounds N]`.
//!
//! On a store as the daemon has it, durable and on a disk: in the folder of the build, or in `KEFU_BENCH_DIR`.
//!
//! - *told*: a log is written first, and then a group hears it from its beginning, until the store has that it did.
//! - *live*: a group hears what is written meanwhile, until the store has that it heard the last of it.
//! - *send path*: entries in small commits, one commit after the other, in turns without and with a group that hears each
//!   of them; what counts is the median of the turns and of the ratios of turns that followed each other.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on ends")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::future::BoxFuture;
use kefu_bus::{
    Outcome,
    embedded::{
        Embedded, EmbeddedLimits, Ended, Keeper, Listener, NotKept, Order, Runner, Subscriber, Telling, Told,
    },
    happened::Reader,
};
use kefu_core::{
    Conversation, Entry, FieldVersions, Inbox, InboxKey, InboxSettings, MessageKind, Micros, Principal,
    Revision, Visitor, VisitorKey,
};
use kefu_store::{Batch, Change, EventChange, EventPosition, OpenOptions, RecordSet, Store, Writer};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
};
use uuid::Uuid;

const CONVERSATIONS: i64 = 200;
/// Entries of a commit while the log is filled, and while the send path is measured.
const BULK: usize = 256;
const SMALL: usize = 8;
/// Entries that are told, and that are sent in one turn.
const ENTRIES: usize = 102_400;
const SENT: usize = 8_000;
const TEXT: &str = "Where is my parcel? It was due on Tuesday, and I am at home only until noon.";

fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Micros(i64::try_from(since.as_micros()).unwrap())
}

/// Writes as the daemon does: one commit at a time, between those of the send path.
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

/// Is done with everything at once, and counts.
#[derive(Default)]
struct Counts(AtomicU64);

impl Subscriber for Counts {
    fn tell<'a>(&'a self, _: Telling<'a>) -> BoxFuture<'a, Told> {
        self.0.fetch_add(1, Relaxed);
        Box::pin(std::future::ready(Told { outcome: Outcome::Done, attempt: None }))
    }
}

/// A group that hears.
struct Group {
    name: String,
    orders: mpsc::Sender<Order>,
    task: JoinHandle<Ended>,
    counts: Arc<Counts>,
}

impl Group {
    async fn stop(self) -> u64 {
        self.orders.send(Order::Stop).await.unwrap();
        self.task.await.unwrap();
        self.counts.0.load(Relaxed)
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
    async fn open(dir: &Path) -> Self {
        let options =
            OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::from_u128(1), now: now(), readers: 4 };
        let opened = kefu_store::open(options).await.unwrap();
        let mut writer = opened.writer;
        let changes = vec![Change::Inbox(Box::new(inbox()))];
        writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
        let mut heads = Vec::new();
        for number in 1..=CONVERSATIONS {
            let id = Uuid::from_u128(u128::try_from(number).unwrap());
            let key = writer.next_conversation_key();
            let head = Conversation::new(key, id, InboxKey(1), VisitorKey(number), now());
            let changes = vec![Change::Visitor(visitor(number, id))];
            let batch = Batch { conversations: vec![head.clone()], changes, ..Batch::default() };
            writer.commit(&batch).await.unwrap();
            heads.push(head);
        }
        let writer = Arc::new(Mutex::new(writer));
        let keeper = Arc::new(ByWriter(Arc::clone(&writer)));
        let bus = Embedded::new(Reader::new(opened.store.clone()), keeper, now, EmbeddedLimits::default());
        Self { writer, bus, store: opened.store, heads, ids: 0 }
    }

    /// Writes entries in commits of `size`; returns how long that took.
    async fn write(&mut self, count: usize, size: usize) -> Duration {
        let began = Instant::now();
        for _ in 0..count / size {
            let mut writer = self.writer.lock().await;
            let mut batch = Batch::default();
            for pos in (writer.next_pos()..).take(size) {
                self.ids += 1;
                let index = usize::try_from(self.ids).unwrap() % self.heads.len();
                let mut entry = entry(&self.heads[index], Uuid::from_u64_pair(1, self.ids));
                self.heads[index].append(&mut entry, pos);
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
    async fn listen(&self, name: String, from: Option<EventPosition>) -> Group {
        let counts = Arc::new(Counts::default());
        self.bus.begin(&name, from).await.unwrap();
        let listener = Listener {
            name: name.clone(),
            topics: vec!["message.created".parse().unwrap()],
            inboxes: Vec::new(),
            side_by_side: 16,
            waits: Vec::new(),
            keeps_done: false,
            subscriber: counts.clone(),
        };
        let runner = Runner::new(Arc::clone(&self.bus), listener).await.unwrap();
        let (orders, receiver) = mpsc::channel(1);
        Group { name, orders, task: tokio::spawn(runner.run(receiver)), counts }
    }

    /// Waits until the store has that a group heard everything.
    async fn caught_up(&self, group: &Group) {
        let end = self.store.event_end().await.unwrap();
        while self.store.event_group(&group.name).await.unwrap().unwrap().at.pos < end.pos {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn told(&mut self) {
        let took = self.write(ENTRIES, BULK).await;
        println!("written    {:>9.0} entries/s in commits of {BULK}", per_second(ENTRIES, took));
        let began = Instant::now();
        let group = self.listen("told".to_owned(), Some(EventPosition::default())).await;
        self.caught_up(&group).await;
        let took = began.elapsed();
        assert_eq!(group.stop().await, ENTRIES as u64, "each once");
        println!("told       {:>9.0} events/s, of a log that was there", per_second(ENTRIES, took));
    }

    async fn live(&mut self) {
        let group = self.listen("live".to_owned(), None).await;
        let began = Instant::now();
        self.write(ENTRIES, BULK).await;
        self.caught_up(&group).await;
        let took = began.elapsed();
        assert_eq!(group.stop().await, ENTRIES as u64, "each once");
        println!("live       {:>9.0} events/s, written and told", per_second(ENTRIES, took));
    }

    async fn send_path(&mut self, rounds: usize) {
        let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let mut turn = [0.0; 2];
            // Each is first as often as the other.
            for is_with in if round % 2 == 0 { [false, true] } else { [true, false] } {
                let group = match is_with {
                    true => Some(self.listen(format!("sent{round}"), None).await),
                    false => None,
                };
                turn[usize::from(is_with)] = self.write(SENT, SMALL).await.as_secs_f64();
                if let Some(group) = group {
                    self.caught_up(&group).await;
                    assert_eq!(group.stop().await, SENT as u64, "each once");
                }
            }
            without.push(turn[0]);
            with.push(turn[1]);
            ratios.push(turn[1] / turn[0]);
        }
        let rate = |turns: &mut Vec<f64>| SENT as f64 / median(turns);
        println!("send path  {:>9.0} entries/s without a group, commits of {SMALL}", rate(&mut without));
        println!("           {:>9.0} entries/s with one", rate(&mut with));
        let added = (median(&mut ratios) - 1.0) * 100.0;
        let percent: Vec<_> = ratios.iter().map(|ratio| format!("{:+.1}", (ratio - 1.0) * 100.0)).collect();
        println!("adds       {added:>+9.1} %, of {rounds} turns: {}", percent.join(" "));
    }
}

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

fn inbox() -> Inbox {
    Inbox {
        key: InboxKey(1),
        id: Uuid::from_u128(0xd0),
        slug: "web".to_owned(),
        name: "Web".to_owned(),
        greeting: String::new(),
        settings: InboxSettings::default(),
        origins: Vec::new(),
        identity_required: false,
        sealed_secret: Vec::new(),
        versions: FieldVersions::default(),
        created_at: now(),
    }
}

fn visitor(number: i64, id: Uuid) -> Visitor {
    Visitor {
        key: VisitorKey(number),
        id,
        inbox: InboxKey(1),
        external_id: None,
        verified: false,
        name: "Wang Fang".into(),
        email: "fang@example.com".to_owned(),
        attributes: "{}".to_owned(),
        created_at: now(),
        last_seen_at: now(),
        erased_at: None,
    }
}

fn entry(head: &Conversation, id: Uuid) -> Entry {
    Entry {
        pos: 0,
        conversation: head.key,
        seq: 0,
        prev_pos: 0,
        prev_public_seq: 0,
        id,
        client_id: Some(id),
        sender: Principal::Visitor(head.visitor),
        kind: MessageKind::Text,
        text: TEXT.to_owned(),
        event: None,
        data: None,
        quote_seq: None,
        revision: Revision::Intact,
        created_at: now(),
    }
}

fn rounds() -> usize {
    let words: Vec<_> = std::env::args().collect();
    let at = words.iter().position(|word| word == "--rounds");
    at.map_or(6, |at| words[at + 1].parse().unwrap())
}

#[tokio::main]
async fn main() {
    let parent = std::env::var_os("KEFU_BENCH_DIR").map_or(env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let dir = tempfile::tempdir_in(&parent).unwrap();
    println!("store      {}", dir.path().display());
    let mut bench = Bench::open(dir.path()).await;
    bench.told().await;
    bench.live().await;
    bench.send_path(rounds()).await;
}
