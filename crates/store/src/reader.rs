mod conversations;
mod counts;
mod follower;
mod messages;
mod people;
mod pool;
mod sessions;

pub use conversations::{Cursor, OpenWork, View};
pub use follower::Follower;
pub use messages::Range;
pub(crate) use messages::{WALK, walk_args};
pub(crate) use pool::{Lease, Pool};

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Decode, Row as _, SqlSafeStr, Sqlite};

use crate::sql::{self, Args};
use crate::{FileDir, SearchMetrics, StoreError, schema, search};

/// Reads the store, each call what was last committed when it began; never waits for the writer.
///
/// Heads that merely grew are folded in later: those returned here may lag behind their log. The
/// state, assignee and rating never lag; [`Writer::conversations`](crate::Writer::conversations)
/// returns exact ones.
#[derive(Clone)]
pub struct Store {
    pool: Arc<Pool>,
    search: Arc<search::Shared>,
    files: Arc<FileDir>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Whether the list goes on in the direction that was asked for.
    pub has_more: bool,
}

impl Store {
    pub(crate) fn new(dir: &Path, options: SqliteConnectOptions, readers: usize) -> Self {
        Self {
            pool: Arc::new(Pool::new(options, readers)),
            search: Arc::new(search::Shared::new(dir, readers)),
            files: Arc::new(FileDir::of(dir)),
        }
    }

    /// Where the bytes of files are.
    #[must_use]
    pub fn file_dir(&self) -> &Arc<FileDir> {
        &self.files
    }

    /// A connection that reads the store.
    pub(crate) async fn lease(&self) -> Result<Lease<'_>, StoreError> {
        self.pool.lease().await
    }

    /// How far the search index has come.
    #[must_use]
    pub fn search_metrics(&self) -> Arc<SearchMetrics> {
        Arc::clone(self.search.metrics())
    }

    /// What is indexed for searches.
    pub(crate) fn search_index(&self) -> &Arc<search::Shared> {
        &self.search
    }

    /// Ends all readers, once each is done with what it does; later calls fail with
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        self.pool.close().await;
        self.search.close().await;
    }

    /// The epoch: what changes when the store is restored from a backup.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn epoch(&self) -> Result<String, StoreError> {
        self.meta("epoch").await?.ok_or_else(|| StoreError::corrupt("the store has no epoch"))
    }

    /// Hash of the token that lets the first agent in.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn setup_token_hash(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let hash: Option<Vec<u8>> = self.meta("setup_token_hash").await?;
        hash.as_deref().map(crate::rows::hash).transpose()
    }

    /// Whether there is no agent yet.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let mut lease = self.pool.lease().await?;
        Ok(sql::row(lease.conn(), "SELECT 1 FROM agent LIMIT 1", Args::default()).await?.is_none())
    }

    /// What SQLite finds wrong with the file: nothing, if all is well. Reads all of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        let mut lease = self.pool.lease().await?;
        crate::check::integrity(lease.conn()).await
    }

    pub(crate) async fn meta<T>(&self, key: &str) -> Result<Option<T>, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite>,
    {
        let mut lease = self.pool.lease().await?;
        schema::meta(lease.conn(), key).await
    }

    /// All rows of a query.
    pub(crate) async fn all<T>(
        &self,
        sql: impl SqlSafeStr + Send,
        args: Args,
        read: fn(&sqlx::sqlite::SqliteRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut lease = self.pool.lease().await?;
        sql::rows(lease.conn(), sql, args).await?.iter().map(read).collect()
    }

    /// The first row of a query.
    pub(crate) async fn one<T>(
        &self,
        sql: impl SqlSafeStr + Send,
        args: Args,
        read: fn(&sqlx::sqlite::SqliteRow) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut lease = self.pool.lease().await?;
        sql::row(lease.conn(), sql, args).await?.as_ref().map(read).transpose()
    }
}

/// The first column of a row.
pub(crate) fn first<T>(row: &sqlx::sqlite::SqliteRow) -> Result<T, StoreError>
where
    T: for<'r> Decode<'r, Sqlite>,
{
    Ok(row.try_get_unchecked(0)?)
}
