//! What is written to a server after a cutover: rows, and beside them a note of what each is here, in one transaction.

use std::collections::BTreeMap;

use kefu_app::{Failure, Secret};
use kefu_core::Micros;
use kefu_store::import::{Hash, Outcome, hash_of};
use uuid::Uuid;

#[cfg(feature = "mongo")]
use super::mongo;
#[cfg(feature = "mysql")]
use super::mysql;
use super::{Request, SourceRow, refused};
use crate::{
    file::TimeUnit,
    settings::{Place, SourceSettings},
    value::Value,
};

/// The table, or the collection, of notes.
pub(crate) const NOTES: &str = "kefu_flow_back";

/// What stands there for something that is here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Note {
    /// What it is, by the number that it has in the store; 0 for how far the flow has come.
    pub(crate) entity: i64,
    /// Its row number here, or its place in the log.
    pub(crate) place: i64,
    /// The table of its row, and its key; nothing, if no row stands for it.
    pub(crate) row: Option<(String, Vec<u8>)>,
    /// Whether the row was added by the flow.
    pub(crate) is_made: bool,
    /// Of what the row said when it was last written or read.
    pub(crate) there: Option<Hash>,
    /// Of what was here then.
    pub(crate) here: Option<Hash>,
    /// What could not be said there.
    pub(crate) problem: Option<String>,
}

/// A hash of what a row says, by what it becomes here.
pub(crate) fn hash_there(outcome: &Outcome) -> Hash {
    match outcome {
        Outcome::Record(record) => record.hash(&mut Vec::new()),
        Outcome::Filtered => hash_of(b"filtered"),
        Outcome::Dead => hash_of(b"dead"),
    }
}

/// A value on its way to a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Value(Value),
    /// As the column has it: a number of this unit, or a time, in the source's zone if it says none.
    Time(Micros, TimeUnit),
}

/// Columns and what they are to be.
pub(crate) type Cells = BTreeMap<String, Cell>;

/// Why a row was not written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// The server does not take this one; others it may.
    Row(String),
    Failure(Failure),
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A connection that may write.
pub(crate) enum Writer {
    #[cfg(feature = "mysql")]
    Mysql(Box<mysql::Writer>),
    #[cfg(feature = "mongo")]
    Mongo(Box<mongo::Writer>),
}

/// Calls the writer of whichever server it is.
macro_rules! each {
    ($writer:expr, $open:ident => $call:expr) => {
        match $writer {
            #[cfg(feature = "mysql")]
            Self::Mysql($open) => $call,
            #[cfg(feature = "mongo")]
            Self::Mongo($open) => $call,
        }
    };
}

impl Writer {
    /// Calls the server under an address whose user may write.
    pub(crate) async fn open(settings: &SourceSettings, address: &Secret) -> Result<Self, Failure> {
        match settings.place {
            #[cfg(feature = "mysql")]
            Place::Mysql(_) => mysql::Writer::open(settings, address).await.map(Box::new).map(Self::Mysql),
            #[cfg(feature = "mongo")]
            Place::Mongo(_) => mongo::Writer::open(settings, address).await.map(Box::new).map(Self::Mongo),
            Place::Dump(_) | Place::Sql(_) => Err(Failure::internal("a dump is no server")),
        }
    }

    /// What the server is: it must be the one that was read.
    pub(crate) fn identity(&self) -> &str {
        each!(self, open => open.identity())
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        each!(self, open => open.begin().await)
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        each!(self, open => open.commit().await)
    }

    /// Takes back what was written since it began.
    pub(crate) async fn undo(&mut self) -> Result<(), Failure> {
        each!(self, open => open.undo().await)
    }

    /// Whether what went wrong since this was asked passes, so that the transaction can be tried again.
    pub(crate) fn is_passing(&self) -> bool {
        each!(self, open => open.is_passing())
    }

    /// Notes behind one of them, in their order, so many at most.
    pub(crate) async fn notes(&mut self, after: (i64, i64), limit: u32) -> Result<Vec<Note>, Failure> {
        each!(self, open => open.notes(after, limit).await)
    }

    /// Notes of these places, as far as there are any.
    pub(crate) async fn notes_of(&mut self, entity: i64, places: &[i64]) -> Result<Vec<Note>, Failure> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        each!(self, open => open.notes_of(entity, places).await)
    }

    /// Writes notes down, each in the place of what was noted before.
    pub(crate) async fn put(&mut self, notes: &[Note]) -> Result<(), Failure> {
        if notes.is_empty() {
            return Ok(());
        }
        each!(self, open => open.put(notes).await)
    }

    /// Forgets all notes, once what they say is known elsewhere.
    pub(crate) async fn forget(&mut self) -> Result<(), Failure> {
        each!(self, open => open.forget().await)
    }

    /// The columns of a table's key: these, or else those of the primary key.
    pub(crate) async fn key_of(&mut self, table: &str, key: &[String]) -> Result<Vec<String>, Failure> {
        if !key.is_empty() {
            return Ok(key.to_vec());
        }
        each!(self, open => open.key_of(table).await)
    }

    /// The rows with these keys, as they are within the transaction; nobody else changes them before its end.
    pub(crate) async fn rows(
        &mut self,
        request: &Request,
        keys: &[Vec<u8>],
    ) -> Result<Vec<SourceRow>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        each!(self, open => open.rows(request, keys).await)
    }

    /// Adds a row; returns its key, of these columns. What it is here, and since when, makes a key where the server makes none.
    pub(crate) async fn add(
        &mut self,
        table: &str,
        key: &[String],
        row: &Cells,
        made: (Uuid, Micros),
    ) -> Result<Vec<u8>, Unwritten> {
        each!(self, open => open.add(table, key, row, made).await)
    }

    /// Has columns of the row with this key say something else.
    pub(crate) async fn set(
        &mut self,
        table: &str,
        key_columns: &[String],
        key: &[u8],
        row: &Cells,
    ) -> Result<(), Unwritten> {
        each!(self, open => open.set(table, key_columns, key, row).await)
    }
}

/// A table has no key that could be written.
pub(super) fn no_key(table: &str, key: &[String]) -> Failure {
    let names = key.join(", ");
    refused(
        format!(
            "cannot write to `{table}`: its key ({names}) is neither numbered by the server nor a field here"
        ),
        format!("无法写入 `{table}`:其键({names})既不由服务器编号,也不对应此处的字段"),
    )
}

/// The server refuses to be written to.
pub(super) fn unwritable(table: &str) -> Failure {
    refused(format!("cannot write to `{table}`"), format!("无法写入 `{table}`"))
}
