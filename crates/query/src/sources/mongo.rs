//! MongoDB: one `find` for each fetch, or one pipeline where rows are limited for each key.

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
    Client, Collection, Cursor,
    bson::{Document, RawDocumentBuf, doc},
    error::{Error, ErrorKind},
    options::ClientOptions,
};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::time::{timeout, timeout_at};

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
    database: mongodb::Database,
    bytes_max: usize,
    zone: Zone,
    /// Whether it numbers documents within groups.
    has_windows: Arc<AtomicBool>,
}

/// Opens a source; a server that answers says what it can.
pub(super) async fn open(settings: &Json) -> Result<MongoSource, SourceOpenError> {
    let settings: Settings = read(settings)?;
    if !settings.url.starts_with("mongodb://") {
        // Names of services are looked up by a resolver that is not built in.
        let text = "must be of the form mongodb://user:password@host:27017,host:27017";
        return Err(SourceOpenError::new("url", text));
    }
    // The driver's own words may repeat the address, and with it the password.
    let options = ClientOptions::parse(&settings.url).await;
    let mut options =
        options.map_err(|_| SourceOpenError::new("url", "cannot be read as an address of MongoDB"))?;
    options.app_name = Some("kefu".to_owned());
    options.max_pool_size = Some(settings.pool.map_or(16, |pool| u32::try_from(pool.0).unwrap_or(u32::MAX)));
    options.server_selection_timeout = Some(GREET);
    options.connect_timeout = Some(GREET);
    // Whoever asks knows how often to ask.
    options.retry_reads = Some(false);
    options.retry_writes = Some(false);
    let client = Client::with_options(options)
        .map_err(|_| SourceOpenError::new("url", "has options that do not go together"))?;
    let database = client.database(&settings.database);
    let has_windows = Arc::new(AtomicBool::new(true));
    // A server that does not answer yet is taken for one of our days.
    if let Ok(Ok(info)) = timeout(GREET, database.run_command(doc! {"buildInfo": 1})).await {
        let major =
            info.get_str("version").ok().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        has_windows.store(major.is_none_or(|major| major >= 5), Ordering::Relaxed);
    }
    Ok(MongoSource { database, bytes_max: settings.bytes_max.0, zone: settings.time_zone, has_windows })
}

impl MongoSource {
    /// The database, for who drafts a configuration of it.
    pub(super) fn database(&self) -> &mongodb::Database {
        &self.database
    }

    async fn rows(&self, fetch: &Fetch) -> Result<Rows, SourceError> {
        let access: Access = read_target(&fetch.target).map_err(refused)?;
        let collection: Collection<RawDocumentBuf> = self.database.collection(&access.collection);
        let asked = query::asked(fetch, self.zone)?;
        let mut cursor = self.cursor(&collection, asked, fetch.deadline).await?;
        let mut gather =
            Gather::new(&fetch.target, &fetch.columns, fetch.rows_max, self.bytes_max, self.zone);
        while cursor.advance().await.map_err(|error| self.trouble(&error))? {
            gather.row()?;
            let row = cursor.current();
            for (place, column) in fetch.columns.iter().enumerate() {
                let column = &fetch.target.columns[*column];
                let damaged = |()| {
                    garbage(format!("column `{}` of `{}` cannot be decoded", column.name, fetch.target.name))
                };
                match document::at(row, &column.name).map_err(damaged)? {
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
        let time = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
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

    fn check_call(&self, _: &Json, _: &[&str], _: &Target) -> Result<(), String> {
        Err("source: a source of MongoDB is only read".to_owned())
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
            is_idempotent: true,
        }
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        Box::pin(async move {
            timeout_at(fetch.deadline.into(), self.rows(fetch)).await.unwrap_or_else(|_| Err(timed_out()))
        })
    }

    fn call<'a>(&'a self, _: &'a Call) -> Fetching<'a> {
        Box::pin(async { Err(refused("a source of MongoDB is only read")) })
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
