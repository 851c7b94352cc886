//! Sources of all kinds but kefu's own store: databases and services, opened from their part of the configuration.

mod behind;
mod file;
mod fit;
mod gather;
mod introspect;
#[cfg(feature = "mongo")]
mod mongo;
mod service;
mod settings;
mod sql;
#[cfg(test)]
mod tests;
mod trouble;
mod zone;

pub use introspect::{DraftError, DraftSource, draft};

use std::{path::Path, sync::Arc};

use serde_json::Value;

use crate::source::Source;

/// Kinds of sources that [`open`] knows, whether they are built in or not.
const KINDS: &[&str] = &["mysql", "postgres", "sqlite", "mongodb", "http", "soap", "thrift"];

/// Why a source cannot be opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text}")]
pub struct SourceOpenError {
    /// The key within the source's settings, dots between levels; empty if it is the whole.
    pub path: String,
    /// What is wrong with it.
    pub text: String,
}

impl SourceOpenError {
    fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }
}

/// Opens a source of a kind from its settings; paths of files in them are relative to `dir`.
///
/// What is at the other end need not be there yet: a server that cannot be reached now is asked again by each fetch.
///
/// # Errors
/// The kind is not known or not built in, or the settings are wrong: the error names the key.
pub async fn open(kind: &str, settings: &Value, dir: &Path) -> Result<Arc<dyn Source>, SourceOpenError> {
    match kind {
        "sqlite" => Ok(Arc::new(sql::sqlite::open(settings, dir)?)),
        #[cfg(feature = "mysql")]
        "mysql" => Ok(Arc::new(sql::mysql::open(settings).await?)),
        #[cfg(feature = "postgres")]
        "postgres" => Ok(Arc::new(sql::postgres::open(settings)?)),
        #[cfg(feature = "mongo")]
        "mongodb" => Ok(Arc::new(mongo::open(settings).await?)),
        "http" | "http_json" => Ok(Arc::new(service::http(settings, dir)?)),
        "soap" => Ok(Arc::new(service::soap(settings, dir)?)),
        "thrift" => Ok(Arc::new(service::thrift(settings, dir)?)),
        kind => Err(unknown(kind)),
    }
}

fn unknown(kind: &str) -> SourceOpenError {
    let text = if KINDS.contains(&kind) {
        format!("this kefu was built without {kind}")
    } else {
        format!("there is no kind of source {kind:?}, only kefu, {}", KINDS.join(", "))
    };
    SourceOpenError::new("kind", text)
}

/// Opens a database of SQL for who wants to know what is in it.
async fn open_sql(
    kind: &str,
    settings: &Value,
    dir: &Path,
) -> Result<Box<dyn sql::Catalogue>, SourceOpenError> {
    match kind {
        "sqlite" => Ok(Box::new(sql::sqlite::open(settings, dir)?)),
        #[cfg(feature = "mysql")]
        "mysql" => Ok(Box::new(sql::mysql::open(settings).await?)),
        #[cfg(feature = "postgres")]
        "postgres" => Ok(Box::new(sql::postgres::open(settings)?)),
        kind => Err(unknown(kind)),
    }
}
