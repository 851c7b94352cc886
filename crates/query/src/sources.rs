//! Sources of all kinds but kefu's own store: databases and services, opened from their part of the configuration.

mod behind;
mod file;
mod fit;
mod gather;
#[cfg(feature = "mongo")]
mod mongo;
mod service;
mod settings;
mod sql;
mod trouble;
mod zone;

use std::{path::Path, sync::Arc};

use serde_json::Value;

use crate::source::{Source, Target};

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
        kind if KINDS.contains(&kind) => {
            Err(SourceOpenError::new("kind", format!("this kefu was built without {kind}")))
        }
        kind => {
            let known = KINDS.join(", ");
            Err(SourceOpenError::new(
                "kind",
                format!("there is no kind of source {kind:?}, only kefu, {known}"),
            ))
        }
    }
}

/// Whether a target is described in a way that its source can serve; the error names the key within `access`.
///
/// # Errors
/// What is wrong with it.
pub fn check(source: &dyn Source, target: &Target) -> Result<(), String> {
    source.check(target)
}
