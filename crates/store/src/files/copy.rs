//! Copies of the bytes, for backups: files never change, so that a second name for one is a copy of it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::dir::{FileDir, make_dir};
use crate::StoreError;
use crate::rows::Columns;
use crate::sql::{self, Args};

/// Rows that are read at once.
const PAGE: i64 = 500;

/// What was copied.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CopiedFiles {
    /// How many.
    pub files: u64,
    /// How many bytes they are.
    pub bytes: u64,
    /// Those of which nothing, or not all, was there.
    pub missing: Vec<Uuid>,
}

/// A row as the copy of its bytes needs it.
struct Known {
    id: Uuid,
    size: u64,
    sha256: [u8; 32],
}

/// Gives `target` the bytes of every file that the store of `conn` knows, durably; nothing is made when it knows none.
pub(crate) async fn copy(
    conn: &mut SqliteConnection,
    source: &FileDir,
    target: &FileDir,
) -> Result<CopiedFiles, StoreError> {
    let mut copied = CopiedFiles::default();
    let mut touched = BTreeSet::new();
    let mut after = Uuid::nil();
    loop {
        let page = known(conn, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for Known { id, size, .. } in page {
            let to = target.path(id);
            let dir = to.parent().unwrap_or(target.root()).to_owned();
            make_dir(&dir)?;
            if size_of(&source.path(id))? == Some(size) && duplicate(&source.path(id), &to)? {
                copied.files += 1;
                copied.bytes += size;
                touched.insert(dir);
            } else {
                copied.missing.push(id);
            }
        }
    }
    for dir in touched {
        let synced = File::open(&dir).and_then(|dir| dir.sync_all());
        synced.map_err(|error| StoreError::file(&dir, error))?;
    }
    Ok(copied)
}

/// What is wrong with the bytes of the files that the store of `conn` knows: reads all of them.
pub(crate) async fn check(
    conn: &mut SqliteConnection,
    dir: &FileDir,
) -> Result<Vec<(Uuid, &'static str)>, StoreError> {
    let mut problems = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let page = known(conn, after).await?;
        let Some(last) = page.last() else { return Ok(problems) };
        after = last.id;
        for Known { id, size, sha256 } in page {
            let path = dir.path(id);
            match size_of(&path)? {
                None => problems.push((id, "has no bytes")),
                Some(found) if found != size => problems.push((id, "has another size than its row says")),
                Some(_) if digest(&path).map_err(|error| StoreError::file(&path, error))? != sha256 => {
                    problems.push((id, "has other bytes than its row says"));
                }
                Some(_) => {}
            }
        }
    }
}

/// Which of these files have a row.
pub(crate) async fn still_known(conn: &mut SqliteConnection, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    const SQL: &str = "SELECT id FROM file WHERE id IN (SELECT unhex(value) FROM json_each(?))";
    let rows = sql::rows(conn, SQL, Args::default().uuids(ids)).await?;
    rows.iter().map(|row| Columns::of(row).uuid()).collect()
}

/// Forgets rows, and that there is something to unlink for them.
pub(crate) async fn forget(conn: &mut SqliteConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    const ROWS: &str = "DELETE FROM file WHERE id IN (SELECT unhex(value) FROM json_each(?))";
    const GONE: &str = "DELETE FROM file_gone";
    sql::execute(conn, ROWS, Args::default().uuids(ids)).await?;
    sql::execute(conn, GONE, Args::default()).await.map(drop)
}

async fn known(conn: &mut SqliteConnection, after: Uuid) -> Result<Vec<Known>, StoreError> {
    const HAS_TABLE: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'file'";
    const SQL: &str = "SELECT id, size, sha256 FROM file WHERE id > ? ORDER BY id LIMIT ?";
    if after.is_nil() {
        // Stores of the version before have no files.
        let tables = sql::row(conn, HAS_TABLE, Args::default()).await?;
        if tables.map_or(Ok(0), |row| row.try_get_unchecked::<i64, _>(0))? == 0 {
            return Ok(Vec::new());
        }
    }
    let rows = sql::rows(conn, SQL, Args::default().blob(after.as_bytes()).int(PAGE)).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        Ok(Known {
            id: columns.uuid()?,
            size: columns.number()?,
            sha256: crate::rows::hash(columns.take()?)?,
        })
    };
    rows.iter().map(read).collect()
}

fn size_of(path: &Path) -> Result<Option<u64>, StoreError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => Ok(Some(found.map_err(|error| StoreError::file(path, error))?.size())),
    }
}

/// Gives a file a second name, or copies it where that cannot be; returns whether it was there.
fn duplicate(from: &Path, to: &Path) -> Result<bool, StoreError> {
    match fs::hard_link(from, to) {
        Ok(()) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        // Another file system, or one that has no second names.
        Err(_) => {}
    }
    match fs::copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        copied => {
            let synced = copied.and_then(|_| File::open(to)).and_then(|file| file.sync_all());
            synced.map(|()| true).map_err(|error| StoreError::file(to, error))
        }
    }
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..count]);
    }
}
