use std::collections::BTreeMap;

use kefu_core::Micros;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::record::Hash;
use crate::rows::{Columns, int};
use crate::sql::{self, Args};
use crate::{Store, StoreError};

/// How far a table has come.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum TableState {
    /// Nothing was read yet.
    #[default]
    New,
    /// Some of it is here.
    Copying,
    /// All of it is here, as far as it was there when it was read.
    Done,
}

impl TableState {
    /// The word that stands for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Copying => "copying",
            Self::Done => "done",
        }
    }

    fn read(number: i64) -> Result<Self, StoreError> {
        match number {
            0 => Ok(Self::New),
            1 => Ok(Self::Copying),
            2 => Ok(Self::Done),
            _ => Err(StoreError::corrupt(format!("{number} names no state of a table"))),
        }
    }
}

/// A table of a source and how far it has come.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ImportTable {
    /// Row number.
    pub key: i64,
    /// Its source and its name there.
    pub name: String,
    /// Hash of its mapping.
    pub mapping: Hash,
    /// How often it was begun.
    pub pass: u32,
    /// How far it has come.
    pub state: TableState,
    /// Where reading goes on.
    pub position: Option<Vec<u8>>,
    /// Rows that were read, of the present pass.
    pub rows: u64,
    /// Rows that were written, of the present pass: what was the same before is not.
    pub written: u64,
    /// Values that were changed on the way, by what was done to them.
    pub changed: BTreeMap<String, u64>,
    /// When the present pass began.
    pub started_at: Micros,
    /// When it last got on.
    pub updated_at: Micros,
}

/// How a table is taken up.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Begin {
    /// Where it was left, if it was.
    Continue,
    /// From its beginning, in the same pass.
    Restart,
    /// From its beginning, in the next pass.
    Again,
}

/// What a table has to be to be copied.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TableSetup {
    /// Its source and its name there.
    pub name: String,
    /// Hash of its mapping.
    pub mapping: Hash,
}

/// How far a table has come with a batch.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Checkpoint {
    /// Where reading goes on.
    pub position: Option<Vec<u8>>,
    /// Whether that was all of it.
    pub is_end: bool,
    /// Rows read since the one before.
    pub rows: u64,
    /// Rows written since then that are not in the batch of this one.
    pub written: u64,
    /// Values that were changed on the way since then.
    pub changed: BTreeMap<String, u64>,
    /// When.
    pub at: Micros,
}

macro_rules! columns {
    () => {
        "key, name, mapping, pass, state, position, rows, written, changed, started_at, updated_at"
    };
}

/// The table of this name, if it was ever begun.
pub(super) async fn table(
    conn: &mut SqliteConnection,
    name: &str,
) -> Result<Option<ImportTable>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM migrate_table WHERE name = ?");
    let row = sql::row(conn, SQL, Args::default().text(name)).await?;
    row.as_ref().map(read).transpose()
}

/// The table with this row number.
pub(super) async fn table_of(
    conn: &mut SqliteConnection,
    key: i64,
) -> Result<Option<ImportTable>, StoreError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM migrate_table WHERE key = ?");
    let row = sql::row(conn, SQL, Args::default().int(key)).await?;
    row.as_ref().map(read).transpose()
}

/// Writes a table down, or begins it again: in the same pass, or in the next one.
pub(super) async fn begin(
    conn: &mut SqliteConnection,
    setup: &TableSetup,
    is_next_pass: bool,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO migrate_table
        (name, mapping, pass, state, rows, written, changed, started_at, updated_at)
        VALUES (?1, ?2, 1, 1, 0, 0, '{}', ?3, ?4)
        ON CONFLICT (name) DO UPDATE SET
            mapping = excluded.mapping, pass = pass + ?5, state = 1, position = NULL, rows = 0, written = 0,
            changed = '{}', started_at = excluded.started_at, updated_at = excluded.updated_at";
    let args = Args::default().text(&setup.name).blob(&setup.mapping).int(now.0).int(now.0);
    let args = args.int(i64::from(is_next_pass));
    sql::execute(conn, SQL, args).await.map(drop)
}

/// Writes down how far a table has come, in the transaction of its rows.
pub(super) async fn advance(conn: &mut SqliteConnection, table: &ImportTable) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE migrate_table
        SET state = ?, position = ?, rows = ?, written = ?, changed = ?, updated_at = ? WHERE key = ?";
    let changed = serde_json::to_string(&table.changed).expect("words and numbers are plain JSON");
    let mut args = Args::default().int(table.state as i64);
    args.add_opt_blob(table.position.as_deref());
    let args = args.int(int(table.rows)).int(int(table.written)).text(&changed);
    sql::execute(conn, SQL, args.int(table.updated_at.0).int(table.key)).await.map(drop)
}

/// What the source `name` said it is when it was first read; notes `identity` if that is now, or has it take the place
/// of the other one.
pub(super) async fn source_identity(
    conn: &mut SqliteConnection,
    name: &str,
    identity: &str,
    replace: bool,
    now: Micros,
) -> Result<String, StoreError> {
    const ADD: &str = "INSERT INTO migrate_source (name, identity, created_at) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET identity = excluded.identity WHERE ?";
    const KNOWN: &str = "SELECT identity FROM migrate_source WHERE name = ?";
    let known = sql::row(conn, KNOWN, Args::default().text(name)).await?;
    let known = known.map(|row| row.try_get_unchecked::<String, _>(0)).transpose()?;
    let args = Args::default().text(name).text(identity).int(now.0).int(i64::from(replace));
    sql::execute(conn, ADD, args).await?;
    Ok(known.unwrap_or_else(|| identity.to_owned()))
}

fn read(row: &SqliteRow) -> Result<ImportTable, StoreError> {
    let mut columns = Columns::of(row);
    let (key, name) = (columns.take()?, columns.take()?);
    let mapping: &[u8] = columns.take()?;
    let mapping = mapping.try_into().map_err(|_| StoreError::corrupt("a hash has not 16 bytes"))?;
    Ok(ImportTable {
        key,
        name,
        mapping,
        pass: columns.number()?,
        state: TableState::read(columns.take()?)?,
        position: columns.optional()?,
        rows: columns.number()?,
        written: columns.number()?,
        changed: columns.json("what was changed")?,
        started_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    })
}

impl Store {
    /// All tables that were ever begun, in that order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn import_tables(&self) -> Result<Vec<ImportTable>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM migrate_table ORDER BY key");
        self.all(SQL, Args::default(), read).await
    }
}
