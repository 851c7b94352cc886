//! Files of SQLite.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Decode, Either,
    Executor as _, Row as _, Sqlite, SqliteConnection, TypeInfo as _, ValueRef as _,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow},
};

use super::{
    Common, Done, Driver, Mode, SqlRow, SqlSource, Take, Undone,
    bind::{Bind, Statement},
    connection_trouble,
    dialect::{Dialect, Times},
};
use crate::{
    source::{SourceError, TroubleKind},
    sources::{
        SourceOpenError,
        fit::Raw,
        settings::{Bytes, Count, read},
        trouble::{garbage, refused, timed_out, trouble},
        zone::Zone,
    },
};

/// How long a file that another program writes may be locked.
const BUSY: Duration = Duration::from_secs(2);
/// Steps of SQLite's machine between two looks at whether anybody still waits.
const STEPS: i32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    file: String,
    pool: Option<Count>,
    #[serde(default)]
    bytes_max: Bytes,
    #[serde(default)]
    time_zone: Zone,
    #[serde(default)]
    times: Times,
    #[serde(default)]
    read_only: bool,
}

/// A file.
pub(in crate::sources) struct SqliteDriver {
    options: SqliteConnectOptions,
    times: Times,
}

pub(in crate::sources) struct Connection {
    inner: SqliteConnection,
    is_unwanted: Arc<AtomicBool>,
}

/// Opens a source; the file is opened when it is first read.
pub(in crate::sources) fn open(
    settings: &Value,
    dir: &Path,
) -> Result<SqlSource<SqliteDriver>, SourceOpenError> {
    let settings: Settings = read(settings)?;
    if settings.file.is_empty() {
        return Err(SourceOpenError::new("file", "must be the path of a file"));
    }
    let options = SqliteConnectOptions::new()
        .filename(dir.join(&settings.file))
        .create_if_missing(false)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let Settings { pool, bytes_max, time_zone, read_only, .. } = settings;
    let common = Common::new(pool, 4, bytes_max, time_zone, read_only);
    Ok(SqlSource::new(SqliteDriver { options, times: settings.times }, common))
}

impl SqliteDriver {
    async fn connection(&self, mode: Mode) -> Result<Connection, sqlx::Error> {
        let options = self.options.clone().read_only(mode == Mode::Read);
        let mut inner = SqliteConnection::connect_with(&options).await?;
        let is_unwanted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_unwanted);
        let mut handle = inner.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || !seen.load(Ordering::Relaxed));
        drop(handle);
        Ok(Connection { inner, is_unwanted })
    }
}

impl Driver for SqliteDriver {
    type Connection = Connection;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite { times: self.times }
    }

    fn has_windows(&self) -> bool {
        true
    }

    fn connect(&self, mode: Mode) -> BoxFuture<'_, Result<Connection, sqlx::Error>> {
        self.connection(mode).boxed()
    }

    fn run<'a>(
        &'a self,
        connection: &'a mut Connection,
        statement: &'a Statement,
        _deadline: Instant,
        take: Take<'a>,
    ) -> BoxFuture<'a, Result<Done, Undone>> {
        Box::pin(async move {
            let arguments = arguments(&statement.binds).map_err(sqlx::Error::Encode)?;
            let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(statement.sql.as_str()), arguments);
            let mut steps = connection.inner.fetch_many(query);
            let mut done = Done::default();
            while let Some(step) = steps.try_next().await? {
                match step {
                    Either::Left(result) => {
                        done.rows_affected += result.rows_affected();
                        done.last_id = u64::try_from(result.last_insert_rowid()).ok().filter(|id| *id != 0);
                    }
                    Either::Right(row) => take(&Row(&row)).map_err(Undone::Stopped)?,
                }
            }
            Ok(done)
        })
    }

    fn interrupter(&self, connection: &Connection) -> Box<dyn FnOnce() + Send> {
        let is_unwanted = Arc::clone(&connection.is_unwanted);
        Box::new(move || is_unwanted.store(true, Ordering::Relaxed))
    }

    fn trouble(&self, error: &sqlx::Error) -> SourceError {
        let sqlx::Error::Database(database) = error else { return connection_trouble(error) };
        let code: u32 = database.code().and_then(|code| code.parse().ok()).unwrap_or_default();
        match code & 0xff {
            9 => timed_out(),
            5 | 6 => trouble(TroubleKind::Unavailable, "the file is locked"),
            14 => trouble(TroubleKind::Unavailable, "the file cannot be opened"),
            11 | 26 => refused("the file is damaged, or is none of SQLite"),
            // An error in the statement: it names tables and columns.
            1 => refused(database.message()),
            code => refused(format!("SQLite refused the statement (code {code})")),
        }
    }
}

fn arguments(binds: &[Bind]) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for bind in binds {
        match bind {
            Bind::Null => arguments.add(None::<i64>)?,
            Bind::Boolean(value) => arguments.add(*value)?,
            Bind::Int(number) => arguments.add(*number)?,
            #[expect(clippy::cast_precision_loss, reason = "no number of SQLite is as large")]
            Bind::Unsigned(number) => match i64::try_from(*number) {
                Ok(number) => arguments.add(number)?,
                Err(_) => arguments.add(*number as f64)?,
            },
            Bind::Float(number) => arguments.add(*number)?,
            Bind::Text(text) => arguments.add(text.clone())?,
            Bind::Bytes(bytes) => arguments.add(bytes.clone())?,
            Bind::Texts(_) => return Err("SQLite has no arrays".into()),
        }
    }
    Ok(arguments)
}

struct Row<'r>(&'r SqliteRow);

impl SqlRow for Row<'_> {
    fn width(&self) -> usize {
        self.0.len()
    }

    fn name(&self, index: usize) -> &str {
        self.0.column(index).name()
    }

    fn raw(&self, index: usize) -> Result<Raw<'_>, SourceError> {
        self.read(index).map_err(|_| garbage(format!("column `{}` cannot be decoded", self.name(index))))
    }
}

impl Row<'_> {
    fn read(&self, index: usize) -> Result<Raw<'_>, sqlx::error::BoxDynError> {
        let value = self.0.try_get_raw(index)?;
        let info = value.type_info().into_owned();
        if value.is_null() {
            return Ok(Raw::Null);
        }
        Ok(match info.name() {
            "INTEGER" => Raw::Int(<i64 as Decode<Sqlite>>::decode(value)?),
            "REAL" => Raw::Float(<f64 as Decode<Sqlite>>::decode(value)?),
            "BLOB" => Raw::Bytes(<&[u8] as Decode<Sqlite>>::decode(value)?.into()),
            _ => Raw::Text(<&str as Decode<Sqlite>>::decode(value)?.into()),
        })
    }
}
