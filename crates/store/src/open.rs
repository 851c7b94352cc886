use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kefu_core::Micros;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use uuid::Uuid;

use crate::{Store, StoreError, Writer, backup, schema};

/// The database's name in the data directory.
pub(crate) const FILE: &str = "kefu.db";

/// The lock's name in the data directory.
pub(crate) const LOCK: &str = "kefu.lock";

/// How long a connection waits for another one's lock.
const BUSY: Duration = Duration::from_secs(5);
const BUSY_AGAIN: &str = "PRAGMA busy_timeout = 5000";

/// How long it waits for whoever closes the store last, and moves all of the write-ahead log into the file.
const CLOSING: Duration = Duration::from_secs(60);

/// Bytes of the write-ahead log's file that stay when it begins anew.
const WAL_KEPT: &str = "67108864";

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The data directory; made if it is missing.
    pub dir: PathBuf,
    /// The epoch of a store that is made now; random.
    pub epoch_if_new: Uuid,
    /// The time.
    pub now: Micros,
    /// How many readers may work at once.
    pub readers: usize,
}

/// An open store.
pub struct Opened {
    /// The only one that changes it.
    pub writer: Writer,
    /// Reads it; cloned for whoever needs it.
    pub store: Store,
    /// Entries that were read back because the store was not closed.
    pub recovered: usize,
}

/// Opens the store in `options.dir`, or makes it, on the running tokio runtime.
///
/// # Errors
/// [`StoreError::Locked`], [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::Corrupt`],
/// [`StoreError::Interrupted`], [`StoreError::NotWritable`], [`StoreError::Full`] or
/// [`StoreError::Io`].
pub async fn open(options: OpenOptions) -> Result<Opened, StoreError> {
    let file = options.dir.join(FILE);
    let lock = lock(&options.dir)?;
    if backup::is_interrupted(&file) {
        return Err(StoreError::Interrupted(options.dir));
    }
    create(&file)?;
    let ready = async {
        let mut conn = waiting(&file, CLOSING).await?;
        let version = schema::identify(&mut conn, &file).await?;
        sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut conn).await?;
        schema::migrate(&mut conn, version, options.epoch_if_new, options.now).await?;
        // From here on nobody else is the last.
        sqlx::raw_sql(BUSY_AGAIN).execute(&mut conn).await?;
        let mut checkpoints = writing(&file).await?;
        // It moves pages from file to file and looks at none of them.
        sqlx::raw_sql("PRAGMA cache_size = -64").execute(&mut checkpoints).await?;
        Writer::start(conn, checkpoints, file.clone(), lock).await
    };
    let (writer, recovered) = ready.await.map_err(|error: StoreError| error.at(&file))?;
    let readers = options.readers.max(1);
    let store = Store::new(&options.dir, reading(&file), readers);
    Ok(Opened { writer, store, recovered })
}

/// Opens the store in `dir` for reading only, by so many `readers` at once, whether or not another process serves it.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Foreign`], [`StoreError::Newer`], [`StoreError::Older`], or that it
/// cannot be read.
pub async fn open_reading(dir: &Path, readers: usize) -> Result<Store, StoreError> {
    let file = dir.join(FILE);
    let mut conn = connect_reading(&file).await?;
    let version = schema::identify(&mut conn, &file).await;
    conn.close().await?;
    match version? {
        0 => Err(StoreError::Foreign(file)),
        schema::VERSION => Ok(Store::new(dir, reading(&file), readers.max(1))),
        found => Err(StoreError::Older { found, known: schema::VERSION }),
    }
}

/// The process that has the store in `dir` open, if one has and says so.
///
/// # Errors
/// When the lock cannot be read.
pub fn holder(dir: &Path) -> Result<Option<u32>, StoreError> {
    let path = dir.join(LOCK);
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| StoreError::file(&path, error))?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(|error| StoreError::file(&path, error))?;
            Ok(pid.trim().parse().ok())
        }
        Err(TryLockError::Error(error)) => Err(StoreError::file(&path, error)),
    }
}

/// Takes the directory's lock, making both if they are missing.
pub(crate) fn lock(dir: &Path) -> Result<File, StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| StoreError::file(dir, error))?;
    let path = dir.join(LOCK);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| StoreError::file(&path, error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let pid = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
            return Err(StoreError::Locked { pid });
        }
        Err(TryLockError::Error(error)) => return Err(StoreError::file(&path, error)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
    written.map_err(|error| StoreError::file(&path, error))?;
    Ok(file)
}

/// Makes the database's file for its owner alone; SQLite gives the others beside it the same mode.
fn create(file: &Path) -> Result<(), StoreError> {
    match File::options().write(true).create_new(true).mode(0o600).open(file) {
        Ok(_) => sync_dir(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::file(file, error)),
    }
}

/// The directory that `file` is in.
pub(crate) fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

/// Makes the names in `file`'s directory durable.
pub(crate) fn sync_dir(file: &Path) -> Result<(), StoreError> {
    let dir = parent(file);
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| StoreError::file(dir, error))
}

/// A connection that may write.
pub(crate) async fn writing(file: &Path) -> Result<SqliteConnection, StoreError> {
    waiting(file, BUSY).await
}

/// The same that waits so long for others' locks.
async fn waiting(file: &Path, busy: Duration) -> Result<SqliteConnection, StoreError> {
    let conn = base(file)
        .busy_timeout(busy)
        .synchronous(SqliteSynchronous::Full)
        .page_size(4096)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", WAL_KEPT)
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-2048")
        .statement_cache_capacity(128)
        .connect()
        .await;
    conn.map_err(|error| StoreError::from(error).at(file))
}

/// How a connection that only reads is made.
pub(crate) fn reading(file: &Path) -> SqliteConnectOptions {
    base(file).read_only(true).pragma("cache_size", "-256").statement_cache_capacity(64).row_buffer_size(256)
}

/// A connection that only reads, to a file that must exist.
pub(crate) async fn connect_reading(file: &Path) -> Result<SqliteConnection, StoreError> {
    fs::metadata(file).map_err(|error| StoreError::file(file, error))?;
    reading(file).connect().await.map_err(|error| StoreError::from(error).at(file))
}

/// A connection to a file that is not in use, without a write-ahead log.
pub(crate) async fn connect_alone(file: &Path) -> Result<SqliteConnection, StoreError> {
    let conn = base(file).journal_mode(SqliteJournalMode::Delete).synchronous(SqliteSynchronous::Full);
    conn.connect().await.map_err(|error| StoreError::from(error).at(file))
}

fn base(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .foreign_keys(false)
        .busy_timeout(BUSY)
        .pragma("mmap_size", "0")
        .disable_statement_logging()
}
