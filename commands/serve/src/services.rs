use std::sync::Arc;

use kefu_socket::Registry;
use kefu_store::{Indexer, Store};
use tokio_util::task::TaskTracker;

use crate::{
    auth::Secrets, blocks::Blocks, desk::Desk, files::Files, limits::Limits, live::Live, metrics::Metrics,
    outgoing::Outgoing, settings::Settings, trails::Trails,
};

/// What every request handler may use.
#[derive(Clone)]
pub(crate) struct Services {
    /// All changes and all live state.
    pub(crate) desk: Desk,
    /// Reads.
    pub(crate) store: Store,
    /// Keeps what is searched up to date.
    pub(crate) indexer: Indexer,
    /// The validated settings.
    pub(crate) settings: Arc<Settings>,
    /// The key that seals inbox secrets.
    pub(crate) secrets: Arc<Secrets>,
    /// How often who may do what.
    pub(crate) limits: Arc<Limits>,
    /// Who may not come in.
    pub(crate) blocks: Arc<Blocks>,
    /// Pages that visitors looked at and that are not written yet.
    pub(crate) trails: Arc<Trails>,
    /// Files of conversations.
    pub(crate) files: Arc<Files>,
    /// What leaves, and whether it may.
    pub(crate) outgoing: Outgoing,
    /// Counters and gauges.
    pub(crate) metrics: Arc<Metrics>,
    /// What connections share.
    pub(crate) live: Arc<Live>,
    /// All open connections' outboxes.
    pub(crate) registry: Arc<Registry>,
    /// Owner of every task.
    pub(crate) tracker: TaskTracker,
}
