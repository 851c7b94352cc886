//! What is brought over from other systems: records whose ids are made of their keys there, and how far each of
//! their tables has come.
//!
//! A row of a source becomes one [`Record`], is left out, or cannot be used: `migrate_map` says which, once for each
//! key. It is written in the transaction of the records themselves, with the place where reading goes on, so that a
//! run that ends at any point goes on where its last commit was. A row whose record is the same as before costs a
//! look-up and nothing else.

mod adopt;
mod article;
mod build;
mod feed;
mod follow;
mod former;
mod here;
mod importer;
mod progress;
mod read;
mod recent;
mod record;
mod since;
mod step;
mod switch;

#[cfg(test)]
mod tests;

pub use adopt::Adopted;
pub use feed::{
    FEED_VERSION, FRAME_BYTES_MAX, Fed, FeedAnswer, FeedBatch, FeedFailure, FeedHello, FeedNote, FeedRequest,
    FeedWelcome, ImportAction, ROWS_MAX, SOCKET, read_frame, write_frame,
};
pub use follow::{FollowPosition, FollowState};
pub use here::{ImportedRow, RecordHere};
pub use importer::{ImportBatch, ImportRow, Importer, Outcome, Prepared, Refused, settle_left};
pub use progress::{Begin, Checkpoint, ImportTable, TableSetup, TableState};
pub use read::{Found, ImportReader, MapCounts};
pub use record::{
    AgentRecord, ArticleRecord, CannedRecord, ConversationRecord, Entity, Hash, MessageRecord, Record,
    Sender, TicketRecord, VisitorRecord, hash_of,
};
pub use since::{ChangedHere, ChangedPosition, WrittenHere};
pub(crate) use step::{Statements, Step};
pub use switch::{FedInbox, Late};
