//! A store with its bus, in which events happen by what is committed.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use kefu_bus::{
    Event, Handler, Limits,
    embedded::{
        Embedded, EmbeddedLimits, Ended, Keeper, Listener, NotKept, Order, Plain, Runner, Subscriber,
    },
    happened::Reader,
};
use kefu_core::{
    Conversation, Entry, FieldVersions, Inbox, InboxKey, InboxSettings, MessageKind, Micros, Principal,
    Revision, Visitor, VisitorKey,
};
use kefu_store::{
    Batch, Change, DeliveryState, EventChange, EventGroup, EventPosition, OpenOptions, RecordSet, Store,
    Writer,
};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use uuid::Uuid;

use crate::{
    servers::{Client, Server, Subscribed},
    support::{PATIENCE, eventually, number},
};

/// Times that an event is told before it becomes a dead letter.
const TRIES: u32 = 1000;

pub(crate) fn now() -> Micros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Micros(i64::try_from(since.as_micros()).unwrap())
}

/// A store that is open.
pub(crate) struct Open {
    pub(crate) bus: Arc<Embedded>,
    pub(crate) store: Store,
    writer: Arc<Mutex<Writer>>,
    heads: HashMap<String, Conversation>,
    groups: Vec<tokio::task::AbortHandle>,
}

/// Writes as the daemon does: whoever stops waiting does not stop the writer.
struct ByWriter(Arc<Mutex<Writer>>);

impl Keeper for ByWriter {
    fn keep(&self, changes: Vec<EventChange>) -> BoxFuture<'_, Result<(), NotKept>> {
        let writer = Arc::clone(&self.0);
        Box::pin(async move {
            let changes = changes.into_iter().map(Change::Event).collect();
            let batch = Batch { records: vec![RecordSet { changes, audit: Vec::new() }], ..Batch::default() };
            let committed = tokio::spawn(async move { writer.lock().await.commit(&batch).await }).await;
            let records = committed.unwrap().map_err(|error| NotKept(error.to_string()))?.records;
            records.into_iter().collect::<Result<(), _>>().map_err(|error| NotKept(error.to_string()))
        })
    }
}

impl Open {
    pub(crate) async fn new(dir: &Path) -> Self {
        let options =
            OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::from_u128(1), now: now(), readers: 4 };
        let opened = kefu_store::open(options).await.unwrap();
        let (store, mut writer) = (opened.store, opened.writer);
        if store.inboxes().await.unwrap().is_empty() {
            let changes = vec![Change::Inbox(Box::new(inbox()))];
            writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
        }
        let writer = Arc::new(Mutex::new(writer));
        let keeper = Arc::new(ByWriter(Arc::clone(&writer)));
        let bus = Embedded::new(Reader::new(store.clone()), keeper, now, EmbeddedLimits::default());
        Self { bus, store, writer, heads: HashMap::new(), groups: Vec::new() }
    }

    /// Has a visitor write a message for each event, in the conversation of its key: all of them or none.
    pub(crate) async fn write(&mut self, events: &[Event]) {
        let mut writer = self.writer.lock().await;
        for key in events.iter().map(|event| &event.key) {
            if !self.heads.contains_key(key) {
                let head = conversation(&mut writer, key).await;
                self.heads.insert(key.clone(), head);
            }
        }
        let (mut batch, mut grown) = (Batch::default(), BTreeMap::new());
        for (pos, event) in (writer.next_pos()..).zip(events) {
            assert_eq!(event.topic.as_str(), "message.created", "nothing else happens here");
            let head = self.heads.get_mut(&event.key).unwrap();
            let mut entry = entry(head, event);
            head.append(&mut entry, pos);
            batch.entries.push(entry);
            grown.insert(head.key, head.clone());
        }
        batch.grown = grown.into_values().map(Arc::new).collect();
        writer.commit(&batch).await.unwrap();
        drop(writer);
        self.bus.look();
    }

    /// A group as it is now.
    pub(crate) async fn group(&self, name: &str) -> EventGroup {
        self.store.event_group(name).await.unwrap().unwrap()
    }

    /// Waits until a group has heard everything, for longer than anything else: each attempt that failed is on the disk
    /// before the next one.
    pub(crate) async fn caught_up(&self, name: &str) {
        let all = async {
            loop {
                let (group, end) = (self.group(name).await, self.store.event_end().await.unwrap());
                let waiting = self.store.event_keys_waiting(group.key).await.unwrap();
                if group.at.pos == end.pos && waiting.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(6 * PATIENCE, all).await.expect("the group has not heard everything");
    }

    /// Ends without a word to anybody.
    async fn drop(self) {
        self.groups.iter().for_each(tokio::task::AbortHandle::abort);
        drop(self.bus);
        // A commit that was begun is ended, as the system does it for a process that is killed in a call.
        eventually("nothing is written any more", || async { Arc::strong_count(&self.writer) == 1 }).await;
        drop(self.writer);
        self.store.close().await;
    }
}

/// The conversation with this key, which is made if there is none.
async fn conversation(writer: &mut Writer, key: &str) -> Conversation {
    let number: u32 = key.strip_prefix("conversation-").unwrap().parse().unwrap();
    let id = Uuid::from_u128(0xc0_0000 + u128::from(number));
    if let Some(head) = writer.conversations(&[id]).await.unwrap().pop() {
        return head;
    }
    let visitor = visitor(number);
    let head = Conversation::new(writer.next_conversation_key(), id, InboxKey(1), visitor.key, now());
    let changes = vec![Change::Visitor(visitor)];
    let batch = Batch { changes, conversations: vec![head.clone()], ..Batch::default() };
    writer.commit(&batch).await.unwrap();
    head
}

/// A store as one of the back-ends.
pub(crate) struct House {
    folder: TempDir,
    open: Shared,
}

type Shared = Arc<Mutex<Option<Open>>>;

impl Server for House {
    type Client = Resident;

    async fn start() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let open = Open::new(folder.path()).await;
        Some(Self { folder, open: Arc::new(Mutex::new(Some(open))) })
    }

    async fn bus(&self, limits: Limits) -> Resident {
        Resident { open: Arc::clone(&self.open), limits }
    }

    async fn kill(&mut self) {
        self.open.lock().await.take().unwrap().drop().await;
    }

    async fn restart(&mut self) {
        *self.open.lock().await = Some(Open::new(self.folder.path()).await);
    }

    async fn has_sorted(&self, _: &str, _: &str, _: usize) {
        // The log is one for all groups.
    }

    async fn laid_aside(&self, topic: &str, group: &str, count: usize) -> Vec<(u32, String)> {
        let open = self.open.lock().await;
        let open = open.as_ref().unwrap();
        let key = open.group(group).await.key;
        let dead = || open.store.event_deliveries(key, Some(DeliveryState::Dead), None, 100);
        eventually("dead letters are in the store", || async { dead().await.unwrap().len() >= count }).await;
        let mut letters = Vec::new();
        for row in dead().await.unwrap().iter().rev() {
            assert_eq!(row.topic, topic);
            let place = kefu_bus::happened::Place { source: row.source, pos: row.pos };
            let kind = kefu_bus::happened::Kind::from_topic(topic).unwrap();
            let heard = open.bus.reader().at(place, kind).await.unwrap().unwrap();
            let attempts: serde_json::Value = serde_json::from_str(&row.attempts).unwrap();
            let why = attempts.as_array().unwrap().last().unwrap()["error"].as_str().unwrap().to_owned();
            letters.push((number(&heard.event), why));
        }
        letters
    }
}

/// Whoever lives in a house.
pub(crate) struct Resident {
    open: Shared,
    limits: Limits,
}

impl Client for Resident {
    type Subscription = Ears;

    async fn publish(&self, events: &[Event]) -> Result<(), String> {
        match self.open.lock().await.as_mut() {
            Some(open) => {
                open.write(events).await;
                Ok(())
            }
            None => Err("a store that is closed cannot be told events".to_owned()),
        }
    }

    fn subscribe(&self, topic: &str, group: &str, handler: Arc<dyn Handler>) -> Ears {
        let listener = Listener {
            name: group.to_owned(),
            topics: vec![topic.parse().unwrap()],
            inboxes: Vec::new(),
            side_by_side: self.limits.concurrency_max,
            waits: (1..TRIES).map(|attempt| self.limits.retry.wait(attempt)).collect(),
            keeps_done: false,
            subscriber: Arc::new(Plain(handler)),
        };
        let (orders, received) = mpsc::channel(4);
        let (began, ready) = oneshot::channel();
        let open = Arc::clone(&self.open);
        let task = tokio::spawn(async move {
            let group = {
                let mut open = open.lock().await;
                let open = open.as_mut().unwrap();
                let runner = begin(open, listener, None).await;
                let task = tokio::spawn(runner.run(received));
                open.groups.push(task.abort_handle());
                AbortOnDrop(task)
            };
            // Whoever subscribed may not wait for it.
            began.send(()).ok();
            group.ended().await
        });
        Ears { orders, ready: Some(ready), task: AbortOnDrop(task) }
    }
}

/// Takes up a group, which begins behind `from` if there is none yet, or with what happens from now on.
pub(crate) async fn begin(open: &Open, listener: Listener, from: Option<EventPosition>) -> Runner {
    open.bus.begin(&listener.name, from).await.unwrap();
    Runner::new(Arc::clone(&open.bus), listener).await.unwrap()
}

/// A listener with a few short waits, that keeps nothing of what is done.
pub(crate) fn hearing(group: &str, subscriber: Arc<dyn Subscriber>) -> Listener {
    Listener {
        name: group.to_owned(),
        topics: vec!["message.created".parse().unwrap()],
        inboxes: Vec::new(),
        side_by_side: 8,
        waits: vec![Duration::from_millis(1); 4],
        keeps_done: false,
        subscriber,
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn ended(mut self) -> T {
        (&mut self.0).await.unwrap()
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A group that hears.
pub(crate) struct Ears {
    orders: mpsc::Sender<Order>,
    ready: Option<oneshot::Receiver<()>>,
    task: AbortOnDrop<Ended>,
}

impl Subscribed for Ears {
    async fn ready(&mut self) {
        if let Some(ready) = self.ready.take() {
            ready.await.unwrap();
        }
    }

    async fn stop(self, _: Duration) {
        self.orders.send(Order::Stop).await.unwrap();
        assert_eq!(timeout(PATIENCE, self.task.ended()).await.unwrap(), Ended::Stopped);
    }
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

fn visitor(number: u32) -> Visitor {
    Visitor {
        key: VisitorKey(i64::from(number) + 1),
        id: Uuid::from_u128(0xb0_0000 + u128::from(number)),
        inbox: InboxKey(1),
        external_id: None,
        verified: false,
        name: "".into(),
        email: String::new(),
        attributes: "{}".to_owned(),
        created_at: now(),
        last_seen_at: now(),
        erased_at: None,
    }
}

fn entry(head: &Conversation, event: &Event) -> Entry {
    Entry {
        pos: 0,
        conversation: head.key,
        seq: 0,
        prev_pos: 0,
        prev_public_seq: 0,
        id: event.id,
        client_id: Some(event.id),
        sender: Principal::Visitor(head.visitor),
        kind: MessageKind::Text,
        text: number(event).to_string(),
        event: None,
        data: None,
        quote_seq: None,
        revision: Revision::Intact,
        created_at: now(),
    }
}
