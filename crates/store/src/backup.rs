use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use kefu_core::Micros;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::files::{copy as files, dir as files_dir};
use crate::sql::{self, Args};
use crate::{CopiedFiles, FileDir, StoreError, check, open, schema, search};

/// Follows the name of a restored store that is about to take its place.
const READY: &str = ".restored";

/// Where restored files are until they take their place.
const RESTORED_FILES: &str = "files.restored";

/// Follows the name of a backup in the name of the directory with its files.
const FILES: &str = ".files";

/// The directory with the files of the backup `file`.
#[must_use]
pub fn backup_files(file: &Path) -> PathBuf {
    beside(file, FILES)
}

/// Whether `file` is one that the store in `dir` has, or would take for its own: no copy may get such a name.
#[must_use]
pub fn is_own_file(dir: &Path, file: &Path) -> bool {
    let (Some(name), Ok(dir)) = (file.file_name(), dir.canonicalize()) else { return false };
    let is_there = open::parent(file).canonicalize().is_ok_and(|parent| parent == dir);
    let is_ours = |name: &[u8]| name.starts_with(open::FILE.as_bytes()) || name == open::LOCK.as_bytes();
    is_there && is_ours(name.as_encoded_bytes())
}

/// Copies the store in `dir` to the file `target`, while another process may have it open and write.
///
/// The copy is checked and durable before it gets its name; an existing `target` is replaced. The bytes of files go to
/// [the directory beside it](backup_files), which must not be there yet: every row of the copy has its bytes, those
/// excepted that are missing in the store itself.
///
/// # Errors
/// When the store cannot be read, the target cannot be written or is [the store's own](is_own_file), or the copy is
/// damaged.
pub async fn backup(dir: &Path, target: &Path) -> Result<CopiedFiles, StoreError> {
    let file = dir.join(open::FILE);
    if is_own_file(dir, target) {
        let source = "it belongs to the store itself".into();
        return Err(StoreError::NotWritable { path: target.to_owned(), source });
    }
    let mut conn = open::connect_reading(&file).await?;
    if schema::identify(&mut conn, &file).await? == 0 {
        return Err(StoreError::Foreign(file));
    }
    let partial = beside(target, ".partial");
    let result = async {
        // VACUUM INTO accepts an empty file, so its mode is right from the beginning.
        make_empty(&partial).map_err(|error| match error {
            StoreError::Io(source) => StoreError::NotWritable { path: partial.clone(), source },
            other => other,
        })?;
        let name = partial.to_str().ok_or_else(|| not_utf8(&partial))?;
        let copied = sql::execute(&mut conn, "VACUUM INTO ?", Args::default().text(name)).await;
        copied.map_err(|error| error.at(&partial))?;
        let copied = copy_files(&mut conn, dir, &partial, target).await?;
        verify(&partial, false).await?;
        finish(&partial, target)?;
        Ok(copied)
    }
    .await;
    if result.is_err() {
        remove(&partial)?;
        remove_dir(&beside(&backup_files(target), ".partial"))?;
    }
    conn.close().await?;
    result
}

/// Copies the bytes that the rows of `partial` name to the directory beside `target`. What was removed from the store
/// of `conn` since `partial` was taken is removed from it, too.
async fn copy_files(
    conn: &mut SqliteConnection,
    dir: &Path,
    partial: &Path,
    target: &Path,
) -> Result<CopiedFiles, StoreError> {
    let place = backup_files(target);
    let unfinished = beside(&place, ".partial");
    remove_dir(&unfinished)?;
    let mut copy = open::connect_alone(partial).await?;
    let mut copied = files::copy(&mut copy, &FileDir::of(dir), &FileDir::at(unfinished.clone())).await?;
    if !copied.missing.is_empty() {
        let known = files::still_known(conn, &copied.missing).await?;
        let removed: Vec<_> = copied.missing.iter().copied().filter(|id| !known.contains(id)).collect();
        files::forget(&mut copy, &removed).await?;
        copied.missing = known;
    }
    copy.close().await?;
    if unfinished.exists() {
        fs::rename(&unfinished, &place).map_err(|error| StoreError::file(&place, error))?;
        open::sync_dir(&place)?;
    }
    Ok(copied)
}

/// Puts the backup `file` in place of the store in `dir`, under a new epoch.
///
/// A store that holds data is replaced only if `replace`; it is then kept beside, its name ending in
/// `.before-` and the time, and so is the directory of its files.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::Locked`] while a process has the store open; when the backup
/// is damaged, from a newer version or not a store; when the directory cannot be written.
pub async fn restore(
    file: &Path,
    dir: &Path,
    replace: bool,
    epoch: Uuid,
    now: Micros,
) -> Result<(), StoreError> {
    verify(file, true).await?;
    let lock = open::lock(dir)?;
    let target = dir.join(open::FILE);
    let (place, restored) = (dir.join(files_dir::NAME), dir.join(RESTORED_FILES));
    if !replace && holds_data(&target).await {
        return Err(StoreError::NotEmpty(dir.to_owned()));
    }
    let partial = beside(&target, ".partial");
    let result = async {
        make_empty(&partial)?;
        let copied = File::open(file).and_then(|mut source| {
            let mut copy = File::options().write(true).open(&partial)?;
            io::copy(&mut source, &mut copy)
        });
        copied.map_err(|error| StoreError::file(&partial, error))?;
        let mut conn = open::connect_alone(&partial).await?;
        schema::set_meta_text(&mut conn, "epoch", &epoch.to_string()).await?;
        remove_dir(&restored)?;
        let from = FileDir::at(backup_files(file));
        let copied = files::copy(&mut conn, &from, &FileDir::at(restored.clone())).await?;
        conn.close().await?;
        if let Some(id) = copied.missing.first() {
            let (count, from) = (copied.missing.len(), from.root().display());
            let what = format!("{}: {count} files are not whole in {from}, such as {id}", file.display());
            return Err(StoreError::Corrupt(what));
        }
        // From here on no store is opened until all is in place: a power cut leaves no half of it.
        let ready = beside(&target, READY);
        finish(&partial, &ready)?;
        set_aside(&target, now)?;
        if place.exists() {
            let kept = beside(&place, &format!(".before-{}", now.0));
            fs::rename(&place, &kept).map_err(|error| StoreError::file(&place, error))?;
        }
        if restored.exists() {
            fs::rename(&restored, &place).map_err(|error| StoreError::file(&place, error))?;
        }
        search::remove(dir)?;
        finish(&ready, &target)
    }
    .await;
    if result.is_err() {
        remove(&partial)?;
        remove_dir(&restored)?;
    }
    drop(lock);
    result
}

/// Whether a restore to `file` ended half-way.
pub(crate) fn is_interrupted(file: &Path) -> bool {
    beside(file, READY).exists()
}

/// Checks that `file` is a sound store of a known version.
async fn verify(file: &Path, all: bool) -> Result<(), StoreError> {
    let mut conn = open::connect_reading(file).await?;
    if schema::identify(&mut conn, file).await? == 0 {
        return Err(StoreError::Foreign(file.to_owned()));
    }
    let problems = if all { check::integrity(&mut conn).await? } else { check::quick(&mut conn).await? };
    conn.close().await?;
    match problems.first() {
        None => Ok(()),
        Some(problem) => Err(StoreError::Corrupt(format!("{}: {problem}", file.display()))),
    }
}

/// Whether a store is there that somebody would miss; one that cannot be read counts.
async fn holds_data(file: &Path) -> bool {
    const SQL: &str = "SELECT 1 FROM agent UNION ALL SELECT 1 FROM conversation LIMIT 1";
    async fn is_empty(conn: &mut SqliteConnection, file: &Path) -> Result<bool, StoreError> {
        if schema::identify(conn, file).await? == 0 {
            return Ok(true);
        }
        Ok(sql::row(conn, SQL, Args::default()).await?.is_none())
    }
    if !file.exists() {
        return false;
    }
    match open::connect_reading(file).await {
        Ok(mut conn) => !is_empty(&mut conn, file).await.unwrap_or(false),
        Err(_) => true,
    }
}

/// Renames the store and its write-ahead log; what only a running process needs is removed.
fn set_aside(target: &Path, now: Micros) -> Result<(), StoreError> {
    let kept = beside(target, &format!(".before-{}", now.0));
    for suffix in ["", "-wal"] {
        let source = beside(target, suffix);
        if source.exists() {
            fs::rename(&source, beside(&kept, suffix)).map_err(|error| StoreError::file(&source, error))?;
        }
    }
    remove(&beside(target, "-shm"))
}

/// Makes `partial` durable and gives it its name.
fn finish(partial: &Path, target: &Path) -> Result<(), StoreError> {
    let synced = File::open(partial).and_then(|file| file.sync_all());
    synced.map_err(|error| StoreError::file(partial, error))?;
    fs::rename(partial, target).map_err(|error| StoreError::file(target, error))?;
    open::sync_dir(target)
}

/// Makes an empty file that only its owner reads; what an earlier attempt left goes.
fn make_empty(file: &Path) -> Result<(), StoreError> {
    let made = File::options().write(true).create(true).truncate(true).mode(0o600).open(file);
    let made = made.and_then(|made| made.set_permissions(fs::Permissions::from_mode(0o600)));
    made.map_err(|error| StoreError::file(file, error))
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::file(file, error)),
        _ => Ok(()),
    }
}

fn remove_dir(dir: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::file(dir, error)),
        _ => Ok(()),
    }
}

pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    PathBuf::from(name)
}

fn not_utf8(file: &Path) -> StoreError {
    StoreError::NotWritable { path: file.to_owned(), source: "its name is not UTF-8".into() }
}
