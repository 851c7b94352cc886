use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::error::ErrorKind;

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("the store is in use{}", .pid.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    Locked {
        /// The holder, if it said so.
        pid: Option<u32>,
    },
    /// A newer kefu wrote this store.
    #[error("the store has version {found}, this kefu knows versions up to {known}")]
    Newer {
        /// The store's version.
        found: i64,
        /// The newest version that this build reads.
        known: i64,
    },
    /// An older kefu wrote this store, and it is not to be changed now.
    #[error("the store has version {found}, this kefu reads version {known}")]
    Older {
        /// The store's version.
        found: i64,
        /// The version of this build.
        known: i64,
    },
    /// The file is a database, but not one of kefu's.
    #[error("{} is not a store of kefu", .0.display())]
    Foreign(PathBuf),
    /// There is no store.
    #[error("there is no store at {}", .0.display())]
    Missing(PathBuf),
    /// A restore ended half-way: it must be repeated.
    #[error("a restore to {} was interrupted", .0.display())]
    Interrupted(PathBuf),
    /// The target of a restore holds data.
    #[error("{} holds data already", .0.display())]
    NotEmpty(PathBuf),
    /// The file is damaged.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// No room is left on the disk.
    #[error("no space is left for the store")]
    Full,
    /// The directory or the file cannot be written.
    #[error("{} cannot be written", .path.display())]
    NotWritable {
        /// What cannot be written.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Reading or writing failed.
    #[error("the store's files cannot be read or written")]
    Io(#[source] Box<dyn Error + Send + Sync>),
    /// A value that must be unique is taken.
    #[error("a value is taken already: {0}")]
    Conflict(String),
    /// A record is not what its change was made for: it changed meanwhile, or it is not there.
    #[error("the {0} was changed by somebody else meanwhile, or is gone")]
    Stale(&'static str),
    /// A legal hold forbids to erase it.
    #[error("a legal hold is on the customer: release it first")]
    Held,
    /// It is too late for a hold.
    #[error("the customer is being erased: it is too late")]
    Erasing,
    /// Another connection was in the way for too long.
    #[error("the store is busy")]
    Busy,
    /// An entry's position is not the next one.
    #[error("position {found} does not follow: {expected} is next")]
    OutOfOrder {
        /// The next position.
        expected: i64,
        /// What the batch had.
        found: i64,
    },
    /// A commit was dropped half-way; the outcome is known only after opening the store again.
    #[error("an earlier commit was abandoned")]
    Abandoned,
    /// The readers were closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else that the database refused: a mistake of this crate.
    #[error("the database refused a statement")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    /// An error of the file system at `path`.
    pub(crate) fn file(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory => {
                Self::NotWritable { path: path.to_owned(), source: error.into() }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Io(error.into()),
        }
    }

    /// The same error, naming the file where it happened.
    pub(crate) fn at(self, file: &Path) -> Self {
        match self {
            Self::NotWritable { source, .. } => Self::NotWritable { path: file.to_owned(), source },
            other => other,
        }
    }
}

/// SQLite's primary result codes, <https://sqlite.org/rescode.html>.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                match code & 0xff {
                    _ if database.kind() == ErrorKind::UniqueViolation => {
                        Self::Conflict(database.message().to_owned())
                    }
                    5 | 6 => Self::Busy,
                    3 | 8 | 14 | 23 => {
                        Self::NotWritable { path: PathBuf::from("the store"), source: error.into() }
                    }
                    10 => Self::Io(error.into()),
                    11 | 26 => Self::Corrupt(database.message().to_owned()),
                    13 => Self::Full,
                    _ => Self::Internal(error.into()),
                }
            }
            sqlx::Error::Io(_) => Self::Io(error.into()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt(error.to_string()),
            _ => Self::Internal(error.into()),
        }
    }
}
