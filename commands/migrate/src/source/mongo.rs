//! MongoDB: pages of documents behind the last `_id`, in short queries, and what changes while that goes on.
//!
//! Everything is read as most members of the replica set have it, and nothing older than when the source was opened: what was
//! written before is in the copy, what is written after that is in the change stream.

mod changes;
mod cursor;
mod keys;
mod position;
mod session;
mod write;

use std::time::Duration;

use kefu_app::{Exit, Failure, Secret, Text};
use mongodb::{
    Client, ClientSession, Collection,
    bson::{Bson, Document, RawDocumentBuf, Timestamp, doc},
    error::{Error, ErrorKind},
    options::{ClientOptions, CollectionOptions, ReadConcern},
};

use self::keys::{UNFOLLOWED, is_followed};
pub(crate) use self::{
    changes::Changes,
    cursor::Cursor,
    position::Position,
    session::{Keyed, Session},
    write::Writer,
};
use super::{
    Request, SourceRow, TableInfo,
    bson::{Broken, fields},
    dump::{SAMPLE, new_table, sample},
    recopy, refused,
};
use crate::{
    mapping::TableMap,
    settings::SourceSettings,
    value::{Value, decode_key},
};

/// How long a server may take to be found, and to answer.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(60);

/// Bytes of the documents that are looked at to know the fields of a collection.
const SAMPLE_BYTES: usize = 4 << 20;

/// Keys that one query asks for.
const KEYS: usize = 200;

/// Errors that pass: there is no primary, it steps down or shuts down, a cursor was lost, the network failed.
const PASSING: [i32; 16] =
    [6, 7, 43, 63, 89, 91, 133, 189, 237, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436];

/// A server, or several that are one, and its database.
#[derive(Clone)]
pub(crate) struct Server {
    name: String,
    client: Client,
    database: String,
    identity: String,
    /// When it was opened, in its own time; nothing, if it is no replica set.
    opened_at: Option<Timestamp>,
    /// Whether it is a router of a sharded cluster.
    is_sharded: bool,
    query_time: Duration,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.name)
    }
}

impl Server {
    pub(crate) async fn open(settings: &SourceSettings, address: &Secret) -> Result<Self, Failure> {
        let name = settings.name.as_str();
        let mut options = ClientOptions::parse(address.reveal()).await.map_err(|error| match &*error.kind {
            ErrorKind::DnsResolve { .. } => unavailable(name).because(error.kind.to_string()),
            // The driver's own words may repeat the address.
            _ => Failure::new(
                Exit::Config,
                Text::new(
                    format!("cannot use the address of source `{name}`"),
                    format!("无法使用来源 `{name}` 的地址"),
                ),
            )
            .hint(Text::new(
                "it has the form mongodb://user:password@host:27017/database?authSource=admin, or mongodb+srv://…",
                "其格式为 mongodb://user:password@host:27017/database?authSource=admin,或 mongodb+srv://…",
            )),
        })?;
        let Some(database) = options.default_database.clone() else {
            return Err(Failure::new(
                Exit::Config,
                Text::new(
                    format!("cannot use the address of source `{name}`: it names no database"),
                    format!("无法使用来源 `{name}` 的地址:未写明数据库"),
                ),
            ));
        };
        options.app_name = options.app_name.or_else(|| Some("kefu-migrate".to_owned()));
        options.server_selection_timeout =
            Some(options.server_selection_timeout.map_or(CONNECT, |own| own.min(CONNECT)));
        options.connect_timeout = Some(options.connect_timeout.map_or(CONNECT, |own| own.min(CONNECT)));
        // Of several servers that do not know of each other the first would be as good as any.
        let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
        let client = Client::with_options(options).map_err(|error| failure(name, &error))?;
        let mut server = Self {
            name: name.to_owned(),
            client,
            database,
            identity: String::new(),
            opened_at: None,
            is_sharded: false,
            query_time: settings.query_time,
        };
        let hello = server.ask(doc! { "hello": 1 }).await?;
        server.opened_at = server.time().await?;
        server.is_sharded = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
        let who = match hello.get_str("setName") {
            _ if server.is_sharded => "sharded".to_owned(),
            Ok(set) => set.to_owned(),
            Err(_) => hosts.join(","),
        };
        server.identity = format!("mongodb:{who}/{}", server.database);
        Ok(server)
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// Asks the server of itself.
    async fn ask(&self, command: Document) -> Result<Document, Failure> {
        let admin = self.client.database("admin");
        self.answer(async { admin.run_command(command).await }).await
    }

    /// Its time by now; nothing, if it is no replica set.
    async fn time(&self) -> Result<Option<Timestamp>, Failure> {
        Ok(self.ask(doc! { "ping": 1 }).await?.get_timestamp("operationTime").ok())
    }

    /// Waits until most members have what was written up to this time, by a look at a collection.
    async fn settle(&self, time: Timestamp, collection: &str) -> Result<(), Failure> {
        let mut session = self.session_at(Some(time)).await?;
        let any = self.collection(collection);
        let read = async { any.find_one(doc! {}).projection(doc! { "_id": 1 }).session(&mut session).await };
        self.answer(read).await.map(drop)
    }

    /// Waits for an answer, for so long.
    async fn answer<T>(&self, asking: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        match tokio::time::timeout(ANSWER, asking).await {
            Ok(answer) => answer.map_err(|error| failure(&self.name, &error)),
            Err(elapsed) => Err(unavailable(&self.name).because(elapsed)),
        }
    }

    fn collection(&self, name: &str) -> Collection<RawDocumentBuf> {
        let mut options = CollectionOptions::default();
        options.read_concern = self.opened_at.map(|_| ReadConcern::majority());
        self.client.database(&self.database).collection_with_options(name, options)
    }

    /// A session that sees at least what there was at this time, and when the source was opened.
    async fn session_at(&self, time: Option<Timestamp>) -> Result<ClientSession, Failure> {
        let mut session =
            self.answer(async { self.client.start_session().causal_consistency(true).await }).await?;
        for time in self.opened_at.into_iter().chain(time) {
            session.advance_operation_time(time);
        }
        Ok(session)
    }

    pub(crate) async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        let database = self.client.database(&self.database);
        let filter = doc! { "type": { "$in": ["collection", "timeseries"] } };
        let names = self.answer(async { database.list_collection_names().filter(filter).await }).await?;
        let mut tables = Vec::new();
        for name in names.into_iter().filter(|name| !name.starts_with("system.")) {
            let collection = self.collection(&name);
            let rows = self.answer(async { collection.estimated_document_count().await }).await?;
            let mut table = new_table(&name);
            table.rows = Some(rows);
            let read = async {
                let mut cursor = collection.find(doc! {}).limit(SAMPLE as i64).await?;
                let mut bytes = 0;
                while bytes < SAMPLE_BYTES && cursor.advance().await? {
                    let document = cursor.current().as_bytes();
                    bytes += document.len();
                    sample(&mut table, document).map_err(|broken| Error::custom(broken.what))?;
                }
                Ok(())
            };
            self.answer(read).await?;
            tables.push(table);
        }
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tables)
    }

    /// The documents with these keys, as far as they are there; nothing, if some key cannot be asked for.
    pub(crate) async fn rows(
        &self,
        request: &Request,
        keys: &[Vec<u8>],
    ) -> Option<Result<Vec<SourceRow>, Failure>> {
        let keys: Vec<Vec<Value>> = keys.iter().filter_map(|key| decode_key(key)).collect();
        if !keys.iter().all(|key| is_followed(key)) {
            return None;
        }
        let mut table = self.keyed(request.clone());
        let mut session = self.session();
        let mut rows = Vec::new();
        for keys in keys.chunks(KEYS) {
            match session.rows(&mut table, keys).await {
                Ok(found) => rows.extend(found),
                Err(failure) => return Some(Err(failure)),
            }
        }
        Some(Ok(rows))
    }

    /// Where changes are followed from that are not in what is read from now on.
    pub(crate) fn begin(&self) -> Result<Position, Failure> {
        self.opened_at.map(Position::at).ok_or_else(|| Failure::new(Exit::Verdict(3), no_replica_set()))
    }

    /// Where its changes end now.
    pub(crate) async fn end(&self) -> Result<Position, Failure> {
        let time = self.time().await?;
        time.map(Position::at).ok_or_else(|| Failure::new(Exit::Verdict(3), no_replica_set()))
    }

    /// Why changes of these collections cannot be followed, and what helps.
    pub(crate) async fn obstacles(&self, tables: &[(&TableMap, &[String])]) -> Result<Vec<Text>, Failure> {
        let mut found = Vec::new();
        if self.opened_at.is_none() {
            found.push(no_replica_set());
            return Ok(found);
        }
        for (map, _) in tables {
            let name = &map.from;
            let collection = self.collection(name);
            let types: Vec<Bson> = UNFOLLOWED.iter().map(|name| Bson::from(*name)).collect();
            let odd = doc! { "_id": { "$type": types } };
            if self.answer(async { collection.find_one(odd).await }).await?.is_some() {
                found.push(unfollowed(name));
            }
            let Some(group) = &map.group else { continue };
            let column = &map.columns[group.visitor.0];
            let is_indexed = async {
                let mut indexes = collection.list_indexes().await?;
                while indexes.advance().await? {
                    let index = indexes.deserialize_current()?;
                    if index.keys.keys().next() == Some(column) {
                        return Ok(true);
                    }
                }
                Ok(false)
            };
            if !self.answer(is_indexed).await? {
                found.push(Text::new(
                    format!("conversations are made of `{name}` by `{column}`, which has no index: `db.{name}.createIndex({{\"{column}\": 1}})`"),
                    format!("`{name}` 按 `{column}` 组成会话,但该字段没有索引:请执行 `db.{name}.createIndex({{\"{column}\": 1}})`"),
                ));
            }
        }
        Ok(found)
    }

    /// How long the server keeps its changes, by its oldest one; nothing, if it has room for more, or the user may not look.
    pub(crate) async fn retention(&self) -> Result<Option<Duration>, Failure> {
        let local = self.client.database("local");
        let oplog = local.collection::<RawDocumentBuf>("oplog.rs");
        let number = |said: &Document, name: &str| match said.get(name) {
            Some(Bson::Int32(number)) => f64::from(*number),
            Some(Bson::Int64(number)) => *number as f64,
            Some(Bson::Double(number)) => *number,
            _ => 0.0,
        };
        let time = |entry: Option<RawDocumentBuf>| entry.and_then(|entry| entry.get_timestamp("ts").ok());
        let ends = async {
            let stats = local.run_command(doc! { "collStats": "oplog.rs" }).await?;
            let (size, most) = (number(&stats, "size"), number(&stats, "maxSize"));
            if size < 0.9 * most || most == 0.0 {
                return Ok(None);
            }
            let end = |order: i32| oplog.find_one(doc! {}).sort(doc! { "$natural": order });
            let (first, last) = (end(1).await?, end(-1).await?);
            Ok(time(first).zip(time(last)))
        };
        // A router has no such collection, and who reads a database need not read that one.
        let Ok(Some((first, last))) = self.answer(ends).await else { return Ok(None) };
        Ok(Some(Duration::from_secs(last.time.saturating_sub(first.time).into())))
    }

    /// What is behind the position cannot be followed.
    fn lost(&self, position: &Position, en: &str, zh: &str) -> Failure {
        let (name, place) = (&self.name, position.place());
        refused(
            format!("cannot follow source `{name}` from {place}: {en}"),
            format!("无法从 {place} 跟随来源 `{name}`:{zh}"),
        )
        .hint(recopy())
    }
}

fn no_replica_set() -> Text {
    Text::new(
        "it is no replica set, so it notes no changes: start it with `--replSet`, and `rs.initiate()` (one member will do)",
        "它不是副本集,没有变更记录:请以 `--replSet` 启动并执行 `rs.initiate()`(一个成员即可)",
    )
}

fn unfollowed(collection: &str) -> Text {
    let types = UNFOLLOWED.join(", ");
    Text::new(
        format!("some `_id` of `{collection}` is of a type that cannot be followed ({types})"),
        format!("`{collection}` 中有 `_id` 的类型无法跟随({types})"),
    )
}

fn unavailable(name: &str) -> Failure {
    let text = Text::new(format!("cannot read source `{name}`"), format!("无法读取来源 `{name}`"));
    Failure::new(Exit::Unavailable, text)
}

/// The code of an error that the server answered with.
fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}

fn failure(name: &str, error: &Error) -> Failure {
    let is_refusal = match &*error.kind {
        ErrorKind::Command(command) => !PASSING.contains(&command.code),
        ErrorKind::Authentication { .. }
        | ErrorKind::Custom(_)
        | ErrorKind::IncompatibleServer { .. }
        | ErrorKind::InvalidArgument { .. }
        | ErrorKind::InvalidTlsConfig { .. }
        | ErrorKind::SessionsNotSupported => true,
        _ => false,
    };
    if is_refusal {
        return refused(format!("cannot read source `{name}`"), format!("无法读取来源 `{name}`"))
            .because(error.kind.to_string());
    }
    unavailable(name).because(error.kind.to_string())
}

/// A document, and its key as values.
fn decoded(document: &[u8], names: &[String], key_len: usize) -> Result<(Vec<Value>, Vec<Value>), Broken> {
    let mut key = fields(document, names)?;
    let values = key.split_off(key_len);
    Ok((key, values))
}
