//! MongoDB: one `find` for each fetch, or one pipeline where rows are counted, or limited for each key.

mod change;
mod document;
mod query;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use mongodb::{
    Client, Collection, Cursor, Database,
    bson::{Document, RawDocument, RawDocumentBuf, doc, oid::ObjectId},
    error::{Error, ErrorKind, WriteFailure},
    options::{ClientOptions, ConnectionString, ReturnDocument},
};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::{
    sync::OnceCell,
    time::{timeout, timeout_at},
};

use self::change::Done;
use super::{
    SourceOpenError,
    fit::Raw,
    gather::Gather,
    settings::{Bytes, Count, read, read_target},
    trouble::{garbage, refused, timed_out, trouble},
    zone::Zone,
};
use crate::{
    rows::Rows,
    scalar::Scalar,
    source::{Abilities, Call, Column, Fetch, Fetching, Source, SourceError, Target, TroubleKind},
};

/// How long a server may take to be found, and to say at start what it is.
const GREET: Duration = Duration::from_secs(2);

/// Keys that one query asks for at most; whoever asks has a lower limit.
const KEYS_MAX: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    #[serde(alias = "db")]
    database: String,
    pool: Option<Count>,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    bytes_max: Bytes,
    #[serde(default)]
    time_zone: Zone,
}

/// How a target names its collection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Access {
    collection: String,
}

/// A server and a database on it.
pub(super) struct MongoSource {
    settings: Settings,
    database: OnceCell<Database>,
    bytes_max: usize,
    zone: Zone,
    is_read_only: bool,
    /// Whether it numbers documents within groups.
    has_windows: Arc<AtomicBool>,
}

/// Opens a source; a server that answers says what it can. One that does not, and a name that is not found now, is asked
/// again by the next fetch.
pub(super) async fn open(settings: &Json) -> Result<MongoSource, SourceOpenError> {
    let settings: Settings = read(settings)?;
    // The driver's own words may repeat the address, and with it the password.
    let unreadable = || {
        let text = "must be of the form mongodb://user:password@host:27017,host:27017 or mongodb+srv://user:password@cluster.example.com";
        SourceOpenError::new("url", text)
    };
    ConnectionString::parse(&settings.url).map_err(|_| unreadable())?;
    let source = MongoSource {
        bytes_max: settings.bytes_max.0,
        zone: settings.time_zone,
        is_read_only: settings.read_only,
        has_windows: Arc::new(AtomicBool::new(true)),
        database: OnceCell::new(),
        settings,
    };
    match timeout(GREET, source.database()).await {
        Ok(Err(Unopened::Address)) => Err(unreadable()),
        Ok(Ok(_) | Err(Unopened::Away)) | Err(_) => Ok(source),
    }
}

/// Why there is no database yet.
pub(super) enum Unopened {
    /// Its address will never do.
    Address,
    /// The names of its servers cannot be looked up now.
    Away,
}

impl From<Unopened> for SourceError {
    fn from(unopened: Unopened) -> Self {
        match unopened {
            Unopened::Address => refused("the address has options that do not go together"),
            Unopened::Away => trouble(TroubleKind::Unavailable, "the servers' names cannot be looked up"),
        }
    }
}

impl MongoSource {
    /// The database, whose servers are looked up once.
    pub(super) async fn database(&self) -> Result<&Database, Unopened> {
        self.database.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<Database, Unopened> {
        let Settings { url, database, pool, .. } = &self.settings;
        let options = ClientOptions::parse(url).await.map_err(|error| match error.kind.as_ref() {
            ErrorKind::InvalidArgument { .. } => Unopened::Address,
            _ => Unopened::Away,
        });
        let mut options = options?;
        options.app_name = Some("kefu".to_owned());
        options.max_pool_size = Some(pool.map_or(16, |pool| u32::try_from(pool.0).unwrap_or(u32::MAX)));
        options.server_selection_timeout = Some(GREET);
        options.connect_timeout = Some(GREET);
        // Whoever asks knows how often to ask.
        options.retry_reads = Some(false);
        options.retry_writes = Some(false);
        let client = Client::with_options(options).map_err(|_| Unopened::Address)?;
        let database = client.database(database);
        // A server that does not answer yet is taken for one of our days.
        if let Ok(Ok(info)) = timeout(GREET, database.run_command(doc! {"buildInfo": 1})).await {
            let version = info.get_str("version").ok();
            let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
            self.has_windows.store(major.is_none_or(|major| major >= 5), Ordering::Relaxed);
        }
        Ok(database)
    }

    async fn rows(&self, fetch: &Fetch) -> Result<Rows, SourceError> {
        let collection = self.collection(&fetch.target).await?;
        let asked = query::asked(fetch, self.zone)?;
        let mut cursor = self.cursor(&collection, asked, fetch.deadline).await?;
        let mut gather =
            Gather::new(&fetch.target, &fetch.columns, fetch.rows_max, self.bytes_max, self.zone);
        if fetch.is_count {
            gather = gather.counting();
        }
        while cursor.advance().await.map_err(|error| self.trouble(&error))? {
            let row = cursor.current();
            if fetch.is_count {
                add(&mut gather, &fetch.target, &fetch.columns, row, |_| "_id")?;
                let count = row.get(query::COUNT).ok().flatten().and_then(document::raw);
                gather.count(&count.unwrap_or(Raw::Null))?;
            } else {
                add(&mut gather, &fetch.target, &fetch.columns, row, |column| &column.name)?;
            }
        }
        if fetch.is_count && fetch.columns.is_empty() && gather.len() == 0 {
            // Of no documents there is no group.
            gather.count(&Raw::Int(0))?;
        }
        Ok(gather.finish())
    }

    async fn collection(&self, target: &Target) -> Result<Collection<RawDocumentBuf>, SourceError> {
        let access: Access = read_target(target).map_err(refused)?;
        Ok(self.database().await?.collection(&access.collection))
    }

    /// Changes one document, and gives it as it is then; one that is removed, as it was.
    async fn change(&self, call: &Call) -> Result<Rows, SourceError> {
        let collection = self.collection(&call.target).await?;
        let time = remaining(call.deadline);
        let changed = match change::done(call, self.zone)? {
            Done::Insert(mut document) => {
                // The driver would give it one too, but only on the wire.
                if !document.contains_key("_id") {
                    document.insert("_id", ObjectId::new());
                }
                let raw = RawDocumentBuf::try_from(&document);
                let raw = raw.map_err(|_| refused("the document cannot be kept"))?;
                collection.insert_one(&raw).await.map(|_| Some(raw))
            }
            Done::Update(found, update) => {
                let update = collection.find_one_and_update(found, update);
                update.return_document(ReturnDocument::After).max_time(time).await
            }
            Done::Delete(found) => collection.find_one_and_delete(found).max_time(time).await,
        };
        let changed = changed.map_err(|error| self.trouble(&error))?;
        let mut gather = Gather::new(&call.target, &call.columns, 1, self.bytes_max, self.zone);
        if let Some(row) = changed {
            add(&mut gather, &call.target, &call.columns, &row, |column| &column.name)?;
        }
        Ok(gather.finish())
    }

    async fn cursor(
        &self,
        collection: &Collection<RawDocumentBuf>,
        asked: query::Asked,
        deadline: Instant,
    ) -> Result<Cursor<RawDocumentBuf>, SourceError> {
        // The server gives up by itself when nobody waits any more.
        let time = remaining(deadline);
        let cursor = match asked {
            query::Asked::Find(asked) => {
                let query::Find { filter, projection, sort, limit } = *asked;
                let find = collection.find(filter).projection(projection).sort(sort).limit(limit);
                find.max_time(time).await
            }
            query::Asked::Aggregate(stages) => {
                collection.aggregate(stages).max_time(time).with_type::<RawDocumentBuf>().await
            }
        };
        cursor.map_err(|error| self.trouble(&error))
    }

    pub(super) fn trouble(&self, error: &Error) -> SourceError {
        match error.kind.as_ref() {
            ErrorKind::Command(command) => match command.code {
                50 | 262 | 202 => timed_out(),
                // An older server, or one that speaks less of the language, does not know the stage.
                40324 => {
                    self.has_windows.store(false, Ordering::Relaxed);
                    refused("the server does not number documents within groups")
                }
                11600 | 11602 | 10107 | 13435 | 13436 | 189 | 91 => trouble(
                    TroubleKind::Unavailable,
                    format!("the server is not well (code {})", command.code),
                ),
                13 | 18 => refused(format!("the server does not let us (code {})", command.code)),
                code => refused(format!("the server refused the query (code {code}, {})", command.code_name)),
            },
            // What it says of a key that is there already has its value.
            ErrorKind::Write(WriteFailure::WriteError(error)) => {
                refused(format!("the server refused the change (code {})", error.code))
            }
            ErrorKind::Write(_) => refused("the server did not confirm the change"),
            ErrorKind::Authentication { .. } => refused("the server does not know us"),
            ErrorKind::InvalidArgument { .. } => refused("the driver refused the query"),
            ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => {
                garbage("the server's answer cannot be read")
            }
            ErrorKind::ServerSelection { .. } => trouble(TroubleKind::Unavailable, "no server answers"),
            _ => trouble(TroubleKind::Unavailable, "the connection failed"),
        }
    }
}

/// The time that is left, which a server is told.
fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// Adds a document; `path` says where in it the value of a column is.
fn add<'c>(
    gather: &mut Gather<'_>,
    target: &'c Target,
    columns: &[usize],
    row: &RawDocument,
    path: impl Fn(&'c Column) -> &'c str,
) -> Result<(), SourceError> {
    gather.row()?;
    for (place, column) in columns.iter().enumerate() {
        let column = &target.columns[*column];
        let damaged =
            |()| garbage(format!("column `{}` of `{}` cannot be decoded", column.name, target.name));
        match document::at(row, path(column)).map_err(damaged)? {
            None => gather.cell(place, Raw::Null)?,
            Some(value) => match document::raw(value) {
                Some(raw) => gather.cell(place, raw)?,
                None => {
                    let json = document::json(value, 0).map_err(damaged)?;
                    gather.cell(place, Raw::Json(&json))?;
                }
            },
        }
    }
    Ok(())
}

impl Source for MongoSource {
    fn check(&self, target: &Target) -> Result<(), String> {
        let access: Access = read_target(target)?;
        if access.collection.is_empty() || access.collection.contains(['\0', '$']) {
            return Err("collection: must be the name of a collection".to_owned());
        }
        let wrong = target
            .columns
            .iter()
            .find(|column| column.name.split('.').any(|part| part.is_empty() || part.starts_with('$')));
        wrong.map_or(Ok(()), |column| Err(format!("collection: `{}` is no path of a field", column.name)))
    }

    fn check_call(&self, operation: &Json, arguments: &[&str], target: &Target) -> Result<(), String> {
        if self.is_read_only {
            return Err("change: the source is read_only".to_owned());
        }
        change::check(operation, arguments, target)
    }

    fn abilities(&self, target: &Target) -> Abilities {
        let is_plain = |column: &Column| !column.is_list && column.scalar != Scalar::Json;
        let plain = |place: &usize| is_plain(&target.columns[*place]);
        let plain: Vec<usize> = (0..target.columns.len()).filter(plain).collect();
        Abilities {
            lists: true,
            keys: plain.iter().map(|place| (*place, KEYS_MAX)).collect(),
            filters: plain.clone(),
            sorts: plain,
            limits: true,
            limits_per_key: self.has_windows.load(Ordering::Relaxed),
            counts: true,
            is_idempotent: true,
        }
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        Box::pin(async move {
            timeout_at(fetch.deadline.into(), self.rows(fetch)).await.unwrap_or_else(|_| Err(timed_out()))
        })
    }

    fn call<'a>(&'a self, call: &'a Call) -> Fetching<'a> {
        Box::pin(async move {
            if self.is_read_only {
                return Err(refused("the source is read_only"));
            }
            timeout_at(call.deadline.into(), self.change(call)).await.unwrap_or_else(|_| Err(timed_out()))
        })
    }

    fn native(&self, fetch: &Fetch) -> Option<String> {
        let access: Access = read_target(&fetch.target).ok()?;
        let shown = |document: Document| query::shown(&document.into());
        let collection = access.collection;
        Some(match query::asked(fetch, self.zone).ok()? {
            query::Asked::Find(asked) => {
                let query::Find { filter, projection, sort, limit } = *asked;
                let (filter, projection, sort) = (shown(filter), shown(projection), shown(sort));
                format!("db.{collection}.find({filter}, {projection}).sort({sort}).limit({limit})")
            }
            query::Asked::Aggregate(stages) => {
                let stages: Vec<String> = stages.into_iter().map(shown).collect();
                format!("db.{collection}.aggregate([{}])", stages.join(", "))
            }
        })
    }
}
