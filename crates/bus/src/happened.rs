//! What happened in a store, as events: made of entries of its log and of what it notes of records, whenever somebody
//! is to hear of them.
//!
//! *Invariant:* an event exists if and only if its change does, for it is made of what the change wrote. It is never
//! stored, so what was erased meanwhile is told without its words. Its id is made of the change, too: the same one is
//! the same event, whoever makes it and however often.

mod catalogue;
mod data;
mod described;
mod making;
mod reader;

pub use catalogue::{Kind, Kinds};
pub use reader::{Heard, Place, Reader, Slice};
