use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::StoreError;

/// A few connections that only read, each made when it is first needed. It has no task of its own.
pub(crate) struct Pool {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteConnection>>,
    permits: Arc<Semaphore>,
    size: u32,
}

/// A connection on loan.
pub(crate) struct Lease<'a> {
    pool: &'a Pool,
    conn: Option<SqliteConnection>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(options: SqliteConnectOptions, size: usize) -> Self {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let permits = Arc::new(Semaphore::new(size as usize));
        Self { options, idle: Mutex::default(), permits, size }
    }

    pub(crate) async fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => self.options.connect().await?,
        };
        Ok(Lease { pool: self, conn: Some(conn), _permit: permit })
    }

    pub(crate) async fn close(&self) {
        // All permits together: nothing is on loan any more.
        if let Ok(all) = self.permits.acquire_many(self.size).await {
            self.permits.close();
            drop(all);
        }
        let idle = std::mem::take(&mut *self.idle());
        for conn in idle {
            if let Err(error) = conn.close().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot close a reader");
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease<'_> {
    pub(crate) fn conn(&mut self) -> &mut SqliteConnection {
        self.conn.as_mut().expect("a lease has its connection until it is dropped")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.idle().extend(self.conn.take());
    }
}
