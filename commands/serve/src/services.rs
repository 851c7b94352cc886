use std::{sync::Arc, time::Duration};

use kefu_app::ByteSize;
use kefu_socket::Registry;
use kefu_store::{Indexer, Store, StoreError};
use tokio_util::task::TaskTracker;

use crate::{
    auth::Secrets,
    blocks::Blocks,
    desk::Desk,
    files::{Files, FilesOptions, Links},
    gateway::Bridges,
    graphql::Graphql,
    limits::Limits,
    live::Live,
    metrics::Metrics,
    outgoing::Outgoing,
    reply_times::ReplyTimes,
    settings::Settings,
    trails::Trails,
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
    /// How fast answers come.
    pub(crate) reply_times: Arc<ReplyTimes>,
    /// Pages that visitors looked at and that are not written yet.
    pub(crate) trails: Arc<Trails>,
    /// Files of conversations.
    pub(crate) files: Arc<Files>,
    /// What leaves, and whether it may.
    pub(crate) outgoing: Outgoing,
    /// Chat services that are connected by a file.
    #[cfg(feature = "channels")]
    pub(crate) channels: Arc<crate::channels::Channels>,
    /// Departments that hear of events.
    #[cfg(feature = "events")]
    pub(crate) events: Arc<crate::events::Events>,
    /// Other systems behind bridges.
    pub(crate) bridges: Bridges,
    /// The data layer.
    pub(crate) graphql: Graphql,
    /// Counters and gauges.
    pub(crate) metrics: Arc<Metrics>,
    /// What connections share.
    pub(crate) live: Arc<Live>,
    /// All open connections' outboxes.
    pub(crate) registry: Arc<Registry>,
    /// Owner of every task.
    pub(crate) tracker: TaskTracker,
}

/// What all else is made from.
pub(crate) struct Foundation {
    pub(crate) desk: Desk,
    pub(crate) store: Store,
    pub(crate) indexer: Indexer,
    pub(crate) settings: Settings,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) links: Links,
    pub(crate) outgoing: Outgoing,
    pub(crate) bridges: Bridges,
    pub(crate) graphql: Graphql,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracker: TaskTracker,
}

impl Services {
    /// Puts the rest on its foundation.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn new(foundation: Foundation) -> Result<Self, StoreError> {
        let Foundation { desk, store, indexer, settings, secrets, links, outgoing, .. } = foundation;
        let Foundation { bridges, graphql, metrics, tracker, .. } = foundation;
        let limits = Arc::new(Limits::new(&settings.rate));
        let blocks = Arc::new(Blocks::load(&store).await?);
        let files = Files::open(FilesOptions {
            store: store.clone(),
            desk: desk.clone(),
            metrics: Arc::clone(&metrics),
            tracker: tracker.clone(),
            settings: settings.files.clone(),
            links,
        });
        let files = Arc::new(files.await?);
        #[cfg(feature = "channels")]
        let channels = {
            let options = crate::channels::ChannelsOptions {
                desk: desk.clone(),
                store: store.clone(),
                secrets: Arc::clone(&secrets),
                files: Arc::clone(&files),
                blocks: Arc::clone(&blocks),
                outgoing: outgoing.clone(),
                metrics: Arc::clone(&metrics),
            };
            Arc::new(crate::channels::Channels::open(options, &settings).await?)
        };
        #[cfg(feature = "events")]
        let events = {
            let options = crate::events::EventsOptions {
                desk: desk.clone(),
                store: store.clone(),
                secrets: Arc::clone(&secrets),
                outgoing: outgoing.clone(),
            };
            Arc::new(crate::events::Events::new(options, &settings))
        };
        let live = Arc::new(Live::new(desk.clone(), Arc::clone(&limits), Arc::clone(&blocks)));
        let registry = Registry::new(socket_limits(&settings), 0);
        let (settings, trails, reply_times) = (Arc::new(settings), Arc::default(), Arc::default());
        Ok(Self {
            desk,
            store,
            indexer,
            settings,
            secrets,
            limits,
            blocks,
            reply_times,
            trails,
            files,
            outgoing,
            #[cfg(feature = "channels")]
            channels,
            #[cfg(feature = "events")]
            events,
            bridges,
            graphql,
            metrics,
            live,
            registry,
            tracker,
        })
    }
}

/// What sockets are held to.
pub(crate) fn socket_limits(settings: &Settings) -> kefu_socket::Limits {
    let bytes = |size: ByteSize| u32::try_from(size.0).unwrap_or(u32::MAX);
    let heartbeat_s = seconds(settings.heartbeat);
    kefu_socket::Limits {
        message_bytes_max: bytes(settings.limits.frame),
        queue_bytes_max: bytes(settings.limits.outbox),
        queue_bytes_low: bytes(settings.limits.outbox) / 4,
        ping_after_s: heartbeat_s,
        // Two signs of life missed, and what the network may take.
        dead_after_s: heartbeat_s.saturating_mul(2) + 5,
        ..kefu_socket::Limits::default()
    }
}

/// Whole seconds, at least one.
pub(crate) fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1)
}
