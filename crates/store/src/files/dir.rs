use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use uuid::Uuid;

use crate::StoreError;

/// The directory's name in the data directory.
pub(crate) const NAME: &str = "files";

/// Where uploads are until they are whole, in the directory.
const INCOMING: &str = "incoming";

/// The directory of the bytes: each file under its id, in one of 256 directories named after its last byte.
#[derive(Clone, Debug)]
pub struct FileDir {
    root: PathBuf,
}

impl FileDir {
    /// That of the store in `data_dir`; nothing is made yet.
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self { root: data_dir.join(NAME) }
    }

    /// One that is somewhere else, such as a backup's.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the bytes of a file are.
    #[must_use]
    pub fn path(&self, id: Uuid) -> PathBuf {
        self.shard(id.as_bytes()[15]).join(id.simple().to_string())
    }

    fn shard(&self, number: u8) -> PathBuf {
        self.root.join(format!("{number:02x}"))
    }

    /// Where what comes in under this id is until it is whole; its directory is made if it is missing.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn incoming(&self, id: Uuid) -> Result<PathBuf, StoreError> {
        let dir = self.root.join(INCOMING);
        make_dir(&dir)?;
        Ok(dir.join(id.simple().to_string()))
    }

    /// Makes `whole` durable and gives it its place; from then on only its row is missing.
    ///
    /// # Errors
    /// When it cannot be synced or moved.
    pub fn settle(&self, whole: &Path, id: Uuid) -> Result<(), StoreError> {
        let file = File::open(whole).map_err(|error| StoreError::file(whole, error))?;
        let read_only = file.set_permissions(Permissions::from_mode(0o400));
        read_only.and_then(|()| file.sync_all()).map_err(|error| StoreError::file(whole, error))?;
        let path = self.path(id);
        make_dir(&self.shard(id.as_bytes()[15]))?;
        fs::rename(whole, &path).map_err(|error| StoreError::file(&path, error))?;
        crate::open::sync_dir(&path)
    }

    /// Unlinks the bytes of a file, durably; returns how many they were, 0 when there were none.
    ///
    /// # Errors
    /// When they are there and stay there.
    pub fn remove(&self, id: Uuid) -> Result<u64, StoreError> {
        let path = self.path(id);
        let size = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            found => found.map_err(|error| StoreError::file(&path, error))?.size(),
        };
        fs::remove_file(&path).map_err(|error| StoreError::file(&path, error))?;
        crate::open::sync_dir(&path)?;
        Ok(size)
    }

    /// Ids of the files in one of the 256 directories that were last written before `before`.
    ///
    /// # Errors
    /// When the directory is there and cannot be read.
    pub fn list(&self, number: u8, before: Option<SystemTime>) -> Result<Vec<Uuid>, StoreError> {
        let mut ids = Vec::new();
        each(&self.shard(number), before, |path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            ids.extend(Uuid::try_parse(name).ok().filter(|id| name == id.simple().to_string()));
            Ok(())
        })?;
        Ok(ids)
    }

    /// Removes uploads that nobody works on any more: those last written before `before`; returns how many.
    ///
    /// # Errors
    /// When the directory is there and cannot be read or written.
    pub fn sweep_incoming(&self, before: Option<SystemTime>) -> Result<usize, StoreError> {
        let mut count = 0;
        each(&self.root.join(INCOMING), before, |path| {
            count += 1;
            fs::remove_file(path)
        })?;
        Ok(count)
    }
}

/// Makes a directory for its owner alone, and the one that it is in, durably.
pub(crate) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    make_dir(crate::open::parent(dir))?;
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::file(dir, error)),
        _ => crate::open::sync_dir(dir),
    }
}

/// Calls `act` for every file in `dir` that was last written before `before`.
fn each(
    dir: &Path,
    before: Option<SystemTime>,
    mut act: impl FnMut(&Path) -> io::Result<()>,
) -> Result<(), StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| StoreError::file(dir, error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| StoreError::file(dir, error))?;
        // What is gone meanwhile was somebody else's to remove.
        let Ok(metadata) = entry.metadata() else { continue };
        let is_old = before.is_none_or(|before| metadata.modified().is_ok_and(|at| at < before));
        if metadata.is_file() && is_old {
            let path = entry.path();
            match act(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::file(&path, error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
