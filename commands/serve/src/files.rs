//! Files of conversations: how they come in, where they can be fetched, and how they go.
//!
//! An upload is written to a file of its own in `files/incoming`, inspected and copied without what is not the picture,
//! made durable and moved to its place, and only then gets its row and its answer. What a crash leaves of this has no
//! row and is swept. A row is deleted before its bytes are unlinked, so that nothing is ever named that is not there.
//!
//! *Invariant:* a file is served only under its row, and its type and name are the row's.

mod incoming;
mod inspection;
mod links;
mod quota;
mod sweep;

use std::sync::Arc;

use kefu_media::MediaLimits;
use kefu_store::Store;
use tokio::sync::{Mutex, Semaphore};
use tokio_util::task::TaskTracker;

pub(crate) use incoming::Upload;
pub(crate) use links::{Links, percent};
use quota::Quota;

use crate::{desk::Desk, metrics::Metrics, settings::FileSettings};

/// Files that are inspected at once: it is work for a processor.
const INSPECTIONS_MAX: usize = 2;

/// What is done with files.
pub(crate) struct Files {
    store: Store,
    desk: Desk,
    metrics: Arc<Metrics>,
    tracker: TaskTracker,
    settings: FileSettings,
    links: Links,
    quota: Arc<Quota>,
    uploads: Semaphore,
    inspections: Arc<Semaphore>,
    /// One at a time unlinks what was removed.
    unlinking: Mutex<()>,
}

/// What files work with.
pub(crate) struct FilesOptions {
    pub(crate) store: Store,
    pub(crate) desk: Desk,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracker: TaskTracker,
    pub(crate) settings: FileSettings,
    pub(crate) links: Links,
}

impl Files {
    /// Counts what is there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn open(options: FilesOptions) -> Result<Self, kefu_store::StoreError> {
        let FilesOptions { store, desk, metrics, tracker, settings, links } = options;
        let quota = Arc::new(Quota::new(store.file_bytes().await?));
        let uploads = Semaphore::new(settings.max_uploads as usize);
        let inspections = Arc::new(Semaphore::new(INSPECTIONS_MAX));
        let unlinking = Mutex::new(());
        Ok(Self { store, desk, metrics, tracker, settings, links, quota, uploads, inspections, unlinking })
    }

    /// Makes and checks addresses.
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    fn limits(&self) -> MediaLimits {
        MediaLimits {
            pixels_max: self.settings.max_pixels.into(),
            unpacked_max: self.settings.max_unpacked.0,
        }
    }
}
