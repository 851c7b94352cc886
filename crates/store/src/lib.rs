//! Durable state of kefu: conversations, their logs, people and sessions, in one SQLite file.
//!
//! There is one [`Writer`], owned by one task, and any number of readers ([`Store`]) that never wait
//! for it. A commit appends entries to a log that has no index; what would be its indexes (dedupe
//! hashes, the heads of conversations that merely grew) is kept in memory and folded in later, in
//! sorted slices. After a crash the part of the log that was not folded yet is read back.
//!
//! *Invariants:* this crate knows no clock, frame, socket or rule of the domain: times, ids and
//! changed heads come from its caller. No type of the SQL driver is in a public signature. A commit
//! that returned `Ok` survives the loss of power; one that failed left nothing behind.

mod access;
mod audit;
mod backup;
mod batch;
mod blocks;
mod canned;
#[cfg(feature = "query")]
mod cards;
#[cfg(feature = "channels")]
mod channels;
mod check;
mod customers;
mod error;
mod events;
mod external;
mod files;
#[cfg(feature = "import")]
pub mod import;
mod knowledge;
mod mentions;
mod open;
mod pages;
mod privacy;
mod reader;
mod reports;
mod retention;
mod rows;
mod schema;
mod scrub;
mod search;
#[cfg(feature = "query")]
mod select;
mod session;
mod shadow;
mod sql;
mod tags;
mod tickets;
mod writer;

#[cfg(test)]
mod tests;

pub use access::{AccessChange, ApiKey, Totp};
pub use audit::{AuditActor, AuditFilter, AuditLine, AuditRecord, AuditVerdict};
pub use backup::{backup, backup_files, is_own_file, restore};
pub use batch::{Batch, Change, Committed, RecordSet};
pub use blocks::{Block, BlockChange, BlockTarget};
pub use canned::{CannedChange, CannedFilter, CannedReply};
#[cfg(feature = "query")]
pub use cards::{Card, CardChange};
#[cfg(feature = "channels")]
pub use channels::{
    Channel, ChannelChange, ChannelHealth, ChannelMedia, ChannelRefusal, ChannelSend, ChannelThread,
    ChannelToken, SendState,
};
pub use check::check;
pub use customers::{
    Customer, CustomerChange, CustomerIdentity, CustomerMerge, IDENTITIES_MAX, IdentityKind, SearchCursor,
    Whole,
};
pub use error::StoreError;
pub use events::{
    DeliveryState, EventChange, EventDelivery, EventGroup, EventPosition, EventScenes, EventSlice,
    EventSource, EventSubscription, GroupHealth, Happened, HappenedKind,
};
pub use external::{ExternalChange, ExternalKind, ExternalState, ExternalWrite, Settled};
pub use files::{FileChange, StoredFile, copy::CopiedFiles, dir::FileDir};
pub use knowledge::{
    Article, ArticleFilter, ArticleHit, ArticleText, ArticleVersion, Category, KnowledgeChange, VERSIONS_MAX,
};
pub use mentions::MentionChange;
pub use open::{OpenOptions, Opened, holder, open, open_reading};
pub use pages::{PAGES_MAX, PageVisit};
pub use privacy::{Erasure, ErasureState, LegalHold, PrivacyChange};
pub use reader::{Cursor, Follower, OpenWork, Page, Range, Store, View};
pub use reports::{LiveCount, ReportEntry, ReportSlice};
pub use retention::{Belongings, Outdated};
pub use scrub::Scrub;
pub use search::{Indexer, SearchHit, SearchMetrics, SearchPage, SearchQuery, SearchScope};
#[cfg(feature = "query")]
pub use select::{Condition, Field, Place, Readable, Select, SelectKey, Sign};
pub use session::Session;
pub use shadow::{SHADOW_CALLS_MAX, ShadowCall, ShadowChange};
pub use tags::{RemovedTag, Tag, TagChange};
pub use tickets::{TicketChange, TicketComment, TicketFilter, TicketHistory, TicketWords};
pub use writer::{StoreMetrics, Writer};
