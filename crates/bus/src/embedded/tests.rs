mod schemas;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use kefu_core::{
    AgentKey, Conversation, Entry, Event as LogEvent, EventCode, FieldVersions, Inbox, InboxKey,
    InboxSettings, MessageKind, Principal, Revision, Visitor, VisitorKey,
};
use kefu_store::{Batch, Change, DeliveryState, OpenOptions, RecordSet, Store, Writer};
use tempfile::TempDir;
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::*;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> Micros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Micros(i64::try_from(since.as_micros()).unwrap())
}

/// Writes as the desk does: one at a time.
struct Own(Arc<AsyncMutex<Writer>>);

impl Keeper for Own {
    fn keep(&self, changes: Vec<EventChange>) -> BoxFuture<'_, Result<(), NotKept>> {
        let writer = Arc::clone(&self.0);
        Box::pin(async move {
            let changes = changes.into_iter().map(Change::Event).collect();
            let batch = Batch { records: vec![RecordSet { changes, audit: Vec::new() }], ..Batch::default() };
            // Who stops waiting does not stop the writer.
            let committed = tokio::spawn(async move { writer.lock().await.commit(&batch).await });
            let committed = committed.await.unwrap();
            let records = committed.map_err(|error| NotKept(error.to_string()))?.records;
            records.into_iter().collect::<Result<(), _>>().map_err(|error| NotKept(error.to_string()))
        })
    }
}

/// A store with one inbox and some conversations, and its bus.
struct House {
    bus: Arc<Embedded>,
    store: Store,
    writer: Arc<AsyncMutex<Writer>>,
    heads: Vec<Conversation>,
    ids: u128,
}

impl House {
    async fn open(dir: &Path, conversations: i64) -> Self {
        Self::with(dir, conversations, EmbeddedLimits::default()).await
    }

    async fn with(dir: &Path, conversations: i64, limits: EmbeddedLimits) -> Self {
        let options =
            OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::from_u128(1), now: now(), readers: 4 };
        let opened = kefu_store::open(options).await.unwrap();
        let (store, mut writer) = (opened.store, opened.writer);
        let mut heads = Vec::new();
        if store.inboxes().await.unwrap().is_empty() {
            let mut batch = Batch { changes: vec![Change::Inbox(Box::new(inbox()))], ..Batch::default() };
            for number in 1..=conversations {
                let key = writer.next_conversation_key();
                let id = Uuid::from_u128(0xc0_0000 + u128::try_from(number).unwrap());
                let head = Conversation::new(key, id, InboxKey(1), VisitorKey(number), now());
                batch.changes.push(Change::Visitor(visitor(number)));
                batch.conversations = vec![head.clone()];
                writer.commit(&std::mem::take(&mut batch)).await.unwrap();
                heads.push(head);
            }
        }
        let writer = Arc::new(AsyncMutex::new(writer));
        let keeper = Arc::new(Own(Arc::clone(&writer)));
        let bus = Embedded::new(Reader::new(store.clone()), keeper, now, limits);
        Self { bus, store, writer, heads, ids: 1 }
    }

    /// Says something in a conversation, by its index.
    async fn say(&mut self, conversation: usize, text: &str) {
        self.add(conversation, MessageKind::Text, text, None).await;
    }

    async fn add(&mut self, conversation: usize, kind: MessageKind, text: &str, event: Option<LogEvent>) {
        self.ids += 1;
        let head = &mut self.heads[conversation];
        let mut entry = Entry {
            pos: 0,
            conversation: head.key,
            seq: 0,
            prev_pos: 0,
            prev_public_seq: 0,
            id: Uuid::from_u128(self.ids),
            client_id: event.is_none().then(|| Uuid::from_u128(self.ids)),
            sender: Principal::Visitor(head.visitor),
            kind,
            text: text.to_owned(),
            event,
            data: None,
            quote_seq: None,
            revision: Revision::Intact,
            created_at: now(),
        };
        let mut writer = self.writer.lock().await;
        head.append(&mut entry, writer.next_pos());
        let batch = Batch { entries: vec![entry], grown: vec![head.clone().into()], ..Batch::default() };
        writer.commit(&batch).await.unwrap();
        drop(writer);
        self.bus.look();
    }

    async fn listen(&self, listener: Listener) -> Running {
        self.bus.begin(&listener.name, Some(EventPosition::default())).await.unwrap();
        let runner = Runner::new(Arc::clone(&self.bus), listener).await.unwrap();
        let (orders, receiver) = mpsc::channel(4);
        Running { orders, task: tokio::spawn(runner.run(receiver)) }
    }

    async fn states(&self, group: &str) -> Vec<(String, DeliveryState, u32)> {
        let group = self.store.event_group(group).await.unwrap().unwrap();
        let rows = self.store.event_deliveries(group.key, None, None, 1000).await.unwrap();
        rows.into_iter().rev().map(|row| (row.topic, row.state, row.tries)).collect()
    }

    async fn close(self) {
        drop(self.bus);
        let writer = Arc::try_unwrap(self.writer).ok().unwrap().into_inner();
        writer.close().await.unwrap();
        self.store.close().await;
    }
}

struct Running {
    orders: mpsc::Sender<Order>,
    task: JoinHandle<Ended>,
}

impl Running {
    async fn stop(self) {
        self.orders.send(Order::Stop).await.unwrap();
        assert_eq!(timeout(PATIENCE, self.task).await.unwrap().unwrap(), Ended::Stopped);
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

fn visitor(number: i64) -> Visitor {
    Visitor {
        key: VisitorKey(number),
        id: Uuid::from_u128(0xb0_0000 + u128::try_from(number).unwrap()),
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

/// What was told, and what is answered.
struct Ear {
    told: Mutex<Vec<(String, String, Uuid, u32)>>,
    answer: Box<dyn Fn(&Telling<'_>) -> Outcome + Send + Sync>,
}

impl Ear {
    fn new(answer: impl Fn(&Telling<'_>) -> Outcome + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { told: Mutex::default(), answer: Box::new(answer) })
    }

    fn good() -> Arc<Self> {
        Self::new(|_| Outcome::Done)
    }

    /// Topics and texts.
    fn texts(&self) -> Vec<String> {
        self.told.lock().unwrap().iter().map(|(_, text, ..)| text.clone()).collect()
    }

    fn len(&self) -> usize {
        self.told.lock().unwrap().len()
    }
}

fn text_of(heard: &Heard) -> String {
    let data: serde_json::Value = serde_json::from_str(heard.event.data.get()).unwrap();
    data["message"]["text"].as_str().unwrap_or_default().to_owned()
}

impl Subscriber for Ear {
    fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told> {
        let topic = telling.heard.event.topic.to_string();
        let told = (topic, text_of(telling.heard), telling.delivery, telling.attempt);
        self.told.lock().unwrap().push(told);
        let outcome = (self.answer)(&telling);
        Box::pin(async move { Told { outcome, attempt: None } })
    }
}

fn listener(name: &str, topics: &[&str], subscriber: Arc<dyn Subscriber>) -> Listener {
    Listener {
        name: name.to_owned(),
        topics: topics.iter().map(|topic| topic.parse().unwrap()).collect(),
        inboxes: Vec::new(),
        side_by_side: 4,
        waits: vec![Duration::from_millis(1), Duration::from_millis(1)],
        keeps_done: false,
        subscriber,
    }
}

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !is_so().await {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(PATIENCE, waited).await.is_ok(), "{what}");
}

fn again() -> Outcome {
    Outcome::Again { after: None, why: "not now".to_owned() }
}

#[tokio::test]
async fn what_happened_is_told_once_and_in_order() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 3).await;
    for round in 0..20 {
        for conversation in 0..3 {
            house.say(conversation, &format!("{conversation}:{round}")).await;
        }
    }
    let ear = Ear::good();
    let running = house.listen(listener("a", &["message.*", "conversation.created"], ear.clone())).await;
    house.say(0, "0:20").await;
    eventually("all are told", async || ear.len() == 64).await;
    running.stop().await;
    for conversation in 0..3 {
        let prefix = format!("{conversation}:");
        let told = ear.texts();
        let own: Vec<_> =
            told.iter().filter_map(|text| text.strip_prefix(&prefix)?.parse::<u32>().ok()).collect();
        assert!(own.is_sorted(), "{own:?}");
        assert_eq!(own.len(), if conversation == 0 { 21 } else { 20 });
    }
    // What was done is behind the group: nothing is told again, and nothing is kept of it.
    assert_eq!(house.states("a").await, []);
    let running = house.listen(listener("a", &["message.*"], ear.clone())).await;
    house.say(1, "new").await;
    eventually("the new one is told", async || ear.len() == 65).await;
    running.stop().await;
    assert_eq!(ear.texts().last().unwrap(), "new");
    house.close().await;
}

#[tokio::test]
async fn what_fails_is_told_again_and_holds_back_its_own_conversation_alone() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 2).await;
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let ear = Ear::new(move |telling| match text_of(telling.heard).as_str() {
        "bad" if !well.load(Ordering::Relaxed) => {
            Outcome::Again { after: Some(Duration::from_millis(5)), why: String::new() }
        }
        _ => Outcome::Done,
    });
    let waits = vec![Duration::ZERO; 100_000];
    let running = house.listen(Listener { waits, ..listener("a", &["message.*"], ear.clone()) }).await;
    house.say(0, "bad").await;
    house.say(0, "behind").await;
    house.say(1, "other").await;
    eventually("the other conversation is told of", async || ear.texts().contains(&"other".to_owned())).await;
    eventually("it is tried again", async || ear.len() > 4).await;
    assert!(!ear.texts().contains(&"behind".to_owned()));
    is_well.store(true, Ordering::Relaxed);
    eventually("it is told in the end", async || ear.texts().contains(&"behind".to_owned())).await;
    running.stop().await;
    let deliveries: Vec<_> =
        ear.told.lock().unwrap().iter().filter(|(_, text, ..)| text == "bad").map(|told| told.2).collect();
    assert!(deliveries.windows(2).all(|pair| pair[0] == pair[1]), "the id is the same over all attempts");
    assert_eq!(house.states("a").await, []);
    house.close().await;
}

#[tokio::test]
async fn poison_becomes_a_dead_letter_and_can_be_told_again() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 1).await;
    let is_poison = Arc::new(AtomicBool::new(true));
    let poison = Arc::clone(&is_poison);
    let ear = Ear::new(move |telling| match text_of(telling.heard).as_str() {
        "poison" if poison.load(Ordering::Relaxed) => again(),
        "panic" => panic!("a subscriber that panics"),
        "never" => Outcome::Dead { why: "never".to_owned() },
        _ => Outcome::Done,
    });
    let running = house.listen(listener("a", &["message.*"], ear.clone())).await;
    for text in ["poison", "panic", "never", "good"] {
        house.say(0, text).await;
    }
    eventually("the good one is told", async || ear.texts().contains(&"good".to_owned())).await;
    eventually("the others are dead", async || {
        let states = house.states("a").await;
        let tries: Vec<_> = states.iter().map(|(_, state, tries)| (*state, *tries)).collect();
        tries == [(DeliveryState::Dead, 3), (DeliveryState::Dead, 3), (DeliveryState::Dead, 1)]
    })
    .await;
    is_poison.store(false, Ordering::Relaxed);
    let group = house.store.event_group("a").await.unwrap().unwrap();
    let rows = house.store.event_deliveries(group.key, None, None, 9).await.unwrap();
    let (id, at) = (rows.last().unwrap().id, now());
    house.bus.keep(vec![EventChange::Redeliver { id, at }]).await.unwrap();
    running.orders.send(Order::Look).await.unwrap();
    eventually("it is told again", async || house.states("a").await.len() == 2).await;
    running.stop().await;
    assert_eq!(ear.texts().last().unwrap(), "poison");
    house.close().await;
}

#[tokio::test]
async fn what_asks_to_be_told_again_sooner_than_its_turn_is_waits_for_that() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 2).await;
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let ear = Ear::new(move |telling| {
        let after = if text_of(telling.heard) == "soon" { Duration::ZERO } else { hours(5) };
        Outcome::Again { after: Some(after), why: String::new() }
    });
    let running =
        house.listen(Listener { waits: vec![hours(1)], ..listener("a", &["message.*"], ear) }).await;
    house.say(0, "soon").await;
    house.say(1, "late").await;
    eventually("both wait", async || {
        house.states("a").await.iter().filter(|(_, _, tries)| *tries == 1).count() == 2
    })
    .await;
    running.stop().await;
    let group = house.store.event_group("a").await.unwrap().unwrap();
    let rows = house.store.event_deliveries(group.key, None, None, 9).await.unwrap();
    let wait = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).unwrap();
        Duration::from_micros((row.next_at.0 - row.updated_at.0).unsigned_abs())
    };
    let (soon, late) = (wait(&house.heads[0].id.to_string()), wait(&house.heads[1].id.to_string()));
    assert!(soon > hours(1) / 2 && soon < hours(2), "{soon:?}");
    assert!(late > hours(4), "{late:?}");
    house.close().await;
}

#[tokio::test]
async fn what_was_tried_more_often_than_there_are_waits_is_tried_once_more() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 1).await;
    let ear = Ear::new(|_| again());
    let states = |state, tries| vec![("message.created".to_owned(), state, tries)];
    let hour = Duration::from_secs(3600);
    // As an earlier version left it.
    let waits = [vec![Duration::ZERO; 7], vec![hour]].concat();
    let running = house.listen(Listener { waits, ..listener("a", &["message.*"], ear.clone()) }).await;
    house.say(0, "poison").await;
    let waiting = states(DeliveryState::Waiting, 8);
    eventually("eight attempts were made", async || house.states("a").await == waiting).await;
    running.stop().await;
    let group = house.store.event_group("a").await.unwrap().unwrap().key;
    house.bus.keep(vec![EventChange::Hurry { group, at: now() }]).await.unwrap();
    let waits = vec![hour; 7];
    let running = house.listen(Listener { waits, ..listener("a", &["message.*"], ear.clone()) }).await;
    let dead = states(DeliveryState::Dead, 9);
    eventually("the ninth was the last", async || house.states("a").await == dead).await;
    running.stop().await;
    assert_eq!(ear.len(), 9);
    house.close().await;
}

/// One that hangs for ever.
struct Hangs;

impl Subscriber for Hangs {
    fn tell<'a>(&'a self, _: Telling<'a>) -> BoxFuture<'a, Told> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn one_that_hangs_keeps_no_other_waiting() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 1).await;
    let hanging = house.listen(listener("hangs", &[">"], Arc::new(Hangs))).await;
    let ear = Ear::good();
    let running = house.listen(listener("well", &["message.created"], ear.clone())).await;
    for round in 0..50 {
        house.say(0, &round.to_string()).await;
    }
    eventually("the other hears all", async || ear.len() == 50).await;
    running.stop().await;
    hanging.stop().await;
    let group = house.store.event_group("hangs").await.unwrap().unwrap();
    assert_eq!(group.at.pos, 0, "nothing of what hangs is passed");
    house.close().await;
}

#[tokio::test]
async fn a_run_that_is_cut_off_is_taken_up_without_a_loss_and_under_the_same_ids() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 5).await;
    let mut all: HashMap<Uuid, String> = HashMap::new();
    let fails = |telling: &Telling<'_>| match telling.heard.place.pos % 7 {
        0 if telling.attempt == 1 => again(),
        _ => Outcome::Done,
    };
    for round in 0..12 {
        let ear = Ear::new(fails);
        let running = house.listen(listener("a", &["message.created"], ear.clone())).await;
        for number in 0..20 {
            house.say(number % 5, &format!("{round}.{number}")).await;
        }
        // As a kill does: at any point, and nothing is written down afterwards.
        let some = round * 2;
        eventually("some are told", async || ear.len() >= some).await;
        running.task.abort();
        assert!(running.task.await.unwrap_err().is_cancelled());
        for (_, text, delivery, _) in ear.told.lock().unwrap().iter() {
            assert_eq!(all.entry(*delivery).or_insert_with(|| text.clone()), text, "one id, one event");
        }
    }
    let ear = Ear::good();
    let running = house.listen(listener("a", &["message.created"], ear.clone())).await;
    eventually("nothing waits", async || {
        let group = house.store.event_group("a").await.unwrap().unwrap();
        let end = house.store.event_end().await.unwrap();
        group.at.pos == end.pos && house.states("a").await.is_empty()
    })
    .await;
    running.stop().await;
    for (_, text, delivery, _) in ear.told.lock().unwrap().iter() {
        assert_eq!(all.entry(*delivery).or_insert_with(|| text.clone()), text, "one id, one event");
    }
    let mut texts: Vec<_> = all.into_values().collect();
    texts.sort();
    let mut expected: Vec<_> =
        (0..12).flat_map(|round| (0..20).map(move |number| format!("{round}.{number}"))).collect();
    expected.sort();
    assert_eq!(texts, expected, "none lost, none invented, none twice under two ids");
    house.close().await;
}

#[tokio::test]
async fn a_group_that_goes_back_hears_again_under_the_same_ids() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 1).await;
    let ear = Ear::good();
    let running =
        house.listen(Listener { keeps_done: true, ..listener("a", &["message.created"], ear.clone()) }).await;
    for text in ["a", "b", "c"] {
        house.say(0, text).await;
    }
    eventually("all are told", async || ear.len() == 3).await;
    running.orders.send(Order::Rewind(EventPosition { pos: 1, number: 0 })).await.unwrap();
    eventually("two are told again", async || ear.len() == 5).await;
    running.stop().await;
    assert_eq!(ear.texts(), ["a", "b", "c", "b", "c"]);
    let told = ear.told.lock().unwrap().clone();
    assert_eq!((told[1].2, told[2].2), (told[3].2, told[4].2));
    assert_eq!(house.states("a").await.len(), 3, "a row for each");
    house.close().await;
}

#[tokio::test]
async fn what_is_too_old_is_counted_and_not_told() {
    let dir = TempDir::new().unwrap();
    let limits = EmbeddedLimits { keep_seconds: -1, ..EmbeddedLimits::default() };
    let mut house = House::with(dir.path(), 1, limits).await;
    house.say(0, "old").await;
    let ear = Ear::good();
    let running = house.listen(listener("a", &["message.created"], ear.clone())).await;
    eventually("it is counted", async || house.store.event_group("a").await.unwrap().unwrap().skipped == 1)
        .await;
    assert_eq!(ear.len(), 0);
    running.orders.send(Order::Rewind(EventPosition::default())).await.unwrap();
    eventually("what is asked for is told, however old", async || ear.len() == 1).await;
    running.stop().await;
    house.close().await;
}

#[tokio::test]
async fn one_of_which_nothing_is_taken_is_given_up() {
    let dir = TempDir::new().unwrap();
    let limits = EmbeddedLimits { give_up_seconds: 0, ..EmbeddedLimits::default() };
    let mut house = House::with(dir.path(), 2, limits).await;
    house.say(0, "a").await;
    let ear = Ear::new(|_| again());
    let running = house.listen(listener("a", &["message.created"], ear)).await;
    house.say(1, "b").await;
    assert_eq!(timeout(PATIENCE, running.task).await.unwrap().unwrap(), Ended::GaveUp);
    let group = house.store.event_group("a").await.unwrap().unwrap();
    assert!(group.failing_since.is_some() && group.stopped_at.is_some());
    assert!(!house.states("a").await.is_empty(), "what was not taken waits");
    house.close().await;
}

#[tokio::test]
async fn events_say_what_their_entries_do() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 1).await;
    house.say(0, "hello").await;
    let rated = LogEvent { score: Some(4), agent: Some(AgentKey(9)), ..LogEvent::of(EventCode::Rated) };
    house.add(0, MessageKind::Event, "rated", Some(rated)).await;
    house.add(0, MessageKind::Note, "between us", None).await;
    let edited = LogEvent { seq: Some(1), ..LogEvent::of(EventCode::Edited) };
    house.add(0, MessageKind::Event, "edited", Some(edited)).await;
    let slice = house.bus.reader().slice(EventPosition::default(), 100, |_| true).await.unwrap();
    let topics: Vec<_> = slice.heard.iter().map(|heard| heard.event.topic.as_str()).collect();
    assert_eq!(
        topics,
        ["conversation.created", "message.created", "chat.rated", "note.created", "message.edited"]
    );
    let data = |index: usize| -> serde_json::Value {
        serde_json::from_str(slice.heard[index].event.data.get()).unwrap()
    };
    assert_eq!(data(1)["message"]["text"], "hello");
    assert_eq!(data(2)["score"], 4);
    assert_eq!(data(3)["message"]["kind"], "note");
    assert_eq!((&data(4)["message"]["text"], &data(4)["message"]["seq"]), (&"hello".into(), &1.into()));
    assert_eq!(data(0)["conversation"]["inbox_id"], Uuid::from_u128(0xd0).to_string());
    assert!(slice.heard.iter().all(|heard| heard.inbox == Some(Uuid::from_u128(0xd0))));
    let again = house.bus.reader().slice(EventPosition::default(), 100, |_| true).await.unwrap();
    let ids =
        |slice: &crate::happened::Slice| slice.heard.iter().map(|heard| heard.event.id).collect::<Vec<_>>();
    assert_eq!(ids(&slice), ids(&again), "the same whoever makes them");
    // What was erased is told without its words.
    let erase = kefu_store::PrivacyChange::EraseEntries(vec![1]);
    let batch = Batch { changes: vec![Change::Privacy(erase)], ..Batch::default() };
    house.writer.lock().await.commit(&batch).await.unwrap();
    let place = slice.heard[1].place;
    let erased = house.bus.reader().at(place, Kind::MessageCreated).await.unwrap().unwrap();
    let data: serde_json::Value = serde_json::from_str(erased.event.data.get()).unwrap();
    assert_eq!((&data["message"]["text"], &data["message"]["revision"]), (&"".into(), &"erased".into()));
    house.close().await;
}
