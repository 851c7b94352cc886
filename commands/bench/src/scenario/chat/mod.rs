//! What visitors and agents of kefu's own chat do in a scenario.
//!
//! A [`Link`](link::Link) is one connection and all it has seen; a [`Seat`] is a place in a conversation, from which steps
//! act; the [`Ledger`] knows what everybody has said and who has got it, so that loss, duplicates, order and gaps are
//! counted whatever the steps look at.

mod ledger;
mod link;
mod seat;
mod staff;

pub(super) use ledger::{Counts, Ledger};
pub(super) use seat::{DRAIN, Outcome, Seat};
pub(super) use staff::Staff;
