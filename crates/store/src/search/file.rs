use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kefu_text::terms;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::block::{self, Block};
use super::key::{Posting, Term};
use super::offsets::Offsets;
use super::state::Segment;
use super::tail::Tail;
use crate::rows::Columns;
use crate::sql::{self, Args, Bulk};
use crate::{StoreError, open, schema};

/// The index's name in the data directory.
pub(super) const FILE: &str = "search.db";

/// `kefs`, in the header of every index.
const APPLICATION_ID: i64 = 0x6b65_6673;

/// The version of what is in the file, besides that of the terms.
const FORMAT: i64 = 2;

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
    -- Positions of the log that were indexed together, each segment where the one before it ends.
    CREATE TABLE segment (
        number INTEGER PRIMARY KEY,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL,
        -- The id of the last entry: it tells whether the log is still the one that was indexed.
        last_id BLOB NOT NULL,
        -- The conversation of each entry, 4 bytes each, little-endian.
        conversations BLOB NOT NULL
    );
    -- By segment and first term.
    CREATE TABLE block (row INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

/// The number of the last revision that all segments have.
const REVISED: &str = "revised";

/// The index's file, open for its only writer.
pub(super) struct IndexFile {
    pub(super) conn: SqliteConnection,
    blocks: Bulk,
}

/// What the file has of the log.
pub(super) struct Known {
    pub(super) segments: Vec<Segment>,
    /// The number of the last revision that is in it.
    pub(super) revised: i64,
}

/// Where the index of the store in `dir` is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Removes the index of the store in `dir`; it is written anew when it is next opened.
pub(crate) fn remove(dir: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm"] {
        let file = dir.join(format!("{FILE}{suffix}"));
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::file(&file, error));
            }
            _ => {}
        }
    }
    Ok(())
}

impl IndexFile {
    /// Opens the index in `dir`, or makes it; `None` if it is not one of `log` that this build can use.
    pub(super) async fn open(
        dir: &Path,
        log: &mut SqliteConnection,
    ) -> Result<Option<(Self, Known)>, StoreError> {
        let file = path(dir);
        let made = File::options().write(true).create(true).truncate(false).mode(0o600).open(&file);
        made.map_err(|error| StoreError::file(&file, error))?;
        let epoch: String = schema::meta(log, "epoch").await?.unwrap_or_default();
        let mut conn = match open::writing(&file).await {
            Ok(conn) => conn,
            Err(StoreError::Corrupt(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        match Self::prepare(&mut conn, &epoch, log).await {
            Ok(indexed) => {
                let blocks = Bulk::new("INSERT INTO block (row, bytes)", 2, "");
                Ok(indexed.map(|indexed| (Self { conn, blocks }, indexed)))
            }
            Err(StoreError::Corrupt(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn prepare(
        conn: &mut SqliteConnection,
        epoch: &str,
        log: &mut SqliteConnection,
    ) -> Result<Option<Known>, StoreError> {
        // What is lost when the power fails is indexed again: nothing waits for the disk at each commit.
        sql::script(
            conn,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 1000;
             PRAGMA cache_size = -256; PRAGMA journal_size_limit = 8388608",
        )
        .await?;
        // The texts are read afterwards: they have at least these revisions.
        let last_revised = schema::pragma(log, "SELECT max(number) FROM revised").await?;
        if schema::pragma(conn, "SELECT count(*) FROM sqlite_schema").await? == 0 {
            let version = version();
            let sql = format!(
                "BEGIN; {SCHEMA}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}"
            );
            sql::script(conn, AssertSqlSafe(sql)).await?;
            schema::set_meta_text(conn, "epoch", epoch).await?;
            schema::set_meta_int(conn, REVISED, last_revised).await?;
            sql::script(conn, "COMMIT").await?;
            return Ok(Some(Known { segments: Vec::new(), revised: last_revised }));
        }
        if !is_ours(conn).await? || schema::meta::<String>(conn, "epoch").await?.as_deref() != Some(epoch) {
            return Ok(None);
        }
        let segments = segments(conn).await?;
        let revised = schema::meta(conn, REVISED).await?.unwrap_or(i64::MAX);
        if revised > last_revised || !is_of(&segments, log).await? {
            return Ok(None);
        }
        let segments = segments.into_iter().map(|(segment, _)| segment).collect();
        Ok(Some(Known { segments, revised }))
    }

    /// Makes a segment of the tail, which has all revisions up to this one.
    pub(super) async fn write(
        &mut self,
        number: usize,
        tail: &Tail,
        last_id: &[u8],
        revised: i64,
    ) -> Result<(), StoreError> {
        let (blocks, conversations) = tail.all();
        let length = conversations.len() as i64;
        let conversations: Vec<u8> = conversations.into_iter().flat_map(u32::to_le_bytes).collect();
        sql::script(&mut self.conn, "BEGIN IMMEDIATE").await?;
        let result = async {
            let args = Args::default().int(number as i64).int(tail.start).int(length);
            let args = args.blob(last_id).blob(&conversations);
            sql::execute(&mut self.conn, "INSERT INTO segment VALUES (?, ?, ?, ?, ?)", args).await?;
            self.insert(number, &blocks).await?;
            schema::set_meta_int(&mut self.conn, REVISED, revised).await?;
            sql::script(&mut self.conn, "COMMIT").await
        }
        .await;
        self.end(result).await
    }

    /// Takes all postings of these entries out of a segment, and puts others in; they are in order.
    pub(super) async fn revise(
        &mut self,
        number: usize,
        gone: &Offsets,
        added: &[Posting],
    ) -> Result<(), StoreError> {
        sql::script(&mut self.conn, "BEGIN IMMEDIATE").await?;
        let result = async {
            self.revise_blocks(number, gone, added).await?;
            sql::script(&mut self.conn, "COMMIT").await
        }
        .await;
        self.end(result).await
    }

    async fn revise_blocks(
        &mut self,
        number: usize,
        gone: &Offsets,
        mut added: &[Posting],
    ) -> Result<(), StoreError> {
        const SELECT: &str = "SELECT row, bytes FROM block WHERE row BETWEEN ? AND ? ORDER BY row LIMIT 65";
        let (mut from, to) = (Term::FIRST.row(number), Term::LAST.row(number));
        loop {
            let found = sql::rows(&mut self.conn, SELECT, Args::default().int(from).int(to)).await?;
            let rows = found.iter().map(row_and_bytes).collect::<Result<Vec<_>, _>>()?;
            let first = rows.first().map_or(i64::MAX, |(row, _)| *row);
            // Only before the segment's first block there is something that belongs to none.
            let before = block::write(split_before(&mut added, number, first));
            self.insert(number, &before).await?;
            // The last one of several is there to tell where the one before it ends.
            let len = if rows.len() == 65 { 64 } else { rows.len() };
            for (index, &(row, bytes)) in rows[..len].iter().enumerate() {
                let end = rows.get(index + 1).map_or(i64::MAX, |(row, _)| *row);
                let added = split_before(&mut added, number, end);
                let Some(blocks) = block::revised(bytes, Term::of_row(row), gone, added) else { continue };
                if let Some((first, more)) = blocks.split_first() {
                    let args = Args::default().blob(&first.bytes).int(row);
                    sql::execute(&mut self.conn, "UPDATE block SET bytes = ? WHERE row = ?", args).await?;
                    self.insert(number, more).await?;
                }
            }
            match rows.get(len) {
                Some((row, _)) => from = *row,
                None => return Ok(()),
            }
        }
    }

    async fn insert(&mut self, number: usize, blocks: &[Block]) -> Result<(), StoreError> {
        let bind = |args: &mut Args, block: &Block| {
            args.add_int(block.first.row(number));
            args.add_blob(&block.bytes);
        };
        self.blocks.insert(&mut self.conn, blocks, bind).await
    }

    /// Notes that all segments have the revisions up to this one.
    pub(super) async fn revised(&mut self, number: i64) -> Result<(), StoreError> {
        schema::set_meta_int(&mut self.conn, REVISED, number).await
    }

    /// Makes everything durable and leaves nothing in the write-ahead log, so nothing of what was replaced either.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        let row = sql::row(&mut self.conn, "PRAGMA wal_checkpoint(TRUNCATE)", Args::default()).await?;
        let busy: i64 = row.map_or(Ok(0), |row| row.try_get_unchecked(0))?;
        if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
    }

    async fn end(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        if result.is_err() {
            // What failed may have ended the transaction; then this has nothing to do.
            drop(sql::script(&mut self.conn, "ROLLBACK").await);
        }
        result
    }
}

/// What is wrong with the index in `dir`, if there is one that this build knows.
pub(crate) async fn check(dir: &Path) -> Result<Vec<String>, StoreError> {
    let file = path(dir);
    if !file.exists() {
        return Ok(Vec::new());
    }
    let problems = async {
        let mut conn = open::connect_reading(&file).await?;
        // Any other is replaced when the store is next opened.
        if is_ours(&mut conn).await? { crate::check::integrity(&mut conn).await } else { Ok(Vec::new()) }
    };
    let problems = match problems.await {
        Err(StoreError::Corrupt(what)) => vec![what],
        other => other?,
    };
    let hint = "remove it, and it is written anew";
    Ok(problems.into_iter().map(|problem| format!("{FILE} is damaged ({hint}): {problem}")).collect())
}

fn version() -> i64 {
    FORMAT * 1000 + i64::from(terms::VERSION)
}

async fn is_ours(conn: &mut SqliteConnection) -> Result<bool, StoreError> {
    Ok(schema::pragma(conn, "PRAGMA application_id").await? == APPLICATION_ID
        && schema::pragma(conn, "PRAGMA user_version").await? == version())
}

async fn segments(conn: &mut SqliteConnection) -> Result<Vec<(Segment, Vec<u8>)>, StoreError> {
    const SQL: &str = "SELECT start, length, last_id FROM segment ORDER BY number";
    let rows = sql::rows(conn, SQL, Args::default()).await?;
    let read = |row: &SqliteRow| {
        let mut columns = Columns::of(row);
        let (start, length): (i64, i64) = (columns.take()?, columns.take()?);
        Ok((Segment { start, end: start.saturating_add(length) }, columns.take()?))
    };
    rows.iter().map(read).collect()
}

/// Whether the segments follow one another and the log is the one that they are of.
async fn is_of(segments: &[(Segment, Vec<u8>)], log: &mut SqliteConnection) -> Result<bool, StoreError> {
    if !segments.windows(2).all(|two| two[0].0.end == two[1].0.start) {
        return Ok(false);
    }
    let Some((last, last_id)) = segments.last() else { return Ok(true) };
    let found = sql::row(log, "SELECT id FROM log WHERE pos = ?", Args::default().int(last.end - 1)).await?;
    match found {
        Some(row) => Ok(row.try_get_unchecked::<Vec<u8>, _>(0)? == *last_id),
        None => Ok(false),
    }
}

/// Takes the postings off whose blocks stand before this row.
fn split_before<'a>(postings: &mut &'a [Posting], number: usize, row: i64) -> &'a [Posting] {
    let (before, after) = postings.split_at(postings.partition_point(|one| one.term().row(number) < row));
    *postings = after;
    before
}

fn row_and_bytes(row: &SqliteRow) -> Result<(i64, &[u8]), StoreError> {
    let mut columns = Columns::of(row);
    Ok((columns.take()?, columns.take()?))
}
