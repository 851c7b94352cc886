//! Which documents of a database change: its change stream, read for keys alone.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use kefu_app::{Exit, Failure, Language, Text};
use mongodb::{
    bson::{Bson, RawDocument, RawDocumentBuf, Timestamp, doc},
    change_stream::ChangeStream,
    error::Error,
};
use tokio::time::{Instant, timeout};

use super::{
    PASSING, Position, Server, code, failure,
    keys::{UNFOLLOWED, is_followed},
    unavailable, unfollowed,
};
use crate::{
    source::{
        bson::{elements, fields},
        live::{Dirty, Position as AnyPosition, Watched},
        recopy, refused,
    },
    value::{Value, encode_key},
};

/// Keys that are handed on at once, and how long the first of them waits for others.
const KEYS_MAX: usize = 500;
const GATHER: Duration = Duration::from_millis(200);

/// A server that says nothing for so long is asked again; it answers after [`GATHER`], whether something changed or not.
const SILENCE: Duration = Duration::from_secs(15);

/// How often a server that is away is called again, and the longest time between two calls.
const ATTEMPTS: u32 = 30;
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The oplog no longer has what comes behind the place; or the place is none of this server.
const HISTORY_LOST: [i32; 4] = [280, 286, 260, 40_576];

/// What a change was, as far as it matters.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    /// A document of this collection changed; of a key that cannot be asked for nothing is known.
    Document {
        collection: String,
        key: Option<Vec<Value>>,
    },
    /// All of a collection is another one, or it is gone.
    Collection {
        name: String,
        what: String,
    },
    /// All of the database, or the stream.
    Database {
        what: String,
    },
    Other,
}

/// An event of the stream.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    at: Option<Timestamp>,
    change: Change,
}

impl Event {
    /// Reads what the server says; nothing, if that is no event.
    fn read(document: &RawDocument) -> Option<Self> {
        let what = document.get_str("operationType").ok()?.to_owned();
        let at = document.get_timestamp("clusterTime").ok();
        let collection = || Some(document.get_document("ns").ok()?.get_str("coll").ok()?.to_owned());
        let change = match what.as_str() {
            "insert" | "update" | "replace" | "delete" => {
                let key = document.get_document("documentKey").ok()?;
                let kind = elements(key.as_bytes()).ok()?.flatten().find(|field| field.name == "_id")?.kind();
                let values = fields(key.as_bytes(), &["_id".to_owned()]).ok()?;
                let key = Some(values).filter(|values| !UNFOLLOWED.contains(&kind) && is_followed(values));
                Change::Document { collection: collection()?, key }
            }
            "dropDatabase" | "invalidate" => Change::Database { what },
            // Indexes may come and go, and new collections may come.
            "createIndexes" | "dropIndexes" | "create" => Change::Other,
            _ => match collection() {
                Some(name) => Change::Collection { name, what },
                None => Change::Other,
            },
        };
        Some(Self { at, change })
    }
}

/// The changes of a database, from a position on.
pub(crate) struct Changes {
    server: Server,
    /// What becomes of the documents of each collection; nothing, if values are looked up in it.
    watched: HashMap<String, Vec<usize>>,
    looked_up: HashSet<String>,
    stream: Option<ChangeStream<RawDocumentBuf>>,
    position: Position,
    /// Up to this time everything is with most members, so a stream that is empty after that has said all of it.
    settled: Option<Timestamp>,
    gathered: HashSet<(usize, Vec<u8>)>,
    dirty: Dirty,
}

/// Why reading stops for a while, or for good.
enum Stopped {
    Away(Failure),
    For(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        if failure.exit() == Exit::Unavailable { Self::Away(failure) } else { Self::For(failure) }
    }
}

impl Changes {
    /// Of these collections.
    pub(crate) fn open(server: &Server, position: Position, tables: &[Watched]) -> Self {
        let mut watched: HashMap<String, Vec<usize>> = HashMap::new();
        let mut looked_up = HashSet::new();
        for table in tables {
            let targets = watched.entry(table.name.clone()).or_default();
            match &table.target {
                Some((target, _)) => targets.push(*target),
                None => drop(looked_up.insert(table.name.clone())),
            }
        }
        Self {
            server: server.clone(),
            watched,
            looked_up,
            stream: None,
            position,
            settled: None,
            gathered: HashSet::new(),
            dirty: Dirty::default(),
        }
    }

    /// What changed next, or that there is nothing for now.
    pub(crate) async fn next(&mut self) -> Result<Dirty, Failure> {
        let mut attempt = 0;
        loop {
            match self.gather().await {
                Ok(is_idle) => return Ok(self.hand_on(is_idle)),
                Err(Stopped::For(failure)) => return Err(failure),
                Err(Stopped::Away(failure)) => {
                    attempt += 1;
                    self.stream = None;
                    if attempt > ATTEMPTS {
                        return Err(failure);
                    }
                    if attempt == 1 {
                        tracing::warn!(%failure, "the source does not answer, calling it again");
                    }
                    tokio::time::sleep(Duration::from_millis(100 << attempt.min(6)).min(PAUSE_MAX)).await;
                }
            }
        }
    }

    /// Reads until there is enough; whether there is no more for now.
    async fn gather(&mut self) -> Result<bool, Stopped> {
        loop {
            let begun = self.dirty.read_at.map(|(first, _)| first);
            if self.dirty.keys.len() >= KEYS_MAX || begun.is_some_and(|first| first.elapsed() >= GATHER) {
                return Ok(false);
            }
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => {
                    let stream = self.connect().await?;
                    self.stream.insert(stream)
                }
            };
            let next = match timeout(SILENCE, stream.next_if_any()).await {
                Ok(next) => next,
                Err(elapsed) => return Err(Stopped::Away(unavailable(&self.server.name).because(elapsed))),
            };
            let token = stream.resume_token();
            let is_alive = stream.is_alive();
            let event = next.map_err(|error| self.stopped(&error))?;
            if let Some(token) = &token {
                self.position.set_token(token);
            }
            match event {
                Some(event) => self.take(&event)?,
                None if !is_alive => return Err(self.stop("the stream has ended", "变更流已结束").into()),
                None => {
                    self.rest().await?;
                    return Ok(true);
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<ChangeStream<RawDocumentBuf>, Stopped> {
        let names: Vec<Bson> = self.watched.keys().map(|name| Bson::from(name.as_str())).collect();
        // Of what happens to the database as a whole there is no collection.
        let ours = doc! { "$or": [
            { "ns.coll": { "$in": names } },
            { "operationType": { "$in": ["dropDatabase", "invalidate"] } },
        ] };
        let wanted = doc! { "operationType": 1, "ns": 1, "to": 1, "documentKey": 1, "clusterTime": 1 };
        let database = self.server.client.database(&self.server.database);
        let watch = database
            .watch()
            .pipeline([doc! { "$match": ours }, doc! { "$project": wanted }])
            .max_await_time(GATHER);
        let opening = async {
            match self.position.resume_token() {
                Some(token) => watch.resume_after(token).await,
                None => watch.start_at_operation_time(self.position.timestamp()).await,
            }
        };
        match timeout(SILENCE, opening).await {
            Ok(opened) => opened.map(ChangeStream::with_type).map_err(|error| self.stopped(&error)),
            Err(elapsed) => Err(Stopped::Away(unavailable(&self.server.name).because(elapsed))),
        }
    }

    fn stopped(&self, error: &Error) -> Stopped {
        match code(error) {
            Some(code) if HISTORY_LOST.contains(&code) => {
                let lost =
                    self.stop("the server no longer has what comes behind it", "服务器已不再保留其后的变更");
                Stopped::For(lost.because(error.kind.to_string()))
            }
            Some(code) if !PASSING.contains(&code) => {
                let name = &self.server.name;
                Stopped::For(
                    refused(format!("cannot follow source `{name}`"), format!("无法跟随来源 `{name}`"))
                        .because(error.kind.to_string()),
                )
            }
            _ => failure(&self.server.name, error).into(),
        }
    }

    fn take(&mut self, event: &RawDocument) -> Result<(), Stopped> {
        let Some(event) = Event::read(event) else {
            let name = &self.server.name;
            let text = Text::new(
                format!("cannot follow source `{name}`: it sent a change that cannot be read"),
                format!("无法跟随来源 `{name}`:收到无法识别的变更"),
            );
            return Err(Stopped::For(Failure::new(Exit::Verdict(3), text).hint(recopy())));
        };
        let now = Instant::now();
        if let Some(at) = event.at {
            self.position.meet(at);
            self.dirty.written_at = Some(at.time);
        }
        match event.change {
            Change::Document { collection, key } => {
                let Some(targets) = self.watched.get(&collection) else { return Ok(()) };
                self.dirty.read_at = Some((self.dirty.read_at.map_or(now, |(first, _)| first), now));
                if self.looked_up.contains(&collection) {
                    self.dirty.looked_up.insert(collection.clone());
                }
                let Some(key) = key else {
                    let text = unfollowed(&collection);
                    let (en, zh) = (text.in_language(Language::English), text.in_language(Language::Chinese));
                    return Err(self.stop(en, zh).into());
                };
                let bytes = encode_key(&key);
                for target in targets {
                    if self.gathered.insert((*target, bytes.clone())) {
                        self.dirty.keys.push((*target, key.clone()));
                    }
                }
                let place = event.at.map(Position::at);
                self.dirty.place = place.map(AnyPosition::Mongo).or(self.dirty.place.take());
            }
            Change::Collection { name, what } if self.watched.contains_key(&name) => {
                let en = format!(
                    "the collection `{name}` was changed as a whole (`{what}`); look at `kefu migrate plan`"
                );
                let zh = format!("集合 `{name}` 被整体更改(`{what}`);请查看 `kefu migrate plan`");
                return Err(self.stop(&en, &zh).into());
            }
            Change::Database { what } => {
                let (en, zh) =
                    (format!("its database was dropped (`{what}`)"), format!("其数据库已被删除(`{what}`)"));
                return Err(self.stop(&en, &zh).into());
            }
            Change::Collection { .. } | Change::Other => {}
        }
        Ok(())
    }

    /// There is no more for now: up to when that is so. MongoDB says it in the token; where nothing is said, whatever most members
    /// had before the server was asked has been said.
    async fn rest(&mut self) -> Result<(), Stopped> {
        let told =
            self.position.token_time().filter(|time| [time.time, time.increment] >= self.position.time);
        match told {
            // There may be more of that very time on another shard.
            Some(time) if self.server.is_sharded => self.position.meet(time),
            Some(time) => self.position.reach(time),
            None => {
                if let Some(time) = self.settled.take() {
                    self.position.reach(time);
                }
                if let (Some(time), Some(any)) = (self.server.time().await?, self.watched.keys().next()) {
                    self.server.settle(time, any).await?;
                    self.settled = Some(time);
                }
            }
        }
        Ok(())
    }

    fn hand_on(&mut self, is_idle: bool) -> Dirty {
        self.gathered.clear();
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.position = Some(AnyPosition::Mongo(self.position.clone()));
        dirty.is_idle = is_idle;
        dirty
    }

    /// What is behind the position cannot be followed.
    fn stop(&self, en: &str, zh: &str) -> Failure {
        self.server.lost(&self.position, en, zh)
    }
}

impl Server {
    /// Fails if what comes behind a position cannot be read any more.
    pub(crate) async fn check(&self, position: &Position) -> Result<(), Failure> {
        let mut changes = Changes::open(self, position.clone(), &[]);
        match changes.connect().await {
            Ok(_) => Ok(()),
            Err(Stopped::Away(failure) | Stopped::For(failure)) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Document, oid::ObjectId};

    use super::*;

    fn event(document: &Document) -> Option<Event> {
        Event::read(&RawDocumentBuf::try_from(document).unwrap())
    }

    #[test]
    fn a_change_is_its_collection_and_its_key() {
        let at = Timestamp { time: 7, increment: 2 };
        let id = ObjectId::from_bytes([9; 12]);
        for what in ["insert", "update", "replace", "delete"] {
            let said = doc! {
                "_id": { "_data": "82" }, "operationType": what, "clusterTime": at,
                "ns": { "db": "old", "coll": "said" },
                // Of a sharded collection the shard key comes first.
                "documentKey": { "tenant": "a", "_id": id },
            };
            let key = Some(vec![Value::ObjectId([9; 12])]);
            let change = Change::Document { collection: "said".to_owned(), key };
            assert_eq!(event(&said), Some(Event { at: Some(at), change }));
        }
    }

    #[test]
    fn a_key_that_cannot_be_asked_for_is_none() {
        for id in [
            Bson::MinKey,
            Bson::Timestamp(Timestamp { time: 1, increment: 1 }),
            Bson::Document(doc! { "a": 1 }),
        ] {
            let said =
                doc! { "operationType": "insert", "ns": { "coll": "said" }, "documentKey": { "_id": id } };
            let change = Change::Document { collection: "said".to_owned(), key: None };
            assert_eq!(event(&said), Some(Event { at: None, change }));
        }
    }

    #[test]
    fn what_happens_to_a_collection_or_a_database_is_told_apart() {
        let ns = doc! { "db": "old", "coll": "said" };
        let change = |what: &str, ns: &Document| {
            event(&doc! { "operationType": what, "ns": ns.clone() }).map(|event| event.change)
        };
        for what in
            ["drop", "rename", "reshardCollection", "shardCollection", "refineCollectionShardKey", "modify"]
        {
            let wanted = Change::Collection { name: "said".to_owned(), what: what.to_owned() };
            assert_eq!(change(what, &ns), Some(wanted));
        }
        for what in ["dropDatabase", "invalidate"] {
            assert_eq!(change(what, &doc! { "db": "old" }), Some(Change::Database { what: what.to_owned() }));
        }
        assert_eq!(change("createIndexes", &ns), Some(Change::Other));
        assert_eq!(change("create", &ns), Some(Change::Other));
    }

    #[test]
    fn what_is_no_event_is_not_taken_for_one() {
        for broken in [
            doc! {},
            doc! { "operationType": 7 },
            doc! { "operationType": "insert", "ns": { "coll": "said" } },
            doc! { "operationType": "insert", "documentKey": { "_id": 1 } },
        ] {
            assert_eq!(event(&broken), None, "{broken}");
        }
    }
}
