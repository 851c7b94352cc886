//! Databases that speak SQL: one prepared statement for each fetch, with every value bound.

#[cfg(feature = "mysql")]
pub(super) mod mysql;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
pub(super) mod sqlite;

mod bind;
mod call;
mod catalogue;
mod dialect;
mod named;
mod running;
mod select;
mod shape;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use kefu_upstream::Pool;
use serde::Deserialize;
use tokio::time::timeout_at;

use self::{bind::Statement, call::CallAccess, dialect::Dialect, running::Running, shape::Shape};
pub(super) use self::{
    catalogue::{Catalogue, TableColumn},
    dialect::Kind,
};
use super::{
    fit::{Raw, at},
    gather::Gather,
    settings::{Bytes, Count, read_call, read_target},
    trouble::{garbage, refused, timed_out, trouble},
    zone::Zone,
};
use crate::{
    rows::{Rows, RowsBuilder},
    scalar::Scalar,
    source::{Abilities, Call, Column, Fetch, Fetching, Source, SourceError, Target, TroubleKind},
};

/// How long a connection waits for its next statement.
const IDLE_MAX: Duration = Duration::from_secs(50);

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    Read,
    Write,
}

/// Takes one row after another.
pub(super) type Take<'a> = &'a mut (dyn FnMut(&dyn SqlRow) -> Result<(), SourceError> + Send);

/// A row of any driver.
pub(super) trait SqlRow {
    fn width(&self) -> usize;
    fn name(&self, index: usize) -> &str;
    fn raw(&self, index: usize) -> Result<Raw<'_>, SourceError>;
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Done {
    rows_affected: u64,
    last_id: Option<u64>,
}

/// Why a statement was not done.
pub(super) enum Undone {
    /// The driver or the server says so.
    Sql(sqlx::Error),
    /// Whoever takes the rows wants no more.
    Stopped(SourceError),
}

impl From<sqlx::Error> for Undone {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// One driver beneath: what differs between servers beyond their language.
pub(super) trait Driver: Send + Sync + 'static {
    type Connection: Send + 'static;

    fn dialect(&self) -> Dialect;

    /// Whether it can number rows within each key.
    fn has_windows(&self) -> bool;

    fn connect(&self, mode: Mode) -> BoxFuture<'_, Result<Self::Connection, sqlx::Error>>;

    /// Runs a statement; what still runs at the deadline the server ends by itself, a second later at most.
    fn run<'a>(
        &'a self,
        connection: &'a mut Self::Connection,
        statement: &'a Statement,
        deadline: Instant,
        take: Take<'a>,
    ) -> BoxFuture<'a, Result<Done, Undone>>;

    /// What stops the statement of a connection from elsewhere.
    fn interrupter(&self, connection: &Self::Connection) -> Box<dyn FnOnce() + Send>;

    fn trouble(&self, error: &sqlx::Error) -> SourceError;
}

/// Keys that one statement asks for at most; whoever asks has a lower limit.
const KEYS_MAX: usize = 10_000;

/// What all kinds of servers are told.
#[derive(Clone, Copy, Debug)]
struct Common {
    pool: usize,
    bytes_max: usize,
    zone: Zone,
    is_read_only: bool,
}

/// A database.
pub(super) struct SqlSource<D: Driver> {
    driver: D,
    common: Common,
    idle: Pool<D::Connection>,
    /// What is known of tables, by their names as targets write them.
    shapes: Mutex<HashMap<String, Arc<Shape>>>,
}

/// How a target names its table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Access {
    table: String,
}

impl Common {
    fn new(
        pool: Option<Count>,
        pool_default: usize,
        bytes_max: Bytes,
        zone: Zone,
        is_read_only: bool,
    ) -> Self {
        let pool = pool.map_or(pool_default, |count| count.0);
        Self { pool, bytes_max: bytes_max.0, zone, is_read_only }
    }
}

impl<D: Driver> SqlSource<D> {
    fn new(driver: D, common: Common) -> Self {
        let idle = Pool::new(common.pool, IDLE_MAX);
        Self { driver, common, idle, shapes: Mutex::default() }
    }

    fn shapes(&self) -> MutexGuard<'_, HashMap<String, Arc<Shape>>> {
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a table's columns are; asked once.
    async fn shape(&self, target: &Target, deadline: Instant) -> Result<Arc<Shape>, SourceError> {
        let access: Access = read_target(target).map_err(refused)?;
        if let Some(known) = self.shapes().get(&access.table) {
            return Ok(Arc::clone(known));
        }
        let dialect = self.driver.dialect();
        let mut columns = HashMap::new();
        let mut take = |row: &dyn SqlRow| {
            if let (Raw::Text(name), Raw::Text(declared)) = (row.raw(0)?, row.raw(1)?) {
                columns.insert(name.into_owned(), dialect.kind(&declared));
            }
            Ok(())
        };
        self.read(&shape::catalogue(dialect, &access.table), deadline, &mut take).await?;
        if columns.is_empty() {
            return Err(refused(format!("there is no table `{}`", access.table)));
        }
        let shape = Arc::new(Shape::new(dialect, &access.table, self.common.zone, Some(columns)));
        self.shapes().insert(access.table, Arc::clone(&shape));
        Ok(shape)
    }

    /// Runs a statement that reads. What waits for its next statement may have gone with its server: that is tried
    /// once more.
    async fn read(
        &self,
        statement: &Statement,
        deadline: Instant,
        take: Take<'_>,
    ) -> Result<Done, SourceError> {
        let place = self.idle.place().await;
        let mut taken = 0_usize;
        if let Some(mut connection) = place.take(Instant::now(), |_| true) {
            let mut counted = |row: &dyn SqlRow| {
                taken += 1;
                take(row)
            };
            match self.run(&mut connection, statement, deadline, &mut counted).await {
                Ok(done) => {
                    place.give_back(connection, Instant::now());
                    return Ok(done);
                }
                Err(Undone::Sql(error)) if taken == 0 && is_broken(&error) => {}
                Err(Undone::Sql(error @ sqlx::Error::Database(_))) => {
                    let trouble = self.driver.trouble(&error);
                    place.give_back(connection, Instant::now());
                    return Err(trouble);
                }
                Err(Undone::Sql(error)) => return Err(self.driver.trouble(&error)),
                Err(Undone::Stopped(error)) => return Err(error),
            }
        }
        let connecting = self.driver.connect(Mode::Read);
        let mut connection = connecting.await.map_err(|error| self.driver.trouble(&error))?;
        match self.run(&mut connection, statement, deadline, take).await {
            Ok(done) => {
                place.give_back(connection, Instant::now());
                Ok(done)
            }
            Err(Undone::Sql(error)) => Err(self.driver.trouble(&error)),
            Err(Undone::Stopped(error)) => Err(error),
        }
    }

    /// Runs a statement; if nobody waits for it any more, it is stopped where it runs.
    async fn run(
        &self,
        connection: &mut D::Connection,
        statement: &Statement,
        deadline: Instant,
        take: Take<'_>,
    ) -> Result<Done, Undone> {
        let running = Running::new(self.driver.interrupter(connection));
        let done = self.driver.run(connection, statement, deadline, take).await;
        // Where no more rows are wanted, the server may still have many.
        if !matches!(done, Err(Undone::Stopped(_))) {
            running.end();
        }
        done
    }

    async fn rows(&self, fetch: &Fetch) -> Result<Rows, SourceError> {
        let shape = self.shape(&fetch.target, fetch.deadline).await?;
        let Some(statement) = select::select(self.driver.dialect(), &shape, fetch)? else {
            return Ok(RowsBuilder::new(fetch.width()).finish());
        };
        let (rows_max, bytes_max) = (fetch.rows_max, self.common.bytes_max);
        let mut gather = Gather::new(&fetch.target, &fetch.columns, rows_max, bytes_max, self.common.zone);
        if fetch.is_count {
            gather = gather.counting();
        }
        let mut take = |row: &dyn SqlRow| {
            add(&mut gather, &fetch.target, &fetch.columns, row)?;
            if fetch.is_count { gather.count(&row.raw(fetch.columns.len())?) } else { Ok(()) }
        };
        match self.read(&statement, fetch.deadline, &mut take).await {
            Ok(_) => Ok(gather.finish()),
            Err(error) => {
                // A table may have other columns by now.
                if error.kind == TroubleKind::Refused
                    && let Ok(access) = read_target::<Access>(&fetch.target)
                {
                    self.shapes().remove(&access.table);
                }
                Err(error)
            }
        }
    }

    async fn change(&self, call: &Call) -> Result<Rows, SourceError> {
        let access: CallAccess = read_call(&call.operation).map_err(refused)?;
        let dialect = self.driver.dialect();
        let (bytes_max, zone) = (self.common.bytes_max, self.common.zone);
        let statement = named::bound(dialect, &access.statement, &call.arguments, zone).map_err(refused)?;
        // What is known of the table that is read from afterwards, so that this one does not fail after the change.
        let shape = match &access.read_back {
            Some(_) => Some(self.shape(&call.target, call.deadline).await?),
            None => None,
        };
        let _place = self.idle.place().await;
        let connecting = self.driver.connect(Mode::Write);
        let mut connection = connecting.await.map_err(|error| self.driver.trouble(&error))?;
        let mut gather = Gather::new(&call.target, &call.columns, call::ROWS_MAX, bytes_max, zone);
        let mut take = |row: &dyn SqlRow| call::add(&mut gather, &call.target, &call.columns, row);
        let done = self.run(&mut connection, &statement, call.deadline, &mut take).await;
        let done = self.done(done)?;
        if gather.len() > 0 || done.rows_affected == 0 {
            return Ok(gather.finish());
        }
        let (Some(read_back), Some(shape)) = (&access.read_back, shape) else {
            call::add_figures(&mut gather, &call.target, &call.columns, done)?;
            return Ok(gather.finish());
        };
        let fetch = call::read_back(call, read_back, done)?;
        if let Some(statement) = select::select(dialect, &shape, &fetch)? {
            let mut take = |row: &dyn SqlRow| add(&mut gather, &call.target, &call.columns, row);
            let read = self.run(&mut connection, &statement, call.deadline, &mut take).await;
            self.done(read)?;
        }
        Ok(gather.finish())
    }

    fn done(&self, done: Result<Done, Undone>) -> Result<Done, SourceError> {
        done.map_err(|undone| match undone {
            Undone::Sql(error) => self.driver.trouble(&error),
            Undone::Stopped(error) => error,
        })
    }
}

/// Adds a row of a statement that [`select::select`] made.
fn add(
    gather: &mut Gather<'_>,
    target: &Target,
    columns: &[usize],
    row: &dyn SqlRow,
) -> Result<(), SourceError> {
    gather.row()?;
    for (place, column) in columns.iter().enumerate() {
        let column = &target.columns[*column];
        let raw = row.raw(place)?;
        let Some((_, path)) = split(column) else {
            gather.cell(place, raw)?;
            continue;
        };
        let document = match raw {
            Raw::Text(text) => serde_json::from_str(&text)
                .map_err(|_| garbage(format!("column `{}` of `{}`: no JSON", column.name, target.name)))?,
            _ => serde_json::Value::Null,
        };
        gather.cell(place, at(&document, path).map_or(Raw::Null, Raw::Json))?;
    }
    Ok(())
}

/// The column and the path of what lies within one.
fn split(column: &Column) -> Option<(&str, &str)> {
    column.name.split_once('.')
}

/// Whether a column can stand in conditions.
fn is_plain(column: &Column) -> bool {
    !column.is_list && column.scalar != Scalar::Json && split(column).is_none()
}

/// How many seconds the server is given until a deadline, so that it does not have to be told each time.
#[cfg(any(feature = "mysql", feature = "postgres"))]
fn seconds_until(deadline: Instant) -> u64 {
    deadline.saturating_duration_since(Instant::now()).as_secs() + 1
}

/// Whether a connection went away beneath a statement.
fn is_broken(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed)
}

/// What errors that are no answer of a server mean.
fn connection_trouble(error: &sqlx::Error) -> SourceError {
    match error {
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => {
            refused("the connection cannot be made as configured")
        }
        sqlx::Error::Io(error) => {
            trouble(TroubleKind::Unavailable, format!("the connection failed: {}", error.kind()))
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => garbage("a value cannot be decoded"),
        _ => trouble(TroubleKind::Unavailable, "the connection failed"),
    }
}

impl<D: Driver> Source for SqlSource<D> {
    fn check(&self, target: &Target) -> Result<(), String> {
        let access: Access = read_target(target)?;
        if access.table.is_empty() || access.table.contains('\0') {
            return Err("table: must be the name of a table".to_owned());
        }
        Ok(())
    }

    fn check_call(
        &self,
        operation: &serde_json::Value,
        arguments: &[&str],
        target: &Target,
    ) -> Result<(), String> {
        if self.common.is_read_only {
            return Err("statement: the source is read_only".to_owned());
        }
        call::check(operation, arguments, target, self.driver.dialect())
    }

    fn abilities(&self, target: &Target) -> Abilities {
        let plain = |place: &usize| is_plain(&target.columns[*place]);
        let plain: Vec<usize> = (0..target.columns.len()).filter(plain).collect();
        Abilities {
            lists: true,
            keys: plain.iter().map(|place| (*place, KEYS_MAX)).collect(),
            filters: plain.clone(),
            sorts: plain,
            limits: true,
            limits_per_key: self.driver.has_windows(),
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
            if self.common.is_read_only {
                return Err(refused("the source is read_only"));
            }
            timeout_at(call.deadline.into(), self.change(call)).await.unwrap_or_else(|_| Err(timed_out()))
        })
    }

    fn native(&self, fetch: &Fetch) -> Option<String> {
        let access: Access = read_target(&fetch.target).ok()?;
        let known = self.shapes().get(&access.table).cloned();
        let dialect = self.driver.dialect();
        let shape =
            known.unwrap_or_else(|| Arc::new(Shape::new(dialect, &access.table, self.common.zone, None)));
        let statement = select::select(dialect, &shape, fetch).ok()?;
        Some(statement.map_or_else(|| "nothing can match".to_owned(), |statement| statement.sql))
    }
}
